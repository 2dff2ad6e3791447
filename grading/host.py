"""What grading needs of the machine: looked at first, and what it leaves there is taken away."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .sandbox import LIMITS

try:
    import fcntl
    import resource
except ImportError:  # Windows has neither
    LOCKS = False
else:
    LOCKS = True

OPEN_FILES = LIMITS["RLIMIT_NOFILE"]  # a kernel's limit, which must not be above the grader's
PREFIX = "grade-"
DEEPEST = 39  # bytes from the folder of temporary files to a kernel's socket
OWNER = "owner"  # in a grader's folder: a file that is locked as long as the grader lives


def ready() -> None:
    """Raise OSError, with what to do, where this machine can't run what grading starts."""
    if LOCKS:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard not in (resource.RLIM_INFINITY, -1) and hard < OPEN_FILES:
            raise OSError(
                f"only {hard} files may be open at a time, and grading needs {OPEN_FILES}: "
                f"in a new terminal, or as an administrator, type ulimit -n {OPEN_FILES}"
            )
        if soft < OPEN_FILES:
            resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, hard))
    try:
        multiprocessing.get_context("spawn").Lock()
    except OSError as error:
        raise OSError(
            f"processes can't share a lock here ({error.strerror}): /dev/shm must be a folder that "
            "you can write to (mount -o remount,rw /dev/shm; in a container, without --read-only)"
        ) from error
    if hasattr(socket, "AF_UNIX"):  # Windows has other ways
        _place_sockets(Path(tempfile.gettempdir()))


def _place_sockets(folder: Path) -> None:
    """Raise OSError where no socket can lie as deep in a folder as those of kernels do."""
    place = folder / str(os.getpid()).zfill(DEEPEST - len("/"))
    try:
        with socket.socket(socket.AF_UNIX) as tried:
            tried.bind(str(place))
        place.unlink()
    except OSError as error:
        why = error.strerror or error
        raise OSError(
            f"no socket can lie in the folder of temporary files, {folder} ({why}): "
            "expected one with a short path on a local disk, as with TMPDIR=/tmp"
        ) from error


def use_own_folder() -> None:
    """Have all temporary files in one folder, which ends with this process.

    What a grader that was killed could not take away is taken away now.
    """
    for other in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with _owner_gone(other) as is_gone:
            if is_gone:
                shutil.rmtree(other, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)  # the sandbox's user walks through
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if LOCKS:
        new = folder / "new"  # nobody may find it before it is locked
        atexit.register(_lock(new).close)
        new.rename(folder / OWNER)
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)


def _lock(path: Path) -> IO[bytes]:
    """Open and lock a file; raises BlockingIOError where another process has done so."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


@contextmanager
def _owner_gone(folder: Path) -> Iterator[bool]:
    """Whether a folder is of a grader of this user that has ended."""
    try:
        is_ours = LOCKS and folder.stat().st_uid == os.getuid() and (folder / OWNER).is_file()
        file = _lock(folder / OWNER) if is_ours else None
    except OSError:  # it lives
        file = None
    if not file:
        yield False
        return
    with file:
        yield True
