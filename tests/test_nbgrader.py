"""nbgrader, as the manual types it on what `release` wrote, gives the marks of our grader.

The sheets are made cheap first: without the cells that no answer needs, and all that train do so
after the last answer. Their kernels are forks, which import `utils` from what was released.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from ci import FIRST_CELL, ROOT, release, warm
from ci.notebooks import code_cells, read
from examples.make import VGG13, fill
from grading import batch, figures
from grading.restore import SKIP
from tests import sandboxed, wrong_challenge, wrong_resnet18

HOMEWORK, CHALLENGE, RESNET = "Day018_vgg16", "challenge_vgg19", "challenge_resnet18"
SHEETS = (HOMEWORK, CHALLENGE, RESNET)
# student: the sheet, their changes to the solution, cells that they left blank.
HANDED_IN = {
    "right": (HOMEWORK, {}, ()),
    "vgg13": (HOMEWORK, VGG13, ()),
    "blank": (HOMEWORK, {}, (".*",)),
    **{student: (CHALLENGE, {}, ()) for student in ("first", "second", "third")},
    "residual": (RESNET, {}, ()),
}
WITHOUT_FIRST_CELL = "vgg13"  # an old sheet
MARKS = {"right": {"vgg16": 10.0}, "vgg13": {"vgg16": 4.75}, "blank": {"vgg16": 0.0}}
# A wrong answer of tests/wrong_*.py to each task, and the cell that it is written into.
CELLS = {
    "vgg19": "vgg19_model",
    "family": "build_vgg",
    "carry_over": "carry_over_function",
    "convolutional": "to_convolutional",
    "backbone": "backbone_functions",
    "budget": "budget_net",
    "resnet18": "resnet18_model",
}
WRONG = {
    "first": (
        *("vgg18", "width_cut_in_convolutions", "by_position"),
        *("linear", "half_blank", "normalised"),
    ),
    "second": (
        *("vgg19_relu_last", "batch_norm", "kernels_only"),
        *("fixed_size", "full_width", "separable"),
    ),
    "third": (
        *("vgg19_same_name", "always_d", "every_name"),
        *("always_7", "in_model_order", "ten_only"),
    ),
    "residual": ("no_projection",),
}
ANSWERS = {
    student: [
        (wrong_resnet18 if student == "residual" else wrong_challenge).ANSWERS[name]
        for name in names
    ]
    for student, names in WRONG.items()
}
MARKS |= {
    student: {answer.task: answer.points for answer in answers}
    for student, answers in ANSWERS.items()
}

pytestmark = [pytest.mark.slow, sandboxed.NEEDED]


def commands() -> list[str]:
    """The manual's blocks on nbgrader, without what installs: the tests have it installed."""
    section = (ROOT / "docs" / "grading.md").read_text("utf-8").split("\n## nbgrader\n")[1]
    blocks = re.findall(r"^```\n(.*?)^```$", section.partition("\n---\n")[0], re.DOTALL | re.M)
    installs = r"^(python -m venv|\. \.venv|pip install).*\n"
    return [re.sub(installs, "", block, flags=re.M) for block in blocks]


