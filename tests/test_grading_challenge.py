"""The challenge is graded as the homework is: told by its checks, marked by task, not trained."""

from __future__ import annotations

import nbformat
import pytest

from ci import ROOT
from ci.editions import editions
from examples import make
from grading import batch, figures, intake, sheets
from tests import sandboxed

LESSON = ROOT / "lessons" / "challenge_vgg19.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One student who has solved it, and one who handed in the sheet as it was."""
    sheet, solved = editions(LESSON).values()
    answers = {cell.id: cell.source for cell in solved.cells}
    folder = tmp_path_factory.mktemp("challenge")
    for student, handed_in in (("solved", make.fill(sheet, answers, {})), ("unfilled", sheet)):
        make.write(folder / student / f"{LESSON.stem}.ipynb", nbformat.writes(handed_in))
    return folder


def test_what_was_given_out_is_told_by_the_checks_in_most_files(folder):
    for handed_in, sheet in ((folder, LESSON.stem), (make.SUBMISSIONS, "Day018_vgg16")):
        found = sheets.choose(lambda path, at=handed_in: intake.find(at, prefer=path.stem))
        assert found.path == ROOT / f"{sheet}.ipynb"


def test_what_was_given_out_is_told_by_functions_where_checks_are_lost(tmp_path):
    (tmp_path / "s1.ipynb").write_bytes(sandboxed.notebook(["def ResNet18(): pass"]))
    find = lambda path: intake.find(tmp_path, prefer=path.stem)  # noqa: E731
    assert sheets.choose(find).path.name == "challenge_resnet18.ipynb"
    (tmp_path / "s1.ipynb").write_bytes(sandboxed.notebook(["answer = 42"]))
    with pytest.raises(ValueError, match=r"challenge_resnet18.*--release FILE"):
        sheets.choose(find)


def test_a_notebook_of_another_sheet_is_told_as_such():
    homework = sheets.read(ROOT / "Day018_vgg16.ipynb")
    challenge = (ROOT / f"{LESSON.stem}.ipynb").read_bytes()
    other = sheets.another(homework, challenge)
    assert other and other.path.stem == LESSON.stem
    assert sheets.another(homework, homework.content) is None
    assert sheets.another(homework, sandboxed.notebook(["answer = 42"])) is None


@sandboxed.NEEDED
@pytest.mark.slow
def test_the_solution_gets_full_marks_and_the_sheet_none(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "run", lambda *_: "")
    result = batch.grade(folder, tmp_path, workers=2, seed=1, progress=False)
    solved, unfilled = result.rows
    marks = {task: score.points for task, score in solved.scores.items()}
    full = {"vgg19": 4, "family": 4, "carry_over": 3, "convolutional": 3, "backbone": 3}
    assert marks == full | {"budget": 3}
    assert (solved.record.status, solved.score, solved.record.max_score) == ("graded", 20, 20)
    assert (unfilled.record.status, unfilled.score) == ("unfinished", 0)
    assert not solved.record.failures and not unfilled.record.failures
