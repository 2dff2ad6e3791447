"""Show a summary: aligned plain text in English, and HTML in the course's language.

The HTML stands alone: no script, no colour but the reader's own, so that dark themes and printing
work; blocks (block1_conv1, block1_conv2, …) are folded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from itertools import groupby
from typing import Any, TypeAlias

from utils.summary.compare import is_numbered
from utils.summary.row import LayerRow

COLUMNS = ("layer", "kind", "output", "kernel/stride", "params", "MACs", "MiB", "field", "stride")
LEFT_ALIGNED = 4
EXAMPLE_BATCH, EXAMPLE_OPTIMIZER = 32, "adam"

# The block that a layer's name tells: of block1_conv1, block_3_expand, block2a_bn, or encoder/conv.
BLOCK = re.compile(r"(?P<inner>[^/]+)/|(?P<prefix>[A-Za-z_]*[A-Za-z]_?\d+[a-z]?)_")

CONVENTION_ZH = (
    "MACs：卷積層與全連接層的乘加次數（批次 1，含填充，不計偏差 bias）；FLOPs = 2 × MACs。"
    "長條是占全模型的比例。感受野以輸入像素計，含伸出邊界的填充，取各路徑中最大者。"
)
HEADINGS_ZH = ("層", "種類", "輸出形狀", "核／步長", "參數", "MACs", "記憶體 MiB", "感受野")

# Styles stand in the elements: Jupyter drops <style> from a notebook that it does not trust yet,
# as GitHub does from any.
LINE = "rgba(128,128,128,.4)"
BOX = "font-size:13px;max-width:1100px"
ROW = f"display:flex;align-items:center;padding:2px 4px;border-bottom:1px solid {LINE}"
CELL = "flex:{share} 0 0;min-width:0;padding-right:.5em;overflow-wrap:anywhere"
NUMBER = "text-align:right;white-space:nowrap"
TRACK = f"display:inline-block;width:50px;margin-left:6px;border:1px solid {LINE};text-align:left"
FILL = "display:block;height:8px;background:rgba(128,128,128,.8)"
SHARES = (3, 2.6, 2, 1.3, 2.8, 2.3, 2.3, 1.2)  # of the row's width, by column
STYLES = [
    CELL.format(share=share) + (f";{NUMBER}" if column >= LEFT_ALIGNED else "")
    for column, share in enumerate(SHARES)
]


Summary: TypeAlias = Any  # a ModelSummary, which shows itself by what is here


def text(summary: Summary) -> str:
    """Return the summary as aligned plain text, a line a call."""
    table = [COLUMNS, *map(_text_cells, summary.rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for cells in table:
        padded = [
            cell.ljust(width) if column < LEFT_ALIGNED else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], "", *_text_totals(summary)])


def _text_cells(row: LayerRow) -> tuple[str, ...]:
    return (
        row.name,
        row.kind,
        _shape(row.output_shape),
        _window(row),
        f"{row.params:,}",
        "not counted" if row.macs is None else f"{row.macs:,}",
        "?" if row.activation_bytes is None else _mebi(row.activation_bytes),
        _places(row.receptive_field),
        _places(row.rf_stride),
    )


def _text_totals(summary: Summary) -> list[str]:
    training = summary.training_bytes(EXAMPLE_BATCH, EXAMPLE_OPTIMIZER)
    lines = [
        f"{summary.name}, input {_shape(summary.input_shape)}",
        f"parameters {summary.params:,}, of which trainable {summary.trainable_params:,}",
        f"MACs {summary.macs:,}, FLOPs {summary.flops:,}",
        f"memory in MiB: weights {_mebi(summary.weight_bytes)}, "
        f"forward pass at batch 1 {_mebi(summary.forward_bytes(1))}, "
        f"training step at batch {EXAMPLE_BATCH} with {EXAMPLE_OPTIMIZER} {_mebi(training)}",
        summary.convention,
    ]
    if summary.not_counted:
        lines.append(f"MACs not counted: {', '.join(summary.not_counted)}")
    return lines


def html(summary: Summary) -> str:
    """Return the summary as HTML that stands alone."""
    totals = {column: sum(getattr(row, column) or 0 for row in summary.rows) for column in NUMBERS}
    parts = [
        f'<div style="{BOX}">',
        *(f"<div>{escape(line)}</div>" for line in _html_totals(summary)),
        f'<div style="{ROW};font-weight:600">{_html_cells(HEADINGS_ZH)}</div>',
        *(_html_block(name, rows, totals) for name, rows in _blocks(summary.rows)),
        f"<div>{CONVENTION_ZH}</div>",
    ]
    if summary.not_counted:
        parts.append(f"<div>未計入 MACs 的層：{escape('、'.join(summary.not_counted))}</div>")
    return "\n".join([*parts, "</div>"])


def _html_totals(summary: Summary) -> list[str]:
    training = summary.training_bytes(EXAMPLE_BATCH, EXAMPLE_OPTIMIZER)
    return [
        f"{summary.name}，輸入 {_shape(summary.input_shape, '×')}",
        f"參數 {summary.params:,}（可訓練 {summary.trainable_params:,}）"
        f"｜MACs {summary.macs:,}｜FLOPs {summary.flops:,}",
        f"記憶體 MiB：權重 {_mebi(summary.weight_bytes)}"
        f"｜前向傳播（批次 1）{_mebi(summary.forward_bytes(1))}"
        f"｜訓練一步（批次 {EXAMPLE_BATCH}，{EXAMPLE_OPTIMIZER}）{_mebi(training)}",
    ]


def _blocks(rows: Iterable[LayerRow]) -> list[tuple[str | None, list[LayerRow]]]:
    """Return runs of rows whose names share a block; a row that stands alone has none."""
    blocks: list[tuple[str | None, list[LayerRow]]] = []
    for name, run in groupby(rows, key=_block):
        members = list(run)
        if name is None or len(members) == 1:
            blocks.extend((None, [row]) for row in members)
        else:
            blocks.append((name, members))
    return blocks


def _block(row: LayerRow) -> str | None:
    match = BLOCK.match(row.name)
    if match is None or (match["prefix"] and is_numbered(row)):
        return None
    return match["inner"] or match["prefix"]


def _html_block(name: str | None, rows: list[LayerRow], totals: Mapping[str, int]) -> str:
    lines = [
        f'<div style="{ROW}">{_html_row(row.name, row.kind, [row], totals, name)}</div>'
        for row in rows
    ]
    if name is None:
        return "".join(lines)
    head = _html_row(f"▸ {name}", f"{len(rows)} 層", rows, totals)
    inner = "\n".join(lines)
    return (
        f'<details><summary style="{ROW};font-weight:600;cursor:pointer">{head}</summary>\n'
        f"{inner}</details>"
    )


def _html_row(
    name: str,
    kind: str,
    rows: list[LayerRow],
    totals: Mapping[str, int],
    block: str | None = None,
) -> str:
    """Return the cells of one row, or of a block: its sums, its last shape and field."""
    last = rows[-1]
    words = (
        f"\u2003{name}" if block else name,
        kind,
        _shape(last.output_shape, "×"),
        _window(last, "×") if len(rows) == 1 else "",
    )
    return _html_cells(
        [
            *map(escape, words),
            *(
                _html_number(column, shown, rows, totals[column])
                for column, shown in NUMBERS.items()
            ),
            escape(_places(last.receptive_field, "×")),
        ]
    )


def _html_cells(cells: Iterable[str]) -> str:
    """Return a row's cells, which are HTML already; the first columns hold words."""
    pairs = zip(STYLES, cells, strict=True)
    return "".join(f'<span style="{style}">{cell}</span>' for style, cell in pairs)


