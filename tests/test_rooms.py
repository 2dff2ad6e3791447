"""Each task of each room: the lesson's answer is right, its blank is none, mistakes are named.

The answers of tests/wrong_*.py are found by the files' names.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest
import test_checks_compare
from answering import Answer, namespace_of, unexplained

from ci.answers import answers
from utils import checks
from utils.checks.mistakes import UNFINISHED, table

pytestmark = pytest.mark.slow  # together

FILES = [path.stem for path in sorted(Path(__file__).parent.glob("wrong_*.py"))]
ANSWERS: dict[str, Answer] = {
    f"{answer.task}-{name}": answer
    for file in FILES
    for name, answer in import_module(file).ANSWERS.items()
}
RIGHT, BLANK = answers(), answers(solved=False)

each_task = pytest.mark.parametrize("name", RIGHT)


def codes(score: checks.Score) -> tuple[str, ...]:
    return tuple(diagnosis.code for diagnosis in score.diagnoses)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_gets_its_points_and_its_diagnoses(name):
    answer = ANSWERS[name]
    task = checks.TASKS[answer.task]
    case = task.public_case()
    score = task.mark(task.probe(namespace_of(name, answer.source), case), case)
    assert codes(score) == answer.codes, score.diagnoses
    assert score.points == answer.points
    assert score.finished == UNFINISHED.isdisjoint(answer.codes)
    if answer.task in ("vgg16", "vgg19"):
        assert unexplained(score) == set()


@each_task
def test_the_lesson_s_answer_is_right_for_any_case_and_a_remembered_one_is_not(name):
    task, namespace = checks.TASKS[name], namespace_of(name, RIGHT[name])
    public, drawn = task.public_case(), task.draw_case(7)
    assert drawn == task.draw_case(7) != public
    told = {seed: task.probe(namespace, case) for seed, case in ((0, public), (7, drawn))}
    assert json.loads(json.dumps(told[7])) == told[7]
    for seed, case in ((0, public), (7, drawn)):
        score = task.mark(told[seed], case)
        assert score.points == task.max_points, score.diagnoses
    assert task.mark(told[0], drawn).points < task.max_points


@each_task
def test_the_sheet_s_blank_earns_nothing_and_is_unfinished(name):
    task, namespace = checks.TASKS[name], namespace_of(name, BLANK[name])
    case = task.public_case()
    score = task.mark(task.probe(namespace, case), case)
    assert (score.points, score.finished, codes(score)) == (0, False, ("unfinished",))


def test_every_task_has_its_wrong_answers_and_every_mistake_is_made_somewhere():
    assert {answer.task for answer in ANSWERS.values() if answer.codes} == set(RIGHT)
    named = {code for task in checks.TASKS.values() for code in table(task.mistakes)}
    made = {code for answer in ANSWERS.values() for code in answer.codes}
    in_tests = {"malformed", "setting", "returns_model"}  # of forged answers, and of a block
    assert made | in_tests | test_checks_compare.CODES == named
