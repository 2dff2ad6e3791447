"""Measures grading against nbgrader and a papermill loop, and what grows with a class.

    python -m benchmarks.grading speed    the same 40 submissions through all three, in turns
    python -m benchmarks.grading whole    so with 4 whole notebooks, what follows the check included
    python -m benchmarks.grading parity   nbgrader's marks beside ours; exits with 1 if they differ
    python -m benchmarks.grading cluster  one and two workers of a Dask cluster, and of this machine
    python -m benchmarks.grading overhead seconds a submission beside its own cells and the probes
    python -m benchmarks.grading growth   a class of 1,000, a tenth at a time: seconds and memory
    python -m benchmarks.grading scale    a class of 1,000 to 10,000, with a stub for the kernel
    python -m benchmarks.grading kills --rounds 100   pairs of graders killed on one folder

Run by hand on an idle machine; times are ratios within one run, never compared between machines.
The submissions are the homework up to its check, without what is trained, unless they are whole:
half solved, half with a mistake of `examples/`.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import nbformat
import numpy as np
import pandas
import papermill
import psutil
from distributed import LocalCluster
from nbformat import NotebookNode
from nbgrader.apps import NbGraderAPI
from papermill.engines import NotebookExecutionManager
from traitlets.config import Config

from ci.editions import editions
from examples.make import LESSON, NO_LAST_POOL, RELU_LAST, VGG13, fill
from grading import batch, work
from grading.record import Record
from grading.zygote import memory_of

ROOT = Path(__file__).resolve().parent.parent
HOMEWORK = LESSON.stem
CHANGES = ({}, VGG13, {}, RELU_LAST, {}, NO_LAST_POOL)  # every other one is right
CELL_TIMEOUT = 600


def homework(whole: bool = False) -> tuple[NotebookNode, list[str]]:
    """The sheet, up to the check unless it is whole, and one filled as each of CHANGES."""
    sheet, solved = editions(LESSON).values()
    for notebook in () if whole else (sheet, solved):
        check = [cell.metadata.get("nbgrader", {}).get("grade", False) for cell in notebook.cells]
        notebook.cells = notebook.cells[: check.index(True) + 1]
    answers = {cell.id: cell.source for cell in solved.cells}
    return sheet, [nbformat.writes(fill(sheet, answers, changes)) for changes in CHANGES]


def hand_in(course: Path, count: int, whole: bool = False) -> list[str]:
    """Write nbgrader's course folder with `count` submissions; returns the students."""
    sheet, filled = homework(whole)
    nbformat.write(sheet, course / f"{HOMEWORK}.ipynb")
    students = [f"s{number:05}" for number in range(count)]
    for student, text in zip(students, islice(cycle(filled), count), strict=True):
        folder = course / "submitted" / student / HOMEWORK
        folder.mkdir(parents=True)
        (folder / f"{HOMEWORK}.ipynb").write_text(text, encoding="utf-8")
    source = course / "source" / HOMEWORK
    source.mkdir(parents=True)
    nbformat.write(sheet, source / f"{HOMEWORK}.ipynb")
    return students


def nbgrader_api(course: Path) -> NbGraderAPI:
    """nbgrader on the course folder, with the homework made known to it."""
    config = Config()
    config.CourseDirectory.root = str(course)
    config.ExecutePreprocessor.timeout = CELL_TIMEOUT
    api = NbGraderAPI(config=config)
    result = api.generate_assignment(HOMEWORK)
    if not result["success"]:
        raise RuntimeError(result["log"])
    return api


def by_nbgrader(api: NbGraderAPI, students: Sequence[str]) -> dict[str, float]:
    """The marks of `nbgrader autograde`, read as Formgrader does."""
    for student in students:
        result = api.autograde(HOMEWORK, student)
        if not result["success"]:
            raise RuntimeError(result["log"])
    found = {each["student"]: each for each in api.get_submissions(HOMEWORK)}
    return {student: found[student]["score"] for student in students}


def by_papermill(course: Path, students: Sequence[str]) -> None:
    """Run each notebook with papermill's API, as a loop of one's own would; no marks."""
    for student in students:
        path = course / "submitted" / student / HOMEWORK / f"{HOMEWORK}.ipynb"
        papermill.execute_notebook(path, None, progress_bar=False, cwd=course)


