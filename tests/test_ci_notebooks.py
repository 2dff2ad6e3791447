"""What stands committed is what the lessons build, whole, and its prose holds."""

from __future__ import annotations

import json

import nbformat
import pytest

import course
from ci import ROOT, tracked
from ci.lessons import FILES, name_of
from ci.notebooks import code_cells, read, tally, text
from ci.prose import check

LESSONS = {name_of(path): path for path in tracked(*FILES)}
NOTEBOOKS = tracked(*course.NOTEBOOKS, "solutions/**/*.ipynb")
NAMES = [path.relative_to(ROOT).as_posix() for path in NOTEBOOKS]
FLOORS = json.loads((ROOT / "ci" / "counts.json").read_text("utf-8"))

each_lesson = pytest.mark.parametrize("lesson", LESSONS)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)


def parts(notebook) -> dict[str, object]:
    """All but the outputs, by name: the metadata, the order of the cells, each cell."""
    kept = ("cell_type", "metadata", "source")
    cells = {cell.id: {key: cell[key] for key in kept} for cell in notebook.cells}
    return {"metadata": notebook.metadata, "order": list(cells), **cells}


@each_lesson
def test_a_committed_notebook_is_what_its_lesson_builds(lesson):
    from ci.editions import editions

    for name, notebook in editions(LESSONS[lesson]).items():
        found, expected = parts(read(ROOT / name)), parts(notebook)
        stale = [part for part in expected | found if found.get(part) != expected.get(part)]
        assert not stale, f"{name} is stale; run: python course.py build {lesson}"


@each_notebook
def test_a_built_notebook_has_a_lesson(path):
    lesson = read(path).metadata.get("lesson")
    assert lesson and (ROOT / lesson.path).is_file(), f"{path.name} comes from no lesson"


@each_notebook
def test_every_code_cell_has_run_in_order(path):
    counts = [cell.execution_count for _, cell in code_cells(read(path))]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("name", FLOORS)
def test_the_number_of_compared_cells_does_not_fall(name):
    found = tally(read(ROOT / name))
    print(f"{name}: {found}")
    fallen = {what: found[what] for what, floor in FLOORS[name].items() if found[what] < floor}
    assert not fallen, f"below ci/counts.json, which is lowered only by hand: {FLOORS[name]}"


def test_every_notebook_has_its_number_of_compared_cells():
    assert set(FLOORS) == set(NAMES)


def test_a_script_says_nothing_in_words():
    shown = "<style>p {}</style><p>12&lt;34</p><script>\nif (5678 < 9) draw()\n</script>"
    output = nbformat.v4.new_output("display_data", {"text/html": shown})
    assert text([output]).split() == ["12<34"]


@each_lesson
def test_its_prose_holds(lesson):
    wrong = check(lesson)
    assert not wrong, "\n".join(wrong)
