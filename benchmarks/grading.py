"""Measures grading against nbgrader and a papermill loop, and what grows with a class.

    python -m benchmarks.grading speed    40 submissions through all three, and a class of 126
    python -m benchmarks.grading whole    4 whole notebooks, what follows the check included
    python -m benchmarks.grading parity   nbgrader's marks beside ours; exits with 1 if they differ
    python -m benchmarks.grading cluster  one and two workers of a Dask cluster, and of this machine
    python -m benchmarks.grading overhead seconds a submission beside its own cells and the probes
    python -m benchmarks.grading growth   a class of 1,000, a tenth at a time: seconds and memory
    python -m benchmarks.grading scale    a class of 1,000 to 10,000, with a stub for the kernel
    python -m benchmarks.grading kills --rounds 100   pairs of graders killed on one folder

Run by hand on an idle machine; times are ratios within one run, never compared between machines.
No two submissions have the same code (see submissions.py), but in the class of `speed`: there
many are equal, as in a real one, and nbgrader and papermill, which run each by itself, get a
sample.
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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
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

from ci import ROOT
from grading import batch, work
from grading.record import Record
from grading.zygote import memory_of

from .submissions import CLASS, HOMEWORK, KINDS, alike, distinct, homework

CELL_TIMEOUT = 600
SAMPLE = 8  # of the class, for nbgrader and papermill


def hand_in(course: Path, sheet: NotebookNode, texts: Iterable[str]) -> list[str]:
    """Write nbgrader's course folder with these submissions; returns the students."""
    nbformat.write(sheet, course / f"{HOMEWORK}.ipynb")
    students = []
    for number, text in enumerate(texts):
        students.append(f"s{number:05}")
        folder = course / "submitted" / students[-1] / HOMEWORK
        folder.mkdir(parents=True)
        (folder / f"{HOMEWORK}.ipynb").write_text(text, encoding="utf-8")
    source = course / "source" / HOMEWORK
    source.mkdir(parents=True)
    nbformat.write(sheet, source / f"{HOMEWORK}.ipynb")
    return students


def some(count: int) -> tuple[NotebookNode, Iterator[str]]:
    """The sheet, and so many submissions with code of their own."""
    sheet, texts = homework()
    return sheet, distinct(texts, count)


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


def by_us(course: Path, students: Sequence[str], options: Sequence[str]) -> dict[str, float]:
    """The marks of `course.py grade`, started as a command and reports included."""
    with tempfile.TemporaryDirectory() as folder:
        for student in students:
            shutil.copytree(course / "submitted" / student, Path(folder, "chosen", student))
        release = course / f"{HOMEWORK}.ipynb"
        command = [sys.executable, "-m", "grading", f"{folder}/chosen", "--out", f"{folder}/out"]
        subprocess.run([*command, "--release", str(release), *options], check=True, cwd=ROOT)
        table = pandas.read_csv(Path(folder, "out", "grades.csv"), dtype={"student": str})
    return dict(zip(table["student"], table["score"], strict=True))


def speed(count: int, rounds: int) -> int:
    """The README's table: submissions with code of their own, and a class with equal answers."""
    sheet, texts = homework()
    race(sheet, distinct(texts, count), f"{count} 份，程式都不同", count, rounds)
    title = f"{CLASS} 份的一班，{KINDS} 種程式"
    race(sheet, alike(texts, CLASS, KINDS), title, SAMPLE, rounds)
    return 0


def whole(count: int, rounds: int) -> int:
    """Seconds a submission of all three, where the whole notebook is handed in."""
    sheet, texts = homework(whole=True)
    race(sheet, distinct(texts, count), f"{count} 份完整的筆記本", count, rounds)
    return 0


def race(sheet: NotebookNode, texts: Iterable[str], title: str, sample: int, rounds: int) -> None:
    """Print lines of the README's table; the contenders take turns.

    Each turn ours grades all. The others take as long for each: they get a part of the sample.
    """
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        students = hand_in(course, sheet, texts)
        api = nbgrader_api(course)
        chosen = students[:: len(students) // sample][:sample]
        parts = [chosen[turn::rounds] for turn in range(rounds)]
        with_two = partial(by_us, course, options=("--workers", "2"))
        contenders: dict[str, tuple[Callable[[Sequence[str]], object], list[list[str]]]] = {
            "`nbgrader autograde`": (partial(by_nbgrader, api), parts),
            "papermill 迴圈（只執行，不評分）": (partial(by_papermill, course), parts),
            "`course.py grade`，2 個 worker，含報告": (with_two, [students] * rounds),
        }
        seconds = dict.fromkeys(contenders, 0.0)
        for turn in range(rounds):
            for name, (run, given) in contenders.items():
                begin = time.perf_counter()
                run(given[turn])
                seconds[name] += time.perf_counter() - begin
    each = {name: seconds[name] / sum(map(len, given)) for name, (_, given) in contenders.items()}
    for name, value in each.items():
        print(f"| {name}，{title} | {value:.2f} 秒 | {3600 / value:,.0f} 份 |")
    *others, ours = each.values()
    print(
        f"ours is {min(others) / ours:.1f} times as fast as the better of the others, "
        f"which ran {len(chosen)} of {len(students)}; {os.cpu_count()} processors",
        flush=True,
    )


def parity(count: int, _: int) -> int:
    """nbgrader's marks beside ours."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        students = hand_in(course, *some(count))
        theirs = by_nbgrader(nbgrader_api(course), students)
        ours = by_us(course, students, ("--workers", "1"))
    for student in students:
        print(f"{student}  nbgrader {theirs[student]:g}  course.py grade {ours[student]:g}")
    return int(theirs != ours)


def cluster(count: int, _: int) -> int:
    """Seconds a submission on one and two workers, of a Dask cluster and of the local pool."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        students = hand_in(course, *some(count))
        print(f"{count} submissions, {os.cpu_count()} processors")
        for workers in (1, 2):
            begin = time.perf_counter()
            local = by_us(course, students, ("--workers", str(workers)))
            middle = time.perf_counter()
            with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as c:
                on_dask = by_us(course, students, ("--scheduler", c.scheduler_address))
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
    sheet, texts = some(count)
    release = nbformat.writes(sheet).encode()
    jobs = [work.Job(t.encode(), release, ("vgg16",), seed=1, timeout=300) for t in texts]
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
        hand_in(course, *some(count))
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
    sheet, texts = homework()
    work.grade = lambda job: Record("graded", 10, 10.0)
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder, f"{HOMEWORK}.ipynb")
        nbformat.write(sheet, release)
        for size in (most // 10, most // 3, most):
            submissions = Path(folder, f"class-{size}")
            submissions.mkdir()
            for number, text in enumerate(distinct(texts, size)):
                (submissions / f"s{number:05}.ipynb").write_text(text, "utf-8")
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
        sheet, texts = some(count)
        release = Path(folder, f"{HOMEWORK}.ipynb")
        nbformat.write(sheet, release)
        for number, text in enumerate(texts):
            (submissions / f"s{number:03}.ipynb").write_text(text, "utf-8")
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
    "whole": (whole, 4),
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
