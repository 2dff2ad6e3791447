"""Results of experiments: every run of each variant, or one number each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from .inputs import one_axes
from .looks import INK, LOOKS, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def spread(results: Mapping[Any, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw every run of every variant of an experiment: a dot a run, a bar at their mean.

    `results`: the runs' numbers by the name of the variant. A grey strip reaches from the least to
    the most.

    >>> ax = plotting.spread({"plain": [0.81, 0.83], "residual": [0.88, 0.9, 0.86]})
    """
    if not results or any(len(runs) == 0 for runs in results.values()):
        raise ValueError(f"results={results!r}: expected a number or more for each variant")
    ax = one_axes(ax, (1.2 + 1.4 * len(results), 3.2))
    for index, runs in enumerate(results.values()):
        offsets = (np.arange(len(runs)) - (len(runs) - 1) / 2) * 0.12
        ax.vlines(index, min(runs), max(runs), color="#cfd6dd", linewidth=22, zorder=0)
        ax.hlines(np.mean(runs), index - 0.3, index + 0.3, color=INK, linewidth=2, zorder=1)
        ax.plot(
            index + offsets, runs, "o", markersize=7, color=INK, markerfacecolor="white", zorder=2
        )
    ax.set_xticks(range(len(results)), [str(name) for name in results])
    ax.set_xlim(-0.6, len(results) - 0.4)
    ax.grid(axis="y", alpha=0.3)
    return ax


def bars(
    values: Mapping[Any, float],
    families: Sequence[Any] | None = None,
    form: str = "{:g}",
    sort: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw numbers as horizontal bars that say them, the largest on top.

    `values`: by name. `families`: of each, what it belongs to; a family has a colour and a hatch of
    its own, in a legend where a title would be. `form`: how a number is written. `sort=False` keeps
    the order.

    >>> ax = plotting.bars({"AlexNet": 57.1, "VGG-16": 71.5}, form="{:.1f}%")
    """
    if not values or (families is not None and len(families) != len(values)):
        given = "no families" if families is None else f"{len(families)} families"
        raise ValueError(f"got {len(values)} values, {given}; expected values, a family for each")
    looks = _family_looks(families or [""] * len(values))
    rows = list(zip(values.items(), families or [""] * len(values), strict=True))
    if sort:
        rows.sort(key=lambda row: row[0][1], reverse=True)
    ax = one_axes(ax, (6.6, 0.8 + 0.32 * len(rows)))
    for place, ((_, value), family) in enumerate(rows):
        drawn = ax.barh(place, value, edgecolor=INK, linewidth=0.8, **looks[family])
        ax.bar_label(drawn, [form.format(value)], padding=3, fontsize=9)
    ax.set_yticks(range(len(rows)), [str(name) for (name, _), _ in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.margins(x=0.12)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right"]].set_visible(False)
    if families:
        handles = [Patch(edgecolor=INK, label=name, **look) for name, look in looks.items()]
        ax.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=len(handles),
            frameon=False,
        )
    return ax


def _family_looks(families: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    """A light colour and a hatch for each family; one alone looks as a convolution does."""
    names = list(dict.fromkeys(families))
    if len(names) == 1:
        return {names[0]: {"facecolor": LOOKS["convolution"].colour}}
    looks = [style(index) for index in range(len(names))]
    return {
        name: {"facecolor": _light(look.colour), "hatch": look.hatch}
        for name, look in zip(names, looks, strict=True)
    }


def _light(colour: str) -> tuple[float, ...]:
    """A colour half mixed with white, on which hatches and letters can be seen."""
    return tuple((1 + part) / 2 for part in to_rgb(colour))
