"""Builds the notebooks from their lessons: `python -m ci.build [NAME ...]`.

A lesson with solution cells becomes two notebooks, `NAME.ipynb` with blanks and `solutions/NAME.ipynb`
with answers; a lesson without becomes the first alone. Both are executed where they stand. Building
twice writes the same bytes, apart from numbers that depend on the processor.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from nbgrader.utils import is_solution

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
CELL_TIMEOUT = 600  # seconds

CODE_STUB = 'raise NotImplementedError("請把這一行換成你的程式碼")'
TEXT_STUB = "（請在這裡寫下你的答案）"

# Put before a solved notebook's first code cell, because utils stands one folder up. sys.path and not
# the working folder: running the cell twice does no harm.
FIND_UTILS = 'import sys\n\nsys.path.insert(0, "..")'

# What an output may not hold: it would differ on the next machine, or on the next run.
UNSTABLE = {
    "the path of the repository": re.escape(str(ROOT)),
    "the path of the Python environment": re.escape(sys.prefix),
    "the path of the home folder": re.escape(str(Path.home())) + r"[/\\]",
    "a memory address": r"\b0x[0-9a-f]{6,}\b",
}


class BuildError(Exception):
    """A lesson that can't become a notebook; the message names the notebook and the cell."""


def editions(lesson: Path) -> dict[str, NotebookNode]:
    """The notebooks that `lesson` becomes, not executed, by path below the repository's root."""
    source = _read(lesson)
    built = {f"{lesson.stem}.ipynb": student_edition(source)}
    if any(is_solution(cell) for cell in source.cells):
        built[f"solutions/{lesson.stem}.ipynb"] = solved_edition(source)
    return built


def student_edition(source: NotebookNode) -> NotebookNode:
    """`source` with blanks for solutions, without hidden tests and marking schemes."""
    return _preprocess(
        source,
        LockCells(),
        ClearSolutions(code_stub={"python": CODE_STUB}, text_stub=TEXT_STUB),
        CheckCellMetadata(),
        ClearHiddenTests(),
        ClearMarkScheme(),
        ComputeChecksums(),
    )


def solved_edition(source: NotebookNode) -> NotebookNode:
    """`source` with its solutions, able to import `utils` from one folder below the root."""
    solved = _preprocess(source, LockCells(), CheckCellMetadata(), ComputeChecksums())
    first_code = next(i for i, cell in enumerate(solved.cells) if cell.cell_type == "code")
    find_utils = nbformat.v4.new_code_cell(FIND_UTILS, id="find-utils")
    solved.cells.insert(first_code, find_utils)
    return solved


def execute(notebook: NotebookNode, folder: Path, name: str) -> NotebookNode:
    """A copy of `notebook`, run from top to bottom in `folder` by a fresh kernel.

    Raises BuildError on an exception (unless the cell is tagged `raises-exception`) and on an output
    that another run or machine would not repeat.
    """
    executed = nbformat.from_dict(notebook)
    client = NotebookClient(
        executed,
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
    )
    try:
        # The kernel's own log; what cells write to stderr arrives as output.
        client.execute(stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise BuildError(f"{name}: {error}") from error
    executed.metadata = notebook.metadata
    for number, cell in enumerate(executed.cells):
        _reject_unstable(cell, f"{name}, cell {number} ({cell.id})")
    return executed


def build(names: Sequence[str] = (), root: Path = ROOT) -> list[Path]:
    """Build the lessons called `names` (all without) below `root`; the notebooks written."""
    lessons = sorted((root / "lessons").glob("*.md"))
    unknown = set(names) - {lesson.stem for lesson in lessons}
    if unknown:
        known = ", ".join(lesson.stem for lesson in lessons) or "none"
        raise BuildError(f"no lesson is called {', '.join(sorted(unknown))}; there are: {known}")
    planned = [
        (root / path, notebook)
        for lesson in lessons
        if not names or lesson.stem in names
        for path, notebook in editions(lesson).items()
    ]
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda plan: _execute_and_write(*plan, root), planned))


def _execute_and_write(path: Path, notebook: NotebookNode, root: Path) -> Path:
    started = time.perf_counter()
    path.parent.mkdir(exist_ok=True)
    name = path.relative_to(root).as_posix()
    executed = execute(notebook, path.parent, name)
    nbformat.validate(executed)
    path.write_text(nbformat.writes(executed) + "\n", encoding="utf-8", newline="\n")
    print(f"{name}: {len(executed.cells)} cells, {time.perf_counter() - started:.1f} s", flush=True)
    return path


def _read(lesson: Path) -> NotebookNode:
    text = lesson.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="md:myst")
    digest = hashlib.sha256(text.encode()).hexdigest()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            # Without the version, which would be the builder's.
            "language_info": {
                "file_extension": ".py",
                "mimetype": "text/x-python",
                "name": "python",
                "pygments_lexer": "ipython3",
            },
            "lesson": {"path": f"lessons/{lesson.name}", "sha256": digest},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    _name_cells(notebook)
    return notebook


def _name_cells(notebook: NotebookNode) -> None:
    """Give each cell an id that stays while other cells change: its grade_id or a hash of its source."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        name = name or hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        cell.id = f"{name}-{seen[name]}" if seen[name] else name
        seen[name] += 1


def _preprocess(source: NotebookNode, *preprocessors) -> NotebookNode:
    notebook = nbformat.from_dict(source)
    for preprocessor in preprocessors:
        notebook, _ = preprocessor.preprocess(notebook, {})
    return notebook


def _reject_unstable(cell: NotebookNode, where: str) -> None:
    for output in cell.get("outputs", ()):
        text = output.get("text", "") + "".join(
            content for kind, content in output.get("data", {}).items() if "image" not in kind
        )
        if output.get("name") == "stderr":
            raise BuildError(f"{where} writes to stderr:\n{text}")
        for what, pattern in UNSTABLE.items():
            if found := re.search(f".*{pattern}.*", text):
                raise BuildError(f"{where} shows {what}:\n{found[0]}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the lessons that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m ci.build", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a lesson, such as Day018_vgg16")
    options = parser.parse_args(arguments)
    try:
        build(options.names)
    except BuildError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
