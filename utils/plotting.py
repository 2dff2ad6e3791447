"""Pictures for the notebooks: an architecture, what it costs, and what a network computes.

Every function draws on the axes that it is given (or makes a figure), returns the axes it drew on,
shows nothing by itself, and can be read without colour.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from itertools import groupby, pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Polygon, Rectangle
from matplotlib.ticker import EngFormatter, MaxNLocator

from utils.summary import LayerRow, ModelSummary, summarize

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#222222"

Place = tuple[float, float]  # x and y


class Look(NamedTuple):
    """How a kind of layer is drawn; `part` is found in the names of its Keras classes."""

    part: str
    colour: str
    hatch: str


LOOKS = {
    "input": Look("InputLayer", "white", ""),
    "convolution": Look("Conv", "#a6cee3", ""),
    "pooling": Look("Pool", "#fdb863", "/////"),
    "dense": Look("Dense", "#b2df8a", "..."),
}


class Box(NamedTuple):
    """What a layer puts out, as a box; `kind` is a key of `LOOKS`, a vector is 1 × 1 × units."""

    name: str
    kind: str
    shape: str
    height: int
    width: int
    channels: int

    @property
    def group(self) -> tuple[int, ...]:
        """Neighbours that agree in this share a label: maps of a size, or vectors of a length."""
        return (self.height, self.width) if "×" in self.shape else (self.channels,)


# In units of the largest height: the length of all boxes together, the air between boxes of one
# group and between groups, and how far the deepest box reaches to the right and up.
TOTAL_LENGTH, GAP, GROUP_GAP, OBLIQUE = 3.4, 0.02, 0.1, (0.26, 0.20)


def architecture(model: Any, ax: Axes | None = None) -> Axes:
    """Draw a chain of convolution, pooling and dense layers as boxes, as figures of VGG do.

    `model`: a Keras model or a `ModelSummary`. A box is what a layer puts out: its height and depth
    are proportional to the square root of the height and width in pixels, its length to that of the
    channels. Neighbours of one size share a label, the shape of the last. Layers of other kinds
    (flatten, dropout, …) are left out. ValueError where a layer takes from several.
    """
    boxes = _boxes(_summary(model))
    if ax is None:
        _, ax = plt.subplots(figsize=(11, 4.2), layout="compressed")
    tallest = math.sqrt(max(max(box.height, box.width) for box in boxes))
    longest = sum(math.sqrt(box.channels) for box in boxes)
    x, tops = 0.0, []
    for _, members in groupby(boxes, key=lambda box: box.group):
        group = list(members)
        height, depth = (math.sqrt(side) / tallest for side in (group[0].height, group[0].width))
        back = depth * np.array(OBLIQUE)
        label = (x + back[0], height + back[1] + 0.03)
        ax.text(*label, group[-1].shape, weight="bold", fontsize=9)
        for box in group:
            length = TOTAL_LENGTH * math.sqrt(box.channels) / longest
            _draw_box(ax, (x, 0), (length, height), back, LOOKS[box.kind])
            ax.text(x + length / 2, -0.03, box.name, rotation=90, ha="center", va="top", fontsize=8)
            x += length + GAP
        tops.append((x + back[0], label[1]))
        x += GROUP_GAP - GAP
    _draw_legend(ax, {box.kind for box in boxes}, tops)
    ax.set_aspect("equal")
    ax.margins(0.01)
    ax.axis("off")
    return ax


def _summary(model: Any) -> ModelSummary:
    return model if isinstance(model, ModelSummary) else summarize(model)


def _boxes(summary: ModelSummary) -> list[Box]:
    """Return a box for each layer of a kind in `LOOKS`."""
    channels_first = any(row.config.get("data_format") == "channels_first" for row in summary.rows)
    boxes = []
    for row in summary.rows:
        if len(row.inputs) > 1:
            raise ValueError(
                f"layer {row.name!r} of {summary.name} takes from {len(row.inputs)} layers; "
                "expected a chain, in which each takes from one"
            )
        kind = next((kind for kind, look in LOOKS.items() if look.part in row.kind), None)
        if kind:
            name = "input" if kind == "input" else row.name
            shape = "×".join(map(str, row.output_shape))
            boxes.append(Box(name, kind, shape, *_volume(row, channels_first)))
    return boxes


def _volume(row: LayerRow, channels_first: bool) -> tuple[int, ...]:
    """Return an output shape as (height, width, channels)."""
    shape = row.output_shape
    if None in shape or not 1 <= len(shape) <= 3:
        raise ValueError(
            f"layer {row.name!r} puts out {shape}; expected the known size of an image, a sequence "
            "or a vector"
        )
    if channels_first:
        shape = (*shape[1:], shape[0])
    return (1,) * (3 - len(shape)) + shape


def _draw_box(ax: Axes, corner: Place, front: Place, back: np.ndarray, look: Look) -> None:
    """Draw top (lighter), side (darker) and front of a box; `corner` is the front's lower left."""
    origin, right, up = np.array(corner), np.array([front[0], 0]), np.array([0, front[1]])
    colour = np.array(to_rgb(look.colour))
    faces = (
        (origin + up, right, back, (1 + colour) / 2, ""),
        (origin + right, up, back, 0.75 * colour, ""),
        (origin, right, up, colour, look.hatch),
    )
    for start, one, other, shade, hatch in faces:
        corners = (start, start + one, start + one + other, start + other)
        ax.add_patch(Polygon(corners, facecolor=shade, edgecolor=INK, linewidth=0.6, hatch=hatch))


