"""The pages to play with, as a lesson calls them; none of them needs TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import nbformat

from utils import datasets, explore
from utils.summary import LayerRow, ModelSummary

# How a cell calls for a page; a call of one's own script names it first.
CALL = re.compile(r'explore\.(?:page\(\s*"(\w+)"|([a-z]\w*)\()')

# A network with a block: what each layer is, what it reads, its output, its numbers.
ROWS = (
    ("image", "InputLayer", (), (32, 32, 3), 0, 0, 1),
    ("conv", "Conv2D", ("image",), (32, 32, 16), 448, 442_368, 3),
    ("relu", "ReLU", ("conv",), (32, 32, 16), 0, 0, 3),
    ("pool", "MaxPooling2D", ("relu",), (16, 16, 16), 0, 0, 4),
    ("narrow", "Conv2D", ("pool",), (16, 16, 8), 136, 32_768, 4),
    ("wide", "Conv2D", ("pool",), (16, 16, 8), 1160, 294_912, 8),
    ("join", "Concatenate", ("narrow", "wide"), (16, 16, 16), 0, 0, 8),
    ("subsampling_3", "Subsampling", ("join",), (8, 8, 16), 32, None, 10),
    ("flatten", "Flatten", ("subsampling_3",), (1024,), 0, 0, 32),
    ("classes", "Dense", ("flatten",), (10,), 10_250, 10_240, 32),
)


def row(
    name: str,
    kind: str,
    inputs: tuple[str, ...],
    shape: tuple[Any, ...],
    params: int,
    macs: int | None,
    field: int,
) -> LayerRow:
    """A row of a summary, with what the pages don't show left out."""
    known: dict[str, Any] = dict.fromkeys(LayerRow.__annotations__)
    known |= {"name": name, "kind": kind, "inputs": inputs, "output_shape": shape}
    known |= {"params": params, "macs": macs, "receptive_field": field}
    return LayerRow(**known | {"kernel_size": (3, 3) if kind == "Conv2D" else None})


NETWORK = ModelSummary("small", (32, 32, 3), tuple(row(*each) for each in ROWS))

PAGES: dict[str, Callable[[], explore.Page]] = {
    "convolution": explore.convolution,
    "chain": explore.chain,
    "field": lambda: explore.field(datasets.photo("chelsea")),
    "architecture": lambda: explore.architecture(NETWORK),
    "digit": explore.digit,
}
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}


def plays() -> nbformat.NotebookNode:
    """A notebook with a page to play with in each cell, as it was saved."""
    cells = [nbformat.v4.new_markdown_cell("# Pages")]
    for name, make in PAGES.items():
        data = {"text/html": make()._repr_html_(), "text/plain": name}
        output = nbformat.v4.new_output("execute_result", data, execution_count=1)
        source = f"from utils import explore\n\nexplore.{name}()"
        cells.append(nbformat.v4.new_code_cell(source, execution_count=1, outputs=[output]))
    return nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)
