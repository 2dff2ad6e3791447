"""Show a summary: aligned plain text, and HTML."""

from __future__ import annotations

from html import escape
from typing import Any

HEADER = ("layer", "kind", "output", "kernel/stride", "params", "MACs", "memory", "field")


def text(summary: Any) -> str:
    """Return the summary as aligned plain text."""
    table = [HEADER, *(_cells(row) for row in summary.rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADER))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < 4 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    ]
    return "\n".join([*lines, *_totals(summary)])


def html(summary: Any) -> str:
    """Return the summary as HTML."""
    return f"<pre>{escape(text(summary))}</pre>"


def _totals(summary: Any) -> list[str]:
    lines = [
        f"{summary.name}: {summary.params:,} parameters ({summary.trainable_params:,} trainable), "
        f"{summary.macs:,} MACs, {summary.flops:,} FLOPs",
        summary.convention,
    ]
    if summary.not_counted:
        lines.append("not counted: " + ", ".join(summary.not_counted))
    return lines


def _cells(row: Any) -> tuple[str, ...]:
    window = "" if not row.kernel_size else "x".join(map(str, row.kernel_size))
    if row.strides:
        window += "/" + "x".join(map(str, row.strides))
    return (
        row.name,
        row.kind,
        str(row.output_shape),
        window,
        f"{row.params:,}",
        "not counted" if row.macs is None else f"{row.macs:,}",
        "?" if row.activation_bytes is None else f"{row.activation_bytes:,}",
        "" if row.receptive_field is None else str(row.receptive_field),
    )