def by_us(course: Path, students: Sequence[str], *options: str) -> dict[str, float]:
    """The marks of `course.py grade`, started as a command and reports included."""
    with tempfile.TemporaryDirectory() as folder:
        for student in students:
            shutil.copytree(course / "submitted" / student, Path(folder, "chosen", student))
        release = course / f"{HOMEWORK}.ipynb"
        command = [sys.executable, "-m", "grading", f"{folder}/chosen", "--out", f"{folder}/out"]
        subprocess.run([*command, "--release", str(release), *options], check=True, cwd=ROOT)
        table = pandas.read_csv(Path(folder, "out", "grades.csv"), dtype={"student": str})
    return dict(zip(table["student"], table["score"], strict=True))


def speed(count: int, rounds: int, whole: bool = False) -> int:
    """Seconds a submission of all three, the contenders taking turns."""
    seconds: dict[str, float] = defaultdict(float)
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        students = hand_in(course, count, whole)
        api = nbgrader_api(course)
        contenders: dict[str, Callable[[Sequence[str]], object]] = {
            "nbgrader autograde": lambda some: by_nbgrader(api, some),
            "papermill loop": lambda some: by_papermill(course, some),
            "course.py grade": lambda some: by_us(course, some, "--workers", "2"),
        }
        for turn in range(rounds):
            for name, contender in contenders.items():
                begin = time.perf_counter()
                contender(students[turn::rounds])
                seconds[name] += time.perf_counter() - begin
    ours = seconds["course.py grade"]
    print(f"{count} submissions, {rounds} turns, {os.cpu_count()} processors, 2 workers of ours")
    for name, total in seconds.items():
        each, ratio = total / count, total / ours
        print(f"{name:20}{each:8.2f} s a submission{3600 / each:9.0f} an hour{ratio:8.1f} x ours")
    return 0


def parity(count: int, _: int) -> int:
    """nbgrader's marks beside ours."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        students = hand_in(course, count)
        theirs = by_nbgrader(nbgrader_api(course), students)
        ours = by_us(course, students, "--workers", "1")
    for student in students:
        print(f"{student}  nbgrader {theirs[student]:g}  course.py grade {ours[student]:g}")
    return int(theirs != ours)


def cluster(count: int, _: int) -> int:
    """Seconds a submission on one and two workers, of a Dask cluster and of the local pool."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        students = hand_in(course, count)
        print(f"{count} submissions, {os.cpu_count()} processors")
        for workers in (1, 2):
            begin = time.perf_counter()
            local = by_us(course, students, "--workers", str(workers))
            middle = time.perf_counter()
            with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as c:
                on_dask = by_us(course, students, "--scheduler", c.scheduler_address)
            each = (middle - begin) / count, (time.perf_counter() - middle) / count
            print(f"{workers} workers: local {each[0]:.2f} s, Dask {each[1]:.2f} s a submission")
            if local != on_dask:
                return 1
    return 0


def overhead(count: int, _: int) -> int:
    """Seconds a submission beside its own cells and the probes, one at a time, already warm."""
    cells = 0.0
    complete = NotebookExecutionManager.cell_complete

    def timed(self, cell: NotebookNode, *args, **kwargs) -> None:
        nonlocal cells
        complete(self, cell, *args, **kwargs)
        cells += cell.metadata.papermill["duration"]

    NotebookExecutionManager.cell_complete = timed
    sheet, filled = homework()
    contents = [text.encode() for text in filled]
    release = nbformat.writes(sheet).encode()
    jobs = [
        work.Job(each, release, ("vgg16",), seed=1, timeout=300)
        for each in islice(cycle(contents), count)
    ]
    work.grade(jobs[0])
    cells, begin = 0.0, time.perf_counter()
    for job in jobs:
        work.grade(job)
    each = (time.perf_counter() - begin) / count
    print(f"{count} submissions, one at a time: {each:.2f} s each, {cells / count:.2f} s in cells")
    return 0


