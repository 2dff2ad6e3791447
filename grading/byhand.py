"""What an instructor should look at: marks of 0 and judgements in doubt, with the code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import sheets
from .intake import Cell
from .restore import normal_source
from .rows import Row

# Diagnoses that say what went wrong and can't say how much of the answer is right.
UNSURE = {"malformed", "unreadable", "exception", "numbers", "no_numbers"}
MOST_CODE = 6_000  # characters of one student's code


@dataclass(frozen=True)
class Look:
    """A row to look at, its feedback page, and what the student wrote."""

    row: Row
    page: str
    code: str


def looks(rows: Sequence[tuple[Row, str]], release: Sequence[Cell]) -> tuple[list[Look], int]:
    """The rows that a person should see, the lowest first; of how many nothing was written at all.

    Rows come with their pages. A sheet that came back as it was given out is no doubt.
    """
    found = [
        Look(row, page, "\n\n".join(own_code(sheets.cells_of(row.submission), release))[:MOST_CODE])
        for row, page in rows
        if is_doubtful(row)
    ]
    written = [each for each in found if each.code or each.row.record.status != "unfinished"]
    return sorted(written, key=lambda each: each.row.score), len(found) - len(written)


def is_doubtful(row: Row) -> bool:
    """Whether a mark is 0, or may be wrong."""
    if row.is_absent or row.overrides:
        return False
    codes = {diagnosis.code for diagnosis in row.diagnoses}
    return (
        row.score == 0 or row.record.status not in ("graded", "unfinished") or bool(codes & UNSURE)
    )


def own_code(cells: Sequence[Cell], release: Sequence[Cell]) -> Iterator[str]:
    """The cells that are not the release's as they were."""
    given = {normal_source(cell.source) for cell in release}
    for cell in cells:
        if cell.source.strip() and normal_source(cell.source) not in given:
            yield f"# 第 {cell.number} 個程式格\n{cell.source.rstrip()}"
