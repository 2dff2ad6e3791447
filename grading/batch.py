"""Grades a folder: finds, runs, records and reports; only what changed is run again."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tqdm import tqdm

from utils import checks

from . import VERSION, cluster, intake, report, sheets, similar, trust, work
from . import workers as pools
from .intake import BrokenNotebook, Submission
from .record import Ledger, Override, Record
from .rows import Row

TIMEOUT = 300.0  # seconds a submission: importing TensorFlow alone can take 30 on a slow laptop
MOST_WORKERS = 8
CLUSTER_AHEAD = 256  # jobs that a cluster is given at once; it starts workers by what waits


@dataclass(frozen=True)
class Batch:
    """What `grade` did: a row a submission, of which `graded` were run now, and by which sheet."""

    rows: list[Row]
    graded: int
    seed: int
    sheet: Path

    def counts(self) -> Counter[str]:
        """How many submissions have each status."""
        return Counter(row.record.status for row in self.rows)


def grade(
    path: Path,
    out: Path,
    *,
    workers: int | None = None,
    seed: int | None = None,
    timeout: float = TIMEOUT,
    release: Path | None = None,
    sandboxed: bool | None = None,
    by_hand: tuple[str, str, Override | None] | None = None,
    scheduler: str | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> Batch:
    """Grade the submissions at `path` and write the reports to `out`.

    `release` is the notebook that was given out; without one it is the one of the course's that
    fits most submissions. `seed` draws the cases; without one, the folder `out` draws
    its own once and keeps it. The work goes to `executor`, to the Dask cluster at `scheduler`, or
    to `workers` processes. `sandboxed` is False when the files are trusted; None runs the course's
    own examples also where there is no sandbox. `by_hand` is a student, a task and the mark that
    the instructor gives for it from now on. Raises FileNotFoundError when there is nothing to
    grade, ValueError when `release` can't be graded or that mark makes no sense, SandboxError when
    there is no sandbox for files that need one.
    """
    find = partial(_find, path)
    sheet = sheets.read(release) if release else sheets.choose(find)
    submissions, tasks = find(sheet.path), sheet.tasks
    if sandboxed is None:
        sandboxed = trust.needs_sandbox(submissions)
    out.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(out / "grades.sqlite")
    if by_hand:
        _override(ledger, {each.student for each in submissions}, tasks, *by_hand)
    if seed is None:
        seed = int(ledger.setting("seed", str(secrets.randbelow(2**31))))
    cases = {name: checks.TASKS[name].draw_case(seed) for name in tasks}
    job = work.Job(b"", sheet.content, cases, timeout, sandboxed)
    connect: pools.Connect
    if executor:
        connect, most = lambda: nullcontext(executor), 2
    elif scheduler:
        connect, most = partial(cluster.connect, scheduler), CLUSTER_AHEAD
    else:
        workers = workers or min(os.cpu_count() or 1, MOST_WORKERS)
        connect, most = partial(pools.processes, workers, sandboxed), 2 * workers

    found: dict[int, Record] = {}
    hidden = None if progress else True  # None hides the bar where no terminal is
    with tqdm(total=len(submissions), unit="file", disable=hidden) as bar:

        def keep(index: int, record: Record) -> None:
            found[index] = record
            bar.update()

        graded = _grade_changed(submissions, sheet, job, ledger, keep, connect, most)
    marks = ledger.overrides()
    rows = []
    for index, each in enumerate(submissions):
        of_tasks = {t: mark for t, mark in marks.get(each.student, {}).items() if t in cases}
        rows.append(Row(each, found[index], of_tasks))
    report.write(
        rows,
        list(cases),
        out,
        title=sheet.path.stem,
        pairs=similar.pairs(map(sheets.cells_of, submissions), intake.read_cells(sheet.content)),
        attempts=ledger.attempts(),
    )
    return Batch(rows, graded, seed, sheet.path)


def _grade_changed(
    submissions: Sequence[Submission],
    sheet: sheets.Sheet,
    job: work.Job,
    ledger: Ledger,
    keep: Callable[[int, Record], None],
    connect: pools.Connect,
    most: int,
) -> int:
    """Give `keep` each submission's index and record; returns how many were run for it."""
    judge = _digest(job.release, json.dumps(job.cases, sort_keys=True).encode(), VERSION.encode())
    keys: dict[int, str] = {}

    def changed() -> Iterator[tuple[int, work.Job]]:
        for index, submission in enumerate(submissions):
            try:
                content = submission.read()
            except BrokenNotebook as error:
                keep(index, work.broken(str(error), job.cases))
                continue
            key = _digest(content, judge.encode())
            earlier = ledger.find(submission.student, submission.file, key)
            if earlier and not (earlier.status == "timeout" and earlier.timeout < job.timeout):
                keep(index, earlier)
            elif other := sheets.another(sheet, content):
                keep(index, work.of_another(other.path.name, sheet.path.name, job.cases))
            else:
                keys[index] = key
                yield index, replace(job, content=content)

    for index, result in pools.results(changed(), connect, most):
        if isinstance(result, Exception):  # a row tells it, the next run tries again
            result = work.failed(result, job.cases)
        else:
            ledger.add(submissions[index].student, submissions[index].file, keys[index], result)
        keep(index, result)
    return len(keys)


def _find(path: Path, release: Path) -> list[Submission]:
    return intake.find(path, prefer=release.stem)


def _override(
    ledger: Ledger,
    students: Iterable[str],
    tasks: Sequence[str],
    student: str,
    task: str,
    mark: Override | None,
) -> None:
    """Keep a mark that was given by hand. Raises ValueError where it makes no sense."""
    if student not in students:
        raise ValueError(f"no submission is of a student {student!r}")
    if task not in tasks:
        raise ValueError(f"there is no task {task!r}; there are {', '.join(tasks)}")
    most = checks.TASKS[task].max_points
    if mark and not 0 <= mark.points <= most:
        raise ValueError(f"{task} has 0 to {most:g} points, not {mark.points:g}")
    if mark and not mark.reason.strip():
        raise ValueError("a mark given by hand needs a reason: --reason TEXT")
    ledger.override(student, task, mark)


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
