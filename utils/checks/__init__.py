"""Checks that say what is right, what exactly is wrong, and a hint; in the notebook and in grading.

In a notebook: `checks.vgg16(VGG16)`, `checks.block(3, block3)`, `checks.head(head)`,
`checks.quiz("day018_q1", answer)`. In grading: `TASKS[name].probe` beside the student's code,
`TASKS[name].mark` away from it.
"""

from __future__ import annotations

from .guard import or_reference
from .homework import TASK as VGG16_TASK
from .pieces import block, head
from .questions import quiz
from .score import Diagnosis, Part, Score
from .task import Task

__all__ = [
    "TASKS",
    "Diagnosis",
    "Part",
    "Score",
    "Task",
    "block",
    "head",
    "or_reference",
    "quiz",
    "vgg16",
]

TASKS: dict[str, Task] = {task.name: task for task in (VGG16_TASK,)}


def vgg16(function: object) -> Score:
    """Check the homework's `VGG16`: the score shows itself in a notebook."""
    return VGG16_TASK.check(function, passed="公開測試通過，尚有隱藏測試。")
