"""Forks kernels from a process that has imported Keras; `ci.warm` starts it.

Jupyter starts this file with an address and a kernel's arguments: it asks the warm process for a
kernel in the folder and environment that it has itself, lives as long as that, and takes it along.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

LOOK = 1  # seconds from one look at who started the warm process to the next


def ask(address: str, arguments: list[str]) -> None:
    """Have a kernel forked, and wait until it ends."""
    request = {
        "arguments": arguments,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
    }
    with socket.socket(socket.AF_UNIX) as fork:
        fork.connect(address)
        fork.sendall(json.dumps(request).encode() + b"\n")
        fork.recv(1)


def serve(door: socket.socket) -> None:
    """Import what notebooks need, and fork for who comes through the door, while anybody may."""
    import utils  # noqa: F401  first, as in every notebook: it tells TensorFlow how to compute
    from grading.zygote import import_everything

    starter = os.getppid()
    # As a kernel has it, where Matplotlib is imported later.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    import_everything()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for kernels
    door.settimeout(LOOK)
    while os.getppid() == starter:
        with suppress(TimeoutError):
            client, _ = door.accept()
            if os.fork() == 0:
                door.close()
                become_kernel(client)
            client.close()


def become_kernel(client: socket.socket) -> None:
    """Be a kernel until it is shut down, in a process group of its own, silent besides."""
    from ipykernel.kernelapp import IPKernelApp

    from ci import ONE_THREAD
    from grading.zygote import reseed

    client.setblocking(True)
    with client.makefile(encoding="utf-8") as line:
        request = json.loads(line.readline())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    threading.Thread(target=end_with, args=[client], daemon=True).start()
    os.environ.clear()
    os.environ.update(request["environment"] | ONE_THREAD)
    os.chdir(request["folder"])
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    reseed()
    forget_the_course(request["environment"].get("PYTHONPATH", ""))
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(request["arguments"])
    app.start()
    os._exit(0)


def end_with(client: socket.socket) -> None:
    """End with all that was started here when the process ends that Jupyter knows."""
    client.recv(1)
    os.killpg(0, signal.SIGKILL)


def forget_the_course(paths: str) -> None:
    """A notebook imports the course from `paths`, or from where it lies itself."""
    sys.path[:1] = filter(None, paths.split(os.pathsep))  # no more the warm process's own folder
    for name in [name for name in sys.modules if name.partition(".")[0] in ("utils", "grading")]:
        del sys.modules[name]


if __name__ == "__main__":
    if sys.argv[1:]:
        ask(sys.argv[1], sys.argv[2:])
    else:
        serve(socket.socket(fileno=sys.stdin.fileno()))
