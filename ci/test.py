"""Runs every check of the project, stage by stage, and says how long each took.

Options that this command does not know go to pytest and choose among the unit tests, as in
`course.py test -k summary`; the notebooks are then left out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ci import ROOT

# Two workers, each with TensorFlow and a kernel of its own, fit into 8 GB of memory.
PYTEST = ("pytest", "-n", "2", "--dist", "loadfile")
RUNS = "tests/test_ci_profiles.py"  # the one test file that executes notebooks of the course


def stages(quick: bool, selection: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each stage's name and the Python module that does its work, with arguments."""
    built = [path.relative_to(ROOT).as_posix() for path in notebooks()]
    found = {
        "ruff": ("ruff", "check", "."),
        "ruff format": ("ruff", "format", "--check", "."),
        "unit tests": (*PYTEST, f"--ignore={RUNS}", *selection),
    }
    if not (quick or selection):
        nbval = ("-p", "nbval", "-p", "ci.nbval_pictures", "--nbval", "--no-loadscope-reorder")
        found["notebooks"] = (*PYTEST, *nbval, RUNS, *built)
    return found


def notebooks() -> list[Path]:
    """The built notebooks, those that take longest first."""
    return sorted(ROOT.glob("solutions/*.ipynb")) + sorted(ROOT.glob("*.ipynb"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stages, all of them also after a failure; exit with 1 if any failed."""
    parser = argparse.ArgumentParser(
        prog="course.py test",
        description=__doc__,
        usage="%(prog)s [-h] [--quick] [any option of pytest]",
    )
    parser.add_argument("--quick", action="store_true", help="leave out executing the notebooks")
    options, selection = parser.parse_known_args(arguments)

    summary = []
    for name, command in stages(options.quick, selection).items():
        print(f"\n== {name}: python -m {' '.join(command)}", flush=True)
        started = time.perf_counter()
        code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode
        summary.append((name, time.perf_counter() - started, code))

    print("\n== summary")
    for name, seconds, code in summary:
        print(f"{name:12} {seconds:5.0f} s  {'failed' if code else 'passed'}")
    sys.exit(any(code for _, _, code in summary))


if __name__ == "__main__":
    main()
