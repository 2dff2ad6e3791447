"""Which submissions are the same in all that decides their record: one run serves them all.

In a class many hand in the same code, and their files still differ: in text, outputs, ids. Equal
code has equal cases (`work.case_seed`), so its record may be copied; but not where the run may end
otherwise the next time.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache

from . import work
from .intake import BrokenNotebook, Cell, read_cells
from .notice import own_lines
from .record import Record

# What makes two runs of the same code differ: chance, clocks, what the machine is.
CHANCE = re.compile(
    r"random|shuffle|\bseed|secrets|uuid|(?<!run)time|\bdate|\bnow\b|\bclock|perf_counter|monotonic"
    r"|\bos\.|\bplatform\b|\bpsutil\b|\bsocket\b|\bthreading\b|\bid\(|\bhash\(|\.fit\("
)


def digest(job: work.Job) -> str | None:
    """A digest of all that decides the record of `job`, of one batch; None: it runs by itself."""
    try:
        student, release = read_cells(job.content), _given(job.release)
    except BrokenNotebook:
        return None
    found = list(work.readings_of(job, student, release))
    if any(CHANCE.search(line) for _, _, line in own_lines(found, release)):
        return None
    told = [*map(asdict, found), _shown(student)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def may_be_copied(record: Record) -> bool:
    """Whether another run of the same code would surely end as this one did: no limit ended it."""
    ended = {diagnosis["code"] for s in record.scores.values() for diagnosis in s["diagnoses"]}
    return work.UNANSWERED.keys().isdisjoint({*ended, record.status})


@lru_cache(maxsize=1)
def _given(release: bytes) -> list[Cell]:
    """The release's cells, which all submissions of a batch are held against."""
    return read_cells(release)


def _shown(student: Sequence[Cell]) -> list[tuple[str | None, float, str]]:
    """What the checks' outputs show that were handed in: it is held against the mark."""
    return [(c.grade_id, c.shown, c.source) for c in student if c.shown is not None]
