"""Notebooks are tested in kernels that are forks of a warm process: like cold ones, but sooner."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from ci import ONE_THREAD
from ci.editions import execute
from ci.notebooks import kinds, text
from ci.warm import kernels, pytest_collection_modifyitems

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
def test_a_fork_and_a_kernel_that_builds_compute_with_one_thread(tmp_path, monkeypatch):
    for name in ONE_THREAD:
        monkeypatch.delenv(name, raising=False)
    asked = f"import os\nprint(*map(os.environ.get, {list(ONE_THREAD)}))"
    with kernels():
        (forked,) = executed(tmp_path, asked)
    (built,) = execute(new_notebook(cells=[new_code_cell(asked)]), tmp_path, "asked").cells
    assert text(forked) == text(built.outputs) == "1 1 1\n"


@pytest.mark.slow
def test_two_forks_draw_other_numbers_and_one_that_is_interrupted_goes_on(tmp_path):
    draw = "import numpy as np\nprint(np.random.random())"
    wait = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)"
    with kernels():
        first, second = (executed(tmp_path, wait, draw, allow_errors=True) for _ in range(2))
    assert [output.ename for output in first[0]] == ["KeyboardInterrupt"]
    assert text(first[1]) != text(second[1])


@pytest.mark.slow
@pytest.mark.parametrize("from_paths", [False, True])
def test_a_fork_imports_the_course_from_its_paths_or_else_its_folder(
    from_paths, tmp_path, monkeypatch
):
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        for name in ("utils.py", "grading.py"):
            (folder / name).touch()
    monkeypatch.setenv("PYTHONPATH", str(there) if from_paths else "")
    with kernels():
        (answer,) = executed(here, "import utils, grading\nprint(utils.__file__)")
    assert text(answer).strip() == str((there if from_paths else here) / "utils.py")


@pytest.mark.slow
def test_a_fork_and_what_it_started_end_with_the_command_that_jupyter_knows():
    begin = "import os, subprocess\nother = subprocess.Popen(['sleep', '600'])"
    with kernels():
        manager, client = start_new_kernel()
    reply = client.execute(begin, user_expressions={"pids": "[os.getpid(), other.pid]"}, reply=True)
    pids = json.loads(reply["content"]["user_expressions"]["pids"]["data"]["text/plain"])
    processes = list(map(psutil.Process, pids))
    os.kill(manager.provisioner.pid, signal.SIGKILL)
    assert psutil.wait_procs(processes, timeout=30)[1] == []
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_elsewhere_kernels_start_cold(tmp_path):
    with kernels():
        pass
    (answer,) = executed(tmp_path, "import sys\nprint('keras' in sys.modules)")
    assert text(answer).strip() == "False"


def test_notebooks_take_turns_with_files_of_tests():
    items = [SimpleNamespace(path=Path(name)) for name in ("a.py", "b.py", "a.py", "c.ipynb")]
    pytest_collection_modifyitems(items)
    assert [item.path.name for item in items] == ["c.ipynb", "a.py", "a.py", "b.py"]
