"""What networks reach against what they cost, as bubbles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from .inputs import one_axes
from .looks import INK, Place, Style, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Area of the largest bubble, in square points; and how far beside its rim a label begins.
LARGEST, AIR = 2000, 3
# Where the label of a bubble may stand, the best first: to the right, left, above, below; aslant.
SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7))
ALIGN = {1: ("left", "bottom"), 0: ("center", "center"), -1: ("right", "top")}


def bubbles(
    x: Sequence[float],
    y: Sequence[float],
    sizes: Sequence[float],
    labels: Sequence[Any],
    unit: str = "",
    families: Sequence[Any] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw circles whose areas go with `sizes`, each with its label beside it.

    A label stands where least is in its way. A legend shows three sizes; `unit` is what they are
    measured in. `families`: of each, what it belongs to; a family has a colour and a mark in the
    middle of its circles. The legends stand where a title would. `xlabel`, `ylabel`: say whether
    numbers are quoted or measured.

    >>> ax = plotting.bubbles([1.4, 31], [57, 71], [61, 138], ["AlexNet", "VGG-16"], unit="M 參數")
    """
    given = [x, y, sizes, labels, *([] if families is None else [families])]
    if len({len(each) for each in given}) > 1 or not len(x):
        counts = ", ".join(
            f"{len(each)} {what}"
            for each, what in zip(given, ("x", "y", "sizes", "labels", "families"), strict=False)
        )
        raise ValueError(f"got {counts}; expected as many of each, and at least one")
    xs, ys, amounts = (np.asarray(values, dtype=float) for values in (x, y, sizes))
    ax = one_axes(ax, (7.2, 5))
    areas = LARGEST * amounts / amounts.max()
    looks = {name: style(place) for place, name in enumerate(dict.fromkeys(families or ()))}
    alone = Style(INK, "o", "-", "")
    of_each = [looks[name] for name in families] if families is not None else [alone] * len(xs)
    rims = [look.colour for look in of_each]
    fills = [to_rgba(rim, 0.18 if looks else 0) for rim in rims]
    ax.scatter(xs, ys, areas, facecolor=fills, edgecolor=rims)
    for place, look in enumerate(of_each):
        ax.scatter(xs[place], ys[place], 30 if looks else 4, color=look.colour, marker=look.marker)
    ax.margins(x=0.16, y=0.14)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(alpha=0.3)
    _explain(ax, float(amounts.max()), unit, looks)
    _write_labels(ax, np.column_stack([xs, ys]), np.sqrt(areas / math.pi), labels)
    return ax


def _explain(ax: Axes, largest: float, unit: str, looks: dict[Any, Style]) -> None:
    """Say above the axes what the areas mean, and below that what the families look like."""
    shown = [float(f"{largest / share:.1g}") for share in (25, 5, 1.2)]
    handles = [
        ax.scatter(
            [],
            [],
            LARGEST * size / largest,
            facecolor="none",
            edgecolor=INK,
            label=f"{size:g} {unit}".strip(),
        )
        for size in shown
    ]
    above = 1.08 if looks else 1.01
    spaced: dict[str, Any] = {"borderpad": 1.2, "handletextpad": 1.6, "columnspacing": 2.5}
    place: dict[str, Any] = {"loc": "lower right", "frameon": False}
    areas = ax.legend(handles=handles, bbox_to_anchor=(1, above), ncols=3, **place, **spaced)
    if looks:
        marks = [
            Line2D([], [], color=look.colour, marker=look.marker, linestyle="none", label=str(name))
            for name, look in looks.items()
        ]
        ax.legend(handles=marks, bbox_to_anchor=(1, 1), ncols=len(marks), **place)
        ax.add_artist(areas)
        areas.set_clip_on(False)  # it is above the axes


def _write_labels(ax: Axes, centres: np.ndarray, radii: np.ndarray, labels: Sequence[Any]) -> None:
    """Write each label on the side of its circle (`radii` in points) where least is in its way."""
    # Lets the layout of the whole figure settle: labels go where there is room.
    ax.figure.figure.draw_without_rendering()
    dots = ax.figure.dpi / 72  # pixels a point
    places = ax.transData.transform(centres)
    circles = [_around(place, radius * dots) for place, radius in zip(places, radii, strict=True)]
    written: list[Bbox] = []
    frame = ax.get_window_extent()
    for index, label in enumerate(labels):
        text = ax.annotate(
            label, centres[index], xytext=(0, 0), textcoords="offset points", fontsize=10
        )
        stand = partial(_stand, text, radii[index] + AIR)
        others = circles[:index] + circles[index + 1 :]
        costs = {side: _cost(stand(side), others, written, frame) for side in SIDES}
        written.append(stand(min(costs, key=costs.__getitem__)))


def _stand(text: Annotation, reach: float, side: Place) -> Bbox:
    """Put a label `reach` points from its place; the box that it fills there."""
    text.xyann = (side[0] * reach, side[1] * reach)
    text.set(ha=ALIGN[_sign(side[0])][0], va=ALIGN[_sign(side[1])][1])
    return text.get_window_extent()


def _cost(box: Bbox, circles: Sequence[Bbox], written: Sequence[Bbox], frame: Bbox) -> float:
    """What a label covers of circles; counted more: of labels, and what is outside the frame."""
    outside = float(box.width * box.height) - _shared(box, frame)
    lost = outside + sum(_shared(box, other) for other in written)
    return sum(_shared(box, circle) for circle in circles) + 5 * lost


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _around(place: np.ndarray, radius: float) -> Bbox:
    return Bbox([place - radius, place + radius])


def _shared(one: Bbox, other: Bbox) -> float:
    """The area that two boxes share."""
    both = Bbox.intersection(one, other)
    return float(both.width * both.height) if both else 0.0
