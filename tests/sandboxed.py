"""Tests that grade in the sandbox: marked so, and the class of submissions that they hand in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grading import batch, sandbox
from grading.report import Row
from grading.restore import Reading, Step
from grading.run import Outcome, execute

NEEDED = pytest.mark.skipif(
    sandbox.problem() is not None, reason=f"NOT TESTED, no sandbox: {sandbox.problem()}"
)


def notebook(cells: Iterable[str]) -> bytes:
    """A notebook of code cells that has lost all metadata."""
    code = [{"cell_type": "code", "source": source, "metadata": {}} for source in cells]
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def run(*sources: str) -> Outcome:
    """What cells leave in a kernel of their own, without a probe."""
    steps = tuple(Step("own", source, number) for number, source in enumerate(sources, start=1))
    return execute(Reading(steps, ()), {}, 30)


def grade(submissions: Mapping[str, Iterable[str]], folder: Path, **options) -> dict[str, Row]:
    """Hand in the cells of each student and grade the class, two at a time; reports in `folder`."""
    handed_in = folder / "submissions"
    handed_in.mkdir()
    for student, cells in submissions.items():
        (handed_in / f"{student}.ipynb").write_bytes(notebook(cells))
    with ThreadPoolExecutor(2) as pool:  # one process, so that both share the warm one
        result = batch.grade(
            handed_in, folder, seed=3, executor=pool, workers=2, progress=False, **options
        )
    return {row.submission.student: row for row in result.rows}
