"""What a student waits for, what a class costs, what a maintainer waits for: before and after.

    python -m benchmarks.costs [ROW ...] [--before COMMIT] [--rounds N]

Each row is measured at an earlier commit and here by turns, in processes of their own, on the same
submissions. Printed are medians of the rounds, the least and the most, and what is wanted. `test`
runs both trees' whole suites: it is measured only where it is named. By hand, on an idle machine.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import nbformat

from ci.answers import answers
from course import USING

from .installed import sizes
from .submissions import CLASS, HOMEWORK, KINDS, alike, distinct, homework
from .trees import BEFORE, Tree, both

FEW, MANY = 4, 24  # right submissions: what is fixed is equal, the rest is of those added
TOLD = re.compile(
    r"^=+ .*\d+ (?:passed|failed).*|^Compared .*|^.* s  (?:passed|failed)$", re.MULTILINE
)
MB = 1e6


class Row(NamedTuple):
    """How figures are measured of a tree, given a folder; each one's name, unit and what is wanted.

    What is `long` is measured only where it is named.
    """

    measure: Callable[[Tree, Path], Sequence[float]]
    figures: tuple[tuple[str, str, str], ...]
    long: bool = False


def prepare(given: Path) -> None:
    """Write what both trees are given: an answer, the sheet, and classes of submissions."""
    (given / "answer.py").write_text(answers(HOMEWORK)["vgg16"], "utf-8")
    sheet, texts = homework()
    nbformat.write(sheet, given / f"{HOMEWORK}.ipynb")
    for name, handed_in in {
        "class": alike(texts, CLASS, KINDS),
        "few": distinct(texts[:1], FEW),
        "many": distinct(texts[:1], MANY),
    }.items():
        (given / name).mkdir()
        for number, text in enumerate(handed_in):
            (given / name / f"s{number:03}.ipynb").write_text(text, "utf-8")


def grade(tree: Tree, given: Path, name: str, out: str) -> tuple[float, float]:
    """CPU seconds, and seconds by the clock, of a class that two workers grade, with reports."""
    release = str(given / f"{HOMEWORK}.ipynb")
    options = ("--release", release, "--out", f"{out}/{name}", "--workers", "2")
    ran = tree.run("-m", "grading", str(given / name), *options)
    return ran.cpu, ran.wall


def equal_answers(tree: Tree, given: Path) -> Sequence[float]:
    """A class in which many hand in the same code."""
    with TemporaryDirectory() as out:
        return grade(tree, given, "class", out)[:1]


def batches(tree: Tree, given: Path) -> Sequence[float]:
    """One right submission, what any batch costs, and the same again with nothing changed."""
    with TemporaryDirectory() as out:
        few, _ = grade(tree, given, "few", out)
        many, _ = grade(tree, given, "many", out)
        again, seconds = grade(tree, given, "many", out)
    each = (many - few) / (MANY - FEW)
    return 1000 * each, few - FEW * each, again, seconds


def inside(function: str, *given: str) -> Callable[[Tree, Path], Sequence[float]]:
    """What a function of inside.py measures, of files of what is given."""

    def measure(tree: Tree, folder: Path) -> Sequence[float]:
        return [*map(float, tree.tell(function, *(str(folder / name) for name in given)).split())]

    return measure


def suite(tree: Tree, _: Path) -> Sequence[float]:
    """All checks of the project; what they counted is printed."""
    ran = tree.run("course.py", "test", check=False)
    print(*TOLD.findall(ran.printed), sep="\n", flush=True)
    return ran.cpu, ran.wall / 60


def lecture(tree: Tree, _: Path) -> Sequence[float]:
    """The notebook that everybody reads, and with it its depth."""
    core = (tree.root / "Day017_reading.ipynb").stat().st_size
    depth = sum(path.stat().st_size for path in tree.root.glob("reading/*.ipynb"))
    return core / MB, (core + depth) / MB


def installed(tree: Tree, _: Path) -> Sequence[float]:
    """What a student installs, and the largest part of it, TensorFlow."""
    found = list(sizes(tree.root / USING).values())
    return sum(found), found[0]


ROWS = {
    "check": Row(
        inside("first_check", "answer.py"),
        (("a student's first checks.vgg16", "CPU-s", "≤ 0.7"),),
    ),
    "class": Row(
        equal_answers,
        ((f"a class of {CLASS} files, {KINDS} distinct", "CPU-s", "≤ 65"),),
    ),
    "batch": Row(
        batches,
        (
            ("one right submission", "CPU-ms", "≤ 550"),
            ("fixed cost of a batch", "CPU-s", "≤ 4"),
            ("nothing changed, run again", "CPU-s", "≤ 1"),
            ("so, by the clock", "s", "≤ 1"),
        ),
    ),
    "summary": Row(
        inside("summary"),
        (("summary of DenseNet201", "CPU-ms", ""), ("its HTML", "CPU-ms", "≤ 100")),
    ),
    "lecture": Row(
        lecture,
        (
            ("Day017_reading.ipynb", "MB", "≤ 1.4"),
            ("so, with its depth in reading/", "MB", ""),
        ),
    ),
    "import": Row(inside("import_utils"), (("import utils", "CPU-ms", "≤ 100"),)),
    "install": Row(
        installed,
        (("installed for students", "MB", ""), ("of that the largest, TensorFlow", "MB", "")),
    ),
    "test": Row(
        suite,
        (("course.py test", "CPU-s", "≤ 600"), ("so, by the clock", "min", "≤ 8")),
        long=True,
    ),
}


def by_turns(
    row: Row, trees: Sequence[Tree], given: Path, rounds: int
) -> list[tuple[tuple[float, ...], ...]]:
    """For each figure of a row and each tree, its values in all rounds."""
    found: list[list[Sequence[float]]] = [[] for _ in trees]
    for turn in range(rounds):
        order = range(len(trees))
        for place in order if turn % 2 == 0 else reversed(order):
            found[place].append(row.measure(trees[place], given))
    return list(zip(*(zip(*values, strict=True) for values in found), strict=True))


def line(what: str, unit: str, wanted: str, values: Sequence[Sequence[float]]) -> str:
    """A line of the table."""
    told = (f"{number(statistics.median(v))} ({number(min(v))}–{number(max(v))})" for v in values)
    return f"| {' | '.join((f'{what} ({unit})'.ljust(44), *(f'{t:>24}' for t in told), wanted))} |"


def number(value: float) -> str:
    """A figure with three digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the rows that are asked for, and print each as soon as it is known."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.costs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    short = [name for name, row in ROWS.items() if not row.long]
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--before", default=BEFORE, help=f"a commit (default: {BEFORE})")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each tree (default: 3)")
    options = parser.parse_args(arguments)
    if unknown := set(options.rows) - ROWS.keys():
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    with both(options.before) as trees, TemporaryDirectory() as folder:
        counts = next(iter(trees.values())).clock.counts
        print(f"{os.cpu_count()} processors, {options.rounds} rounds; CPU seconds: {counts}")
        prepare(Path(folder))
        print(f"| | {options.before} | now | wanted |")
        for name in options.rows or short:
            row = ROWS[name]
            for figure, values in zip(
                row.figures,
                by_turns(row, list(trees.values()), Path(folder), options.rounds),
                strict=True,
            ):
                print(line(*figure, values), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
