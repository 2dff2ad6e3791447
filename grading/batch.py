"""Grades a folder: finds, runs, records and reports; only what changed is run again."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from utils import checks

from . import VERSION, cluster, intake, sheets, trust, work
from . import workers as pools
from .alike import digest as alike_digest
from .alike import may_be_copied
from .intake import BrokenNotebook, Submission
from .late import Policy, judge
from .record import Ledger, Override, Record
from .remarks import remarks
from .roster import Person, Roster, match
from .rows import Row
from .texts import one_line

TIMEOUT = 300.0  # seconds a submission: importing TensorFlow alone can take 30 on a slow laptop
MOST_WORKERS = 8
SECRET = 128  # bits of what draws a folder's cases: nobody finds it by trying
RESULTS = (".csv", ".html", ".sqlite")  # what is written beside the pages
CLUSTER_AHEAD = 256  # jobs that a cluster is given at once; it starts workers by what waits


@dataclass(frozen=True)
class Batch:
    """What `grade` did: a row a submission, of which `graded` were run now, and by which sheet.

    Where the grader itself failed on `failed` of them, the next run tries those again.
    """

    rows: list[Row]
    graded: int
    seed: int
    sheet: Path
    failed: int = 0
    notes: Sequence[str] = ()  # about the whole class
    submissions: int = 0  # a group's is the row of each member

    def counts(self) -> Counter[str]:
        """How many students have each status."""
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
    roster: Roster | None = None,
    late: Policy | None = None,
    parts: bool = False,
) -> Batch:
    """Grade the submissions at `path` and write the reports to `out`.

    `release` is the notebook that was given out; without one it is the one of the course's that
    fits most submissions. `seed` and the code that is run draw the cases; without one, the folder
    `out` draws its own once and keeps it. The work goes to `executor`, to the Dask cluster at
    `scheduler`, or to `workers` processes. `sandboxed` is False when the files are trusted; None
    runs the course's own examples also where there is no sandbox. `by_hand` is a student, a task
    and the mark that the instructor gives for it from now on. `roster` is the class, and comes back
    filled in; `late` is when work was due, and what lateness costs; `parts` adds their points to
    the table. Raises FileNotFoundError when there is nothing to grade, ValueError when `release`
    can't be graded, that mark makes no sense or the roster is of another class, SandboxError when
    there is no sandbox for files that need one.
    """
    find = partial(_find, path)
    sheet = sheets.read(release) if release else sheets.choose(find)
    handed_in, tasks = intake.look(path, sheet.path.stem), sheet.tasks
    submissions = handed_in.submissions
    people = match(roster, submissions)
    if sandboxed is None:
        sandboxed = trust.needs_sandbox(submissions)
    if by_hand:
        known = {each.student for each in submissions} | {p.submission.student for p in people}
        by_hand = (one_line(by_hand[0]), *by_hand[1:])  # as names of files are taken
        if why := _nonsense(known, tasks, *by_hand):
            raise ValueError(f"--override {' '.join(by_hand[:2])}: {why}")
    _make(out)
    ledger = Ledger(out / "grades.sqlite")
    if by_hand:
        ledger.override(*by_hand)
    if seed is None:
        seed = int(ledger.setting("seed", str(secrets.randbits(SECRET))))
    job = work.Job(b"", sheet.content, tasks, seed, timeout, sandboxed)
    connect, most = _connection(executor, scheduler, workers, sandboxed)
    found: dict[int, Record] = {}
    hidden = None if progress else True  # None hides the bar where no terminal is
    with tqdm(total=len(submissions), unit="file", disable=hidden) as bar:

        def keep(index: int, record: Record) -> None:
            found[index] = record
            bar.update()

        run = _Run(submissions, sheet, job, ledger, keep)
        run.grade(connect, most)
    rows = _rows(people, submissions, found, ledger.overrides(), tasks, late)
    from . import report, similar  # now: until here nobody waits for them, see `_processes`

    title = sheet.path.stem
    notes = remarks(rows, handed_in.strays, roster, title, before=ledger.exchange("sheet", title))
    given = intake.read_cells(sheet.content)
    alike = similar.pairs(map(sheets.cells_of, submissions), given)
    place = {person.source: at for at, person in reversed(list(enumerate(people)))}
    report.write(
        rows,
        tasks,
        out,
        title=title,
        pairs=[replace(p, first=place[p.first], second=place[p.second]) for p in alike],
        attempts=ledger.attempts(),
        parts=parts,
        notes=notes,
        release=given,
        filled=roster.filled(people, rows, title) if roster else None,
    )
    return Batch(
        rows, len(run.keys), seed, sheet.path, run.failed, notes, submissions=len(submissions)
    )


def _connection(
    executor: Executor | None, scheduler: str | None, workers: int | None, sandboxed: bool
) -> tuple[pools.Connect, int]:
    """What the work goes to, and how many jobs it is given at once."""
    if executor:
        return lambda: nullcontext(executor), 2
    if scheduler:
        return partial(cluster.connect, scheduler), CLUSTER_AHEAD
    workers = workers or min(os.cpu_count() or 1, MOST_WORKERS)
    return partial(_processes, workers, sandboxed), 2 * workers


def _processes(workers: int, sandboxed: bool) -> AbstractContextManager[Executor]:
    """Processes of this machine; until the first record this one imports what reports need."""
    threading.Thread(target=_import_reports, daemon=True).start()
    return pools.processes(workers, sandboxed)


def _import_reports() -> None:
    with suppress(Exception):  # told where they are needed, if this process is not ending
        from . import figures, report, similar  # noqa: F401


def _rows(
    people: Sequence[Person],
    submissions: Sequence[Submission],
    found: Mapping[int, Record],
    marks: Mapping[str, Mapping[str, Override]],
    tasks: Sequence[str],
    late: Policy | None,
) -> list[Row]:
    """A row for everybody of the class: a group's mark, also one by hand, is its members'."""
    most = sum(checks.TASKS[task].max_points for task in tasks)
    lates = judge(late, [person.submission for person in people], most) if late else []
    rows = []
    for place, person in enumerate(people):
        by_hand = dict(marks.get(person.submission.student, {}))
        if person.source is not None:
            by_hand = {**marks.get(submissions[person.source].student, {}), **by_hand}
        rows.append(
            Row(
                person.submission,
                Record("absent", most) if person.source is None else found[person.source],
                {task: mark for task, mark in by_hand.items() if task in tasks},
                lates[place] if late and person.source is not None else None,
                is_stranger=person.is_stranger,
            )
        )
    return rows


class Asked(NamedTuple):
    """A submission to be run, by its place in the batch; `alike` names those that it is like."""

    place: int
    job: work.Job
    alike: str | None


@dataclass
class _Run:
    """One run over a batch: gives `keep` each submission's index and record, once.

    Whatever goes wrong with one of them becomes its row (`failed` counts them, and the next run
    tries them again): a file, its name or its result never ends the class. Of those that are alike
    one is run, and its record is that of all.
    """

    submissions: Sequence[Submission]
    sheet: sheets.Sheet
    job: work.Job
    ledger: Ledger
    keep: Callable[[int, Record], None]
    keys: dict[int, str] = field(default_factory=dict)
    failed: int = 0
    # By what is alike: the first one's record once it is there, and who waits for it.
    first: dict[str, Record | None] = field(default_factory=dict)
    waiting: defaultdict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))

    def grade(self, connect: pools.Connect, most: int) -> None:
        """Run what changed; what no record serves; one at a time, what timed out in a crowd."""
        crowded: list[Asked] = []
        for jobs in (self._distinct(), self._left()):
            for asked, result in pools.results(((each, each.job) for each in jobs), connect, most):
                if isinstance(result, Record) and result.crowded and most > 1:
                    crowded.append(asked)
                else:
                    self._store(asked.place, result)
                    self._share(asked.alike, result)
        for asked, result in pools.results(((each, each.job) for each in crowded), connect, 1):
            self._store(asked.place, result)

    def _distinct(self) -> Iterator[Asked]:
        """What is to be run, without what is like one that is run already."""
        for asked in self._changed():
            if asked.alike not in self.first:
                if asked.alike:
                    self.first[asked.alike] = None
                yield asked
            elif record := self.first[asked.alike]:
                self._store(asked.place, record)
            else:
                self.waiting[asked.alike].append(asked)

    def _left(self) -> Iterator[Asked]:
        """Those that waited for a record that serves nobody else."""
        for asked in (each for alike in self.waiting.values() for each in alike):
            yield asked._replace(alike=None)

    def _share(self, alike: str | None, result: Record | Exception) -> None:
        if alike and isinstance(result, Record) and may_be_copied(result):
            self.first[alike] = result
            for asked in self.waiting.pop(alike, ()):
                self._store(asked.place, result)

    def _changed(self) -> Iterator[Asked]:
        for index, submission in enumerate(self.submissions):
            try:
                found = self._look(index, submission)
            except Exception as error:
                self._fail(index, error)
                continue
            if isinstance(found, Record):
                self.keep(index, found)
            else:
                yield Asked(index, found, alike_digest(found))

    def _look(self, index: int, submission: Submission) -> Record | work.Job:
        """The record of what need not be run, else what is to be done."""
        job = self.job
        try:
            content = submission.read()
        except BrokenNotebook as error:
            return work.broken(str(error), job.tasks)
        judge = json.dumps([job.seed, *job.tasks]).encode()
        key = _digest(content, job.release, judge, VERSION.encode())
        earlier = self.ledger.find(submission.student, submission.file, key)
        if earlier and not (earlier.status == "timeout" and earlier.timeout < job.timeout):
            return earlier
        if other := sheets.another(self.sheet, content):
            return work.of_another(other.path.name, self.sheet.path.name, job.tasks)
        self.keys[index] = key
        return replace(job, content=content)

    def _store(self, index: int, result: Record | Exception) -> None:
        submission = self.submissions[index]
        try:
            if isinstance(result, Exception):
                raise result
            self.ledger.add(submission.student, submission.file, self.keys[index], result)
        except Exception as error:
            self._fail(index, error)
        else:
            self.keep(index, result)

    def _fail(self, index: int, error: Exception) -> None:
        self.failed += 1
        self.keep(index, work.failed(error, self.job.tasks))


def _find(path: Path, release: Path) -> list[Submission]:
    return intake.find(path, prefer=release.stem)


def _make(out: Path) -> None:
    """Make the folder of results. Raises ValueError where something is in the way."""
    try:
        (out / "feedback").mkdir(parents=True, exist_ok=True)
        in_the_way = [path for path in out.iterdir() if path.suffix in RESULTS and path.is_dir()]
    except OSError as error:
        raise ValueError(
            f"--out {out}: {error.filename or out} can't be made ({error.strerror or error}); "
            "expected a folder of your own, or a new one's name"
        ) from error
    if in_the_way:
        raise ValueError(f"--out {out}: {in_the_way[0]} is a folder; expected a file, or nothing")


def _nonsense(
    students: Collection[str], tasks: Sequence[str], student: str, task: str, mark: Override | None
) -> str:
    """Why a mark given by hand makes no sense; empty where it does."""
    if student not in students:
        return (
            f"no submission is of a student {student!r}; expected one as the column student of "
            f"grades.csv has it, such as {min(students)!r}"
        )
    if task not in tasks:
        return f"there is no task {task!r}; there are {', '.join(tasks)}"
    most = checks.TASKS[task].max_points
    if mark and not 0 <= mark.points <= most:
        return f"{task} has 0 to {most:g} points, not {mark.points:g}"
    if mark and not mark.reason.strip():
        return "a mark given by hand needs a reason: --reason TEXT"
    return ""


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
