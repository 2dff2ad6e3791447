"""What the checks of a built notebook ask of it: its cells' tags, texts, numbers and pictures."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

# Tags with which nbval leaves a cell's output uncompared.
UNCOMPARED = {"nbval-ignore-output", "nbval-skip"}
# Kinds of output that are compared as pictures; nbval compares none, or every byte.
BITMAPS = ("image/png", "image/jpeg", "image/gif", "image/webp")


def read(path: Path) -> NotebookNode:
    """The notebook at `path`, in nbformat 4."""
    return nbformat.read(path, as_version=4)


def code_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Each code cell with its place among all cells, from 0."""
    return ((i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")


def is_compared(cell: NotebookNode) -> bool:
    """Whether a fresh run's output must be the stored one."""
    return UNCOMPARED.isdisjoint(cell.metadata.get("tags", ()))


def text(outputs: Iterable[NotebookNode]) -> str:
    """What outputs say in words, whatever their kind; HTML and SVG without tags and scripts."""
    parts = []
    for output in outputs:
        parts.append(output.get("text", "") + output.get("evalue", ""))
        for kind, content in output.get("data", {}).items():
            if kind in ("text/html", "image/svg+xml"):
                parts.append(
                    html.unescape(
                        re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", content, flags=re.DOTALL)
                    )
                )
            elif kind.startswith("text/"):
                parts.append(content)
    return "\n".join(parts)


def kinds(outputs: Iterable[NotebookNode]) -> list[str]:
    """The kinds of the pictures among outputs, in the order of `pictures`."""
    return [
        kind for output in outputs for kind in sorted(output.get("data", {})) if kind in BITMAPS
    ]


def pictures(outputs: Iterable[NotebookNode]) -> list[bytes]:
    """The pictures' files among outputs."""
    return [_decoded(output.data[kind]) for output in outputs for kind in kinds([output])]


def _decoded(content: str | list[str]) -> bytes:
    """The bytes behind base64; the text itself where it is none, and so no picture, either."""
    try:
        return base64.b64decode("".join(content))
    except (binascii.Error, TypeError):
        return str(content).encode()


def tally(notebook: NotebookNode) -> dict[str, int]:
    """How much of `notebook` a fresh run is compared with: cells with an output, and pictures."""
    compared = [cell for _, cell in code_cells(notebook) if is_compared(cell) and cell.outputs]
    return {
        "cells": len(compared),
        "pictures": sum(len(pictures(cell.outputs)) for cell in compared),
    }
