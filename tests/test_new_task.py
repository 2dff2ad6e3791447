"""The page that shows how to add a task, followed literally in a copy of the course."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import sandboxed
from answering import but, namespace_of
from clones import commit, fresh
from doors import outside, walk

from ci import ROOT, warm
from ci.answers import answers
from ci.test import WITHOUT_NBVAL
from utils.checks import TASKS, Task

pytestmark = pytest.mark.slow  # it builds two notebooks, and runs a part of the unit tests

PAGE = (ROOT / "docs" / "new-task.md").read_text("utf-8")
FILES = {
    path: content
    for path, _, content in re.findall(
        r"^新檔案 `([^`]+)`：\n\n(`{3,})\w+\n(.*?\n)\2$", PAGE, re.DOTALL | re.MULTILINE
    )
}
LESSON, ROOM, WRONG = FILES
TOUCHED = re.findall(r"^\| `([^`]+)` \|", PAGE.partition("\n## 1 ")[0], re.MULTILINE)
VARIANTS = {
    name: ((room, other_room), (answer, other_answer))
    for name, room, other_room, answer, other_answer in re.findall(
        r"^\| ([^|`]+)" + r" \| `([^`]+)`" * 4 + r" \|$", PAGE, re.MULTILINE
    )
}
# They try networks, lessons and pictures of their own, or one task's that was there before: none of
# them opens a file that the page adds or changes, or goes through all tasks.
THEIR_OWN = (
    *("test_checks", "test_checks_challenge", "test_checks_errors", "test_checks_models"),
    *("test_checks_pieces", "test_checks_reference", "test_checks_resnet18", "test_checks_syntax"),
    *("test_ci_again", "test_ci_build", "test_ci_machine", "test_ci_outputs", "test_ci_pictures"),
    *("test_ci_upgrade", "test_ci_warm"),
)
(REFUSED,) = re.findall(r"^```text\nValueError: (.*)\n```$", PAGE, re.MULTILINE)


def typed(door: str, folder: Path, **places: object) -> str:
    """What a command of the page prints in a folder."""
    run = walk(door, folder, **places)
    assert run.returncode == 0, (run.stdout + run.stderr)[-5000:]
    return run.stdout


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A copy of the course to which the page was applied."""
    copy = fresh(tmp_path_factory.mktemp("course"))
    for name, content in FILES.items():
        (copy / name).write_text(content, "utf-8")
    with warm.kernels():
        typed("python course.py build Day019_lenet", copy)
    typed("python -m ci.tables", copy)
    return copy


def test_a_homework_touches_the_files_that_the_page_lists_and_no_other(course):
    changed = ["git", "ls-files", "-z", "--modified", "--others", "--exclude-standard"]
    told = subprocess.run(changed, cwd=course, capture_output=True, check=True).stdout.decode()
    assert sorted(filter(None, told.split("\0"))) == sorted(TOUCHED) and len(FILES) == 3
    assert sum(bool(line.strip()) for line in FILES[ROOM].splitlines()) < 60


def test_the_checks_the_lessons_and_the_manuals_hold_with_it(course):
    commit(course, "LeNet-5")
    paths = [
        path.relative_to(course).as_posix()
        for pattern in ("test_checks*.py", "test_ci_*.py", "test_docs.py", "test_rooms.py")
        for path in sorted((course / "tests").glob(pattern))
        if path.stem not in THEIR_OWN
    ]
    chosen = ["-k", "lenet and not mobilenet or not slow", *paths]  # not MobileNet
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *WITHOUT_NBVAL, "-n0", "-q", "-rA", *chosen],
        cwd=course,
        env=outside(),
        capture_output=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout[-5000:]
    tried = re.findall(r"^PASSED tests/test_rooms\.py\S*\[lenet\S*\]$", run.stdout, re.MULTILINE)
    assert len(tried) == FILES[WRONG].count(": wrong(") + 2  # and the lesson's own, and its blank


@sandboxed.NEEDED
def test_a_class_is_graded_with_it_and_nobody_says_which_sheet(course, tmp_path):
    handed_in = {"right": "solutions/Day019_lenet.ipynb", "blank": "Day019_lenet.ipynb"}
    for student, notebook in handed_in.items():
        (tmp_path / "class" / student).mkdir(parents=True)
        place = tmp_path / "class" / student / "Day019_lenet.ipynb"
        place.write_bytes((course / notebook).read_bytes())
    told = typed("python course.py grade 繳交資料夾", course, 繳交資料夾=tmp_path / "class")
    assert "of Day019_lenet.ipynb" in told
    rows = csv.DictReader(io.StringIO((course / "out" / "grades.csv").read_text("utf-8-sig")))
    marks = {row["student"]: (row["status"], row["score"], row["lenet"]) for row in rows}
    assert marks == {"right": ("graded", "5", "5"), "blank": ("unfinished", "0", "0")}


def test_the_suite_s_part_about_it_and_the_house_s_style_hold(course):
    for path in (course / "tests").glob("test_*.py"):
        if path.stem not in ("test_rooms", "test_checks_compare", "test_ci_notebooks"):
            path.unlink()  # what would be collected, and left out
    told = typed("python course.py test -k lenet", course)
    assert len(re.findall(" s  passed", told)) == 4


def room(source: str) -> Task:
    """The task of a room that is found beside the others."""
    module = ModuleType("utils.checks.homework.lenet")
    module.__package__ = "utils.checks.homework"
    exec(compile(source, ROOM, "exec"), vars(module))
    (task,) = module.TASKS
    return task


def solution(lesson: str, task: Task, folder: Path, monkeypatch) -> dict:
    """What a notebook knows that ran the lesson's right answer."""
    monkeypatch.setitem(TASKS, task.name, task)
    (folder / "lessons").mkdir(exist_ok=True)
    (folder / LESSON).write_text(lesson, "utf-8")
    return namespace_of("answer", answers(root=folder)[task.name])


@pytest.mark.parametrize("name", VARIANTS)
def test_another_network_is_one_change_in_the_room_and_in_the_answer(name, tmp_path, monkeypatch):
    in_room, in_answer = VARIANTS[name]
    task = room(but(FILES[ROOM], *in_room))
    right = solution(but(FILES[LESSON], *in_answer), task, tmp_path, monkeypatch)
    other = solution(FILES[LESSON], task, tmp_path, monkeypatch)
    for case in (task.public_case(), task.draw_case(3)):
        score = task.mark(task.probe(right, case), case)
        assert score.points == task.max_points == 5, score.diagnoses
        assert task.mark(task.probe(other, case), case).points < 5


def test_the_page_shows_four_other_networks():
    assert len(VARIANTS) == 4


def test_what_is_not_computed_is_refused_in_the_words_of_the_page():
    with pytest.raises(ValueError, match=f"^{re.escape(REFUSED)}$"):
        room(FILES[ROOM].replace('"relu"', '"sparsemax"'))
