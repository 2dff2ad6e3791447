"""The notebooks run by the tools that people type, with nothing of ours around them.

Their kernels start cold. papermill runs each lesson with blanks in test_ci_profiles.py and
test_ci_sheet.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from clones import fresh
from playing import CALL

import course
from ci import ROOT
from ci.names import names
from ci.notebooks import code_cells, read

pytestmark = pytest.mark.slow

TIMES = 10
# Little training of a small network: what is tried here is how a notebook is executed.
LITTLE = "\ninput_shape, train_size, epochs = (32, 32, 3), 64, 1"
PATIENCE = 300  # seconds; who waits for ever is stopped
PAPERMILL = "papermill Day018_vgg16.ipynb out.ipynb"
OTHERS = (
    "jupyter nbconvert --to notebook --execute Day018_vgg16.ipynb",
    "pytest --nbval-lax Day018_vgg16.ipynb",
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A copy of what git tracks, in which no test has been, and whose homework trains little."""
    folder = fresh(tmp_path_factory.mktemp("clone"))
    path = folder / course.first_notebook()
    homework = read(path)
    tags = {cell.id: cell.metadata.get("tags", ()) for _, cell in code_cells(homework)}
    (parameters,) = (cell for cell in homework.cells if "parameters" in tags.get(cell.id, ()))
    parameters.source += LITTLE
    nbformat.write(homework, path)
    return folder


def typed(folder: Path, *words: str) -> None:
    """Run a command of the environment's; the test fails with its words."""
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        words,
        cwd=folder,
        env=inherited | {"PATH": tools},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def pages_alone(lecture: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The cells with pages to play with, `TIMES` times, after the cells that they need."""
    needed, played, wanted = [], [], set()
    for _, cell in reversed(list(code_cells(lecture))):
        bound, taken = names(cell.source)
        plays = bool(CALL.search(cell.source))
        if plays or bound & wanted:
            needed.append(cell.source)
            played += [cell.source] * plays
            wanted = (wanted - bound) | taken
    cells = [nbformat.v4.new_code_cell(source) for source in needed[::-1] + played[::-1] * TIMES]
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": lecture.metadata.kernelspec}
    )


def pages(notebook: nbformat.NotebookNode) -> list[str]:
    """What is shown by the cells with pages."""
    played = (cell for _, cell in code_cells(notebook) if CALL.search(cell.source))
    return [output.data["text/html"] for cell in played for output in cell.outputs]


def test_papermill_never_waits_for_a_page_and_each_run_of_it_writes_the_same(clone):
    lecture = read(ROOT / "Day017_reading.ipynb")
    nbformat.write(pages_alone(lecture), clone / "pages.ipynb")
    typed(clone, *PAPERMILL.replace(course.first_notebook(), "pages.ipynb").split())
    stored = pages(lecture)
    assert len(stored) >= 4 and pages(read(clone / "out.ipynb")) == stored * (1 + TIMES)


@pytest.mark.parametrize("command", OTHERS)
def test_a_notebook_runs_as_it_is(command, clone):
    typed(clone, *command.split())
