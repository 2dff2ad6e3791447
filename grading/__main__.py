"""Grade a folder of submissions: `python -m grading PATH --out DIR`."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from . import voice

if TYPE_CHECKING:
    from .late import Policy
    from .record import Override

EPILOG = """
PATH holds a folder for each student, or one notebook for each; or it is the archive that Moodle,
Canvas or Blackboard gives, or nbgrader's course folder. DIR gets grades.csv; moodle.csv and
canvas.csv to import; a page for each student in feedback/; report.html and similar.csv for you; and
grades.sqlite, by which the next run grades only what changed. Statuses: graded, unfinished (still
blank), missing (no such function), error, died (its kernel), flood (of output), memory, timeout,
broken (no readable notebook), absent (on the roster alone).

The notebooks are run in a sandbox, which needs Linux and bubblewrap. Where there is none, only the
course's own examples run, and with --no-sandbox files that you would open and run yourself.
"""

EXPECTED = (
    "expected a file of the course's that you may write to and no other program holds, or "
    "another folder with --out DIR"
)
WRITTEN = ("grades.csv", "feedback", "report.html", "similar.csv")  # what is told to be there
MOST = 1_000_000  # workers, or seconds: no clock waits for ever


def main(arguments: Sequence[str] | None = None, *, own_folder: bool = False) -> int:
    """Grade what the command line names: 0 if it could, 1 if not all of it, 2 for a bad request.

    130 if it was stopped. With `own_folder` this process's temporary files have one, and end.
    """
    voice.ready()
    options = _parser().parse_args(arguments)
    _stop_as_by_hand()
    try:
        if own_folder:  # first: what is imported later has files there, and ends before it
            from . import host

            host.use_own_folder()
        return _grade(options)
    except OSError as error:  # there is no room for it
        voice.warn(str(error))
        return 2
    except KeyboardInterrupt:
        voice.warn("stopped; the same command goes on from here", start="\n")
        return 130


def _grade(options: argparse.Namespace) -> int:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # idle threads of NumPy's wait busily
    gc.disable()  # a fifth of this process's time would go into looking at what is there to stay
    from . import batch, host, roster
    from .sandbox import SandboxError  # after the parser: --help must not need a single package

    gc.freeze()
    gc.enable()

    try:
        _refuse(options)
        host.ready()
        result = batch.grade(
            options.path,
            options.out,
            workers=options.workers,
            seed=options.seed,
            timeout=options.timeout or batch.TIMEOUT,
            release=options.release,
            sandboxed=False if options.no_sandbox else None,
            by_hand=_by_hand(options),
            scheduler=options.scheduler,
            roster=roster.read(options.roster) if options.roster else None,
            late=_late(options),
            parts=options.parts,
        )
    except (OSError, ValueError, SandboxError) as error:
        nameless = isinstance(error, OSError) and error.errno and not error.filename  # a full disk
        voice.warn(f"{options.out}: {error}" if nameless else str(error))
        return 2
    except sqlite3.Error as error:  # it does not name the file
        path = options.out / "grades.sqlite"
        voice.warn(f"{path}: {error}; {EXPECTED}")
        return 2
    counts = ", ".join(f"{count} {status}" for status, count in result.counts().most_common())
    voice.say(
        f"{result.submissions} submissions of {result.sheet.name}: {counts}",
        f"{result.graded} run now, the others unchanged; cases drawn from seed {result.seed}",
        *(f"  {options.out / name}" for name in WRITTEN),
        *(f"  ※ {note}" for note in result.notes),
    )
    if result.failed:
        voice.warn(
            f"the grader itself failed on {result.failed} of them, as their rows say; the same "
            "command tries those again"
        )
    return 1 if result.failed else 0


def _refuse(options: argparse.Namespace) -> None:
    """Raise ValueError for what can't be, whatever the submissions are."""
    from course import unwritable

    if options.reason and not options.override:
        raise ValueError("--reason is why a mark is given by hand; expected --override, too")
    if problem := unwritable(options.out):
        raise ValueError(f"--out {problem}")


