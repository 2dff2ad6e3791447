"""Questions that a page answers by itself, of the same table that the notebook's check reads."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bs4 import Tag

TABLE = "utils/checks/quiz.json"  # see utils/checks/questions.py
NUMBER = re.compile(r"第 (\d+) 題")  # in bold, where a question begins
# A cell that takes answers or asks for a check, and does nothing else: the page does it.
CELL = re.compile(r'(?:(?:q\d+|answer) = None\s*)*(?:checks\.quiz\("(\w+)", \w+\))?')


def table(root: Path) -> dict[str, Any]:
    """The questions of the course in `root`, by name; none where it has none."""
    path = root / TABLE
    known: dict[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    return known


def mark(part: Tag, source: str) -> None:
    """Mark a code cell's HTML that takes answers or asks for a check, as `asks`."""
    if source and (cell := CELL.fullmatch(source)):
        part.div["class"] = "code asks"
        part.div["data-asks"] = cell[1] or ""


def ask(parts: Sequence[Tag], known: dict[str, Any], html: Callable[[str], str]) -> None:
    """Give the questions in a page's `parts` what their answers tell, of the table `known`.

    `html` renders Markdown. What answers tell is in base64, as in a student's pack: nobody reads it
    in passing. A check without its question stays as it is.
    """
    bold = [strong for part in parts for strong in part.select("p > strong:first-child")]
    asked = {found[1]: each.parent for each in bold if (found := NUMBER.fullmatch(each.get_text()))}
    for cell in (cell for part in parts for cell in part.select(".asks")):
        name = cell.attrs.pop("data-asks")
        question = asked.get(name.rpartition("_q")[2])
        if question and name in known:
            entry = json.dumps(_rendered(known[name], html), ensure_ascii=False)
            question["data-question"] = b64encode(entry.encode()).decode()
        elif name:
            cell["class"] = "code"


def _rendered(entry: dict[str, Any], html: Callable[[str], str]) -> dict[str, Any]:
    """An entry of the table whose sentences are HTML."""
    wrong = {answer: html(told) for answer, told in entry["wrong"].items()}
    return entry | {"right": html(entry["right"]), "wrong": wrong}
