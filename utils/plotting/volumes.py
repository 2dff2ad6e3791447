"""An architecture as a row of boxes, as figures of VGG show it."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Polygon

from utils.summary import LayerRow, ModelSummary

from .inputs import one_axes, summary_of
from .looks import INK, LOOKS, Look, Place

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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

    >>> ax = plotting.architecture(keras.applications.VGG16(weights=None))
    """
    boxes = _boxes(summary_of(model))
    ax = one_axes(ax, (11, 4.2), layout="compressed")
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
            name = "輸入" if kind == "input" else row.name
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
        Patch(facecolor=look.colour, edgecolor=INK, hatch=look.hatch, label=look.label)
        for kind, look in LOOKS.items()
        if kind in kinds
    ]
    ax.legend(
        handles=handles,
        title="高、深 ∝ √像素；長 ∝ √通道數",
        ncols=len(handles),
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(right, above),
        bbox_transform=ax.transData,
    )
