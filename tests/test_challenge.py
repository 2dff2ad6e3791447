"""The challenge as it was built: its solution is right, its sheet is open, its counts are VGG's."""

from __future__ import annotations

import pytest

from ci import ROOT
from ci.notebooks import code_cells, read, text
from utils.checks import TASKS

# Simonyan and Zisserman 2015 (arXiv:1409.1556), tables 1 and 2: layers with weights, parameters of
# networks for 224 × 224 × 3 and 1000 classes, exactly and in millions; and billions of MACs.
FAMILY = {
    "A": (11, "132,863,336", 133, 7.61),
    "A-LRN": (11, "132,863,336", 133, 7.61),
    "B": (13, "133,047,848", 133, 11.31),
    "C": (16, "133,638,952", 134, 11.77),
    "D": (16, "138,357,544", 138, 15.47),
    "E": (19, "143,667,240", 144, 19.63),
}


def outputs(name: str) -> dict[str, tuple[dict, list]]:
    """Each code cell's metadata for nbgrader and its outputs, by the cell's id."""
    cells = (cell for _, cell in code_cells(read(ROOT / name)))
    return {cell.id: (cell.metadata.get("nbgrader", {}), cell.outputs) for cell in cells}


@pytest.fixture(scope="module")
def solved():
    return outputs("solutions/challenge_vgg19.ipynb")


@pytest.fixture(scope="module")
def sheet():
    return outputs("challenge_vgg19.ipynb")


def graded(cells) -> dict[str, tuple[dict, str]]:
    """The cells that nbgrader reads a mark from: their metadata, and what they show."""
    return {name: (meta, text(shown)) for name, (meta, shown) in cells.items() if meta.get("grade")}


def test_its_checks_are_worth_the_points_of_their_tasks(solved):
    tasks = {name: meta["points"] for name, (meta, _) in graded(solved).items()}
    assert tasks == {name: TASKS[name].max_points for name in tasks}
    assert len(tasks) == 6 and sum(tasks.values()) == 20


def test_its_solution_has_full_marks_and_its_sheet_is_unfinished(solved, sheet):
    for name, (meta, shown) in graded(solved).items():
        assert f"{meta['points']:.1f}" in shown.splitlines() and "公開測試通過" in shown, name
    for name, (_, shown) in graded(sheet).items():
        assert "0.0" in shown.splitlines() and "尚未完成" in shown, name


@pytest.mark.parametrize("config", FAMILY)
def test_its_table_has_the_paper_s_counts(config, solved):
    tables = [text(shown) for _, shown in solved.values() if "論文（百萬）" in text(shown)]
    (table,) = tables
    rows = [line.split() for line in table.splitlines() if line.split()[:1] == [config]]
    assert list(map(str, FAMILY[config])) in [row[1:] for row in rows]


def test_no_cell_of_the_sheet_failed(sheet):
    kinds = {output.output_type for _, shown in sheet.values() for output in shown}
    assert "error" not in kinds
