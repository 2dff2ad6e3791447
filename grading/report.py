"""Writes what was found: tables, a feedback page a student, a page for the instructor."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from utils.checks.render import prose

from . import byhand, exports, overview
from .intake import Cell
from .record import STATUSES, Attempt
from .roster import Filled
from .rows import Row
from .similar import Pair

# What an exception means, for somebody who meets it for the first time.
PLAIN_WORDS = {
    "NameError": "用到了還沒有定義的名稱：可能拼錯，或定義它的格子在後面、沒有一起執行。",
    "SyntaxError": "這一格不是合法的 Python：檢查括號、引號、冒號有沒有成對或漏掉。",
    "IndentationError": "縮排不一致：同一個區塊的每一行要對齊。",
    "ModuleNotFoundError": "批改環境沒有這個套件：作業只需要課程安裝的套件。",
    "ImportError": "匯入失敗：檢查名稱，以及這個版本的套件裡還有沒有它。",
    "AttributeError": "這個物件沒有這個屬性：檢查拼字，以及它是不是你以為的物件。",
    "TypeError": "引數的個數或型別不對：對照函式的說明。",
    "ValueError": "引數的型別對、但值不行：最後一行說明了原因。",
    "KeyError": "字典裡沒有這個鍵。",
    "IndexError": "索引超出範圍。",
    "FileNotFoundError": "批改時沒有你電腦裡的檔案：答案不能依賴自己的路徑。",
    "NotImplementedError": "這裡還是空格，等著你完成。",
    "KeyboardInterrupt": "這一格執行太久，被中止了：可能是無窮迴圈，或訓練太久。",
    "MemoryError": "記憶體不足：檢查輸入的大小與層的寬度。",
    "RecursionError": "函式不斷呼叫自己：少了結束的條件。",
    "OutputLimit": "印出的內容太多，這一格被中止了：可能在迴圈裡不停地印。",
    "SystemExit": "程式呼叫了 exit()：請拿掉它。",
}
OTHER_EXCEPTION = "這一格執行時發生例外，最後一行說明了原因。"

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
            _replace(out / name, tables[name], encoding)
        else:  # of an earlier run: nobody should import it
            (out / name).unlink(missing_ok=True)
    purposes = {name: purpose for name, (purpose, _) in TABLES.items() if name in tables}
    if filled:
        _replace(out / filled.name, filled.text, filled.encoding)
        purposes[filled.name] = "你給的名單，填好了分數，可以匯入"
    (out / "feedback").mkdir(exist_ok=True)
    for row, page in zip(rows, pages, strict=True):
        _replace(out / "feedback" / page, feedback(row))
    _replace(out / "report.html", class_report(rows, pages, pairs, purposes, title, notes, release))


def feedback(row: Row) -> str:
    """A student's page."""
    failures = [
        failure | {"plain": PLAIN_WORDS.get(failure["name"], OTHER_EXCEPTION)}
        for failure in row.record.failures
        if failure["kind"] == "own"
    ]
    return _templates.get_template("feedback.html").render(
        row=row,
        status=STATUSES[row.record.status],
        cards=[score._repr_html_() for score in row.scores.values()],
        notes=row.own_notes,
        failures=failures,
    )


def class_report(
    rows: Sequence[Row],
    pages: Sequence[str],
    pairs: Sequence[Pair],
    tables: Mapping[str, str] | None = None,
    title: str = "",
    notes: Sequence[str] = (),
    release: Sequence[Cell] = (),
) -> str:
    """The instructor's page: whom to look at, who made which mistake, a line a student, figures."""
    paged = list(zip(rows, pages, strict=True))
    looks, untouched = byhand.looks(paged, release)
    counts = Counter(row.record.status for row in rows)
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    return _templates.get_template("report.html").render(
        tables=tables or {},
        notebook=overview.run(overview.data(rows, pairs)),
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


def _replace(path: Path, text: str, encoding: str = "utf-8") -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding=encoding, errors="replace", newline="")
    part.replace(path)
