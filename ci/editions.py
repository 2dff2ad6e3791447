"""Turns a lesson into its notebooks, and executes them so that every run writes the same.

A lesson is MyST Markdown with solutions inside, in nbgrader's own format. It becomes `NAME.ipynb`
with blanks and `solutions/NAME.ipynb` with answers; without solution cells, the first alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
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

from ci import CELL_TIMEOUT, CODE_STUB, FIRST_CELL, ONE_THREAD, ROOT, TEXT_STUB, outputs
from ci.lessons import for_readers, name_of
from ci.notebooks import BITMAPS, code_cells

FIND_COURSE = ROOT / "ci" / "templates" / "find_course.py"

ROW = re.compile(r"row-(\d\d)")  # the tag of a cell that computes a row of what the slides teach

# What the kernel of settings/kernels says of itself: JupyterLab marks a notebook as changed as soon
# as it is opened where they differ. Without Python's version, which would be the builder's.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}

# What an output may not hold, because the next run or the next machine would not repeat it.
UNSTABLE = {
    "the repository's path": re.escape(str(ROOT)),
    "the Python environment's path": re.escape(sys.prefix),
    "the home folder's path": re.escape(str(Path.home())) + r"[/\\]",
    "a memory address": r"\b0x[0-9a-f]{6,}\b",
}


class BuildError(Exception):
    """A lesson that can't become a notebook; the message names the notebook and the cell."""


def editions(lesson: Path) -> dict[str, NotebookNode]:
    """The notebooks that `lesson` becomes, not executed, by path below the repository's root."""
    name, source = name_of(lesson), read(lesson)
    built = {f"{name}.ipynb": student_edition(source)}
    if any(is_solution(cell) for cell in source.cells):
        built[f"solutions/{name}.ipynb"] = solved_edition(source)
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
    """`source` with its solutions."""
    return _preprocess(source, LockCells(), CheckCellMetadata(), ComputeChecksums())


def execute(notebook: NotebookNode, folder: Path, name: str) -> NotebookNode:
    """A copy of `notebook`, run from top to bottom in `folder` by a fresh kernel.

    Raises BuildError, which names the cell, on an exception (unless the cell is tagged
    `raises-exception`), a cell that takes too long, anything written to stderr, and an output that
    another run or machine would not repeat.
    """
    executed = nbformat.from_dict(notebook)
    client = NotebookClient(
        executed,
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        record_timing=False,
    )
    try:
        # Not the cells' stderr, which arrives as output, but the kernel's own.
        client.execute(stderr=subprocess.DEVNULL, env={**os.environ, **ONE_THREAD})
    except (CellControlSignal, DeadKernelError) as error:
        raise BuildError(f"{name}: {error}") from error
    executed.metadata = notebook.metadata
    for number, cell in code_cells(executed):
        for output in cell.outputs:
            if reason := unrepeatable(output):
                raise BuildError(f"{name}, cell {number} ({cell.id}) {reason}")
        outputs.finish(cell)
    return executed


def unrepeatable(output: NotebookNode) -> str:
    """Why another run would not write `output` again; empty if it would."""
    if output.get("name") == "stderr":
        return f"writes to stderr:\n{output.text}"
    shown = [output.get("text", ""), *output.get("traceback", ())]
    shown += [
        str(content) for kind, content in output.get("data", {}).items() if kind not in BITMAPS
    ]
    for what, pattern in UNSTABLE.items():
        for content in shown:
            if found := re.search(pattern, content):
                around = content[max(0, found.start() - 40) : found.end() + 40]
                return f"shows {what}: ...{around}..."
    return ""


def read(lesson: Path) -> NotebookNode:
    """The lesson as a notebook with stable metadata and cell ids."""
    text = lesson.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="md:myst")
    digest = hashlib.sha256(text.encode()).hexdigest()
    provenance = {"path": f"lessons/{name_of(lesson)}.md", "sha256": digest}
    course = notebook.metadata.get("course", {})
    told = {key: course[key] for key in ("order", "start") if key in course}
    notebook.metadata = nbformat.from_dict({**METADATA, "lesson": provenance, "course": told})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.cells.insert(1, _first_code_cell())
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        _leave_to_maintainers(cell)
        # An id outlives changes to other cells: the grade_id or a hash of the source.
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        name = name or hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        cell.id = f"{name}-{seen[name]}" if seen[name] else name
        seen[name] += 1
    return notebook


def _leave_to_maintainers(cell: NotebookNode) -> None:
    """Take out of a cell what is no business of a reader's."""
    tags = [tag for tag in cell.metadata.pop("tags", ()) if not ROW.fullmatch(tag)]
    if tags:
        cell.metadata["tags"] = tags
    if cell.cell_type == "code":
        cell.source = for_readers(cell.source)


def _first_code_cell() -> NotebookNode:
    """The cell that finds the course, which nbgrader puts back where a student changed it."""
    roles = {"grade": False, "solution": False, "task": False, "locked": True}
    nbgrader = {"grade_id": FIRST_CELL, "schema_version": 3, **roles}
    # JupyterLab shows the first line, which says what the cell does, until a click shows all.
    metadata = {"jupyter": {"source_hidden": True}, "nbgrader": nbgrader}
    source = FIND_COURSE.read_text("utf-8").rstrip()
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def _preprocess(source: NotebookNode, *preprocessors) -> NotebookNode:
    notebook = nbformat.from_dict(source)
    for preprocessor in preprocessors:
        notebook, _ = preprocessor.preprocess(notebook, {})
    for cell in notebook.cells:
        if cell.id == FIRST_CELL:  # a release's address changes it, and nobody else may
            cell.metadata.nbgrader.pop("checksum", None)
    return notebook