def typed(block: str, folder: Path) -> str:
    """What a block of the manual prints in `folder`."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command, own = ["sh", "-ec", block], {"PATH": path, "HOME": str(folder)}
    with warm.kernels():
        environment = os.environ | own
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def cheapen(path: Path) -> None:
    notebook = read(path)
    last = max(place for place, cell in code_cells(notebook) if "nbgrader" in cell.metadata)
    notebook.cells = [
        cell for cell in notebook.cells[: last + 1] if SKIP not in cell.metadata.get("tags", ())
    ]
    nbformat.write(notebook, path)


def hand_in(course: Path, student: str) -> None:
    """Fill in what nbgrader hands out, as a student does."""
    name, changes, blank = HANDED_IN[student]
    sheet = read(course / "release" / name / f"{name}.ipynb")
    solved = read(course / "source" / name / f"{name}.ipynb")
    filled = fill(sheet, {cell.id: cell.source for cell in solved.cells}, changes)
    for place, cell in enumerate(sheet.cells):
        if any(re.fullmatch(each, cell.id) for each in blank):
            filled.cells[place] = cell
    own = {CELLS[answer.task]: answer.source for answer in ANSWERS.get(student, ())}
    for cell in filled.cells:
        cell.source = own.get(cell.id, cell.source)
    if student == WITHOUT_FIRST_CELL:
        filled.cells = [cell for cell in filled.cells if cell.id != FIRST_CELL]
    folder = course / "submitted" / student / name
    folder.mkdir(parents=True)
    nbformat.write(filled, folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """nbgrader's course folder after all that the manual types, and what `validate` said."""
    folder = tmp_path_factory.mktemp("empty")
    release.release(folder)
    unpack, generate, grade, validate = commands()
    autograde, export = grade.splitlines()
    typed(unpack, folder)
    course = folder / f"{release.NAME}-{release.NBGRADER}"
    said = {}
    for name in SHEETS:
        cheapen(course / "source" / name / f"{name}.ipynb")
        typed(generate.replace(HOMEWORK, name), course)
        for student in (each for each, (sheet, *_) in HANDED_IN.items() if sheet == name):
            hand_in(course, student)
        typed(autograde.replace(HOMEWORK, name), course)
    typed(export, course)
    said["solution"] = typed(validate.replace(HOMEWORK, CHALLENGE), course)
    said["sheet"] = typed(validate.replace("source/", "release/"), course)
    return course, said


def test_what_it_hands_out_is_our_sheet_and_tells_no_answer(walked):
    course, _ = walked
    for name in SHEETS:
        handed_out = read(course / "release" / name / f"{name}.ipynb")
        ours = {cell.id: cell.source for cell in read(ROOT / f"{name}.ipynb").cells}
        for _, cell in code_cells(handed_out):
            assert cell.source == ours[cell.id]
    assert not list(course.glob("release/**/quiz.json"))


def test_its_marks_of_twenty_answers_are_those_of_our_grader(walked, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "run", lambda *_: "")
    course, _ = walked
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        theirs = {
            submission.student.id: {
                grade.name: grade.score for grade in submission.notebooks[0].grades
            }
            for name in SHEETS
            for submission in book.assignment_submissions(name)
        }
    with (course / "grades.csv").open(encoding="utf-8") as table:  # a row a student and sheet
        totals = {
            row["student_id"]: float(row["score"])
            for row in csv.DictReader(table)
            if row["assignment"] == HANDED_IN[row["student_id"]][0]
        }
    assert totals == {student: sum(points.values()) for student, points in theirs.items()}
    ours = {}
    for name in SHEETS:
        given = course / "release" / name / f"{name}.ipynb"
        chosen = tmp_path / name
        for student in (each for each, (sheet, *_) in HANDED_IN.items() if sheet == name):
            handed_in = course / "submitted" / student / name / f"{name}.ipynb"
            (chosen / student).mkdir(parents=True)
            (chosen / student / handed_in.name).write_bytes(handed_in.read_bytes())
        with ThreadPoolExecutor(2) as pool:  # one process: one warm kernel for both sheets
            graded = batch.grade(
                chosen, tmp_path / f"{name}-out", release=given, executor=pool, progress=False
            )
        ours |= {
            row.submission.student: {name: score.points for name, score in row.scores.items()}
            for row in graded.rows
        }
    assert theirs == ours == MARKS
    assert sum(map(len, MARKS.values())) > 20


def test_validate_knows_the_solution_from_the_sheet(walked):
    _, said = walked
    assert "Success" in said["solution"]
    assert "FAILED ON 1 CELL" in said["sheet"] and "CHANGED" not in said["sheet"]
