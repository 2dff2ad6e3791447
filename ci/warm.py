"""Kernels that are forks of a process that has imported Keras, for nbval (a plug-in) and papermill.

Used as `pytest -p nbval -p ci.warm --nbval NOTEBOOK`. `ci.build` starts its kernels cold: what a
notebook stores is what a reader's own kernel shows, and a fork has to show the same.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.metadata import EntryPoint
from itertools import chain, zip_longest
from multiprocessing import set_forkserver_preload
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

NAME = "warm"


@contextmanager
def kernels() -> Iterator[None]:
    """Whatever kernel starts meanwhile is a fork; elsewhere than on Linux TensorFlow can't fork."""
    factory = KernelProvisionerFactory.instance()
    before = factory.default_provisioner_name
    group = KernelProvisionerFactory.GROUP_NAME
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:Warm", group)
    factory.default_provisioner_name = NAME if sys.platform == "linux" else before
    try:
        yield
    finally:
        factory.default_provisioner_name = before


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


class Fork(ForkServerProcess):
    """A process with those names of `subprocess.Popen` that `LocalProvisioner` calls."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        """None while it runs, else its exit code."""
        return self.exitcode

    def wait(self) -> int | None:
        """The exit code, once there is one."""
        self.join()
        return self.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs still."""
        if self.is_alive():
            os.kill(self.pid, number)


class Warm(LocalProvisioner):
    """Gives Jupyter's kernel manager a fork, in the folder and environment that a kernel has."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Fork it from a process that lives as long as this one, and imports at the first call."""
        set_forkserver_preload(["ci.warm_imports"])
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        folder, environment = options.get("cwd", Path.cwd()), dict(options["env"])
        self.process = Fork(target=become_kernel, args=(arguments, folder, environment))
        self.process.start()
        atexit.register(self.process.kill)  # before multiprocessing waits for whatever is left
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def become_kernel(arguments: list[str], folder: str | Path, environment: dict[str, str]) -> None:
    """Be a kernel until it is shut down, in a process group of its own, silent besides."""
    from ipykernel.kernelapp import IPKernelApp

    from grading.zygote import reseed

    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    reseed()
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(arguments)
    app.start()
    os._exit(0)
