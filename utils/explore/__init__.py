"""Pages to play with in a cell's output: plain JavaScript, a line of a lesson each.

A page needs no network and no kernel, and is the same in JupyterLab, in what nbconvert writes, and
in the course's own pages. Where no script runs (a notebook that is not trusted yet, GitHub), a
still picture stands in its place, and a sentence.
"""

from __future__ import annotations

from utils.explore.digits import digit
from utils.explore.gradient import chain
from utils.explore.network import architecture
from utils.explore.page import FOLDER, FRAME, INSTEAD, Control, Page, page, plain
from utils.explore.windows import convolution, field

__all__ = [
    "FOLDER",
    "FRAME",
    "INSTEAD",
    "Control",
    "Page",
    "architecture",
    "chain",
    "convolution",
    "digit",
    "field",
    "page",
    "plain",
]
