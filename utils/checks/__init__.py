"""Checks that say what is right, what exactly is wrong, and a hint; in the notebook and in grading.

In a notebook: `checks.vgg16(VGG16)`, `checks.block(3, block3)`, `checks.head(head)`,
`checks.quiz("day018_q1", answer)`; in the challenge `checks.family(build_vgg)` and the like. In
grading: `TASKS[name].probe` beside the student's code, `TASKS[name].mark` away from it. A notebook
is graded for the tasks that its own cells check.
"""

from __future__ import annotations

from typing import Any

from .challenge.backbone import TASK as BACKBONE_TASK
from .challenge.budget import TASK as BUDGET_TASK
from .challenge.carry_over import TASK as CARRY_OVER_TASK
from .challenge.convolutional import TASK as CONVOLUTIONAL_TASK
from .challenge.family import TASK as FAMILY_TASK
from .guard import choose, remember
from .homework import TASK as VGG16_TASK
from .homework import VGG19_TASK
from .pieces import block, head
from .questions import quiz
from .questions import tasks as quiz_tasks
from .score import Diagnosis, Part, Score
from .task import Task

__all__ = [
    "TASKS",
    "Diagnosis",
    "Part",
    "Score",
    "Task",
    "backbone",
    "block",
    "budget",
    "carry_over",
    "convolutional",
    "family",
    "head",
    "or_reference",
    "quiz",
    "vgg16",
    "vgg19",
]

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        VGG16_TASK,
        VGG19_TASK,
        FAMILY_TASK,
        CARRY_OVER_TASK,
        CONVOLUTIONAL_TASK,
        BACKBONE_TASK,
        BUDGET_TASK,
        *quiz_tasks(),
    )
}


def vgg16(function: object) -> Score:
    """Check the homework's `VGG16`: the score shows itself in a notebook."""
    return _check("vgg16", function)


def vgg19(function: object) -> Score:
    """Check the challenge's `VGG19`."""
    return _check("vgg19", function)


def family(function: object) -> Score:
    """Check `build_vgg`, the whole family in one function."""
    return _check("family", function)


def carry_over(function: object) -> Score:
    """Check `carry_over`, which copies a shallow net's layers into a deeper net."""
    return _check("carry_over", function)


def convolutional(function: object) -> Score:
    """Check `to_convolutional`, which lets a net slide over larger images."""
    return _check("convolutional", function)


def backbone(features: object, with_inception: object) -> Score:
    """Check the two functions that use a net as the backbone of another."""
    return _check("backbone", features, with_inception)


def budget(function: object) -> Score:
    """Check `budget_net`, a network under a budget of parameters and MACs."""
    return _check("budget", function)


def or_reference(function: object, task: str = "vgg16") -> Any:
    """The function itself if it is right, else one that is; a tuple where a task asks for several.

    Prints one line (Chinese) that says which, and raises nothing.
    """
    if isinstance(function, tuple):
        return choose(TASKS[task], function)
    return choose(TASKS[task], (function,))[0]


def _check(task: str, *functions: object) -> Score:
    score = TASKS[task].check(*functions, passed="公開測試通過，尚有隱藏測試。")
    remember(task, functions, score)
    return score
