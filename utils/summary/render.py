"""Show a summary: aligned plain text in English, and HTML in the course's language.

The HTML stands alone: no script, no colour but the reader's own, so that dark themes and printing
work; blocks (block1_conv1, block1_conv2, …) are folded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from itertools import groupby
from typing import Any

from utils.summary.compare import is_numbered

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

STYLE = """<style>
.model-summary { --line: var(--jp-border-color2, rgba(128, 128, 128, .4)); font-size: 13px;
  overflow-x: auto; color: var(--jp-content-font-color1, inherit); }
.model-summary p { margin: .4em 0; }
.model-summary .row { display: grid; min-width: 66em; gap: 0 .8em; padding: .15em .3em;
  border-bottom: 1px solid var(--line); align-items: center;
  grid-template-columns: 3fr 2.2fr 2fr 1.3fr 3.2fr 2.6fr 2.6fr 1.4fr; }
.model-summary .head { font-weight: 600; border-bottom-width: 2px; }
.model-summary .head :nth-child(n+5) { text-align: right; }
.model-summary summary { cursor: pointer; list-style: none; font-weight: 600; }
.model-summary summary::-webkit-details-marker { display: none; }
.model-summary summary .name::before { content: "▸ "; }
.model-summary details[open] > summary .name::before { content: "▾ "; }
.model-summary details > div .name { padding-left: 1.2em; }
.model-summary .name { overflow-wrap: anywhere; }
.model-summary .number { display: flex; gap: .5em; align-items: center; justify-content: flex-end;
  font-variant-numeric: tabular-nums; text-align: right; }
.model-summary .track { flex: 0 0 4em; height: .6em; border: 1px solid var(--line); }
.model-summary .bar { display: block; height: 100%; background: currentColor; opacity: .55; }
</style>"""


def text(summary: Any) -> str:
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


def _text_cells(row: Any) -> tuple[str, ...]:
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


def _text_totals(summary: Any) -> list[str]:
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


def html(summary: Any) -> str:
    """Return the summary as HTML that stands alone."""
    head = "".join(f"<span>{heading}</span>" for heading in HEADINGS_ZH)
    parts = [
        STYLE,
        '<div class="model-summary">',
        *(f"<p>{escape(line)}</p>" for line in _html_totals(summary)),
        f'<div class="row head">{head}</div>',
        *(_html_block(name, rows, summary) for name, rows in _blocks(summary.rows)),
        f"<p>{CONVENTION_ZH}</p>",
    ]
    if summary.not_counted:
        parts.append(f"<p>未計入 MACs 的層：{escape('、'.join(summary.not_counted))}</p>")
    return "\n".join([*parts, "</div>"])


def _html_totals(summary: Any) -> list[str]:
    training = summary.training_bytes(EXAMPLE_BATCH, EXAMPLE_OPTIMIZER)
    return [
        f"{summary.name}，輸入 {_shape(summary.input_shape, '×')}",
        f"參數 {summary.params:,}（可訓練 {summary.trainable_params:,}）"
        f"｜MACs {summary.macs:,}｜FLOPs {summary.flops:,}",
        f"記憶體 MiB：權重 {_mebi(summary.weight_bytes)}"
        f"｜前向傳播（批次 1）{_mebi(summary.forward_bytes(1))}"
        f"｜訓練一步（批次 {EXAMPLE_BATCH}，{EXAMPLE_OPTIMIZER}）{_mebi(training)}",
    ]


def _blocks(rows: Iterable[Any]) -> list[tuple[str | None, list[Any]]]:
    """Return runs of rows whose names share a block; a row that stands alone has none."""
    blocks = []
    for name, run in groupby(rows, key=_block):
        members = list(run)
        if name is None or len(members) == 1:
            blocks.extend((None, [row]) for row in members)
        else:
            blocks.append((name, members))
    return blocks


def _block(row: Any) -> str | None:
    match = BLOCK.match(row.name)
    if match is None or (match["prefix"] and is_numbered(row)):
        return None
    return match["inner"] or match["prefix"]


def _html_block(name: str | None, rows: list[Any], summary: Any) -> str:
    lines = [_html_row(row.name, row.kind, [row], summary) for row in rows]
    if name is None:
        return "".join(f'<div class="row">{line}</div>' for line in lines)
    head = _html_row(name, f"{len(rows)} 層", rows, summary)
    inner = "\n".join(f'<div class="row">{line}</div>' for line in lines)
    return f'<details><summary class="row">{head}</summary>\n{inner}</details>'


def _html_row(name: str, kind: str, rows: list[Any], summary: Any) -> str:
    """Return the cells of one row, or of a block: its sums, its last shape and field."""
    last = rows[-1]
    window = _window(last, "×") if len(rows) == 1 else ""
    words = "".join(
        f"<span>{escape(word)}</span>" for word in (kind, _shape(last.output_shape, "×"), window)
    )
    return (
        f'<span class="name">{escape(name)}</span>{words}'
        + _html_number("params", "{:,}".format, rows, summary)
        + _html_number("macs", _si, rows, summary)
        + _html_number("activation_bytes", _mebi, rows, summary)
        + f'<span class="number">{escape(_places(last.receptive_field, "×"))}</span>'
    )


def _html_number(column: str, shown: Callable[[int], str], rows: list[Any], summary: Any) -> str:
    """Return a sum with a bar of its share in the model; what is not counted is said."""
    values = [getattr(row, column) for row in rows]
    counted = [value for value in values if value is not None]
    value = sum(counted)
    total = sum(getattr(row, column) or 0 for row in summary.rows)
    parts = [f'<span title="{value:,}">{shown(value)}</span>'] if counted else []
    if len(counted) < len(values):
        parts.append("未計")
    return (
        f'<span class="number"><span>{"＋".join(parts)}</span>'
        f'<span class="track"><span class="bar" style="width:{100 * value / (total or 1):.1f}%">'
        "</span></span></span>"
    )


def _shape(shape: Any, times: str = "x") -> str:
    """Return 224x224x3, or several shapes with commas; an unknown size is "?"."""
    if shape and all(isinstance(part, tuple) for part in shape):
        return ", ".join(_shape(part, times) for part in shape)
    return times.join("?" if size is None else f"{size}" for size in shape) or "scalar"


def _window(row: Any, times: str = "x") -> str:
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
