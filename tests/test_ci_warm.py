"""Notebooks are tested in kernels that are forks of a warm process: like cold ones, but sooner."""

from __future__ import annotations

import sys

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from ci.notebooks import kinds, text
from ci.warm import kernels

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="TensorFlow can't fork elsewhere")

DRAWN = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"


def executed(folder, *sources: str, **options):
    """The outputs of cells, each run in a new kernel's folder `folder`."""
    cells = [new_code_cell(source) for source in sources]
    metadata = {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    resources = {"metadata": {"path": str(folder)}}
    notebook = new_notebook(cells=cells, metadata=metadata)
    NotebookClient(notebook, resources=resources, **options).execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.mark.slow
def test_a_fork_has_keras_and_the_folder_the_environment_and_the_figures_of_a_kernel(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("COURSE_TEST", "told")
    asked = "import os, sys\nprint('keras' in sys.modules, os.getcwd(), os.environ['COURSE_TEST'])"
    with kernels():
        answer, drawn = executed(tmp_path, asked, DRAWN)
    assert text(answer).split() == ["True", str(tmp_path), "told"]
    assert kinds(drawn) == ["image/png"]


@pytest.mark.slow
def test_two_forks_draw_other_numbers_and_one_that_waits_is_interrupted(tmp_path):
    draw = "import numpy as np\nprint(np.random.random())"
    wait = "import time\ntime.sleep(60)"
    with kernels():
        first, second = (
            executed(tmp_path, draw, wait, timeout=2, interrupt_on_timeout=True, allow_errors=True)
            for _ in range(2)
        )
    assert text(first[0]) != text(second[0])
    assert [output.ename for output in first[1]] == ["KeyboardInterrupt"]


def test_elsewhere_kernels_start_cold(tmp_path):
    with kernels():
        pass
    (answer,) = executed(tmp_path, "import sys\nprint('keras' in sys.modules)")
    assert text(answer).strip() == "False"
