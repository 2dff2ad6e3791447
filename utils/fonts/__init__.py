"""The letters of the figures, the same on every machine: Latin as ever, Chinese from here.

The font for Chinese is a part of Noto Sans CJK TC, with its licence beside it; `python -m ci.font`
makes it anew. Each character comes from the first family that has it, the minus sign, too, from
matplotlib's own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

FAMILY = "Course Sans TC"
FILE = Path(__file__).with_name("CourseSansTC-Regular.otf")
STYLE: dict[Any, Any] = {"font.family": ["DejaVu Sans", FAMILY]}


def use() -> None:
    """Let every figure that matplotlib draws from now on have these letters."""
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    fontManager.addfont(FILE)
    # Bold Latin stands beside Chinese that is not: without a word about it on stderr.
    fontManager.ttflist.append(replace(fontManager.ttflist[-1], weight=700))
    mpl.rcParams.update(STYLE)
