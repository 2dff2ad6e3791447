"""What the checks of a built notebook ask of it: its cells' tags, texts, numbers and pictures."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

# Tags with which nbval leaves a cell's output uncompared.
UNCOMPARED = {"nbval-ignore-output", "nbval-skip"}
# Kinds of output that nbval does not compare.
BITMAPS = ("image/png", "image/jpeg")


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
    """What outputs say in words, whatever their kind; HTML and SVG without their tags."""
    parts = []
    for output in outputs:
        parts.append(output.get("text", "") + output.get("evalue", ""))
        for kind, content in output.get("data", {}).items():
            if kind in ("text/html", "image/svg+xml"):
                parts.append(
                    html.unescape(
                        re.sub(r"<style.*?</style>|<[^>]*>", " ", content, flags=re.DOTALL)
                    )
                )
            elif kind.startswith("text/"):
                parts.append(content)
    return "\n".join(parts)


def pictures(outputs: Iterable[NotebookNode]) -> list[bytes]:
    """The PNG and JPEG files among outputs."""
    return [
        base64.b64decode(content)
        for output in outputs
        for kind, content in output.get("data", {}).items()
        if kind in BITMAPS
    ]


def tally(notebook: NotebookNode) -> dict[str, int]:
    """How much of `notebook` a fresh run is compared with: cells with an output, and pictures."""
    compared = [cell for _, cell in code_cells(notebook) if is_compared(cell) and cell.outputs]
    return {
        "cells": len(compared),
        "pictures": sum(len(pictures(cell.outputs)) for cell in compared),
    }
