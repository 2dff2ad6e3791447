"""Builds the notebooks from their lessons.

A lesson with solutions becomes two notebooks, NAME.ipynb with blanks and solutions/NAME.ipynb with
answers. Each is executed, in its own folder. The answers also become `utils/checks/stand_ins.b64`.
Building twice writes the same, apart from numbers that depend on the processor.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ci import ROOT
from ci.lessons import sources

WORKERS = 2


def build(names: Sequence[str] = (), root: Path = ROOT) -> list[Path]:
    """Build the lessons called `names` (all, if none is) below `root`; the notebooks written."""
    from ci import answers
    from ci.editions import BuildError, editions

    lessons = sources(root)
    for name in names:
        if name not in lessons:
            raise BuildError(f"no lesson is called {name!r}; there are {', '.join(lessons)}")
    planned = [
        (root / path, notebook)
        for name in names or lessons
        for path, notebook in editions(lessons[name]).items()
    ]
    answers.write(root)  # notebooks with blanks run on them
    with ThreadPoolExecutor(WORKERS) as pool:
        written = list(pool.map(lambda plan: _execute_and_write(*plan, root), planned))
    raise_floors(written, root)
    return written


def _execute_and_write(path: Path, notebook, root: Path) -> Path:
    import nbformat

    from ci.editions import execute

    started = time.perf_counter()
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.relative_to(root).as_posix()
    executed = execute(notebook, path.parent, name)
    nbformat.validate(executed)
    path.write_text(nbformat.writes(executed) + "\n", encoding="utf-8", newline="\n")
    print(f"{name}: {len(executed.cells)} cells, {time.perf_counter() - started:.0f} s", flush=True)
    return path


def raise_floors(written: Sequence[Path], root: Path) -> None:
    """Keep in ci/counts.json how much of each notebook is compared; lowered only by hand."""
    from ci.notebooks import read, tally

    path = root / "ci" / "counts.json"
    floors = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    for notebook in written:
        floor = floors.setdefault(notebook.relative_to(root).as_posix(), {})
        for what, count in tally(read(notebook)).items():
            floor[what] = max(count, floor.get(what, 0))
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(floors, indent=2, sort_keys=True) + "\n", "utf-8", newline="\n")


def request(arguments: Sequence[str] | None) -> list[str]:
    """The lessons that the command line names, or all; ends with 2 where one does not exist."""
    parser = argparse.ArgumentParser(prog="course.py build", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a lesson, such as reading/vgg")
    names = parser.parse_args(arguments).names
    known = sources()
    for name in names:
        if name not in known:
            parser.exit(2, f"no lesson is called {name!r}; there are {', '.join(known)}\n")
    return names or list(known)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the lessons that the command line names, or all."""
    names = request(arguments)
    # Now, and not at the top: --help works where nothing is installed yet.
    from ci.editions import BuildError

    try:
        build(names)
    except BuildError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
