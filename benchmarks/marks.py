"""Marks all answers of the tests by an earlier commit and by this tree, and compares every byte.

    python -m benchmarks.marks [--before COMMIT]

Each answer that either tree's tests/wrong_*.py has is marked by both, in the earlier one's public
case and in one that it draws: points, parts, diagnoses, their words. Answers to a task that one
tree lacks are left out. Exits with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from .trees import BEFORE, both

CASES = ("public", "drawn")


def united(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """All answers; where a name has another source than before, the earlier one by its own name."""
    return after | {
        name if name not in after else f"{name}, as it was": answer
        for name, answer in before.items()
        if answer != after.get(name)
    }


def compare(before: dict[str, list[dict]], after: dict[str, list[dict]]) -> tuple[str, list[str]]:
    """How many were compared, and a line for each that differs."""
    known = [name for name in after if name in before]
    pairs = [
        (f"{name}, {case} case", one, other)
        for name in known
        for case, one, other in zip(CASES, before[name], after[name], strict=True)
    ]
    differing = [
        f"{what}: {one['points']:g} points before, {other['points']:g} after; "
        f"differ in {', '.join(key for key in one | other if one.get(key) != other.get(key))}"
        for what, one, other in pairs
        if json.dumps(one) != json.dumps(other)
    ]
    told = f"{len(known)} answers in {len(CASES)} cases each, {len(pairs)} scores compared"
    return f"{told}; {len(differing) or 'none'} differ", differing


def main() -> int:
    """Compare, and say what differs."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.marks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--before", default=BEFORE, help="a commit of this project")
    options = parser.parse_args()
    with (
        both(options.before) as trees,
        TemporaryDirectory() as folder,
        ThreadPoolExecutor(len(trees)) as pool,
    ):

        def of_both(*asked: str) -> Iterator[dict[str, list]]:
            return map(json.loads, pool.map(lambda tree: tree.tell(*asked), trees.values()))

        before, after = of_both("answers")
        file = Path(folder, "answers.json")
        file.write_text(json.dumps(united(before, after)), "utf-8")
        file.write_text(trees["before"].tell("cases", str(file)), "utf-8")
        told = of_both("marks", str(file))
    print(
        f"{len(before)} answers at {options.before}, {len(after)} here; with cases of the former,"
    )
    counted, differing = compare(*told)
    print(counted, *differing, sep="\n")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
