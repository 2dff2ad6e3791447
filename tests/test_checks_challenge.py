"""The challenge's checks name every mistake, know any right spelling, and are not fooled."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest
from answering import namespace_of
from wrong_challenge import ANSWERS, FULL, SOLUTIONS

from utils import checks
from utils.checks.homework import vgg
from utils.checks.mistakes import SHARED
from utils.checks.rubric import NOTHING_OWN
from utils.checks.score import Diagnosis, Part

pytestmark = pytest.mark.slow  # together

PAPER = {"A": 133, "A-LRN": 133, "B": 133, "C": 134, "D": 138, "E": 144}  # table 2, millions


@pytest.fixture(scope="module")
def answers() -> dict[str, dict]:
    """What the probes say of the solutions; VGG19's is the homework's, tried there."""
    tasks = {name: checks.TASKS[name] for name in SOLUTIONS if name != "vgg19"}
    return {
        name: task.probe(namespace_of(name, SOLUTIONS[name]), task.public_case())
        for name, task in tasks.items()
    }


OWN = {
    code: text
    for name in SOLUTIONS
    for code, text in checks.TASKS[name].mistakes.items()
    if code not in SHARED
}


def test_every_task_has_five_wrong_answers_and_one_in_another_spelling():
    for task in SOLUTIONS:
        answers = [answer for answer in ANSWERS.values() if answer.task == task]
        spellings = sum(not answer.codes for answer in answers)
        assert spellings >= 2 or task == "vgg19"  # whose spellings are the homework's
        assert sum(bool(answer.codes) for answer in answers) >= 5


def test_no_hint_gives_the_answer_away():
    blanks = ("block3_conv2", "4096", "0.75", "(3, 3)")
    assert not [code for code, (_, hint) in OWN.items() if any(b in hint for b in blanks)]


def test_the_rubrics_add_up_to_the_points_of_the_sheet():
    assert {name: checks.TASKS[name].max_points for name in FULL} == FULL
    for name in FULL:
        assert (
            checks.TASKS[name].mark(None, checks.TASKS[name].public_case()).max_points == FULL[name]
        )


@pytest.mark.parametrize("column", PAPER)
def test_the_table_has_the_paper_s_parameters(column):
    layers = vgg.network(column, include_top=True, classes=1000)
    widths = [dict(layer.settings)["units"] for layer in layers if layer.kind == "dense"]
    dense = sum((a + 1) * b for a, b in zip([7 * 7 * 512, *widths], widths, strict=False))
    assert round((vgg.parameters(layers, 3) + dense) / 1e6) == PAPER[column]


def test_the_notebook_shows_a_card_and_the_bare_points():
    functions = namespace_of("backbone", SOLUTIONS["backbone"])
    score = checks.backbone(functions["features"], functions["with_inception"])
    assert repr(score) == "3.0"
    assert "公開測試通過，尚有隱藏測試" in score._repr_html_()


def test_the_card_names_the_parts_that_lost_points_by_what_is_told_of_another():
    parts = [Part(name, f"part {name}", name == "c", 1.0) for name in "abc"]
    score = checks.Score("x", "x", tuple(parts), (Diagnosis("code", "message", "", "a"),))
    assert "「part b」也因為上面說的少了分。" in score._repr_html_()


def test_a_function_that_was_not_defined_is_missing():
    with_functions = {name: task for name, task in checks.TASKS.items() if not task.alone}
    for name, task in with_functions.items():
        score = task.mark(task.probe({}, task.public_case()), task.public_case())
        assert [diagnosis.code for diagnosis in score.diagnoses] == ["missing"], name


def places(value: object, path: tuple = ()) -> list[tuple]:
    """Where there is something in plain data: at most four entries of each list or dict."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path] * bool(path)
    if isinstance(value, dict | list):
        for key, each in list(inside)[:4]:
            found += places(each, (*path, key)) if isinstance(each, dict | list) else [(*path, key)]
    return found


HOSTILE = (None, [], {}, "x", -1, 10**30, True, float("nan"), [[None]], "`{0.__class__}")


@pytest.mark.parametrize("name", [name for name in SOLUTIONS if name != "vgg19"])
def test_an_answer_that_no_probe_wrote_gets_a_score_and_no_more_points(name, answers):
    task = checks.TASKS[name]
    case = task.public_case()
    everywhere = places(answers[name])
    for number, (*steps, last) in enumerate(everywhere[:: max(1, len(everywhere) // 8)]):
        forged = copy.deepcopy(answers[name])
        place = forged
        for step in steps:
            place = place[step]
        place[last] = HOSTILE[number % len(HOSTILE)]
        score = task.mark(forged, case)
        assert 0 <= score.points <= task.max_points
        assert score._repr_html_()


def test_a_width_that_is_no_number_makes_no_answer(answers):
    forged = copy.deepcopy(answers["family"])
    rows = forged["calls"]["B"]["model"]["summary"]["rows"]
    next(row for row in rows if row["kind"] == "Dense")["config"]["units"] = None
    task = checks.TASKS["family"]
    score = task.mark(forged, task.public_case())
    assert [diagnosis.code for diagnosis in score.diagnoses] == ["malformed"]


@pytest.mark.parametrize("name", SOLUTIONS)
def test_what_has_a_type_without_a_name_is_no_model(name):
    task = checks.TASKS[name]
    case = task.public_case()
    calls = {call: {"returned": "", "unknown": []} for call in case["calls"]}
    score = task.mark({"calls": calls}, case)
    assert [diagnosis.code for diagnosis in score.diagnoses] == ["not_a_model"]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("input_shape", []),
        ("input_shape", [[64, 32, 3], [3]]),  # a model of two inputs
        ("kernel_size", None),
        ("config", {"filters": 3, "name": "x", "keras_class": "x"}),
    ],
)
def test_what_is_no_shape_and_no_setting_is_only_wrong(where, value, answers):
    forged = copy.deepcopy(answers["family"])
    forged["calls"]["A"] = forged["calls"]["B"]  # another column, whose parameters are counted
    summary = forged["calls"]["A"]["model"]["summary"]
    convolution = next(row for row in summary["rows"] if row["kind"] == "Conv2D")
    (summary if where in summary else convolution)[where] = value
    task = checks.TASKS["family"]
    score = task.mark(forged, task.public_case())
    assert 0 < score.points < task.max_points


def test_marking_imports_no_tensorflow(answers):
    code = (
        "import json, sys; from utils import checks\n"
        "for name, answer in json.load(sys.stdin).items():\n"
        "    task = checks.TASKS[name]\n"
        "    assert task.mark(answer, task.public_case()).points == task.max_points, name\n"
        "sys.exit(bool({'tensorflow', 'keras', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(answers), text=True, check=False
    )
    assert run.returncode == 0


def test_a_card_in_the_notebook_says_why_given_parts_earn_nothing():
    answer = ANSWERS["vgg13_instead"]
    score = checks.vgg19(namespace_of("vgg13_instead", answer.source)["VGG19"])
    assert score.points == 0
    assert NOTHING_OWN in score._repr_html_()
