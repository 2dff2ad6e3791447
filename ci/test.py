"""Runs every check of the project, stage by stage, and says what each took.

Options that this command does not know go to pytest and choose among the unit tests, as in
`course.py test -k summary`; the notebooks are then left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ci import ONE_THREAD, ROOT, tracked
from ci.clock import a_clock
from ci.lessons import lessons
from course import pins

# The order is ours: what takes longest begins first, so that no worker waits long for the others.
PYTEST = ("pytest", "-rs", "--dist", "loadfile", "--no-loadscope-reorder")
# On two processors. In the whole suite a third worker computes while one waits: for a browser, or
# for a kernel that is killed. With TensorFlow and kernels, the three take about 8 GB of memory.
CHOSEN, WHOLE = ("-n", "2"), ("-n", "3")
WITHOUT_NBVAL = ("-p", "no:nbval")  # which takes two seconds to import
PLUG_INS = ("nbval", "ci.nbval_pictures", "ci.nbval_again", "ci.warm")


def executed() -> list[str]:
    """The notebooks that nbval executes and compares, the longest first."""
    seconds = {
        lesson.notebook(edition): lesson.seconds
        for lesson in lessons()
        for edition in lesson.compared
    }
    return sorted(seconds, key=lambda path: -seconds[path])


def stages(
    quick: bool, selection: Sequence[str], latest: bool = False
) -> dict[str, tuple[str, ...]]:
    """Each stage's name and the Python module that does its work, with arguments."""
    left_out = [mark for mark, out in (("slow", quick), ("pinned", latest)) if out]
    marked = ("-m", " and ".join(f"not {mark}" for mark in left_out)) if left_out else ()
    ours = sorted({path.relative_to(ROOT).parts[0] for path in tracked("**/*.py")})
    found = {
        "ruff": ("ruff", "check", *ours),
        "ruff format": ("ruff", "format", "--check", *ours),
        "mypy": ("mypy",),
    }
    if quick or selection:
        return found | {"unit tests": (*PYTEST, *CHOSEN, *WITHOUT_NBVAL, *marked, *selection)}
    plug_ins = [part for name in PLUG_INS for part in ("-p", name)]
    return found | {"tests": (*PYTEST, *WHOLE, *plug_ins, "--nbval", *marked, *executed(), "tests")}


def newest(folder: Path) -> str:
    """A Python with the newest packages that requirements-dev.txt allows, in a new `folder`.

    Prints which are not those of the lock.
    """
    uv = (sys.executable, "-m", "uv")
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    subprocess.run(
        [*uv, "venv", "--quiet", "--python", sys.executable, str(folder)], cwd=ROOT, check=True
    )
    install = [*uv, "pip", "install", "--quiet", "--python", python, "-r", "requirements-dev.txt"]
    subprocess.run(install, cwd=ROOT, check=True)
    freeze = [*uv, "pip", "freeze", "--python", python]
    installed = subprocess.run(freeze, capture_output=True, text=True, check=True).stdout
    locked = set(pins((ROOT / "requirements.lock").read_text("utf-8")))
    moved = [
        f"{name} {version}" for name, version in pins(installed) if (name, version) not in locked
    ]
    print(f"newer than the lock: {', '.join(moved) or 'nothing'}", flush=True)
    return python


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stages, all of them also after a failure; exit with 1 if any failed."""
    parser = argparse.ArgumentParser(
        prog="course.py test",
        description=__doc__,
        usage="%(prog)s [-h] [--quick] [--latest] [any option of pytest]",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="leave out what is slow, and executing the notebooks")
    add("--latest", action="store_true", help="with the newest packages instead of the lock's")
    options, selection = parser.parse_known_args(arguments)

    prepare = [sys.executable, "-m", "ci.machine"]
    with (
        tempfile.TemporaryDirectory(prefix="latest-") as folder,
        subprocess.Popen(prepare, cwd=ROOT) as machine,  # beside what needs nothing of the system
        a_clock() as clock,
    ):
        python = newest(Path(folder, "venv")) if options.latest else sys.executable
        summary = []
        for name, command in stages(options.quick, selection, options.latest).items():
            if command[0] == "pytest":
                machine.wait()
            print(f"\n== {name}: python -m {' '.join(command)}", flush=True)
            began = time.perf_counter(), clock.read()
            typed = [*clock.prefix, python, "-m", *command]
            environment = {**ONE_THREAD, **os.environ}  # workers fill the processors
            code = subprocess.run(typed, cwd=ROOT, env=environment).returncode
            wall, cpu = time.perf_counter() - began[0], clock.read() - began[1]
            summary.append((name, cpu, wall, code))

    print(f"\n== summary; CPU seconds of {clock.counts}")
    for name, cpu, wall, code in summary:
        print(f"{name:12} {cpu:5.0f} CPU-s {wall:5.0f} s  {'failed' if code else 'passed'}")
    sys.exit(any(code for *_, code in summary))


if __name__ == "__main__":
    main()
