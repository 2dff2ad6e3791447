"""The way of an answer from a student's kernel to the grader; no other module knows it.

`ask` is code for the kernel, `tell` runs there, `hear` reads in the grader's process what came.

A submission shares its process with the probe, and code there can compute and show what it likes.
So nothing that it says is believed but as what its function gives, and a right answer needs the
numbers of cases that it has not seen: who can forge them could have written the function.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

MIME = "application/vnd.classic-cnn-course.answer"
MAX_CHARACTERS = 5_000_000
UNREADABLE = "unreadable"  # no probe answers so, and no mark takes it for an answer


def ask(task: str, case: Mapping[str, Any], course: str) -> str:
    """The source of a cell that probes `task` on `case` (plain data); `course` holds `utils`.

    The case is in this cell alone: nothing that ran before it can have seen it.
    """
    given = {"task": task, "case": case, "course": course, "mime": MIME}
    call = f"{tell.__name__}({json.dumps(given)!r}, student)"
    source = f"{_source_of_tell()}\n{call}"
    return f"exec({source!r}, {{'student': globals()}})"


@cache
def _source_of_tell() -> str:
    return inspect.getsource(tell)


def tell(given: str, student: dict[str, object]) -> None:
    """Probe a task and show the answer as an output of its own kind.

    The probe is read anew from its files: what the student did to the `utils` that their notebook
    imported, to a module of the same name beside it, or to the import system is left aside.
    """
    import importlib.machinery as machinery
    import json
    import sys

    from IPython.display import display

    request = json.loads(given)
    theirs = {
        name: sys.modules.pop(name) for name in list(sys.modules) if f"{name}.".startswith("utils.")
    }
    settings = {
        "path": [request["course"], *sys.path],
        "meta_path": [machinery.BuiltinImporter, machinery.FrozenImporter, machinery.PathFinder],
        "pycache_prefix": None,
    }
    before = {name: getattr(sys, name) for name in settings}
    try:
        for name, value in settings.items():
            setattr(sys, name, value)
        from utils import checks

        answer = checks.TASKS[request["task"]].probe(student, request["case"])
    finally:
        for name, value in before.items():
            setattr(sys, name, value)
        sys.modules.update(theirs)
    display({request["mime"]: json.dumps(answer)}, raw=True)


def hear(outputs: Iterable[Mapping[str, Any]]) -> tuple[bool, object]:
    """Whether a probe's cell answered, and the answer: JSON data, or UNREADABLE.

    Two answers are none: code that adds an answer of its own gains nothing.
    """
    answers = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
    if not answers:
        return False, None
    if len(answers) > 1 or not isinstance(answers[0], str) or len(answers[0]) > MAX_CHARACTERS:
        return True, UNREADABLE
    try:
        return True, json.loads(answers[0])
    except (ValueError, RecursionError):
        return True, UNREADABLE
