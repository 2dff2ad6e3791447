"""The small checks on the way (one block, the head) and the self-check questions."""

from __future__ import annotations

import pytest

from utils import checks
from utils.checks.questions import questions


def block3(x, convs=3, filters=256):
    from keras import layers

    for i in range(convs):
        name = f"block3_conv{i + 1}"
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
    return layers.MaxPooling2D(name="block3_pool")(x)


def head(x, classes, last="softmax", width=4096):
    from keras import layers

    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(width, activation="relu", name="fc1")(x)
    x = layers.Dense(width, activation="relu", name="fc2")(x)
    return layers.Dense(classes, activation=last, name="predictions")(x)


def blank(x, *_):
    raise NotImplementedError("block3")


def own_input(x):
    import keras

    return block3(keras.Input((8, 8, 128)))


def sequential(x):
    import keras

    return keras.Sequential([keras.layers.Conv2D(256, 3)])


def endless(x):
    import keras

    for _ in range(400):
        x = keras.layers.ReLU()(x)
    return x


def codes(score: checks.Score) -> list[str]:
    return [diagnosis.code for diagnosis in score.diagnoses]


def test_a_right_block_has_every_layer_right():
    score = checks.block(3, block3)
    assert (score.points, score.max_points, codes(score)) == (4, 4, [])


@pytest.mark.parametrize(
    ("function", "code", "points"),
    [
        (lambda x: block3(x, convs=2), "missing_conv", 3),
        (lambda x: block3(x, filters=512), "filters", 1),
        (lambda x: None, "returns_none", 0),
        (sequential, "returns_model", 0),
        (own_input, "untied", 0),
        (None, "missing", 0),
        (endless, "malformed", 0),
    ],
)
def test_a_wrong_block_is_told_what_is_wrong(function, code, points):
    score = checks.block(3, function)
    assert (codes(score), score.points) == ([code], points)


def test_a_blank_block_is_not_finished():
    score = checks.block(3, blank)
    assert (codes(score), score.points, score.finished) == (["unfinished"], 0, False)
    assert "尚未完成" in score._repr_html_()


def test_there_are_five_blocks():
    with pytest.raises(ValueError, match="blocks 1 to 5, not 6"):
        checks.block(6, block3)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({}, None), ({"last": "relu"}, "last_activation"), ({"width": 1024}, "units")],
)
def test_the_head_is_checked_layer_by_layer(changes, code):
    score = checks.head(lambda x, classes: head(x, classes, **changes))
    assert codes(score) == [code] * (code is not None)


@pytest.mark.parametrize("question", questions())
def test_a_question_tells_right_from_wrong_and_why(question):
    entry = questions()[question]
    right = checks.quiz(question, entry["answer"])
    assert (right.points, right.note) == (1, entry["right"])
    for wrong, why in entry["wrong"].items():
        score = checks.quiz(question, wrong)
        assert (score.points, score.diagnoses[0].message) == (0, why)
    assert not checks.quiz(question, None).finished


def test_a_number_may_be_written_as_people_write_it():
    assert checks.quiz("day018_q1", " 73,856 ").points == 1
    assert checks.quiz("day018_q2", "b").points == 1


def test_the_answers_are_what_the_network_says():
    import keras

    layer = keras.layers.Conv2D(128, 3)
    layer.build((None, None, None, 64))
    assert questions()["day018_q1"]["answer"] == layer.count_params()


def test_an_unknown_question_is_named():
    with pytest.raises(ValueError, match="no question 'day018_q99'"):
        checks.quiz("day018_q99", 1)


@pytest.mark.parametrize("question", questions())
def test_a_question_that_counts_is_marked_as_the_notebook_says(question):
    task = checks.TASKS[question]
    case = task.draw_case(1)
    answers = {
        None: 0.0,
        questions()[question]["answer"]: 1.0,
        next(iter(questions()[question]["wrong"])): 0.0,
    }
    for answer, points in answers.items():
        score = task.mark(task.probe({task.function: answer}, case), case)
        assert (score.points, score.max_points) == (points, task.max_points)
        assert score == checks.quiz(question, answer)


@pytest.mark.parametrize("answer", [None, "C", {}, {"answer": 1}, {"answer": ["C"]}])
def test_an_answer_that_no_probe_gives_earns_nothing(answer):
    score = checks.TASKS["day017_q2"].mark(answer, {})
    assert (score.points, score.diagnoses[0].code) == (0, "malformed")
