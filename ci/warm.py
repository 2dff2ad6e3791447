"""Kernels that are forks of a process that has imported Keras, for nbval (a plug-in) and others.

Used as `pytest -p nbval -p ci.warm --nbval NOTEBOOK`. `ci.build` starts its kernels cold: what a
notebook stores is what a reader's own kernel shows, and a fork has to show the same.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path

import pytest

from ci import ONE_THREAD, ROOT, forks

WARM = "COURSE_WARM_KERNELS"  # tells workers of the process that all of them share


@contextmanager
def kernels() -> Iterator[None]:
    """Whatever kernel starts meanwhile, in commands, too, is a fork.

    Elsewhere than on Linux TensorFlow can't fork.
    """
    with pytest.MonkeyPatch.context() as patch:
        if sys.platform == "linux":
            patch.setenv("JUPYTER_PATH", os.environ.get(WARM) or started())
        yield


@cache
def started() -> str:
    """A folder in which Jupyter finds such kernels; their process lives as long as this one."""
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    atexit.register(folder.cleanup)
    address = f"{folder.name}/door"
    command = [sys.executable, "-I", "-S", forks.__file__, address, "-f", "{connection_file}"]
    told = {"argv": command, "display_name": "warm", "interrupt_mode": "message"}
    spec = Path(folder.name, "kernels", "python3", "kernel.json")
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps(told), "utf-8")
    serve = [sys.executable, "-m", "ci.forks"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen()
        process = subprocess.Popen(serve, cwd=ROOT, env=environment | ONE_THREAD, stdin=door)
    atexit.register(process.kill)
    return folder.name


def pytest_configure(config):
    """One such process is enough for all workers."""
    if sys.platform == "linux" and not hasattr(config, "workerinput"):
        os.environ[WARM] = started()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Notebooks, which compute, take turns with files of tests, which often wait."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    kinds = [[path for path in files if is_notebook(path) == which] for which in (True, False)]
    turns = filter(None, chain.from_iterable(zip_longest(*kinds)))
    items[:] = [item for path in turns for item in files[path]]


def is_notebook(path: Path) -> bool:
    """Whether nbval collects a file."""
    return path.suffix == ".ipynb"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """nbval starts a notebook's kernel before its first cell."""
    with kernels() if is_notebook(item.path) else nullcontext():
        return (yield)
