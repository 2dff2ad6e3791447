"""Grades a folder: finds, runs, records and reports; only what changed is run again."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import multiprocessing
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from utils import checks

from . import intake, report, restore, trust, work
from .intake import BrokenNotebook, Submission
from .record import Ledger, Record
from .sandbox import SandboxError

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "Day018_vgg16.ipynb"
TIMEOUT = 300.0  # seconds a submission: importing TensorFlow alone can take 30 on a slow laptop
MOST_WORKERS = 8

# What else decides a mark than the submission, the release and the cases.
JUDGES = ("grading/*.py", "utils/**/*.py")
PACKAGES = ("keras", "numpy", "papermill")


@dataclass(frozen=True)
class Batch:
    """What `grade` did: a row a submission, of which `graded` were run now."""

    rows: list[report.Row]
    graded: int
    seed: int

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
    release: Path = RELEASE,
    sandboxed: bool | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> Batch:
    """Grade the submissions at `path` and write the reports to `out`.

    `seed` draws the cases; without one, the folder `out` draws its own once and keeps it. The work
    goes to `executor`, or to `workers` processes of this machine. `sandboxed` is False when the
    files are trusted; None runs the course's own examples also where there is no sandbox. Raises
    FileNotFoundError when there is nothing to grade, ValueError when `release` is not the homework,
    SandboxError when there is no sandbox for files that need one.
    """
    submissions = intake.find(path, prefer=release.stem.partition("_")[0])
    if sandboxed is None:
        sandboxed = trust.needs_sandbox(submissions)
    sheet = _read_release(release)
    out.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(out / "grades.sqlite")
    if seed is None:
        seed = int(ledger.setting("seed", str(secrets.randbelow(2**31))))
    cases = {name: task.draw_case(seed) for name, task in checks.TASKS.items()}
    workers = workers or min(os.cpu_count() or 1, MOST_WORKERS)
    pool = nullcontext(executor) if executor else _processes(workers)

    job = work.Job(b"", sheet, cases, timeout, sandboxed)
    found: dict[int, tuple[Record, bool]] = {}
    with pool as ready:
        results = _records(submissions, job, ledger, ready, most=workers)
        hidden = None if progress else True  # None hides it where no terminal is
        for index, *result in tqdm(results, total=len(submissions), unit="file", disable=hidden):
            found[index] = tuple(result)
    rows = [report.Row(each, found[index][0]) for index, each in enumerate(submissions)]
    report.write(rows, list(cases), out)
    return Batch(rows, graded=sum(is_new for _, is_new in found.values()), seed=seed)


def _records(
    submissions: Sequence[Submission], job: work.Job, ledger: Ledger, pool: Executor, most: int
) -> Iterator[tuple[int, Record, bool]]:
    """Each submission's index and record, and whether it was run now; `most` at once."""
    judge = _digest(job.release, json.dumps(job.cases, sort_keys=True).encode(), _version())
    waiting: dict[Future[Record], tuple[int, str]] = {}

    def finished() -> Iterator[tuple[int, Record, bool]]:
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            index, key = waiting.pop(future)
            try:
                record = future.result()
            except (BrokenExecutor, SandboxError):
                raise
            except Exception as error:  # the grader's own: a row tells it, the next run tries again
                record = work.failed(error, job.cases)
            else:
                ledger.add(submissions[index].student, submissions[index].file, key, record)
            yield index, record, True

    for index, submission in enumerate(submissions):
        try:
            content = submission.read()
        except BrokenNotebook as error:
            yield index, work.broken(str(error), job.cases), False
            continue
        key = _digest(content, judge.encode())
        earlier = ledger.find(submission.student, submission.file, key)
        if earlier and not (earlier.status == "timeout" and earlier.timeout < job.timeout):
            yield index, earlier, False
            continue
        waiting[pool.submit(work.grade, replace(job, content=content))] = index, key
        if len(waiting) >= most:
            yield from finished()
    while waiting:
        yield from finished()


def _read_release(path: Path) -> bytes:
    """The homework as it was given out. Raises ValueError where a task of it can't be graded."""
    try:
        content = path.read_bytes()
        cells = intake.read_cells(content)
    except (OSError, BrokenNotebook) as error:
        raise ValueError(f"the homework {path} can't be read: {error}") from error
    functions = {name: task.function for name, task in checks.TASKS.items()}
    if lost := restore.untestable(cells, functions):
        raise ValueError(f"{path} has no blank or no check for {', '.join(lost)}")
    return content


@contextmanager
def _processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that share nothing with this one, on every system alike.

    What waits is dropped when this process is interrupted; what runs ends its kernel first.
    """
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _version() -> bytes:
    """A digest of the code that decides marks, and the versions that it runs on."""
    files = sorted(path for pattern in JUDGES for path in ROOT.glob(pattern))
    versions = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    return _digest(*(path.read_bytes() for path in files), *map(str.encode, versions)).encode()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
