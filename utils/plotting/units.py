"""The units of a small dense network, and which of them take part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np

from .inputs import one_axes
from .looks import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def network(kept: Sequence[Sequence[bool]], ax: Axes | None = None) -> Axes:
    """Draw a dense network as dropout leaves it, from its input below to its output above.

    `kept`: for each layer, which of its units take part. Those that don't are crossed out and have
    no connections (after Srivastava et al. 2014, figure 1).

    >>> ax = plotting.network([[True, True, False], [True, False]])
    """
    takes_part = [np.asarray(layer, dtype=bool) for layer in kept]
    if not takes_part or any(layer.ndim != 1 or not layer.size for layer in takes_part):
        raise ValueError(f"kept={kept!r}: expected a list of true and false for each layer")
    ax = one_axes(ax, (4, 3.6))
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
