"""Lessons become notebooks: two editions, the same on every build, and nothing unrepeatable."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.validator import Validator

from ci import FIRST_CELL, ROOT, lessons
from ci.build import build, raise_floors
from ci.editions import CODE_STUB, BuildError, editions, unrepeatable
from ci.notebooks import code_cells, read, text

LESSON = '''\
# 一課

```{code-cell}
import math
```

第一段。

+++

第二段。

```{code-cell}
---
nbgrader: {grade: false, grade_id: area, locked: false, schema_version: 3, solution: true}
---
def area(radius):
    """The area of a circle."""
    ### BEGIN SOLUTION
    return math.pi * radius**2
    ### END SOLUTION
```

```{code-cell}
---
nbgrader: {grade: true, grade_id: check, locked: true, points: 2,
  schema_version: 3, solution: false}
---
try:
    points = 2.0 * (round(area(1), 2) == 3.14)
except NotImplementedError:
    points = 0.0
points
```
'''
LECTURE = "# 講義\n\n```{code-cell}\nprint(6 * 7)\n```\n"
DEPTH = """\
# 深讀

從 [講義](../lecture.ipynb) 來。

```{code-cell}
from pathlib import Path

print(Path.cwd().name)
```
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course of one homework, and one lecture in two layers, built."""
    root = tmp_path_factory.mktemp("course")
    (root / "lessons" / "reading").mkdir(parents=True)
    (root / "lessons" / "reading" / "depth.md").write_text(DEPTH, "utf-8")
    (root / "utils" / "checks").mkdir(parents=True)  # without which no notebook runs
    (root / "lessons" / "homework.md").write_text(LESSON, "utf-8")
    (root / "lessons" / "lecture.md").write_text(LECTURE, "utf-8")
    build(root=root)
    return root


def write_lesson(folder: Path, text: str) -> Path:
    (folder / "lessons").mkdir()
    (folder / "utils" / "checks").mkdir(parents=True)
    path = folder / "lessons" / "lesson.md"
    path.write_text(text, "utf-8")
    return path


def sources(path: Path) -> str:
    return "\n".join(cell.source for cell in read(path).cells)


def test_a_homework_has_two_editions_and_a_lecture_has_one(course):
    built = {path.relative_to(course).as_posix() for path in course.rglob("*.ipynb")}
    assert built == {
        *("homework.ipynb", "solutions/homework.ipynb", "lecture.ipynb"),
        "reading/depth.ipynb",
    }


def test_a_lesson_in_a_folder_is_run_in_a_folder_of_that_name(course):
    path = course / "reading" / "depth.ipynb"
    before = path.read_bytes()
    assert build(["reading/depth"], root=course) == [path] and path.read_bytes() == before
    notebook = read(path)
    assert text(notebook.cells[-1].outputs) == "reading\n"
    assert notebook.metadata.lesson.path == "lessons/reading/depth.md"


def test_what_lies_beside_the_lessons_in_other_folders_is_none(tmp_path):
    for name in (
        "a.md",
        "reading/b.md",
        ".ipynb_checkpoints/c.md",
        "reading/.d/e.md",
        "notes/f.md",
    ):
        (tmp_path / "lessons" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lessons" / name).touch()
    assert list(lessons.sources(tmp_path)) == ["a", "reading/b"]


def test_the_student_edition_has_a_blank_where_the_solution_was(course):
    student, solved = (
        sources(course / "homework.ipynb"),
        sources(course / "solutions/homework.ipynb"),
    )
    assert CODE_STUB in student and "math.pi" not in student and "SOLUTION" not in student
    assert "math.pi" in solved and CODE_STUB not in solved


def test_nbgrader_accepts_the_solution_and_names_what_the_student_has_to_do(course):
    solved = Validator().validate(str(course / "solutions/homework.ipynb"))
    assert "failed" not in solved and "changed" not in solved
    student = Validator().validate(str(course / "homework.ipynb"))
    assert [cell["source"].splitlines()[0] for cell in student["failed"]] == ["try:"]


def test_execution_counts_run_from_one(course):
    for path in course.rglob("*.ipynb"):
        counts = [cell.execution_count for _, cell in code_cells(read(path))]
        assert counts == list(range(1, len(counts) + 1))


def test_a_notebook_says_which_lesson_it_came_from_and_not_who_built_it(course):
    metadata = read(course / "homework.ipynb").metadata
    assert metadata.lesson.path == "lessons/homework.md"
    assert metadata.kernelspec.name == "python3"
    assert "version" not in metadata.language_info


def test_building_again_writes_the_same_bytes(course):
    path = course / "lecture.ipynb"
    before = path.read_bytes()
    build(["lecture"], root=course)
    assert path.read_bytes() == before


def test_a_cell_keeps_its_id_when_others_come_and_go(tmp_path):
    lesson = write_lesson(tmp_path, LESSON)
    before = [cell.id for cell in editions(lesson)["lesson.ipynb"].cells]
    lesson.write_text(
        LESSON.replace("第一段。", "第一段。\n\n+++\n\n新的一段。\n\n+++\n\n第一段。"), "utf-8"
    )
    after = [cell.id for cell in editions(lesson)["lesson.ipynb"].cells]
    assert [name for name in after if name in before] == before
    assert len(set(after)) == len(after) == len(before) + 2


def test_both_editions_give_a_cell_the_same_id(tmp_path):
    student, solved = editions(write_lesson(tmp_path, LESSON)).values()
    assert [cell.id for cell in student.cells] == [cell.id for cell in solved.cells]


def test_after_the_title_comes_the_cell_that_finds_the_course(course):
    for path in course.rglob("*.ipynb"):
        title, first, *_ = read(path).cells
        assert title.source.startswith("# ") and first.id == FIRST_CELL
        assert not first.outputs and not first.metadata.editable


def test_a_cell_that_raises_stops_the_build(tmp_path):
    write_lesson(tmp_path, LECTURE.replace("print(6 * 7)", "1 / 0"))
    with pytest.raises(BuildError, match=r"lesson\.ipynb.*(?s:.*)ZeroDivisionError"):
        build(root=tmp_path)
    assert not (tmp_path / "lesson.ipynb").exists()


def test_a_warning_stops_the_build(tmp_path):
    write_lesson(tmp_path, LECTURE.replace("print(6 * 7)", "import warnings; warnings.warn('old')"))
    with pytest.raises(BuildError, match=r"lesson\.ipynb, cell 2 \(\w+\) writes to stderr"):
        build(root=tmp_path)


@pytest.mark.parametrize(
    "shown", [f"{ROOT}/data.csv", f"{sys.prefix}/lib", f"{Path.home()}/x", "<f at 0x7f2a1c0d5e40>"]
)
def test_an_output_that_the_next_machine_would_not_repeat_is_refused(shown):
    stream = nbformat.v4.new_output("stream", text=f"see {shown}\n")
    result = nbformat.v4.new_output("execute_result", data={"text/html": f"<p>{shown}</p>"})
    assert shown in unrepeatable(stream) and shown in unrepeatable(result)


def test_a_large_picture_is_no_text():
    picture = nbformat.v4.new_output("display_data", data={"image/png": f"{sys.prefix}A" * 100_000})
    assert not unrepeatable(picture)


def test_an_ordinary_output_is_accepted():
    output = nbformat.v4.new_output("stream", text="138,357,544 parameters; 0xff\n")
    assert not unrepeatable(output)


def test_the_number_of_compared_cells_is_kept_and_never_falls(course):
    path = course / "ci" / "counts.json"
    counts = json.loads(path.read_text("utf-8"))
    assert counts["lecture.ipynb"] == {"cells": 1, "pictures": 0}
    counts["lecture.ipynb"] = {"cells": 5, "pictures": 0}
    path.write_text(json.dumps(counts), "utf-8")
    raise_floors([course / "lecture.ipynb"], root=course)
    assert json.loads(path.read_text("utf-8")) == counts


def test_an_unknown_lesson_is_named_with_those_that_exist(course):
    with pytest.raises(BuildError, match="'Day99'; there are homework, lecture, reading/depth"):
        build(["Day99"], root=course)


@pytest.mark.parametrize("command", ["ci.build", "ci.test"])
def test_help_needs_no_package(command):
    run = subprocess.run(
        [sys.executable, "-S", "-m", command, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0 and "course.py" in run.stdout, run.stderr
