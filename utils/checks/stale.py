"""Says when a check judges a definition older than the cell that should define the function.

A cell that fails leaves the function of its last good run in place, and that one may well be right.
"""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Iterable

from .causes import followed, reached

NOTE = (
    "注意：這裡用的 {names} 是較早執行的版本，因為最近一次定義它的那一格（In [{number}]）"
    "沒有執行成功。先修好那一格，再執行這個檢查。"
)


def note(functions: Iterable[object]) -> str:
    """A sentence (Chinese) that names the functions, and those they call, that are older.

    Empty outside IPython, and where each is from the newest cell that has its `def`.
    """
    return followed(_note, functions) or ""


def _note(functions: Iterable[object]) -> str:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        return ""
    cells = [cell.splitlines() for cell in shell.history_manager.input_hist_parsed]
    older = {}
    for function in dict.fromkeys(each for one in functions for each in reached(one)):
        own = [line.rstrip("\n") for line in linecache.getlines(function.__code__.co_filename)]
        define = re.compile(rf"[ \t]*def {re.escape(function.__name__)}\b")
        newest = [n for n, cell in enumerate(cells) if any(map(define.match, cell))][-1:]
        if own in cells and newest and cells[newest[0]] != own:
            older[f"`{function.__name__}`"] = newest[0]
    return NOTE.format(names="、".join(older), number=max(older.values())) if older else ""
