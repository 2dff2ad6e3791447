"""The layers of a block and their branches, as boxes and arrows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Rectangle

from utils.summary import LayerRow, ModelSummary

from .inputs import one_axes, summary_of
from .looks import INK, LOOKS, Place

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What stands in the box of a layer in `block_diagram`, by its Keras kind; others say their kind.
CAPTIONS = {
    "InputLayer": "輸入, {shape}",
    "Conv2D": "{window} 卷積, {channels}{stride}",
    "MaxPooling2D": "{window} 最大池化{stride}",
    "AveragePooling2D": "{window} 平均池化{stride}",
    "GlobalAveragePooling2D": "全域平均池化",
    "Dense": "全連接, {channels}",
    "Concatenate": "接起來, {shape}",
    "Add": "+",
    "BatchNormalization": "BN",  # one that begins a branch
}
# Layers that are named in the box of the layer before them, and how; "" says nothing.
SUFFIXES = {"BatchNormalization": "BN", "ReLU": "ReLU", "Dropout": ""}
# Inches from one box to the next, sideways and down; beside a line that passes; a box.
LANE, RANK, PASSING, BOX = 1.7, 0.66, 1.1, (1.5, 0.4)


def block_diagram(model: Any, ax: Axes | None = None) -> Axes:
    """Draw the layers of a block as boxes, and as arrows where each takes its input from.

    `model`: a small Keras model or a `ModelSummary`. The input is on top; branches stand side by
    side, in the order in which a layer below takes them. A stride that is not 1 follows as /2.
    Batch normalisation and ReLU stand in the box of the layer before them; Dropout is left out.

    >>> ax = plotting.block_diagram(keras.Model(x, y))
    """
    captions, inputs = _steps(summary_of(model))
    ranks = _ranks(inputs)
    places = _places(ranks, captions)
    across = float(np.ptp([x for x, _ in places.values()])) + LANE
    ax = one_axes(ax, (across, RANK * len(ranks)))
    for rank in ranks:
        for name, above in rank.items():
            for source in above:
                _draw_arrow(ax, places[source], places[name], head=name in captions)
    for name, place in places.items():
        _draw_step(ax, place, *captions.get(name, ()))
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.axis("off")
    return ax


def _steps(summary: ModelSummary) -> tuple[dict[str, tuple[str, list[str]]], dict[str, list[str]]]:
    """Return the kind and the lines of each box, and the boxes that it takes from."""
    readers = Counter(name for row in summary.rows for name in row.inputs)
    captions: dict[str, tuple[str, list[str]]] = {}
    inputs: dict[str, list[str]] = {}
    box_of: dict[str, str] = {}
    for row in summary.rows:
        if row.kind in SUFFIXES and readers[row.inputs[0]] == 1:
            box_of[row.name] = box_of[row.inputs[0]]
            captions[box_of[row.name]][1].append(SUFFIXES[row.kind])
            continue
        box_of[row.name] = row.name
        caption = CAPTIONS.get(row.kind, row.kind)
        captions[row.name] = (row.kind, [caption.format_map(_words(row)), _activation(row)])
        inputs[row.name] = [box_of[name] for name in row.inputs]
    return captions, inputs


def _words(row: LayerRow) -> dict[str, str]:
    """Return what a caption may say of a layer."""
    stride = np.max(row.strides or 1)
    return {
        "window": "×".join(map(str, np.ravel(row.kernel_size or ()))),
        "stride": f", /{stride}" if stride > 1 else "",
        "shape": "×".join(map(str, row.output_shape)),
        "channels": str(row.output_shape[-1]),
    }


def _activation(row: LayerRow) -> str:
    """Return the activation that is part of a layer, as it is written; "" where there is none."""
    name: str = row.config.get("activation") or "linear"
    return {"linear": "", "relu": "ReLU"}.get(name, name)


def _ranks(inputs: dict[str, list[str]]) -> list[dict[Any, list[Any]]]:
    """Return the boxes from top to bottom, each with what it takes from in the rank above it.

    A box stands right above its first reader. An arrow past a rank has a place in it, without a
    box: (source, reader, rank).
    """
    below = dict.fromkeys(inputs, 0)
    for name in reversed(inputs):
        for source in inputs[name]:
            below[source] = max(below[source], below[name] + 1)
    deepest = max(below.values())
    ranks: list[dict[Any, list[Any]]] = [{} for _ in range(deepest + 1)]
    for name, sources in inputs.items():
        bottom = deepest - below[name]
        ranks[bottom][name] = []
        for source in sources:
            passed = range(deepest - below[source] + 1, bottom)
            chain = [source, *((source, name, rank) for rank in passed), name]
            for rank, (above, under) in enumerate(pairwise(chain), start=bottom - len(passed)):
                ranks[rank].setdefault(under, []).append(above)
    return ranks


def _places(ranks: list[dict[Any, list[Any]]], boxes: Container[Any]) -> dict[Any, Place]:
    """Return x and y of everything in ranks: from the last up, each above what takes from it."""
    places: dict[Any, Place] = {}
    wanted = {name: [0.0] for name in ranks[-1]}
    for depth, rank in reversed(list(enumerate(ranks))):
        middles = [float(np.mean(xs)) for xs in wanted.values()]
        lefts = middles[:1]
        for (name, after), middle in zip(pairwise(wanted), middles[1:], strict=True):
            gap = LANE if name in boxes and after in boxes else PASSING
            lefts.append(max(middle, lefts[-1] + gap))
        shift = np.mean(middles) - np.mean(lefts)
        places |= {name: (x + shift, -RANK * depth) for name, x in zip(wanted, lefts, strict=True)}
        wanted = {}
        for name in sorted(rank, key=lambda name: places[name]):
            for source in rank[name]:
                wanted.setdefault(source, []).append(places[name][0])
    return places


def _draw_arrow(ax: Axes, start: Place, end: Place, head: bool) -> None:
    """Draw a line from below one place to above another."""
    half = BOX[1] / 2
    style = {"arrowstyle": "-|>" if head else "-", "color": INK, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (end[0], end[1] + half), (start[0], start[1] - half), arrowprops=style)


def _draw_step(ax: Axes, place: Place, kind: str = "", lines: Sequence[str] = ()) -> None:
    """Draw a box: the layer on its first line, what follows it below; or a line that passes."""
    if not kind:
        ends = np.add(place[1], (-BOX[1] / 2, BOX[1] / 2))
        ax.plot([place[0]] * 2, ends, color=INK, linewidth=1, snap=False)
        return
    look = next((look for look in LOOKS.values() if look.part in kind), LOOKS["input"])
    corner = (place[0] - BOX[0] / 2, place[1] - BOX[1] / 2)
    ax.add_patch(Rectangle(corner, *BOX, facecolor=look.colour, edgecolor=INK))
    text = "\n".join(filter(None, [lines[0], ", ".join(filter(None, lines[1:]))]))
    ax.text(*place, text, ha="center", va="center", fontsize=8)