def growth(count: int, _: int) -> int:
    """Seconds a submission and memory of all processes, while a class is graded."""
    samples = [(0, 0.0, 0.0)]  # records so far, seconds, MiB
    done, me = threading.Event(), psutil.Process()

    def watch(out: Path) -> None:
        while not done.wait(1):
            with suppress(sqlite3.OperationalError), sqlite3.connect(out / "grades.sqlite") as file:
                records = file.execute("SELECT count(*) FROM records").fetchone()[0]
                samples.append((records, time.perf_counter() - begin, memory_of(me) / 1024**2))

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as pool:
        course, out = Path(folder), Path(folder, "out")
        hand_in(course, count)
        begin = time.perf_counter()
        pool.submit(watch, out)
        batch.grade(course, out, workers=2, release=course / f"{HOMEWORK}.ipynb", progress=False)
        total = time.perf_counter() - begin
        done.set()
    frame = pandas.DataFrame(samples, columns=["records", "seconds", "MiB at most"])
    tenths = frame.groupby(np.ceil(frame["records"] * 10 / count)).max()
    tenths["seconds each"] = tenths["seconds"].diff() / tenths["records"].diff()
    print(tenths.round(2).to_string(index=False))
    print(f"{count} submissions, reports included: {total / count:.2f} s each")
    return 0


def scale(most: int, _: int) -> int:
    """Seconds and memory of everything around the kernel."""
    sheet, filled = homework()
    work.grade = lambda job: Record("graded", 10, 10.0)
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder, f"{HOMEWORK}.ipynb")
        nbformat.write(sheet, release)
        for size in (most // 10, most // 3, most):
            submissions = Path(folder, f"class-{size}")
            submissions.mkdir()
            for number, text in enumerate(islice(cycle(filled), size)):
                (submissions / f"s{number:05}.ipynb").write_text(text + " " * (number % 50))
            begin = time.perf_counter()
            with ThreadPoolExecutor(2) as pool:
                out = Path(folder, f"out-{size}")
                batch.grade(
                    submissions,
                    out,
                    release=release,
                    sandboxed=False,
                    executor=pool,
                    progress=False,
                )
            each = 1000 * (time.perf_counter() - begin) / size
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux
            print(f"{size:6} submissions: {each:6.1f} ms each, {memory:6.0f} MiB at most")
    return 0


def kills(count: int, rounds: int) -> int:
    """Pairs of graders on one folder, each killed at a moment of its own, then one left alone."""
    with tempfile.TemporaryDirectory() as folder:
        submissions = Path(folder, "submissions")
        submissions.mkdir()
        sheet, _ = homework()
        release = Path(folder, f"{HOMEWORK}.ipynb")
        nbformat.write(sheet, release)
        for number in range(count):
            text = nbformat.writes(sheet) + " " * number
            (submissions / f"s{number:03}.ipynb").write_text(text)
        command = [sys.executable, "-m", "tests.kill_graders", folder, str(release), str(rounds)]
        subprocess.run(command, check=True, cwd=ROOT)
        database = sqlite3.connect(Path(folder, "out", "grades.sqlite"))
        counts = database.execute("SELECT count(*), count(DISTINCT student) FROM records")
        records, students = counts.fetchone()
    print(f"{2 * rounds} graders killed: {records} records of {students} of {count} students")
    return int((records, students) != (count, count))


# What can be measured, and on how many submissions unless told.
BENCHMARKS: dict[str, tuple[Callable[[int, int], int], int]] = {
    "speed": (speed, 40),
    "whole": (partial(speed, whole=True), 4),
    "parity": (parity, 3),
    "cluster": (cluster, 40),
    "overhead": (overhead, 20),
    "growth": (growth, 1000),
    "scale": (scale, 10_000),
    "kills": (kills, 300),
}


def main() -> int:
    """Run one of them."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.grading",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=BENCHMARKS)
    parser.add_argument("--submissions", type=int, help="how many are graded")
    parser.add_argument("--rounds", type=int, default=1, help="turns of speed, pairs of kills")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)  # where the kernels of nbgrader and papermill find utils
    scripts = str(Path(sys.executable).parent)  # nbgrader calls `alembic`
    os.environ["PATH"] = os.pathsep.join([scripts, os.environ["PATH"]])
    run, submissions = BENCHMARKS[options.what]
    return run(options.submissions or submissions, options.rounds)


if __name__ == "__main__":
    sys.exit(main())
