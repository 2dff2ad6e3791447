"""Functions of a number, each beside its derivative."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from .inputs import several_axes
from .looks import INK, STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3


def functions(
    pairs: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]],
    between: tuple[float, float] = (-5, 5),
    axes: Sequence[Axes] | None = None,
) -> Sequence[Axes]:
    """Draw functions (solid) and their derivatives (dashed), each pair in axes of its own.

    `pairs`: name → (function, derivative), both of arrays. `between`: the least and greatest x.

    >>> axes = plotting.functions({"x²": (np.square, lambda x: 2 * x)}, (-1, 1))
    """
    if not pairs:
        raise ValueError("pairs is empty: expected a function and its derivative, by name")
    if axes is None:
        rows = -(-len(pairs) // COLUMNS)
        size = (min(len(pairs), COLUMNS) * 2.8, 2.3 * rows + 0.4)
        grid = plt.subplots(
            rows, min(len(pairs), COLUMNS), figsize=size, layout="constrained", squeeze=False
        )[1]
        for spare in grid.flat[len(pairs) :]:
            spare.remove()
        axes = list(grid.flat[: len(pairs)])
    axes = several_axes(axes, len(pairs), (0, 0))
    x = np.linspace(*between, 401)
    for ax, (name, (function, derivative)) in zip(axes, pairs.items(), strict=True):
        ax.plot(x, function(x), color=INK, label="函數 f(x)")
        ax.plot(x, derivative(x), "--", color=STYLES[0].colour, linewidth=2, label="導函數 f ′(x)")
        ax.set(title=name, ylim=(-1.6, 2.6))
        ax.grid(alpha=0.3)
    figure = axes[0].get_figure()
    if figure:
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return axes
