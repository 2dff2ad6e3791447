"""Runs a notebook of figures on a batch's data; papermill sets its parameter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import papermill
from nbconvert import HTMLExporter

from . import kernels, texts, warm

DATA = "data.json"
SECONDS = 600
EXPORTER = HTMLExporter(
    template_name="basic",
    exclude_input=True,
    exclude_output_prompt=True,
    exclude_anchor_links=True,
)


def run(notebook: Path, content: dict[str, Any]) -> str:
    """The executed notebook as HTML, without a page around it and without its code."""
    # It is our own: a kernel of the sandbox is only taken where it is there at once.
    with kernels.kernel(SECONDS, sandboxed=warm.is_there()) as kernel:
        path = kernel.outside / DATA
        path.write_text(json.dumps(texts.cleaned(content)), encoding="utf-8")
        path.chmod(0o644)  # in the sandbox it is another user who reads it
        executed = papermill.execute_notebook(
            notebook,
            None,
            {"data": f"{kernel.inside}/{DATA}"},
            progress_bar=False,
            km=kernel.manager,
        )
    body, _ = EXPORTER.from_notebook_node(executed)
    return body
