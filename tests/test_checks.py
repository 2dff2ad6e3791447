"""The homework's check proves what it says with numbers, and is not fooled."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest
from answering import namespace_of
from wrong_answers import ANSWERS, RIGHT, SOLUTION

from utils import checks
from utils.checks.homework.vgg16 import HOMEWORK, _network
from utils.checks.mistakes import table
from utils.checks.reading import read

TASK = checks.TASKS["vgg16"]
CASE = TASK.public_case()


@pytest.fixture(scope="module")
def right_answer() -> dict:
    return TASK.probe(namespace_of("solution", SOLUTION), CASE)


def test_no_hint_gives_the_answer_away():
    blanks = ("256", "512", "4096", "softmax", "relu")
    told = table(HOMEWORK.mistakes).items()
    assert not [code for code, (_, hint) in told if any(blank in hint for blank in blanks)]


def test_a_diagnosis_proves_itself_with_the_numbers_of_the_paper():
    namespace = namespace_of("vgg13", ANSWERS["vgg13"].source)
    [diagnosis] = TASK.mark(TASK.probe(namespace, CASE), CASE).diagnoses
    assert "9,404,992" in diagnosis.message
    assert "VGG13" in diagnosis.message


@pytest.mark.parametrize(("name", "is_told"), [("relu_last", True), ("softmax_after_relu", False)])
def test_that_outputs_are_no_probabilities_is_told_only_of_another_sum_than_1(name, is_told):
    score = TASK.mark(TASK.probe(namespace_of(name, ANSWERS[name].source), CASE), CASE)
    assert ("加起來是" in score.diagnoses[-1].message) == is_told


def test_the_rubric_adds_up_to_the_maximum():
    assert sum(points for _, points in HOMEWORK.parts.values()) == TASK.max_points == 10


def test_numpy_and_keras_compute_the_same_network(right_answer):
    for name in ("top", "avg", "max", "map"):
        asked = CASE["calls"][name]
        answer = right_answer["calls"][name]
        assert read(answer, name, asked, _network(asked), CASE["seed"]).distance < 1e-4


def test_a_right_answer_is_asked_for_no_piece(right_answer):
    assert right_answer["calls"].keys() == CASE["calls"].keys()


def test_a_side_is_odd_before_every_pooling_of_a_call_that_is_run():
    for case in (CASE, *map(TASK.draw_case, range(30))):
        for asked in case["calls"].values():
            sides = asked.get("input_shape", [31])[:2]  # the default is never run
            assert any(all(side >> pooling & 1 for pooling in range(5)) for side in sides)
        assert case["calls"]["top"]["classes"] not in (10, 100, 1000)


def test_the_score_is_shown_as_a_plain_number_and_as_a_card():
    score = checks.vgg16(namespace_of("solution", SOLUTION)["VGG16"])
    assert repr(score) == "10.0"
    assert "公開測試通過，尚有隱藏測試" in score._repr_html_()


def test_an_unfinished_answer_is_told_what_to_do_next():
    score = checks.vgg16(namespace_of("blank", ANSWERS["blank"].source)["VGG16"])
    assert (repr(score), score.finished) == ("0.0", False)
    assert "尚未完成" in score._repr_html_()
    assert "第 3 行" in score.diagnoses[0].message


def test_an_unfinished_answer_shows_the_points_of_what_is_right():
    source = ANSWERS["model_left_blank"].source  # its pieces are written
    score = checks.vgg16(namespace_of("model_left_blank", source)["VGG16"])
    assert (score.points, score.finished) == (8.5, False)
    assert "尚未完成，<b>8.5</b> / 10" in score._repr_html_()


def test_what_a_student_writes_is_escaped():
    source = "def VGG16(**kwargs):\n    raise ValueError('<script>alert(1)</script>')\n"
    page = checks.vgg16(namespace_of("script", source)["VGG16"])._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_function_that_prints_and_warns_leaves_the_cell_clean(capfd):
    source = (
        "import sys, warnings\n"
        "def VGG16(**kwargs):\n"
        "    print('out'); print('err', file=sys.stderr); warnings.warn('old')\n"
        "    raise SystemExit(1)\n"
    )
    assert checks.vgg16(namespace_of("loud", source)["VGG16"]).points == 0
    assert capfd.readouterr() == ("", "")


def test_a_network_too_large_to_be_run_leaves_no_weights_to_be_made(monkeypatch):
    import keras

    made = []
    draw = keras.initializers.GlorotUniform.__call__
    monkeypatch.setattr(
        keras.initializers.GlorotUniform,
        "__call__",
        lambda self, shape, dtype=None: made.append(shape) or draw(self, shape, dtype=dtype),
    )
    function = namespace_of("tied", ANSWERS["block_4_on_input"].source)["VGG16"]
    case = CASE | {"calls": {"top": CASE["calls"]["top"] | {"input_shape": [108, 65, 3]}}}
    TASK.probe({"VGG16": function}, case)
    keras.layers.Lambda(lambda x: 2 * x)(keras.Input((4,)))  # any symbolic call
    assert made == []


def test_an_answer_is_plain_json(right_answer):
    assert json.loads(json.dumps(right_answer)) == right_answer


def test_a_score_survives_as_plain_data():
    score = TASK.mark(None, CASE)
    assert checks.Score.from_dict(json.loads(json.dumps(score.to_dict()))) == score


def changed(answer: dict, path: str, value: object) -> dict:
    """A copy of an answer with the value at `calls.top.model…` replaced."""
    answer = copy.deepcopy(answer)
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place = answer
    for step in steps:
        place = place[step]
    place[last] = value
    return answer


def nested(depth: int) -> list:
    """Lists in lists."""
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


HOSTILE = {
    "nothing": None,
    "number": 42,
    "text": "10.0",
    "list": [],
    "empty": {},
    "own_verdict": {"points": 10, "passed": True},
    "calls_as_list": {"calls": []},
    "no_calls": {"calls": {}},
    "many_calls": {"calls": {str(n): {} for n in range(1000)}},
}
FORGED = {
    "call_is_text": ("calls.top", "ok"),
    "empty_model": ("calls.top.model", {}),
    "summary_is_list": ("calls.avg.model.summary", []),
    "no_rows": ("calls.top.model.summary.rows", []),
    "endless_rows": ("calls.top.model.summary.rows", [{}] * 100_000),
    "kind_is_number": ("calls.map.model.summary.rows.1.kind", 5),
    "long_name": ("calls.map.model.summary.rows.1.name", "x" * 10_000),
    "config_is_text": ("calls.map.model.summary.rows.1.config", "relu"),
    "params_true": ("calls.map.model.summary.rows.1.params", True),
    "params_huge": ("calls.map.model.summary.rows.1.params", 10**5000),
    "shape_is_text": ("calls.top.model.summary.rows.1.output_shape", "(1, 2)"),
    "error_without_text": ("calls.top.error", {"type": "ValueError"}),
    "unknown_is_number": ("calls.top.unknown", 3),
}
UNPROVEN = {
    "no_outputs": None,
    "empty_outputs": [],
    "outputs_are_text": ["0.1"] * 10,
    "outputs_are_true": [True] * 10,
    "outputs_nan": [float("nan")] * 10,
    "outputs_huge": [10**400] * 10,
    "outputs_endless": [0.1] * 1_000_000,
    "outputs_nested": nested(5000),
    "outputs_equal": [0.1] * 10,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_no_probe_wrote_earns_nothing(name):
    score = TASK.mark(HOSTILE[name], CASE)
    assert score.points == 0
    assert score.diagnoses[0].code == ("missing" if HOSTILE[name] is None else "malformed")
    assert score._repr_html_()


@pytest.mark.parametrize("name", FORGED)
def test_an_answer_of_the_wrong_form_earns_nothing(name, right_answer):
    score = TASK.mark(changed(right_answer, *FORGED[name]), CASE)
    assert (score.points, score.diagnoses[0].code) == (0, "malformed")


@pytest.mark.parametrize("name", UNPROVEN)
def test_right_layers_without_the_right_numbers_do_not_pass(name, right_answer):
    score = TASK.mark(changed(right_answer, "calls.top.model.outputs", UNPROVEN[name]), CASE)
    assert score.points < 10
    assert score.diagnoses[0].code in ("numbers", "no_numbers")


@pytest.mark.parametrize(
    ("setting", "code"), [("dilation_rate", "setting"), ("activation", "activation")]
)
def test_settings_of_any_depth_and_size_are_only_wrong_settings(setting, code, right_answer):
    for value in (nested(5000), 10**5000, {"a": 1}, float("inf"), "{0.__class__}", "`"):
        path = f"calls.default.model.summary.rows.1.config.{setting}"
        score = TASK.mark(changed(right_answer, path, value), CASE)
        assert score.diagnoses[0].code == code
        assert score._repr_html_()


def test_a_width_that_no_layer_can_have_is_no_answer(right_answer):
    path = "calls.default.model.summary.rows.1.config.filters"
    for value in (nested(5000), {"a": 1}, float("inf"), 10**5000, "`", None):
        score = TASK.mark(changed(right_answer, path, value), CASE)
        assert (score.points, score.diagnoses[0].code) == (0, "malformed")


def test_marking_imports_no_tensorflow():
    code = (
        "import sys; from utils import checks; task = checks.TASKS['vgg16'];"
        "task.mark({}, task.draw_case(3)); checks.quiz('day018_q1', 3);"
        "sys.exit(bool({'tensorflow', 'keras', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_right_spellings_differ_in_more_than_their_text():
    assert len(RIGHT) == len(set(RIGHT.values())) >= 4
