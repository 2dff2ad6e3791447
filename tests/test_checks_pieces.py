"""The small checks on the way (one block, the head) and the self-check questions."""

from __future__ import annotations

import pytest
from answering import namespace_of
from wrong_answers import but, conv_3

from utils import checks
from utils.checks.questions import questions


def function(name: str, *changes: str):
    """A function of the lesson's solution, with changes, given as old, new, old, new, …"""
    return namespace_of(name, but(*changes))[name]


def blank(x, *_):
    raise NotImplementedError("block3")


def own_input(x):
    import keras

    return function("block3")(keras.Input((8, 8, 128)))


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
    score = checks.block(3, function("block3"))
    assert (score.points, score.max_points, codes(score)) == (4, 4, [])


@pytest.mark.parametrize(
    ("changes", "code", "points"),
    [
        ((conv_3(3, 256), ""), "missing_conv", 3),
        (("256", "512"), "filters", 1),
        (('"same"', '"valid"'), "padding", 1),
        (("strides=(2, 2)", 'padding="same"'), "pool_size", 3),
    ],
)
def test_a_wrong_block_is_told_what_is_wrong(changes, code, points):
    score = checks.block(3, function("block3", *changes))
    assert (codes(score), score.points) == ([code], points)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (lambda x: None, "returns_none"),
        (sequential, "returns_model"),
        (own_input, "untied"),
        (None, "missing"),
        (endless, "malformed"),
    ],
)
def test_what_is_no_block_is_told_so(given, code):
    score = checks.block(3, given)
    assert (codes(score), score.points) == ([code], 0)


def test_a_blank_block_is_not_finished():
    score = checks.block(3, blank)
    assert (codes(score), score.points, score.finished) == (["unfinished"], 0, False)
    assert "尚未完成" in score._repr_html_()


def test_there_are_five_blocks():
    with pytest.raises(ValueError, match="blocks 1 to 5, not 6"):
        checks.block(6, blank)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ((), None),
        (('"softmax"', '"relu"'), "last_activation"),
        (("4096", "1024"), "units"),
        (("Dense(classes", "Dense(1000"), "fixed_classes"),
        (("Dense(classes", "Dense(10"), "fixed_classes"),
    ],
)
def test_the_head_is_checked_layer_by_layer(changes, code):
    score = checks.head(function("head", *changes))
    assert codes(score) == [code] * (code is not None)
    assert (score.points < score.max_points) == bool(code)


def test_a_piece_is_marked_as_its_small_check_says():
    changes = (conv_3(3, 256), "", '"softmax"', '"relu"', "x = input_tensor", "raise ValueError")
    namespace = namespace_of("pieces", but(*changes))
    score = checks.vgg16(namespace["VGG16"])
    block3, head = checks.block(3, namespace["block3"]), checks.head(namespace["head"])
    assert score.points == 8.5 - 1.75 - 1
    told = {diagnosis.message for diagnosis in score.diagnoses}
    assert told > {diagnosis.message for diagnosis in (*block3.diagnoses, *head.diagnoses)}


@pytest.mark.parametrize("question", questions())
def test_a_question_tells_right_from_wrong_and_why(question):
    entry = questions()[question]
    right = checks.quiz(question, entry["answer"])
    assert (right.points, right.note) == (1, entry["right"])
    unforeseen = "E" if isinstance(entry["answer"], str) else 123456789
    for wrong, why in entry["wrong"].items():
        score = checks.quiz(question, unforeseen if wrong == "*" else wrong)
        assert (score.points, score.diagnoses[0].message) == (0, why)
    assert not checks.quiz(question, None).finished


NUMBER, CHOICE, PERCENTAGE = "day018_q1", "day018_q2", "day017_q11"  # 73,856; B; 55


@pytest.mark.parametrize(
    ("question", "answer", "read"),
    [
        *(
            (NUMBER, answer, "")
            for answer in (73856, 73856.0, " 73,856 ", "７３８５６", "7.3856e4")
        ),
        *((CHOICE, answer, "") for answer in ("b", " B ")),
        *((CHOICE, answer, "B") for answer in ("Ｂ", "(B)", "B.", "「ｂ」", "選 B", "答案：B")),
        *((PERCENTAGE, answer, "") for answer in (55, "55", "５５", 55.0)),
        *((PERCENTAGE, answer, "55%") for answer in (0.55, "0.55", "55%", "55 %", "５５％", ".55")),
    ],
)
def test_an_answer_may_be_written_as_people_write_it_and_is_told_how_it_was_read(
    question, answer, read
):
    told = f"你寫的「{str(answer).strip()}」，讀成 {read}。" if read else ""
    score = _graded_alike(question, answer)
    assert (score.points, score.note) == (1, told + questions()[question]["right"])


@pytest.mark.parametrize(
    ("question", "answer", "told"),
    [
        (CHOICE, "A or B", "答案裡有 A、B，看不出選哪一個"),
        (CHOICE, "B、C", "答案裡有 B、C，看不出選哪一個"),
        (NUMBER, "73856 個", "不加單位和算式"),
        (NUMBER, "9*64*128+128", "不加單位和算式"),
        (NUMBER, "7,3856", "不加單位和算式"),
        (NUMBER, "-", "不加單位和算式"),
        (NUMBER, "73856%", "問的不是百分比"),
        (PERCENTAGE, "0,55", "不加單位和算式"),
        (PERCENTAGE, "27/49", "不加單位和算式"),
    ],
)
def test_an_answer_that_may_mean_several_things_is_told_how_to_write_it(question, answer, told):
    score = _graded_alike(question, answer)
    assert (score.points, codes(score)) == (0, ["unclear"])
    assert told in score.diagnoses[0].message and "例如" in score.diagnoses[0].message


def test_a_wrong_answer_too_is_told_how_it_was_read():
    score = _graded_alike(PERCENTAGE, "72%")
    assert score.note == "你寫的「72%」，讀成 72%。"
    assert score.diagnoses[0].message == questions()[PERCENTAGE]["wrong"]["72"]
    assert _graded_alike(PERCENTAGE, "0.55%").points == 0  # half a percent, as it is written


def _graded_alike(question, answer):
    """The score in the notebook, which grading gives, too."""
    task, score = checks.TASKS[question], checks.quiz(question, answer)
    assert task.mark(task.probe({task.function: answer}, {}), {}) == score
    return score


def test_several_questions_share_a_card_that_tells_them_apart():
    score = checks.quizzes("day017", q1="80%", q2="A", q3=None)
    assert [(part.name, part.points) for part in score.parts] == [("q1", 1), ("q2", 0), ("q3", 0)]
    assert [each.part for each in score.diagnoses] == ["q2", "q3"]
    assert score.finished and not checks.quizzes("day017", q1=None).finished
    assert "同一張圖上比" in score._repr_html_()


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
