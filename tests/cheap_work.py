"""Work for the tests of workers, which needs no notebook and imports next to nothing."""

from __future__ import annotations

import os
import resource
import signal
import time
from types import SimpleNamespace

from grading.record import Record


def job(content: str) -> SimpleNamespace:
    """What a worker is given."""
    return SimpleNamespace(content=content)


def grade(job: SimpleNamespace) -> Record:
    """Do what the job's content says: "sleep SECONDS", "fail REASON" or "die"."""
    action, _, argument = job.content.partition(" ")
    if action == "die":
        os.kill(os.getpid(), signal.SIGTERM)
    if action == "fail":
        raise ValueError(argument)
    time.sleep(float(argument or 0))
    return Record("graded", 10, detail=str(os.getpid()))


def fork_a_kernel() -> str:
    """Of whose warm process a kernel in the sandbox is."""
    from grading import kernels, warm

    with kernels.kernel(60, sandboxed=True):
        return "of its own" if warm.is_there() else "of another's"


def peak() -> int:
    """The most bytes of memory that this process ever took."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
