"""Which of a student's cells that failed cost a task its points: the first cause, told first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from utils.checks.score import Diagnosis, Score

from .failures import below, lost, plain_words, tell
from .restore import Reading, binds
from .texts import clean

if TYPE_CHECKING:
    from .run import Failure

CODE = "failed_cell"
# Diagnoses that follow from such a cell, where they name what it was to define.
FOLLOWING = {"missing", "undefined_name"}
UNDEFINED = re.compile(r"name '(\w+)' is not defined")


def undefined(function: str, answer: object) -> set[str]:
    """The names of which a probe's answer says that they were not defined."""
    told = set(UNDEFINED.findall(json.dumps(answer, ensure_ascii=False)))
    return told | {function} if isinstance(answer, dict) and "missing" in answer else told


def lead(
    score: Score, reading: Reading, failures: Iterable[Failure], asked: set[str], missed: set[str]
) -> Score:
    """The score, told first which cells failed that were to define what is `asked` or `missed`.

    What was asked may be defined all the same where IPython did not say at which line it stopped.
    """
    told: dict[int | None, Diagnosis] = {}
    names: set[str] = set()
    for failure, kept in _kept(reading, failures):
        if wanted := kept & (missed | asked if failure.line else missed):
            names |= wanted
            told.setdefault(failure.number, _diagnosis(failure, wanted, _source(reading, failure)))
    others = [each for each in score.diagnoses if not _follows(each, names)]
    return replace(score, diagnoses=(*told.values(), *others))


def skipped(reading: Reading, failures: Iterable[Failure], asked: set[str]) -> list[str]:
    """Notes, one a cell, on what failed above a definition of what is `asked`, and was left out."""
    found: dict[int | None, list[str]] = {}
    for failure in failures:
        source = _source(reading, failure)
        if source and failure.line and asked & below(source, failure.line):
            found.setdefault(failure.number, []).append(_told(failure, source))
    return [
        f"第 {number} 個程式格有 {len(told)} 個地方跑不動，略過之後照樣評分：{told[0]}"
        for number, told in found.items()
    ]


def _kept(reading: Reading, failures: Iterable[Failure]) -> Iterator[tuple[Failure, set[str]]]:
    """Each failure of a student's cell, with the names that it kept from being defined."""
    all_lost = [
        (failure, lost(source, failure.line))
        for failure in failures
        if (source := _source(reading, failure))
    ]
    bound: set[str] = set()
    for step in reading.steps:
        if step.kind != "probe":
            here = [names for failure, names in all_lost if failure.number == step.number]
            bound |= binds(step.source).difference(*here)
    return ((failure, names - bound) for failure, names in all_lost)


def _source(reading: Reading, failure: Failure) -> str:
    """The student's cell in which something failed; "" where it was in none."""
    if failure.kind != "own":
        return ""
    return next((each.source for each in reading.steps if each.number == failure.number), "")


def _diagnosis(failure: Failure, names: set[str], source: str) -> Diagnosis:
    listed = "、".join(f"`{name}`" for name in sorted(names))
    return Diagnosis(
        CODE,
        f"第 {failure.number} 個程式格沒有跑成，所以沒有 {listed}：{_told(failure, source)}。",
        plain_words(failure.name),
        "",
    )


def _told(failure: Failure, source: str) -> str:
    return clean(tell(failure.name, failure.message, source, failure.line))


def _follows(diagnosis: Diagnosis, names: set[str]) -> bool:
    words = set(re.findall(r"\w+", diagnosis.message))
    return diagnosis.code in FOLLOWING and bool(words & names)
