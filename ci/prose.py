"""Reads the built notebooks for slips: `python -m ci.prose`.

A number that the text states must be one that the notebook computes, or that `lessons/cited.csv`
gives with its source. The rest is form: one title, short cells, pictures in words, known terms.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from statistics import median

from nbformat import NotebookNode

from ci import ROOT
from ci.lessons import sources
from ci.notebooks import UNCOMPARED, code_cells, pictures, read, text

Finding = tuple[int, str]  # the cell's place among all cells, from 0, and what is wrong there

DIGITS = 4  # a number with fewer significant digits is left to the reader
MEDIAN_LINES, MOST_LINES = 8, 30

# Thousands are grouped by commas or thin spaces, in formulas by {,} or \,.
NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])"
    r"(?:\d{1,3}(?:(?:,|\{,\}|\\,|[\u00a0\u2009\u202f])\d{3})+(?!\d)|\d+)(?:\.\d+)?"
)
# Names that look like numbers: addresses, link targets, identifiers of papers, HTML, MyST labels.
NAMES = re.compile(
    r"https?://[^\s)>]+|\]\([^)]*\)|arXiv:\S+|doi:\S+|<[^<>]+>|^\([\w-]+\)=$", re.IGNORECASE | re.M
)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)

# What mainland China says: what the course says.
TERMS = {
    "步幅": "步長",
    "匯聚": "池化",
    "批量歸一化": "批次標準化",
    "批次歸一化": "批次標準化",
    "數據增強": "資料增強",
    "數據集": "資料集",
    "網絡": "網路",
    "默認": "預設",
    "變量": "變數",
    "內存": "記憶體",
    "視頻": "影片",
    "運行": "執行",
    "調用": "呼叫",
    "打印": "印出",
    "軟件": "軟體",
}


def numbers(prose: str) -> dict[str, Decimal]:
    """The numbers of four or more significant digits in `prose`, as written: by value.

    Leading zeros don't count: 0.001 has one digit, 15.47 and 1,000 have four.
    """
    found = {}
    for match in NUMBER.finditer(prose):
        digits = re.sub(r"[^\d.]", "", match[0])
        if len(digits.replace(".", "").lstrip("0")) >= DIGITS:
            found[match[0]] = Decimal(digits)
    return found


def cited(path: Path) -> set[Decimal]:
    """The numbers that the list of cited figures holds; ValueError on a row without a source."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for line, row in enumerate(rows, start=2):
        if blank := [name for name in ("figure", "value", "source", "where") if not row.get(name)]:
            raise ValueError(f"{path.name}, line {line} lacks {', '.join(blank)}: {row}")
    return {value for row in rows for value in numbers(row["value"]).values()}


def unfounded_numbers(notebook: NotebookNode, known: set[Decimal]) -> Iterator[Finding]:
    """Numbers in the text that no output shows and no source gives; in code spans, nor any code."""
    cells = [cell for _, cell in code_cells(notebook)]
    known = known.union(*(numbers(text(cell.outputs)).values() for cell in cells))
    in_code = known.union(*(numbers(cell.source).values() for cell in cells))
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        spans = "\n".join(CODE.findall(cell.source))
        prose = NAMES.sub(" ", CODE.sub(" ", cell.source))
        for part, allowed in ((prose, known), (spans, in_code)):
            for written, value in numbers(part).items():
                if value not in allowed:
                    yield place, f"{written} is in no output and not in lessons/cited.csv"


def titles(notebook: NotebookNode) -> Iterator[Finding]:
    """A first cell that is no title, and any title after it."""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            found = len(re.findall(r"^# ", CODE.sub("", cell.source), re.M))
            if found != (place == 0):
                yield place, f"{found} titles (# ...), and there is one, in the first cell"


def long_cells(notebook: NotebookNode) -> Iterator[Finding]:
    """Code that a reader can't take in at a glance; blank lines are free."""
    lengths = {
        place: sum(bool(line.strip()) for line in cell.source.splitlines())
        for place, cell in code_cells(notebook)
    }
    for place, length in lengths.items():
        if length > MOST_LINES:
            yield place, f"{length} lines of code, more than {MOST_LINES}"
    if lengths and median(lengths.values()) > MEDIAN_LINES:
        yield 0, f"half of the code cells have over {MEDIAN_LINES} lines"


def unseen_pictures(notebook: NotebookNode) -> Iterator[Finding]:
    """Pictures that nobody describes: figures without `alt` metadata, images without a text."""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and "![](" in cell.source:
            yield place, "an image without alternative text: ![what it shows](...)"
        elif pictures(cell.get("outputs", ())) and not cell.metadata.get("alt"):
            yield place, 'a figure without alternative text: the metadata `alt: "what it shows"`'


def foreign_words(notebook: NotebookNode) -> Iterator[Finding]:
    """Mainland terms, and characters that Taiwan's encoding does not have."""
    for place, cell in enumerate(notebook.cells):
        for foreign, ours in TERMS.items():
            if foreign in cell.source:
                yield place, f"{foreign}: the course says {ours}"
        for character in sorted(set(re.findall(r"[\u4e00-\u9fff]", cell.source))):
            if not character.encode("big5", errors="ignore"):
                yield place, f"{character} is a simplified character"


def nbval_traps(notebook: NotebookNode) -> Iterator[Finding]:
    """What nbval understands otherwise than the reader: hidden results and comments as switches."""
    for place, cell in code_cells(notebook):
        if cell.source.rstrip().endswith(";"):
            yield place, "a final `;` hides nothing from nbval: bind the result to a name"
        if "NBVAL_" in cell.source:
            yield place, f"NBVAL comments are not counted: use the tags {sorted(UNCOMPARED)}"


FORM = (titles, long_cells, unseen_pictures, foreign_words, nbval_traps)


def findings(notebook: NotebookNode, known: set[Decimal]) -> list[Finding]:
    """All that is wrong with `notebook`, given the numbers that are cited, by place."""
    found = list(unfounded_numbers(notebook, known))
    for rule in FORM:
        found += rule(notebook)
    return sorted(found)


def check(lesson: str) -> list[str]:
    """All that is wrong with a built lesson, read where it is solved: there all is computed."""
    solved = ROOT / "solutions" / f"{lesson}.ipynb"
    path = solved if solved.is_file() else ROOT / f"{lesson}.ipynb"
    known = cited(ROOT / "lessons" / "cited.csv")
    return [
        f"{path.relative_to(ROOT).as_posix()}, cell {place}: {message}"
        for place, message in findings(read(path), known)
    ]


def main() -> None:
    """Print what is wrong with any built lesson."""
    wrong = [line for lesson in sources() for line in check(lesson)]
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
