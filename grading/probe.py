"""The way of an answer from a student's kernel to the grader; no other module knows it.

`ask` is code for the kernel, `tell` runs there, `hear` reads in the grader's process what came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

MIME = "application/vnd.classic-cnn-course.answer"
MAX_CHARACTERS = 5_000_000


def ask(task: str, case: Mapping[str, Any]) -> str:
    """The source of a cell that probes `task` on `case` (plain JSON data)."""
    module = f"__import__({__name__!r}, fromlist=['tell'])"
    return f"{module}.tell({task!r}, {json.dumps(case)!r}, globals())"


def tell(task: str, case: str, namespace: dict[str, Any]) -> None:
    """Probe `task` and show the answer as an output of its own kind."""
    from IPython.display import display

    from utils import checks

    answer = checks.TASKS[task].probe(namespace, json.loads(case))
    display({MIME: json.dumps(answer)}, raw=True)


def hear(outputs: Iterable[Mapping[str, Any]]) -> tuple[bool, object]:
    """Whether a probe's cell answered, and the answer: JSON data, None where it is no such thing.

    Two answers are none: code that adds an answer of its own gains nothing.
    """
    answers = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
    if not answers:
        return False, None
    if len(answers) > 1 or not isinstance(answers[0], str) or len(answers[0]) > MAX_CHARACTERS:
        return True, None
    try:
        return True, json.loads(answers[0])
    except (ValueError, RecursionError):
        return True, None
