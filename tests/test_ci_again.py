"""nbval, with the plug-in, runs a lecture's cells again in another order, and sees what changes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ci import ROOT

CELLS = {
    "base = [1]": "",
    "print(len(base))": "1\n",
    "base.append(2)": "",  # a name that is another cell's
    "print(7)": "7\n",
}


def notebook(folder: Path, lesson: str) -> str:
    """A notebook whose second cell shows another number once the third has run."""
    cells = [
        new_code_cell(
            source,
            execution_count=1,
            outputs=[new_output("stream", text=shown)] if shown else [],
        )
        for source, shown in CELLS.items()
    ]
    path = folder / f"{Path(lesson).name}.ipynb"
    metadata = {"lesson": {"path": f"lessons/{lesson}.md"}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return str(path)


@pytest.mark.slow
def test_a_cell_of_a_lecture_that_shows_something_else_when_it_is_run_again_fails(tmp_path):
    paths = [notebook(tmp_path, lesson) for lesson in ("reading/depth", "Day018_vgg16")]
    plug_ins = ["-p", "nbval", "-p", "ci.nbval_pictures", "-p", "ci.nbval_again"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *plug_ins, "--nbval", "--color=no", "-n0", *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "Compared with a fresh run: 4 cells and 0 pictures." in run.stdout
    failed = re.findall(r"^FAILED .*depth\.ipynb::(Cell .*?)(?: - .*)?$", run.stdout, re.MULTILINE)
    assert failed == ["Cell 1 again"], run.stdout
    assert "same result: 3 cells." in run.stdout and "1 failed, 11 passed" in run.stdout
