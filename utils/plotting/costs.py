"""Where parameters, MACs and memory sit, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import EngFormatter

from utils.summary import LayerRow, ModelSummary

from .inputs import several_axes, summary_of
from .looks import INK, LOOKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A chart of `budget`: the field of a row, the title, the unit.
COSTS = (
    ("params", "參數 parameters", EngFormatter()),
    ("macs", "乘加 MACs", EngFormatter()),
    ("activation_bytes", "活化值的記憶體 activations", EngFormatter("B")),
)


def budget(model: Any, by: str = "layer", axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw where parameters, MACs and the memory of activations sit: three bar charts.

    `model`: a Keras model or a `ModelSummary`. A bar is a layer, or with `by="block"` a block: the
    neighbours whose names agree up to the first underscore; it says its share in the total. Models
    in a list are compared, a bar each. `axes`: three. Batch 1; decimal units (1 kB = 1000 bytes).

    >>> axes = plotting.budget(keras.applications.VGG16(weights=None), by="block")
    """
    compare = isinstance(model, list | tuple)
    summaries = [summary_of(one) for one in (model if compare else [model])]
    if not summaries:
        raise ValueError(f"model={model!r}: expected at least one model")
    bars = [(one.name, one.rows) for one in summaries] if compare else _parts(summaries[0], by)
    axes = several_axes(axes, len(COSTS), (9.5, 1.2 + 0.23 * len(bars)))
    for ax, (field, title, unit) in zip(axes, COSTS, strict=True):
        values = [_total(rows, field) for _, rows in bars]
        total = sum(value or 0 for value in values)
        _draw_bars(ax, values, unit, None if compare else total)
        ax.set_title(title if compare else f"{title}：{_short(total, unit)}", fontsize=10)
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
            return "沒有數" if value is None else "0"
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
