"""A function of the plane, as regions and lines, with the points of a data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Patch

from .inputs import one_axes
from .looks import INK

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

# Of two regions: pale and middling, so that they differ without colour, too.
REGIONS = ("#e8f1fa", "#e9b872")
MARKERS = ("o", "^")


def landscape(
    function: Callable[[np.ndarray], np.ndarray],
    points: np.ndarray,
    classes: Sequence[int],
    levels: Sequence[float] = (0,),
    label: str = "",
    names: Sequence[str] = ("類別 0", "類別 1"),
    ax: Axes | None = None,
) -> Axes:
    """Draw a function of the plane as shades between labelled lines, and the points of a data set.

    `function` takes points, (count, 2), and gives each a value, which `label` names beside a colour
    bar. A single level divides the plane into two decision regions, of class 0 below it and of
    class 1 above. `points`, (count, 2): class 0 is drawn as ○, class 1 as ▲; `names` in a legend.

    >>> points = np.array([[0, 0], [2, 1]])
    >>> ax = plotting.landscape(lambda x: x.sum(axis=1) - 1, points, [0, 1])
    """
    divides = len(levels) == 1
    ax = one_axes(ax, (5.4, 4.2))
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.4 * (high - low)
    xlim, ylim = zip(low - margin, high + margin, strict=True)
    x, y = np.meshgrid(np.linspace(*xlim, 121), np.linspace(*ylim, 121))
    values = function(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    bounds = [min(values.min(), levels[0]) - 1, *levels, max(values.max(), levels[-1]) + 1]
    shades = REGIONS if divides else [str(grey) for grey in np.linspace(1, 0.55, len(levels) + 1)]
    drawn = ax.contourf(x, y, values, bounds, colors=shades)
    lines = ax.contour(x, y, values, levels, colors=INK, linewidths=1)
    if not divides:
        ax.clabel(lines, fontsize=8)
        beside = ax.inset_axes((1.03, 0, 0.05, 1))  # as high as the axes, whatever their aspect
        bar = ax.figure.colorbar(drawn, cax=beside, label=label, ticks=levels)
        bar.ax.tick_params(labelsize=8)
    handles: list[Artist] = []
    for number, (marker, name) in enumerate(zip(MARKERS, names, strict=True)):
        chosen = points[np.asarray(classes) == number]
        fill = "white" if number == 0 else INK
        handles += ax.plot(
            *chosen.T,
            marker,
            color=fill,
            markeredgecolor=INK,
            markersize=4.5,
            linestyle="none",
            label=name,
        )
    if divides:
        handles += [
            Patch(facecolor=shade, edgecolor=INK, label=f"判為{name}")
            for shade, name in zip(REGIONS, names, strict=True)
        ]
    # In the margin that the points leave on top.
    ax.legend(handles=handles, ncols=2, loc="upper left", fontsize=8, columnspacing=1)
    ax.set(xlim=xlim, ylim=ylim, aspect="equal")
    return ax
