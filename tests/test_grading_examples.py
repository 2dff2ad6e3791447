"""The submissions that come with the course, graded as an instructor does it."""

from __future__ import annotations

import pytest

from examples import make
from grading import batch, intake


def code(path) -> list[str]:
    return [cell.source for cell in intake.read_cells(path.read_bytes())]


def test_the_examples_are_made_from_the_lesson_as_it_is(tmp_path):
    make.make(tmp_path)
    fresh = {path.relative_to(tmp_path): path for path in tmp_path.rglob("*.ipynb")}
    stored = {path.relative_to(make.SUBMISSIONS): path for path in make.SUBMISSIONS.rglob("*.*")}
    assert fresh.keys() == stored.keys()
    for name, path in fresh.items():
        if name.parts[0] != make.CUT_OFF:
            assert code(path) == code(stored[name]), f"run `python -m examples.make`: {name}"


def test_the_sums_of_the_examples_are_theirs():
    assert make.sums(make.HERE) == make.SUMS.read_text("utf-8"), "run `python -m examples.make`"


@pytest.mark.slow
def test_an_instructor_grades_the_examples(tmp_path):
    result = batch.grade(make.SUBMISSIONS, tmp_path, workers=2, seed=1, progress=False)
    rows = {row.submission.student: row for row in result.rows}
    marks = {student: (row.record.status, row.record.score) for student, row in rows.items()}
    assert marks == {
        "b11902011": ("graded", 10.0),
        "b11902024": ("unfinished", 0.0),
        "b11902037": ("graded", 4.75),
        "b11902042": ("graded", 9.0),
        "b11902058": ("graded", 8.25),
        "b11902066": ("broken", 0.0),
    }
    codes = {student: [d.code for d in row.diagnoses][:1] for student, row in rows.items()}
    assert codes == {
        "b11902011": [],
        "b11902024": ["unfinished"],
        "b11902037": ["vgg13"],
        "b11902042": ["last_activation"],
        "b11902058": ["missing_pool"],
        "b11902066": [],
    }
    assert all(not row.record.failures for row in rows.values())