def _html_number(column: str, shown: Callable[[int], str], rows: list[LayerRow], total: int) -> str:
    """Return a sum with a bar of its share in the model; what is not counted is said."""
    values = [getattr(row, column) for row in rows]
    counted = [value for value in values if value is not None]
    value = sum(counted)
    parts = [f'<span title="{value:,}">{shown(value)}</span>'] if counted else []
    if len(counted) < len(values):
        parts.append("未計")
    share = 100 * value / (total or 1)
    bar = f'<div style="width:{share:.1f}%"><span style="{FILL}"></span></div>'
    return f'{"＋".join(parts)}<span style="{TRACK}">{bar}</span>'


def _shape(shape: Any, times: str = "x") -> str:
    """Return 224x224x3, or several shapes with commas; an unknown size is "?"."""
    if shape and all(isinstance(part, tuple) for part in shape):
        return ", ".join(_shape(part, times) for part in shape)
    return times.join("?" if size is None else f"{size}" for size in shape) or "scalar"


def _window(row: LayerRow, times: str = "x") -> str:
    parts = [_places(row.kernel_size, times, alike=False), _places(row.strides, times)]
    return "/".join(filter(None, parts))


def _places(value: Any, times: str = "x", alike: bool = True) -> str:
    """Return a number of places, one for each axis where they are not alike; "" for None."""
    if not isinstance(value, tuple):
        return "" if value is None else f"{value:g}" if isinstance(value, float) else f"{value}"
    if alike and len(set(value)) == 1:
        return _places(value[0])
    return times.join(_places(part) or "?" for part in value)


def _mebi(size: int) -> str:
    return f"{size / 2**20:,.2f}"


def _si(number: int) -> str:
    """Return three digits and a decimal prefix: 1.85 G."""
    for prefix, unit in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= unit:
            digits = 3 - len(str(number // unit))
            return f"{number / unit:.{digits}f} {prefix}"
    return f"{number}"


# The columns that are summed, and how a sum is written.
NUMBERS: dict[str, Callable[[int], str]] = {
    "params": "{:,}".format,
    "macs": _si,
    "activation_bytes": _mebi,
}
