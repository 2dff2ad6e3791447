"""What files of answers are made of: `test_rooms.py` finds tests/wrong_*.py and tries all answers.

Such a file has ANSWERS: a name for each answer, and the `Answer`.
"""

from __future__ import annotations

import linecache
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """A notebook's answer to a task, the mistakes that the check must tell, and its points."""

    task: str
    source: str
    codes: tuple[str, ...]
    points: float


def but(source: str, *changes: str) -> str:
    """A source with changes, given as old, new, old, new, …"""
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in source, old
        source = source.replace(old, new)
    return source


def namespace_of(name: str, source: str) -> dict[str, Any]:
    """What a notebook that ran `source` knows."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {}
    exec(compile(source, name, "exec"), namespace)
    return namespace
