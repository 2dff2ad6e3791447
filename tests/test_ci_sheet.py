"""The sheets with blanks, which train as long as their solutions do: nbval runs these alone.

Here each sheet is run with little training, and what nbval would compare is compared with that run
or with the solution.
"""

from __future__ import annotations

import pytest
from nbformat import NotebookNode

from ci import ROOT
from ci.nbval_pictures import COMPARED, TOLERANCE, difference
from ci.notebooks import BITMAPS, code_cells, is_compared, pictures, read, text
from ci.profiles import PROFILES, UNCOMPARED, run
from grading.intake import read_cells
from grading.restore import checked
from utils.checks.homework import PIECES


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


def lines(outputs: list[NotebookNode]) -> list[str]:
    """What outputs say, sorted: kinds come in any order, and what is printed in any pieces."""
    return sorted(line for line in text(outputs).splitlines() if line)


def told_of_blanks(path: str, sheet: dict[str, NotebookNode]) -> list[str]:
    """The cells of the sheet that show whether the blanks are filled."""
    tasks = checked(read_cells((ROOT / path).read_bytes()))
    calls = ["checks.or_reference(", *(f"checks.{name}(" for name in (*tasks, *PIECES))]
    found = [name for name, cell in sheet.items() if any(call in cell.source for call in calls)]
    assert len([name for name in found if is_compared(sheet[name])]) >= 2 * len(tasks)
    return found


OF_SHEETS = [name for name, of in PROFILES.items() if of.notebook in UNCOMPARED]


def test_every_sheet_that_nbval_leaves_out_is_run_here():
    assert {PROFILES[name].notebook for name in OF_SHEETS} == set(UNCOMPARED)


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_SHEETS)
def test_it_runs_with_little_training_and_says_of_its_blanks_what_is_stored(name, record_property):
    path = PROFILES[name].notebook
    sheet, executed = by_id(read(ROOT / path)), by_id(run(PROFILES[name], ROOT))
    assert PROFILES[name].shows in "\n".join(text(cell.outputs) for cell in executed.values())
    told = [cell for cell in told_of_blanks(path, sheet) if is_compared(sheet[cell])]
    for cell in told:
        fresh, stored = (lines(cells[cell].outputs) for cells in (executed, sheet))
        assert fresh == stored, sheet[cell].source
    record_property(COMPARED, {"cells": len(told), "pictures": 0})


@pytest.mark.parametrize("path", UNCOMPARED)
def test_all_else_it_shows_is_what_its_solution_shows(path, record_property):
    sheet, solved = (by_id(read(ROOT / of)) for of in (path, f"solutions/{path}"))
    speaking = told_of_blanks(path, sheet)
    others = [name for name, cell in sheet.items() if is_compared(cell) and name not in speaking]
    assert len(others) > 20
    count = {"cells": 0, "pictures": 0}
    for name in others:
        ours, theirs = (cells[name].outputs for cells in (sheet, solved))
        assert words(ours) == words(theirs), sheet[name].source
        pairs = zip(pictures(ours), pictures(theirs), strict=True)
        assert all(difference(*pair) <= TOLERANCE for pair in pairs), sheet[name].source
        count["cells"] += bool(ours)
        count["pictures"] += len(pictures(ours))
    record_property(COMPARED, count)  # with what nbval compares with a fresh run
