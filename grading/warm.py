"""The warm process of which kernels here are forks: this process's own, or one that it shares."""

from __future__ import annotations

import atexit
import socket
import threading
from pathlib import Path
from typing import Any

from .sandbox import Door, KernelLost, Zygote

_lock = threading.RLock()
_zygote: Zygote | None = None
_shared: Door | None = None


def process() -> Zygote:
    """The one warm process of this process, started at the first call and after its death."""
    global _zygote
    with _lock:
        if _zygote and not _zygote.is_alive():
            _zygote.close()
            _zygote = None
        if not _zygote:
            _zygote = Zygote()
            atexit.register(_zygote.close)
        return _zygote


def is_there() -> bool:
    """Whether a kernel can be forked here without starting a warm process first."""
    return _zygote is not None and _zygote.is_alive()


def share(door: Door | None) -> None:
    """Fork this process's kernels from another one's warm process, while that lives."""
    global _shared
    _shared = door


def _door() -> Door:
    with _lock:
        if _shared and _shared.is_open():
            return _shared
        zygote = process()
        zygote.wait()
        return zygote.door


def launch(request: dict[str, Any]) -> tuple[socket.socket, Path]:
    """`Door.launch` of the warm process, or of a new one where that one proves to be dead."""
    try:
        return _door().launch(request)
    except KernelLost:
        return _door().launch(request)
