"""A unit of work that takes no kernel and imports next to nothing; used by the tests of workers."""

from __future__ import annotations

import os
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
