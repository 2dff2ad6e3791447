"""Trainings as curves: one with its validation, or several networks with their seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MaxNLocator

from .inputs import one_axes, several_axes
from .looks import style, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Training and validation of one network: what a metric's name begins with, the legend, the look.
PARTS = (("", "訓練 training", "-o"), ("val_", "驗證 validation", "--s"))


def training_curves(history: Any, axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw each metric of a training against the epoch: training solid, validation dashed.

    `history`: what `model.fit` returns, or its dict {"loss": [...], "val_loss": [...], …}.
    `axes`: one for each metric.

    >>> axes = plotting.training_curves({"loss": [2.1, 0.7], "val_loss": [1.8, 0.9]})
    """
    logs = getattr(history, "history", history)
    names = logs if isinstance(logs, Mapping) else ()
    metrics = [name for name in names if not name.startswith("val_")]
    if not metrics:
        raise ValueError(f"history={history!r}: expected what model.fit returns, or its dict")
    axes = several_axes(axes, len(metrics), (4.5 * len(metrics), 3.2))
    for ax, metric in zip(axes, metrics, strict=True):
        for prefix, label, line in PARTS:
            if (name := prefix + metric) in logs:
                epochs = range(1, len(logs[name]) + 1)
                ax.plot(epochs, logs[name], line, markersize=4, label=label)
        ax.set(xlabel=word("epoch"), ylabel=word(metric))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
        ax.legend()
    return axes


def curves(
    frame: Any, x: str = "epoch", y: str = "accuracy", by: str = "network", ax: Axes | None = None
) -> Axes:
    """Draw the runs of several networks: the median as a line, from least to most as a band.

    `frame`: a table of pandas with a row for each `by`, seed and `x`, and the value in `y`. The
    name of each line stands at its end, so that no legend has to be matched with colours.

    >>> import pandas as pd
    >>> rows = [("VGG", 1, 0.5), ("VGG", 2, 0.7), ("ResNet", 1, 0.6), ("ResNet", 2, 0.9)]
    >>> ax = plotting.curves(pd.DataFrame(rows, columns=["network", "epoch", "accuracy"]))
    """
    missing = {x, y, by} - set(frame.columns)
    if missing or not len(frame):
        raise ValueError(
            f"frame has {len(frame)} rows and the columns {', '.join(map(str, frame.columns))}; "
            f"expected rows, with {x!r}, {y!r} and {by!r}"
        )
    ax = one_axes(ax, (6.6, 4.2))
    ends = {}
    for index, (name, runs) in enumerate(frame.groupby(by, sort=False)):
        values = runs.groupby(x)[y].agg(["min", "median", "max"])
        look = style(index)
        ax.fill_between(values.index, values["min"], values["max"], color=look.colour, alpha=0.15)
        ax.plot(
            *(values.index, values["median"]),
            color=look.colour,
            linestyle=look.dash,
            marker=look.marker,
            markevery=max(1, len(values) // 6),
            markersize=5,
        )
        ends[str(name)] = (values.index[-1], values["median"].iloc[-1], look.colour)
    ax.set(xlabel=word(x), ylabel=word(y))
    ax.margins(x=0.02)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    _name_ends(ax, ends)
    return ax


LINE = 13  # points from one name to the next, at least


def _name_ends(ax: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Write each name on the right of the axes, as near to its line's end as the others leave."""
    ax.figure.figure.draw_without_rendering()
    names = sorted(ends, key=lambda name: ends[name][1])
    points = 72 / ax.figure.dpi  # a pixel
    wanted = [ax.transData.transform(ends[name][:2])[1] * points for name in names]
    for name, at, height in zip(names, wanted, _apart(wanted, LINE), strict=True):
        last, value, colour = ends[name]
        ax.annotate(
            name,
            (last, value),
            xytext=(16, height - at),
            textcoords="offset points",
            va="center",
            fontsize=10,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.8, "shrinkB": 2},
        )


def _apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Places from low to high, at least `gap` apart, moved as little as their groups allow."""
    groups: list[tuple[float, int]] = []  # the middle of each group, and how many it has
    for place in wanted:
        groups.append((place, 1))
        while len(groups) > 1:
            (low, few), (high, many) = groups[-2:]
            if high - low >= gap * (few + many) / 2:
                break
            groups[-2:] = [((low * few + high * many) / (few + many), few + many)]
    return [
        float(middle + gap * (rank - (count - 1) / 2))
        for middle, count in groups
        for rank in range(count)
    ]