def _draw_legend(ax: Axes, kinds: set[str], tops: list[Place]) -> None:
    """Name the kinds and the scale, on the right above the boxes; `tops`: where groups end."""
    right = tops[-1][0]
    above = 0.12 + max(top for end, top in tops if end > 0.3 * right)
    handles = [
        Patch(facecolor=look.colour, edgecolor=INK, hatch=look.hatch, label=kind)
        for kind, look in LOOKS.items()
        if kind in kinds
    ]
    ax.legend(
        handles=handles,
        title="height, depth ∝ √pixels;  length ∝ √channels",
        ncols=len(handles),
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(right, above),
        bbox_transform=ax.transData,
    )


# A chart of `budget`: the field of a row, the title, the unit.
COSTS = (
    ("params", "Parameters", EngFormatter()),
    ("macs", "MACs", EngFormatter()),
    ("activation_bytes", "Activation memory", EngFormatter("B")),
)


def budget(model: Any, by: str = "layer", axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw where parameters, MACs and the memory of activations sit: three bar charts.

    `model`: a Keras model or a `ModelSummary`. A bar is a layer, or with `by="block"` a block: the
    neighbours whose names agree up to the first underscore; it says its share in the total. Models
    in a list are compared, a bar each. `axes`: three. Batch 1; decimal units (1 kB = 1000 bytes).
    """
    compare = isinstance(model, list | tuple)
    summaries = [_summary(one) for one in (model if compare else [model])]
    if not summaries:
        raise ValueError(f"model={model!r}: expected at least one model")
    bars = [(one.name, one.rows) for one in summaries] if compare else _parts(summaries[0], by)
    axes = _axes(axes, len(COSTS), (11, 1.2 + 0.23 * len(bars)))
    for ax, (field, title, unit) in zip(axes, COSTS, strict=True):
        values = [_total(rows, field) for _, rows in bars]
        total = sum(value or 0 for value in values)
        _draw_bars(ax, values, unit, None if compare else total)
        ax.set_title(title if compare else f"{title}: {_short(total, unit)}", fontsize=10)
    axes[0].set_yticks(range(len(bars)), [name for name, _ in bars])
    axes[1].set_xlabel(summaries[0].convention, fontsize=8)
    return axes


def _parts(summary: ModelSummary, by: str) -> list[tuple[str, list[LayerRow]]]:
    """Return the layers, or the blocks, of a model: names and rows."""
    if by == "layer":
        return [(row.name, [row]) for row in summary.rows]
    if by == "block":
        blocks = groupby(summary.rows, key=lambda row: row.name.split("_")[0])
        return [(name, list(rows)) for name, rows in blocks]
    raise ValueError(f"by={by!r}: expected 'layer' or 'block'")


def _total(rows: Sequence[LayerRow], field: str) -> int | None:
    """Add up a field; None as soon as it is not counted in one row."""
    values = [getattr(row, field) for row in rows]
    return None if None in values else sum(values)


def _draw_bars(ax: Axes, values: list[int | None], unit: EngFormatter, total: int | None) -> None:
    """Draw horizontal bars that say their values, and their shares where a total is given."""

    def label(value: int | None) -> str:
        if not value:
            return "not counted" if value is None else "0"
        if total is None:
            return _short(value, unit)
        share = value / total
        return f"{_short(value, unit)}  " + (f"{share:.0%}" if share >= 0.01 else "<1%")

    lengths = [value or 0 for value in values]
    bars = ax.barh(range(len(values)), lengths, color=LOOKS["convolution"].colour, edgecolor=INK)
    ax.bar_label(bars, [label(value) for value in values], padding=3, fontsize=8)
    ax.set_xlim(0, 1.6 * max(lengths) or 1)
    ax.set_ylim(len(values) - 0.4, -0.6)
    ax.set(xticks=[], yticks=[])
    ax.spines[["top", "right", "bottom"]].set_visible(False)
    ax.tick_params(labelsize=8)


def _short(value: int, unit: EngFormatter) -> str:
    """Write a number with four digits and a prefix: 15.47 G."""
    return unit(float(f"{value:.4g}"))


def training_curves(history: Any, axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw each metric of a training against the epoch: training solid, validation dashed.

    `history`: what `model.fit` returns, or its dict {"loss": [...], "val_loss": [...], …}.
    `axes`: one for each metric.
    """
    logs = getattr(history, "history", history)
    names = logs if isinstance(logs, Mapping) else ()
    metrics = [name for name in names if not name.startswith("val_")]
    if not metrics:
        raise ValueError(f"history={history!r}: expected what model.fit returns, or its dict")
    axes = _axes(axes, len(metrics), (4.5 * len(metrics), 3.2))
    for ax, metric in zip(axes, metrics, strict=True):
        for prefix, label, style in (("", "training", "-o"), ("val_", "validation", "--s")):
            if (name := prefix + metric) in logs:
                epochs = range(1, len(logs[name]) + 1)
                ax.plot(epochs, logs[name], style, markersize=4, label=label)
        ax.set(xlabel="epoch", ylabel=metric)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
        ax.legend()
    return axes


def _axes(axes: Any, count: int, size: tuple[float, float]) -> list[Axes]:
    """Return `count` axes: those given, or a row of them in a new figure."""
    if axes is None:
        _, axes = plt.subplots(1, count, figsize=size, layout="constrained")
    found = list(np.ravel(axes))
    if len(found) != count:
        raise ValueError(f"axes: got {len(found)}, expected {count}")
    return found


def image_grid(
    images: Sequence[Any],
    titles: Sequence[Any] | None = None,
    columns: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw images row by row, each under its title.

    `images`: (height, width), (height, width, 1) or (height, width, 3) each, of any sizes; uint8 in
    0…255, or float in [0, 1]. `columns`: by default about as many as rows.
    """
    shape: tuple[int, ...] = getattr(images, "shape", ())
    if len(shape) == 3 and shape[-1] in (1, 3):
        raise ValueError(f"images is one image, {shape}; expected several, as [image]")
    return _draw_grid([_image(image) for image in images], titles, columns, ax, vmin=0, vmax=1)


def _image(image: Any) -> np.ndarray:
    """Return an image as float in [0, 1]."""
    pixels = np.asarray(image)
    if pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (1,), (3,)):
        raise ValueError(f"an image has shape {pixels.shape}; expected (height, width[, 1 or 3])")
    scaled = pixels / 255 if pixels.dtype == np.uint8 else pixels.astype(float)
    if scaled.min() < 0 or scaled.max() > 1:
        raise ValueError(
            f"an image holds {pixels.dtype} from {pixels.min():g} to {pixels.max():g}; "
            "expected uint8 in 0…255, or float in [0, 1]"
        )
    return scaled


def feature_maps(
    activations: Any, limit: int = 16, shared: bool = True, ax: Axes | None = None
) -> Axes:
    """Draw the first `limit` channels of what a layer makes of one image, in grey.

    `activations`: (height, width, channels), or a batch of one such. `shared`: all on one scale, so
    that a silent channel is black; otherwise each from its own least to its own largest value.
    """
    shape: tuple[int, ...] = getattr(activations, "shape", ())
    if len(shape) == 4 and shape[0] == 1:
        activations = activations[0]
    maps = _array("activations", activations, ("height", "width", "channels"))
    height, width, channels = maps.shape
    shown = np.moveaxis(maps[..., :limit], -1, 0)
    scale = {"vmin": min(0, shown.min()), "vmax": shown.max()} if shared else {}
    ax = _draw_grid(shown, range(len(shown)), None, ax, **scale)
    ax.set_title(f"channels 0–{len(shown) - 1} of {channels}, {height}×{width} each", fontsize=10)
    if shared:
        ax.figure.colorbar(ax.images[-1], ax=ax, label="activation", shrink=0.8)
    return ax


def kernels(weights: Any, filters: int = 16, channels: int = 3, ax: Axes | None = None) -> Axes:
    """Draw the kernels of a convolution: a column a filter, a row an input channel, grey is 0.

    `weights`: (kernel height, kernel width, input channels, filters), as `layer.kernel` is.
    `filters`, `channels`: how many of each, from the first.
    """
    values = _array("weights", weights, ("height", "width", "input channels", "filters"))
    height, width, *whole = values.shape
    shown = values[:, :, :channels, :filters]
    rows, columns = shown.shape[2:]
    tiles = np.moveaxis(shown, (2, 3), (0, 1)).reshape(-1, height, width)
    largest = np.abs(shown).max()
    ax = _draw_grid(tiles, None, columns, ax, vmin=-largest, vmax=largest)
    ax.axis("on")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_xticks(PITCH * np.arange(columns) + 0.5, map(str, range(columns)))
    ax.set_yticks(PITCH * np.arange(rows) + 0.5, map(str, range(rows)))
    ax.set(xlabel=f"filter (of {whole[1]})", ylabel=f"input channel\n(of {whole[0]})")
    ax.figure.colorbar(ax.images[-1], ax=ax, label="weight")
    return ax


def _array(name: str, value: Any, axes: tuple[str, ...]) -> np.ndarray:
    """Return an array that has these axes."""
    expected = f"expected one array ({', '.join(axes)})"
    try:
        array = np.asarray(value)
    except ValueError as error:
        kind = type(value).__name__
        raise ValueError(f"{name} are a {kind} of arrays of unlike shapes; {expected}") from error
    if array.ndim != len(axes):
        raise ValueError(f"{name} have shape {array.shape}; {expected}")
    return array


# From one tile of a grid to the next, where a tile is 1 × 1; and what a title adds to a row.
PITCH, TITLE = 1.08, 0.2


def _draw_grid(
    images: Collection[np.ndarray],
    titles: Sequence[Any] | None,
    columns: int | None,
    ax: Axes | None,
    **scale: Any,
) -> Axes:
    """Draw images row by row, each as large as fits its tile, in the middle."""
    count = len(images)
    if count == 0 or (titles is not None and len(titles) != count):
        given = "no titles" if titles is None else f"{len(titles)} titles"
        raise ValueError(f"got {count} images, {given}; expected images, and a title for each")
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    pitch = PITCH if titles is None else PITCH + TITLE
    if ax is None:
        tile = min(1.5, 9 / columns)
        size = (tile * PITCH * columns + 1, tile * pitch * rows + 0.5)
        _, ax = plt.subplots(figsize=size, layout="constrained")
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        height, width = np.array(image.shape[:2]) / max(image.shape[:2])
        left, top = column * PITCH + (1 - width) / 2, row * pitch + (1 - height) / 2
        ax.imshow(image, cmap="gray", extent=(left, left + width, top + height, top), **scale)
        if titles is not None:
            middle = left + width / 2
            ax.text(middle, top - 0.04, titles[index], ha="center", va="bottom", fontsize=8)
    ax.set_xlim(-0.04, columns * PITCH)
    ax.set_ylim(rows * pitch, -0.04 if titles is None else -TITLE)
    ax.axis("off")
    return ax


# Area of the largest bubble, in square points.
LARGEST = 2000


def bubbles(
    x: Sequence[float],
    y: Sequence[float],
    sizes: Sequence[float],
    labels: Sequence[Any],
    unit: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw circles whose areas go with `sizes`, each with its label beside it.

    The label is on the right, or on the left where another circle is in its way. A legend shows
    three sizes; `unit` is what they are measured in.
    """
    xs, ys, amounts = (np.asarray(values, dtype=float) for values in (x, y, sizes))
    if not len(xs) == len(ys) == len(amounts) == len(labels) > 0:
        raise ValueError(
            f"got {len(xs)} x, {len(ys)} y, {len(amounts)} sizes, {len(labels)} labels; "
            "expected as many of each, and at least one"
        )
    if ax is None:
        _, ax = plt.subplots(figsize=(9, 5), layout="constrained")
    largest = amounts.max()
    areas = LARGEST * amounts / largest
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": INK}
    ax.scatter(xs, ys, areas, **look)
    ax.scatter(xs, ys, 4, color=INK)
    ax.margins(x=0.16, y=0.12)
    for size in (float(f"{largest / share:.1g}") for share in (25, 5, 1.2)):
        ax.scatter([], [], LARGEST * size / largest, label=f"{size:g} {unit}".strip(), **look)
    spaced = {"borderpad": 1.2, "handletextpad": 2, "columnspacing": 3}
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1.01), ncols=3, frameon=False, **spaced)
    ax.grid(alpha=0.3)
    # Lets the layout of the whole figure settle: labels go where there is room.
    ax.figure.figure.draw_without_rendering()
    # Where the bubbles are and how large, in points: what a label is measured in.
    places = ax.transData.transform(np.column_stack([xs, ys])) * 72 / ax.figure.dpi
    radii = np.sqrt(areas / math.pi)
    for index, label in enumerate(labels):
        radius, others = radii[index], np.delete(radii, index)
        across, up = np.delete(places - places[index], index, axis=0).T
        reach = radius + 6 * len(str(label))
        in_the_way = (across > 0) & (across - others < reach) & (abs(up) < 5 + others)
        side = -1 if np.any(in_the_way) else 1
        ax.annotate(
            label,
            (xs[index], ys[index]),
            xytext=(side * (radius + 3), 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            fontsize=9,
        )
    return ax


def network(kept: Sequence[Sequence[bool]], ax: Axes | None = None) -> Axes:
    """Draw a dense network as dropout leaves it, from its input below to its output above.

    `kept`: for each layer, which of its units take part. Those that don't are crossed out and have
    no connections (after Srivastava et al. 2014, figure 1).
    """
    takes_part = [np.asarray(layer, dtype=bool) for layer in kept]
    if not takes_part or any(layer.ndim != 1 or not layer.size for layer in takes_part):
        raise ValueError(f"kept={kept!r}: expected a list of true and false for each layer")
    if ax is None:
        _, ax = plt.subplots(figsize=(4, 3.6), layout="constrained")
    places = [np.arange(len(layer)) - (len(layer) - 1) / 2 for layer in takes_part]
    active = [place[layer] for place, layer in zip(places, takes_part, strict=True)]
    for level, (below, above) in enumerate(pairwise(active)):
        for ends in product(below, above):
            ax.plot(ends, (level, level + 1), color=INK, linewidth=0.7, zorder=1)
    for level, (place, layer) in enumerate(zip(places, takes_part, strict=True)):
        heights = np.full(len(place), level)
        ax.scatter(place, heights, 320, facecolor="white", edgecolor=INK, linewidth=1.3, zorder=2)
        ax.scatter(place[~layer], heights[~layer], 90, marker="x", color=INK, zorder=3)
    ax.margins(0.12)
    ax.axis("off")
    return ax


def spread(results: Mapping[Any, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw every run of every variant of an experiment as a dot, and a bar at their mean.

    `results`: the runs' numbers by the name of the variant.
    """
    if not results or any(len(runs) == 0 for runs in results.values()):
        raise ValueError(f"results={results!r}: expected a number or more for each variant")
    if ax is None:
        _, ax = plt.subplots(figsize=(1.2 + 1.4 * len(results), 3.2), layout="constrained")
    for index, runs in enumerate(results.values()):
        offsets = (np.arange(len(runs)) - (len(runs) - 1) / 2) * 0.12
        ax.plot(index + offsets, runs, "o", markerfacecolor="white", color=INK, zorder=2)
        ax.hlines(np.mean(runs), index - 0.3, index + 0.3, color=INK, linewidth=2, zorder=1)
    ax.set_xticks(range(len(results)), [str(name) for name in results])
    ax.set_xlim(-0.6, len(results) - 0.4)
    ax.grid(axis="y", alpha=0.3)
    return ax


# What stands in the box of a layer in `block_diagram`, by its Keras kind; others say their kind.
CAPTIONS = {
    "InputLayer": "input, {shape}",
    "Conv2D": "{window} conv, {channels}{stride}",
    "MaxPooling2D": "{window} max pool{stride}",
    "AveragePooling2D": "{window} average pool{stride}",
    "GlobalAveragePooling2D": "global average pool",
    "Dense": "dense, {channels}",
    "Concatenate": "concat, {shape}",
    "Add": "+",
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
    """
    captions, inputs = _steps(_summary(model))
    ranks = _ranks(inputs)
    places = _places(ranks, captions)
    if ax is None:
        across = np.ptp([x for x, _ in places.values()]) + LANE
        _, ax = plt.subplots(figsize=(across, RANK * len(ranks)), layout="constrained")
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


def landscape(
    function: Callable[[np.ndarray], np.ndarray],
    points: np.ndarray,
    classes: Sequence[int],
    levels: Sequence[float] = (0,),
    ax: Axes | None = None,
) -> Axes:
    """Draw a function of the plane as shades between labelled lines, and the points of a data set.

    `function` takes points, (count, 2), and gives each a value. A single level divides the plane
    into two decision regions. `points`, (count, 2): class 0 is drawn as ○, class 1 as △.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(5, 4), layout="constrained")
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.4 * (high - low)
    xlim, ylim = zip(low - margin, high + margin, strict=True)
    x, y = np.meshgrid(np.linspace(*xlim, 121), np.linspace(*ylim, 121))
    values = function(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    bounds = [values.min() - 1, *levels, values.max() + 1]
    shades = [str(grey) for grey in np.linspace(1, 0.65, len(levels) + 1)]
    ax.contourf(x, y, values, bounds, colors=shades)
    lines = ax.contour(x, y, values, levels, colors=INK, linewidths=1)
    if len(levels) > 1:
        ax.clabel(lines, fontsize=8)
    for number, marker in enumerate("o^"):
        chosen = points[np.asarray(classes) == number]
        ax.plot(*chosen.T, marker, color="white", markeredgecolor=INK, markersize=4)
    ax.set(xlim=xlim, ylim=ylim, aspect="equal")
    return ax