def request(arguments: Sequence[str]) -> None:
    """End with 2 where nothing can come of a command line: before anything is installed for it."""
    from . import intake, roster

    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        _refuse(options)
        submissions = intake.find(options.path, prefer="")
        if options.release:
            intake.read_sheet(options.release)
        if options.roster:
            roster.match(roster.read(options.roster), submissions)
        _late(options)
    except (OSError, ValueError) as error:
        parser.exit(2, f"grading: {error}\n")


def _stop(number: int, frame: object) -> NoReturn:
    """Do what Ctrl-C does: a terminal interrupts the workers, too."""
    for worker in multiprocessing.active_children():
        if worker.pid:
            os.kill(worker.pid, signal.SIGINT)
    raise KeyboardInterrupt


def _stop_as_by_hand() -> None:
    """Take a service that is stopped, and a terminal that is closed, for Ctrl-C."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP, and nohup ignores it
        if number and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="course.py grade",
        description="Grade a folder of submissions.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.register("action", None, _Once)
    add, place = parser.add_argument, _named(Path)
    add("path", metavar="PATH", type=place, help="the folder of submissions, or one notebook")
    add("--out", metavar="DIR", type=place, default=Path("out"), help="the results (default: out)")
    add("--workers", metavar="N", type=_positive(int), help="at a time (default: one a processor)")
    add("--scheduler", metavar="ADDRESS", type=_named(str), help="grade on this Dask cluster")
    add("--seed", metavar="S", type=int, help="draws the cases (default: DIR's own, drawn once)")
    add("--timeout", metavar="S", type=_positive(float), help="seconds a submission (default: 300)")
    add("--release", metavar="FILE", type=place, help="the sheet (default: told by the files)")
    mark = ("STUDENT", "TASK", "POINTS")
    add("--override", nargs=3, metavar=mark, help="give a mark by hand; POINTS none takes it back")
    add("--reason", metavar="TEXT", default="", help="why, for the student and for the record")
    add("--roster", metavar="FILE", type=place, help="the class, as an LMS exports it (CSV)")
    add("--due", metavar="TIME", type=_told("due"), help="tell who was late: '2026-11-27 23:59'")
    add("--late", metavar="RATE", type=_told("rate"), help="what lateness costs: 10%%/day")
    add("--parts", action="store_true", help="the points of each part, too, in grades.csv")
    add("--no-sandbox", action="store_true", help="run trusted files as yourself, unprotected")
    return parser


def _by_hand(options: argparse.Namespace) -> tuple[str, str, Override | None] | None:
    from .record import Override
    from .texts import clean

    if not options.override:
        return None
    student, task, points = options.override
    try:
        mark = None if points == "none" else Override(float(points), clean(options.reason))
    except ValueError as error:
        raise ValueError(
            f"--override: {points!r} are no points; expected a number, or none"
        ) from error
    return student, task, mark


def _late(options: argparse.Namespace) -> Policy | None:
    from .late import Policy

    if options.late and not options.due:
        raise ValueError("--late needs --due TIME, by which it is told what is late")
    return Policy(options.due, options.late) if options.due else None


def _told(kind: str) -> Callable[[str], object]:
    """What an option of lateness means, in words where it means nothing."""

    def parse(text: str) -> object:
        from . import late

        try:
            return getattr(late, kind)(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parse


class _Once(argparse.Action):
    """Keeps an option's value, and refuses a second: one of them would be lost without a word."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest) is not self.default:
            raise argparse.ArgumentError(self, "given twice; expected it once")
        setattr(namespace, self.dest, values)


def _named(kind: Callable[[str], object]) -> Callable[[str], object]:
    """A file, a folder or an address that an option names, which a variable may have left empty."""

    def parse(text: str) -> object:
        if not text.strip():
            raise argparse.ArgumentTypeError(f"{text!r} names nothing")
        return kind(text)

    return parse


def _positive(kind: type[float]) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not greater than 0")
        if value > MOST:
            raise argparse.ArgumentTypeError(f"{text} is more than {MOST:,}")
        return value

    parse.__name__ = kind.__name__  # argparse names it where `text` is no number
    return parse


if __name__ == "__main__":
    sys.exit(main(own_folder=True))
