"""The notebooks hold under other parameters. `course.py test` runs this beside nbval."""

from __future__ import annotations

from functools import cache

import pytest
from nbformat import NotebookNode

from ci import ROOT
from ci.nbval_pictures import TOLERANCE, difference
from ci.notebooks import BITMAPS, code_cells, is_compared, pictures, read, text
from ci.profiles import CHALLENGE, PROFILES, run


@cache
def executed(name: str) -> dict[str, NotebookNode]:
    """The code cells after a run under that profile, by id."""
    return by_id(run(PROFILES[name], ROOT))


def by_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.id: cell for _, cell in code_cells(notebook)}


@pytest.mark.parametrize("name", PROFILES)
def test_a_notebook_runs_under_other_parameters(name):
    shown = "\n".join(text(cell.outputs) for cell in executed(name).values())
    assert PROFILES[name].shows in shown


# The challenge's sheet trains as long as its solution does; so nbval runs that one alone, and the
# two tests below do for the sheet what nbval would.


@pytest.fixture(scope="module")
def sheet() -> dict[str, NotebookNode]:
    return by_id(read(ROOT / CHALLENGE))


@pytest.fixture(scope="module")
def speaking(sheet) -> set[str]:
    """The cells of the sheet that show whether the blanks are filled."""
    calls = ("checks.or_reference(", *(f"checks.{task}(" for task in checked(sheet)))
    return {name for name, cell in sheet.items() if any(call in cell.source for call in calls)}


def checked(cells: dict[str, NotebookNode]) -> list[str]:
    meta = {name: cell.metadata.get("nbgrader", {}) for name, cell in cells.items()}
    return [name for name, of in meta.items() if of.get("grade")]


def test_the_challenge_s_sheet_shows_what_its_solution_shows(sheet, speaking):
    solved = by_id(read(ROOT / "solutions" / CHALLENGE))
    others = [name for name, cell in sheet.items() if is_compared(cell) and name not in speaking]
    assert len(others) > 50
    for name in others:
        ours, theirs = (cells[name].outputs for cells in (sheet, solved))
        assert words(ours) == words(theirs), sheet[name].source
        pairs = zip(pictures(ours), pictures(theirs), strict=True)
        assert all(difference(*pair) <= TOLERANCE for pair in pairs), sheet[name].source


def words(outputs: list[NotebookNode]) -> list[dict]:
    """Outputs without pictures and the cell's number."""
    return [
        output
        | {"data": {k: v for k, v in output.get("data", {}).items() if k not in BITMAPS}}
        | {"execution_count": None}
        for output in outputs
    ]


def test_the_challenge_s_sheet_says_of_its_blanks_what_is_stored(sheet, speaking):
    (profile,) = (name for name, of in PROFILES.items() if of.notebook == CHALLENGE)
    fresh = executed(profile)
    compared = [name for name in speaking if is_compared(sheet[name])]
    assert len(compared) == 2 * len(checked(sheet))
    for name in compared:
        assert text(fresh[name].outputs) == text(sheet[name].outputs), sheet[name].source
