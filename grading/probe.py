"""The way of an answer from a student's kernel to the grader; no other module knows it.

`ask` is code for the kernel, `tell` runs there, `hear` reads in the grader's process what came.

A submission shares its process with the probe, and code there can compute and show what it likes.
So nothing that it says is believed but as what its function gives, and a right answer needs the
numbers of cases that it has not seen: who can forge them could have written the function.

What `tell` notices beside its work is told to the instructor, and proves nothing: code that knows
of it can keep it from looking.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from .texts import cleaned

MIME = "application/vnd.classic-cnn-course.answer"
NOTICED = f"{MIME}.noticed"
# What is in the student's process that a cell has put in its place: what the instructor is told.
REPLACED = {
    "builtins": "執行時，Python 的內建函式被換掉了",
    "imports": "執行時，模組的匯入方式被換掉了",
    "cells": "執行時，要執行的程式會先被改寫",
    "outputs": "執行時，顯示輸出的函式被換掉了",
}
NOT_ALONE = "送出了不只一個答案"
NOT_OURS = "送出了不是探針給的答案"
MAX_CHARACTERS = 5_000_000
UNREADABLE = "unreadable"  # no probe answers so, and no mark takes it for an answer


def ask(task: str, case: Mapping[str, Any], course: str) -> str:
    """The source of a cell that probes `task` on `case` (plain data); `course` holds `utils`.

    The case is in this cell alone: nothing that ran before it can have seen it.
    """
    given = {"task": task, "case": case, "course": course, "mime": MIME, "noticed": NOTICED}
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
    import builtins
    import importlib.machinery as machinery
    import json
    import sys

    from IPython import get_ipython
    from IPython.display import display

    def is_replaced(thing: object) -> bool:
        try:
            return getattr(thing, "__module__", "") == "__main__"
        except Exception:  # of a thing that is made to raise
            return True

    request = json.loads(given)
    shell = get_ipython()
    theirs = {
        name: sys.modules.pop(name) for name in list(sys.modules) if f"{name}.".startswith("utils.")
    }
    loaders = (
        (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
        (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES),
        (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
    )
    settings: dict[str, object] = {
        "path": [request["course"], *sys.path],
        "meta_path": [machinery.BuiltinImporter, machinery.FrozenImporter, machinery.PathFinder],
        "path_hooks": [machinery.FileFinder.path_hook(*loaders)],
        "path_importer_cache": {},
        "pycache_prefix": None,
    }
    before = {name: getattr(sys, name) for name in settings}
    places = {
        "builtins": vars(builtins).values(),
        "imports": (*sys.meta_path, *sys.path_hooks, *sys.path_importer_cache.values()),
        "cells": (
            *(*shell.input_transformers_cleanup, *shell.input_transformers_post),
            *(*shell.ast_transformers, shell.run_cell, shell.transform_cell),
        ),
        "outputs": (display, json.dumps, shell.display_pub.publish, shell.kernel.session.send),
    }
    noticed = [place for place, things in places.items() if any(map(is_replaced, things))]
    try:
        for name, value in settings.items():
            setattr(sys, name, value)
        from utils import checks

        answer = checks.TASKS[request["task"]].probe(student, request["case"])
    finally:
        for name, value in before.items():
            setattr(sys, name, value)
        sys.modules.update(theirs)
    display({request["mime"]: json.dumps(answer), request["noticed"]: noticed}, raw=True)


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
        return True, cleaned(json.loads(answers[0]))
    except (ValueError, RecursionError):
        return True, UNREADABLE


def notice(outputs: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What an instructor is told of how a probe's cell answered."""
    shown = [output["data"] for output in outputs if MIME in output.get("data", {})]
    told = [data.get(NOTICED) for data in shown]
    lists = [each for each in told if isinstance(each, list)]
    found = [said for place, said in REPLACED.items() if any(place in each for each in lists)]
    found += [NOT_ALONE] if len(shown) > 1 else []
    return (*found, *([NOT_OURS] if len(lists) < len(told) else []))
