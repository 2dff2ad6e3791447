"""What the rest of the homework runs on: the student's VGG16 once right, until then Keras'."""

from __future__ import annotations

import pytest

from utils.checks.guard import or_reference, reference


def blank(**arguments):
    raise NotImplementedError("請把這一行換成你的程式碼")


def returns_nothing(**arguments):
    reference(**arguments)


def misses_an_argument(include_top, input_shape, pooling):
    return reference(include_top, None, input_shape, pooling)


def ignores_the_number_of_classes(**arguments):
    return reference(**arguments | {"classes": 1000})


def right(**arguments):
    return reference(**arguments)


def test_a_right_answer_is_used_as_it_is(capsys):
    assert or_reference(right) is right
    assert "你自己的 VGG16" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (blank, "尚未完成"),
        (returns_nothing, "AttributeError"),
        (misses_an_argument, "TypeError"),
        (ignores_the_number_of_classes, "還不完全一樣"),
    ],
)
def test_any_other_answer_is_stood_in_for_and_raises_nothing(answer, said, capsys):
    assert or_reference(answer) is reference
    assert said in capsys.readouterr().out


def test_the_stand_in_has_the_paper_s_size():
    assert reference(include_top=False).count_params() == 14_714_688
