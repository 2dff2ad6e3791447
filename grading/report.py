"""Writes what was found: tables, a feedback page a student, a page for the instructor."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from utils.checks.render import prose

from . import byhand, exports, overview, texts
from .failures import plain_words
from .intake import Cell
from .record import STATUSES, Attempt
from .roster import Filled
from .rows import Row
from .similar import Pair

SHOWN = 10  # exceptions that a student's page tells at length

# What the tables are for, and their encoding: Excel knows UTF-8 by a mark, gradebooks take none.
TABLES = {
    "grades.csv": ("每位學生一列：狀態、分數、診斷；用 Excel 或 pandas 打開", "utf-8-sig"),
    "moodle.csv": ("匯入 Moodle 的評分工作表或成績簿", "utf-8"),
    "canvas.csv": ("匯入 Canvas 的成績簿", "utf-8"),
    "similar.csv": ("看起來相似的作業，值得看一看，不影響分數", "utf-8-sig"),
    "history.csv": ("每一次批改的時間、狀態與分數", "utf-8-sig"),
}

TEMPLATES = Path(__file__).parent / "templates"
SCRIPT = (TEMPLATES / "report.js").read_text("utf-8")
_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_templates.filters["prose"] = prose  # which escapes


def write(
    rows: Sequence[Row],
    tasks: Sequence[str],
    out: Path,
    *,
    title: str = "homework",
    pairs: Sequence[Pair] = (),
    attempts: Mapping[str, Sequence[Attempt]] | None = None,
    parts: bool = False,
    notes: Sequence[str] = (),
    filled: Filled | None = None,
    release: Sequence[Cell] = (),
) -> None:
    """Write every report of `rows` to the folder `out`; each file is replaced as a whole.

    `title` is the sheet's name, and the assignment's in Canvas. A gradebook's file is written
    where some of the submissions may be from there. `notes` are about the whole class, `filled` is
    the roster to import again, `release` the sheet's cells, which no student wrote.
    """
    pages = page_names(rows)
    tables = {
        "grades.csv": exports.grades_csv(rows, tasks, parts),
        "similar.csv": exports.similar_csv(rows, pairs),
        "history.csv": exports.history_csv(attempts or {}),
    }
    if theirs := exports.of_lms(rows, "moodle"):
        tables["moodle.csv"] = exports.moodle_csv(theirs)
    if theirs := exports.of_lms(rows, "canvas"):
        tables["canvas.csv"] = exports.canvas_csv(theirs, title)
    for name, (_, encoding) in TABLES.items():
        if name in tables:
            texts.write(out / name, tables[name], encoding)
        else:  # of an earlier run: nobody should import it
            (out / name).unlink(missing_ok=True)
    purposes = {name: purpose for name, (purpose, _) in TABLES.items() if name in tables}
    if filled:
        texts.write(out / filled.name, filled.text, filled.encoding)
        purposes[filled.name] = "你給的名單，填好了分數，可以匯入"
    (out / "feedback").mkdir(exist_ok=True)
    for row, page in zip(rows, pages, strict=True):
        texts.write(out / "feedback" / page, feedback(row))
    figures = overview.kept(overview.data(rows, pairs), out)
    told = class_report(rows, pages, figures, purposes, title, notes, release)
    texts.write(out / "report.html", told)


def feedback(row: Row) -> str:
    """A student's page."""
    failures = [
        failure | {"plain": failure.get("reason") or plain_words(failure["name"])}
        for failure in row.record.failures
        if failure["kind"] == "own"
    ]
    return _templates.get_template("feedback.html").render(
        row=row,
        status=STATUSES[row.record.status],
        cards=[score._repr_html_() for score in row.scores.values()],
        notes=row.own_notes,
        failures=failures[:SHOWN],
        others=failures[SHOWN:],
    )


def class_report(
    rows: Sequence[Row],
    pages: Sequence[str],
    figures: str,
    tables: Mapping[str, str] | None = None,
    title: str = "",
    notes: Sequence[str] = (),
    release: Sequence[Cell] = (),
) -> str:
    """The instructor's page: whom to look at, who made which mistake, each student, `figures`."""
    paged = list(zip(rows, pages, strict=True))
    looks, untouched = byhand.looks(paged, release)
    counts = Counter(row.record.status for row in rows)
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    return _templates.get_template("report.html").render(
        tables=tables or {},
        notebook=figures,
        rows=paged,
        looks=looks,
        untouched=untouched,
        mistakes=_mistakes(paged),
        statuses={status: counts[status] for status in STATUSES if counts[status]},
        names=any(row.submission.name for row in rows),
        lates=any(row.late for row in rows),
        title=title,
        notes=notes,
        script=SCRIPT,
        script_digest=f"sha256-{digest}",  # the one script that a browser may run in this page
    )


def _mistakes(rows: Iterable[tuple[Row, str]]) -> list[dict[str, Any]]:
    """Each mistake in the words of one who made it, and who did; the commonest first."""
    found: dict[str, dict[str, Any]] = {}
    for row, page in rows:
        for code, diagnosis in {each.code: each for each in row.diagnoses}.items():
            told = {"code": code, "message": diagnosis.message, "who": []}
            found.setdefault(code, told)["who"].append((row, page))
    return sorted(found.values(), key=lambda mistake: -len(mistake["who"]))


def page_names(rows: Sequence[Row]) -> list[str]:
    """A file name a row, as like the student's name as every file system allows, none twice."""
    pages, taken = [], set()
    for row in rows:
        student = row.submission.student
        name = re.sub(r"[^\w.-]+", "_", student)[:60].strip(".")
        if name != student or name.casefold() in taken:
            identity = f"{student}/{row.submission.file}".encode("utf-8", "surrogateescape")
            name = f"{name}-{hashlib.sha256(identity).hexdigest()[:8]}"
        taken.add(name.casefold())
        pages.append(f"{name}.html")
    return pages
