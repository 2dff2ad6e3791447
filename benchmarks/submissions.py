"""Submissions to measure with: the homework filled in, no two alike unless they are asked to be.

They are the homework up to its check, without what is trained, unless they are whole; every other
one is right, the rest have a mistake of `examples/`. What makes one a student's own is the name of
the variable that goes through their network: other code, which a grader has to run, and as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import nbformat
from nbformat import NotebookNode

from ci.editions import editions
from examples.make import LESSON, NO_LAST_POOL, RELU_LAST, VGG13, fill

HOMEWORK = LESSON.stem
CHANGES = ({}, VGG13, {}, RELU_LAST, {}, NO_LAST_POOL)
CLASS, KINDS = 126, 46  # files of a class with equal answers, and how many differ
OWN = "x_of_somebody"  # stands in a text for the name that is the student's own


def homework(
    whole: bool = False, changes: Sequence[dict[str, tuple[str, str]]] = CHANGES
) -> tuple[NotebookNode, list[str]]:
    """The sheet, and a text for each of `changes`, of which `distinct` makes submissions."""
    sheet, solved = editions(LESSON).values()
    for notebook in () if whole else (sheet, solved):
        check = [cell.metadata.get("nbgrader", {}).get("grade", False) for cell in notebook.cells]
        notebook.cells = notebook.cells[: check.index(True) + 1]
    answers = {cell.id: cell.source for cell in solved.cells}
    filled = [fill(sheet, answers, each) for each in changes]
    for cell in (cell for notebook in filled for cell in notebook.cells):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = re.sub(r"\bx\b", OWN, cell.source)
    return sheet, [nbformat.writes(notebook) for notebook in filled]


def distinct(texts: Sequence[str], count: int) -> Iterator[str]:
    """`count` submissions with code of their own."""
    for number, text in enumerate(islice(cycle(texts), count)):
        yield text.replace(OWN, f"x{number}")


def alike(texts: Sequence[str], count: int, kinds: int) -> Iterator[str]:
    """`count` submissions, of which only `kinds` differ in their code."""
    return islice(cycle(list(distinct(texts, kinds))), count)
