"""The figures of the class report: what `overview.ipynb` is told, and what is kept of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import texts
from .record import STATUSES
from .rows import Row
from .similar import Pair

NOTEBOOK = Path(__file__).with_name("overview.ipynb")
KEPT = ".overview"


def data(rows: Sequence[Row], pairs: Sequence[Pair]) -> dict[str, Any]:
    """What the notebook reads: tables as lists of plain dicts."""
    students = [row.submission.student for row in rows]
    rows = [row for row in rows if row.record.status != "absent"]
    return {
        "statuses": STATUSES,
        "submissions": [
            {
                "student": row.submission.student,
                "status": row.record.status,
                "score": row.score,
                "max_score": row.record.max_score,
                "seconds": row.record.seconds,
            }
            for row in rows
        ],
        "parts": [
            {
                "task": score.title,
                "part": part.title,
                "name": part.name,
                "share": part.points / part.max_points,
            }
            for row in rows
            for score in row.scores.values()
            for part in score.parts
        ],
        "mistakes": [
            {"student": row.submission.student, "code": mistake.code}
            for row in rows
            for mistake in row.diagnoses
        ],
        "pairs": [
            {
                "a": students[pair.first],
                "b": students[pair.second],
                "similarity": pair.similarity,
                "shared": pair.shared,
            }
            for pair in pairs
        ],
    }


def kept(content: dict[str, Any], folder: Path) -> str:
    """What the notebook shows, as HTML: kept in `folder` for as long as the class is the same."""
    told = [json.dumps(texts.cleaned(content), sort_keys=True).encode(), NOTEBOOK.read_bytes()]
    digest = hashlib.sha256(b"".join(told)).hexdigest()[:32]
    path = folder / KEPT
    if path.is_file() and (text := path.read_text("utf-8")).startswith(digest):
        return text.removeprefix(digest)
    from . import figures  # now, for most runs over a class find it as it was

    body = figures.run(NOTEBOOK, content)
    texts.write(path, digest + body)
    return body
