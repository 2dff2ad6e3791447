"""Kernels for papermill: forked warm in the sandbox, or started cold where files are trusted."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import zmq
from jupyter_client import AsyncKernelManager
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerBase, LocalProvisioner
from nbclient.util import run_sync

from . import warm
from .client import Manager
from .sandbox import (
    COURSE,
    KERNEL,
    KERNEL_ARGUMENTS,
    KERNEL_ENVIRONMENT,
    MEMORY,
    ROOT,
)

MESSAGE = 20_000_000  # bytes of the largest message that is taken from a kernel
ENDING = 5.0  # seconds that a killed kernel may take to end
LOST = "lost"  # begins the reason of a kernel that its keeper says no end of
PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")


@dataclass
class Kernel:
    """A running kernel: its manager, and why it was killed, if it was.

    It finds `utils` in `course`, and in `inside` what is written to the folder `outside`. One that
    was killed had `waited` so many seconds for a processor, others being before it.
    """

    manager: AsyncKernelManager
    course: str
    end: Callable[[], None]
    outside: Path
    inside: str
    reason: str = ""
    waited: float = 0.0

    def kill(self, reason: str) -> None:
        """End it and all that it started; the first reason stands. Any thread may ask for it."""
        self.reason = self.reason or reason
        self.end()


@contextmanager
def kernel(seconds: float, sandboxed: bool) -> Iterator[Kernel]:
    """A kernel in an empty folder of its own, killed after `seconds`; nothing of it is left.

    Raises SandboxError where it can't be isolated, KernelLost when the warm process died.
    """
    with _forked() if sandboxed else _cold() as running:
        timer = threading.Timer(seconds, running.kill, ["timeout"])
        timer.daemon = True
        timer.start()
        try:
            yield running
        finally:
            timer.cancel()
            running.end()
            run_sync(running.manager.shutdown_kernel)(now=True)


@contextmanager
def _manager(**options: Any) -> Iterator[AsyncKernelManager]:
    manager = Manager(
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),  # nobody else's "python3"
        transport="tcp" if sys.platform == "win32" else "ipc",  # no two kernels on one port
        **options,
    )
    manager.context.setsockopt(zmq.MAXMSGSIZE, MESSAGE)  # its clients' sockets, too
    try:
        yield manager
    finally:
        manager.context.destroy(linger=0)  # as Jupyter does, but only where a kernel started


@contextmanager
def _cold() -> Iterator[Kernel]:
    """A new process of the grader's own Python, for trusted files: it may do what the user may."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        home = Path(scratch, "home")
        home.mkdir()
        own = {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(home)}
        with _manager(connection_file=str(Path(scratch, "kernel.json"))) as manager:
            run_sync(manager.start_kernel)(
                extra_arguments=KERNEL_ARGUMENTS,
                cwd=str(home),
                env=os.environ | KERNEL_ENVIRONMENT | own,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            provisioner = manager.provisioner
            assert isinstance(provisioner, LocalProvisioner)  # the default
            process = psutil.Process(provisioner.pid)
            if hasattr(process, "rlimit"):  # Linux
                process.rlimit(psutil.RLIMIT_DATA, (MEMORY, MEMORY))
            yield Kernel(manager, str(ROOT), lambda: _kill_tree(process), home, str(home))


def _kill_tree(process: psutil.Process) -> None:
    """Kill a kernel, what it started, and what is left of its group where it is dead already."""
    with suppress(psutil.NoSuchProcess):
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                each.kill()
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _forked() -> Iterator[Kernel]:
    with _manager() as manager:
        spec = manager.kernel_spec
        provisioner = Forked(kernel_id="submission", kernel_spec=spec, parent=manager)
        manager.provisioner = provisioner  # in place of the one that the kernelspec names
        run_sync(manager.start_kernel)()
        assert provisioner.folder  # of its sockets
        end = partial(provisioner.signal, signal.SIGKILL)
        running = Kernel(manager, COURSE, end, provisioner.folder, KERNEL)
        try:
            yield running
        finally:
            running.reason = running.reason or provisioner.reason
            running.waited = provisioner.waited


class Forked(KernelProvisionerBase):
    """Gives Jupyter's kernel manager a kernel that is a fork of the warm process.

    `reason` says at the end what the keeper killed the kernel for, if it did; `waited` how long it
    could have run while others did, where it was killed.
    """

    keeper = code = None
    folder: Path | None = None
    reason = ""
    waited = 0.0

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel, dead or alive."""
        return self.keeper is not None

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        """Nothing to prepare: the command is a fork."""
        return await super().pre_launch(cmd=[], **options)

    async def launch_kernel(self, cmd: list[str], **_: Any) -> KernelConnectionInfo:
        """Fork a kernel, and connect where its sockets are."""
        manager: Any = self.parent
        for number, port in enumerate(PORTS, start=1):
            setattr(manager, port, number)
        info = manager.get_connection_info()
        request = info | {"key": info["key"].decode()}
        in_thread = asyncio.get_running_loop().run_in_executor
        self.keeper, folder = await in_thread(None, warm.launch, request)
        self.keeper.setblocking(False)
        self.folder = folder
        manager.connection_file = str(folder / "kernel.json")
        self.connection_info = info | {"ip": str(folder / "k")}
        return self.connection_info

    async def poll(self) -> int | None:
        """None while the kernel runs, else its exit code."""
        if self.code is None:
            assert self.keeper  # there is a kernel
            try:
                message = self.keeper.recv(1 << 13).decode()
            except BlockingIOError:
                return None
            except ConnectionResetError:
                message = ""
            word, *rest = message.split() or [LOST]
            has_ended = word == "ended"
            self.code = int(rest[0]) if has_ended else -signal.SIGKILL
            self.waited = float(rest[1]) if has_ended else 0.0
            self.reason = "".join(rest[2:]) if has_ended else f"{LOST} {message}"
        return self.code

    async def wait(self) -> int | None:
        """The exit code, once there is one."""
        while await self.poll() is None:
            await asyncio.sleep(0.02)
        return self.code

    def signal(self, number: int) -> None:
        """Have the keeper send a signal; to a kernel that has ended, none."""
        assert self.keeper
        with suppress(OSError):
            self.keeper.send(str(int(number)).encode())

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel, or whatever else the signal does."""
        self.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all that it started, and see it end: Jupyter looks each 0.1 s."""
        self.signal(signal.SIGKILL)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), ENDING)

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel and all that it started; there is no gentler way."""
        self.signal(signal.SIGKILL)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the folder of its sockets."""
        if self.keeper and self.folder:
            self.keeper.close()
            shutil.rmtree(self.folder, ignore_errors=True)
