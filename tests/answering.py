"""What files of answers are made of: `test_rooms.py` finds tests/wrong_*.py and tries all answers.

Such a file has ANSWERS: a name for each answer, and the `Answer`.
"""

from __future__ import annotations

import linecache
import re
from typing import Any, NamedTuple

from utils.checks import Score


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


# What is told of the whole network, or of a call's whole head, and the parts that it costs.
OF_MANY = {
    **dict.fromkeys(("vgg11", "vgg13", "vgg16", "vgg19", "each_block", "block_order"), "block"),
    **dict.fromkeys(("detached", "missing_block", "numbers", "no_numbers"), "block"),
    **dict.fromkeys(("include_top", "missing_flatten", "not_stored"), "dense predictions"),
}


def unexplained(score: Score) -> set[str]:
    """The parts of a VGG that lost points of which the card tells no reason."""
    if score.note or any(not diagnosis.part for diagnosis in score.diagnoses):
        return set()  # nothing of one's own was right, or a call failed
    told = " ".join(
        f"{diagnosis.part} {OF_MANY.get(diagnosis.code, '')} {diagnosis.message}"
        for diagnosis in score.diagnoses
    )
    told += " dense" * bool(re.search(r"`(flatten|fc1|fc2)`", told))
    every_block = "block " in told or re.search(r"等 \d+ 層", told)
    return {
        part.name
        for part in score.parts
        if part.points < part.max_points
        and part.name not in told
        and not (part.name.startswith("block") and every_block)
    }
