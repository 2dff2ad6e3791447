"""Runs `overview.ipynb`, the class report, on a batch's data; papermill sets its parameter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import kernels, texts
from .record import STATUSES
from .rows import Row
from .similar import Pair

NOTEBOOK = Path(__file__).with_name("overview.ipynb")
DATA = "data.json"
KEPT = ".overview"
SECONDS = 600


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
    """What `run` gives; in `folder` it is kept for as long as the class stays the same."""
    told = [json.dumps(texts.cleaned(content), sort_keys=True).encode(), NOTEBOOK.read_bytes()]
    digest = hashlib.sha256(b"".join(told)).hexdigest()[:32]
    path = folder / KEPT
    if path.is_file() and (text := path.read_text("utf-8")).startswith(digest):
        return text.removeprefix(digest)
    body = run(content)
    texts.write(path, digest + body)
    return body


def run(content: dict[str, Any]) -> str:
    """The executed notebook as HTML, without a page around it and without its code."""
    import papermill  # now, for most runs over a class find it as it was
    from nbconvert import HTMLExporter

    # It is our own: a kernel of the sandbox is only taken where it is there at once.
    with kernels.kernel(SECONDS, sandboxed=kernels.is_warm()) as kernel:
        path = kernel.outside / DATA
        path.write_text(json.dumps(texts.cleaned(content)), encoding="utf-8")
        path.chmod(0o644)  # in the sandbox it is another user who reads it
        notebook = papermill.execute_notebook(
            NOTEBOOK,
            None,
            {"data": f"{kernel.inside}/{DATA}"},
            progress_bar=False,
            km=kernel.manager,
        )
    exporter = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(notebook)
    return body
