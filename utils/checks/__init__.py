"""Checks that say what is right, what exactly is wrong, and a hint; in the notebook and in grading.

In a notebook: `checks.NAME(function)` for each task of the rooms in `homework/`, such as
`checks.vgg16(VGG16)`, for each small check there, such as `checks.block(3, block3)`, and
`checks.quiz("day018_q1", answer)`. In grading: `TASKS[name].probe` beside the student's code,
`TASKS[name].mark` away from it. A notebook is graded for the tasks that its own cells check.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .guard import choose, remember
from .homework import PIECES
from .homework import TASKS as OF_ROOMS
from .questions import quiz, quizzes
from .questions import tasks as quiz_tasks
from .score import Diagnosis, Part, Score
from .task import Task

__all__ = ["TASKS", "Diagnosis", "Part", "Score", "Task", "or_reference", "quiz", "quizzes"]

TASKS: dict[str, Task] = OF_ROOMS | {task.name: task for task in quiz_tasks()}


def or_reference(function: object, task: str) -> Any:
    """The function itself if it is right, else one that is; a tuple where a task asks for several.

    Prints one line (Chinese) that says which, and raises nothing.
    """
    if isinstance(function, tuple):
        return choose(TASKS[task], function)
    return choose(TASKS[task], (function,))[0]


def __getattr__(name: str) -> Any:
    """The check of a room: of its task, or a small one."""
    if name in PIECES:
        return PIECES[name]
    if name in OF_ROOMS:
        return partial(_check, name)
    known = ", ".join([*OF_ROOMS, *PIECES, "quiz", "quizzes"])
    raise AttributeError(f"there is no check {name!r}; there are {known}")


def __dir__() -> list[str]:
    return [*globals(), *OF_ROOMS, *PIECES]


def _check(task: str, *functions: object) -> Score:
    score = TASKS[task].check(*functions, passed="公開測試通過，尚有隱藏測試。")
    remember(task, functions, score)
    return score
