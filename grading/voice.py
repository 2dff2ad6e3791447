"""What is said to whoever started the grader, who may read no further, or not at all."""

from __future__ import annotations

import atexit
import io
import os
import sys
from typing import TextIO


def ready() -> None:
    """Have both streams: one that was closed is silent, and each can write whatever is said."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # nothing else may be opened in its place
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8"))
    if isinstance(sys.stdout, io.TextIOWrapper):  # as stderr does it always
        sys.stdout.reconfigure(errors="backslashreplace")
    atexit.register(_end)


def _end() -> None:
    """Print what others left to be printed, as --help does."""
    try:
        _print(sys.stdout, end="")
    except OSError as error:
        warn(str(error))


def say(*lines: str) -> None:
    """Print what was done."""
    _print(sys.stdout, *lines)


def warn(line: str, start: str = "") -> None:
    """Print what went wrong."""
    _print(sys.stderr, f"{start}grading: {line}")


def _print(stream: TextIO, *lines: str, end: str = "\n") -> None:
    """Print at once. Raises OSError, with the stream's name, where there is no room.

    Who reads no further has heard enough, as `| head`.
    """
    try:
        print(*lines, sep="\n", end=end, file=stream, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # or the end tries once more
        if not isinstance(error, BrokenPipeError):
            raise OSError(error.errno, error.strerror, stream.name) from error
