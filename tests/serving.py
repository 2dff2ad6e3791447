"""A server that a test starts: a port for it, and what it answers once it is up."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

STARTING = 120  # seconds that a server may take to answer, on a busy machine


def free_port() -> int:
    """A port of this computer at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


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
