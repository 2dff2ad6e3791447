"""What the rest of a notebook runs on: the student's functions once right, until then others."""

from __future__ import annotations

import pytest

from utils.checks import TASKS, guard, or_reference
from utils.checks.stand_ins import stand_in


def blank(**arguments):
    raise NotImplementedError("請把這一行換成你的程式碼")


def right(**arguments):
    (function,) = stand_in(TASKS["vgg16"])
    return function(**arguments)


def returns_nothing(**arguments):
    right(**arguments)


def ignores_the_number_of_classes(**arguments):
    return right(**arguments | {"classes": 1000})


def reads_no_names(model, names):
    return model


def test_a_right_answer_is_used_as_it_is_and_checked_once(capsys, monkeypatch):
    assert or_reference(right, "vgg16") is right
    assert "你自己的 VGG16" in capsys.readouterr().out
    monkeypatch.setattr(guard.Task, "check", None)
    assert or_reference(right, "vgg16") is right


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (blank, "尚未完成"),
        (returns_nothing, "還沒有全對"),
        (ignores_the_number_of_classes, "還沒有全對"),
    ],
)
def test_any_other_answer_is_stood_in_for_and_raises_nothing(answer, said, capsys):
    assert (or_reference(answer, "vgg16"),) == stand_in(TASKS["vgg16"])
    assert said in capsys.readouterr().out


def test_of_two_functions_both_are_right_or_both_are_stood_in_for(capsys):
    _, with_inception = stand_in(TASKS["backbone"])
    answer = reads_no_names, with_inception
    assert or_reference(answer, "backbone") == stand_in(TASKS["backbone"])
    assert "features、with_inception 還沒有全對" in capsys.readouterr().out


@pytest.mark.slow  # together
@pytest.mark.parametrize("task", [name for name, task in TASKS.items() if not task.alone])
def test_what_stands_in_gets_full_points(task):
    score = TASKS[task].check(*stand_in(TASKS[task]))
    assert score.points == score.max_points, score.diagnoses
