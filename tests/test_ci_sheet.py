"""The challenge's sheet, which trains as long as its solution does: nbval runs that one alone.

Here the sheet is run with little training, and what nbval would compare is compared with that run
or with the solution. `course.py test` runs this beside nbval.
"""

from __future__ import annotations

import pytest
from nbformat import NotebookNode

from ci import ROOT
from ci.nbval_pictures import TOLERANCE, difference
from ci.notebooks import BITMAPS, code_cells, is_compared, pictures, read, text
from ci.profiles import CHALLENGE, PROFILES, run
from grading.intake import read_cells
from grading.restore import checked

TASKS = checked(read_cells((ROOT / CHALLENGE).read_bytes()))


def by_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.id: cell for _, cell in code_cells(notebook)}


def words(outputs: list[NotebookNode]) -> list[dict]:
    """Outputs without pictures and the cell's number."""
    return [
        output
        | {"data": {k: v for k, v in output.get("data", {}).items() if k not in BITMAPS}}
        | {"execution_count": None}
        for output in outputs
    ]


@pytest.fixture(scope="module")
def sheet() -> dict[str, NotebookNode]:
    return by_id(read(ROOT / CHALLENGE))


@pytest.fixture(scope="module")
def speaking(sheet) -> set[str]:
    """The cells of the sheet that show whether the blanks are filled."""
    calls = ("checks.or_reference(", *(f"checks.{task}(" for task in TASKS))
    return {name for name, cell in sheet.items() if any(call in cell.source for call in calls)}


@pytest.mark.parametrize(
    "name", [name for name, of in PROFILES.items() if of.notebook == CHALLENGE]
)
def test_it_runs_with_little_training_and_says_of_its_blanks_what_is_stored(name, sheet, speaking):
    executed = by_id(run(PROFILES[name], ROOT))
    assert PROFILES[name].shows in "\n".join(text(cell.outputs) for cell in executed.values())
    compared = [cell for cell in speaking if is_compared(sheet[cell])]
    assert len(compared) == 2 * len(TASKS)
    for cell in compared:
        fresh, stored = (text(cells[cell].outputs).splitlines() for cells in (executed, sheet))
        assert sorted(fresh) == sorted(stored), sheet[cell].source  # kinds come in any order


def test_all_else_it_shows_is_what_its_solution_shows(sheet, speaking):
    solved = by_id(read(ROOT / "solutions" / CHALLENGE))
    others = [name for name, cell in sheet.items() if is_compared(cell) and name not in speaking]
    assert len(others) > 50
    for name in others:
        ours, theirs = (cells[name].outputs for cells in (sheet, solved))
        assert words(ours) == words(theirs), sheet[name].source
        pairs = zip(pictures(ours), pictures(theirs), strict=True)
        assert all(difference(*pair) <= TOLERANCE for pair in pairs), sheet[name].source
