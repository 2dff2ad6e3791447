"""A server that a test starts: a port for it, and what it answers once it is up."""

from __future__ import annotations

import random
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

STARTING = 120  # seconds that a server may take to answer, on a busy machine
# Below those that a system gives to who asks for any, as kernels do, which are soon taken again.
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port of this computer at which nobody listens."""
    for port in random.Random().sample(PORTS, len(PORTS)):  # no seed: not what another test draws
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port")


def ask(address: str, server: subprocess.Popen, log: Path) -> bytes:
    """What is answered at `address`, once `server` is up; where it ended, the test shows `log`."""
    for _ in range(10 * STARTING):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.read()
        except HTTPError:
            raise
        except OSError:
            assert server.poll() is None, log.read_text("utf-8")
            time.sleep(0.1)
    raise TimeoutError(f"{address}\n{log.read_text('utf-8')}")
