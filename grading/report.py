"""Writes what was found: `grades.csv`, a feedback page a student, a page for the instructor."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from utils.checks.score import Diagnosis, Score

from .intake import Submission
from .record import STATUSES, Record

# Excel takes a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

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
    "SystemExit": "程式呼叫了 exit()：請拿掉它。",
}
OTHER_EXCEPTION = "這一格執行時發生例外，最後一行說明了原因。"

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


@dataclass(frozen=True)
class Row:
    """A submission and its record."""

    submission: Submission
    record: Record

    @property
    def notes(self) -> tuple[str, ...]:
        """What the instructor should know about how the answer was found."""
        return (*self.submission.notes, *self.record.notes)

    @property
    def scores(self) -> dict[str, Score]:
        """The marks by task."""
        return {task: Score.from_dict(data) for task, data in self.record.scores.items()}

    @property
    def diagnoses(self) -> list[Diagnosis]:
        """The mistakes, the most telling first."""
        return [diagnosis for score in self.scores.values() for diagnosis in score.diagnoses]

    @property
    def diagnosis(self) -> str:
        """Why points are missing, in one line, and how the answer was found where that matters."""
        if self.record.status == "graded":
            reasons = [diagnosis.message for diagnosis in self.diagnoses]
        else:
            reasons = [self.record.detail or STATUSES[self.record.status]]
        return "；".join([*reasons, *self.notes])


def write(rows: Sequence[Row], tasks: Sequence[str], out: Path) -> None:
    """Write every report of `rows` to the folder `out`; each file is replaced as a whole."""
    pages = _pages(rows)
    _replace(out / "grades.csv", grades_csv(rows, tasks), "utf-8-sig")
    (out / "feedback").mkdir(exist_ok=True)
    for row, page in zip(rows, pages, strict=True):
        _replace(out / "feedback" / page, feedback(row))
    _replace(out / "report.html", class_report(rows, pages))


def grades_csv(rows: Sequence[Row], tasks: Sequence[str]) -> str:
    """A line a submission; to be written with the byte-order mark by which Excel knows UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "file", "status", "score", "max_score", *tasks, "diagnosis"])
    for row in rows:
        scores = row.scores
        writer.writerow(
            [
                _inert(row.submission.student),
                _inert(row.submission.file),
                row.record.status,
                f"{row.record.score:g}",
                f"{row.record.max_score:g}",
                *(f"{scores[task].points:g}" if task in scores else "0" for task in tasks),
                _inert(row.diagnosis),
            ]
        )
    return text.getvalue()


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
        failures=failures,
    )


def class_report(rows: Sequence[Row], pages: Sequence[str]) -> str:
    """The instructor's page: how the marks lie, the commonest mistakes, a line a student."""
    marks = [row.record.score for row in rows]
    first = {d.code: d.message for row in reversed(rows) for d in row.diagnoses}
    counts = Counter(code for row in rows for code in {d.code for d in row.diagnoses})
    return _templates.get_template("report.html").render(
        rows=list(zip(rows, pages, strict=True)),
        statuses=Counter(row.record.status for row in rows),
        meanings=STATUSES,
        mean=statistics.mean(marks),
        median=statistics.median(marks),
        bars=_histogram(rows),
        mistakes=[(first[code], count) for code, count in counts.most_common(10)],
    )


def _histogram(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """How many rows have each whole mark, the rest rounded down."""
    most = int(max(row.record.max_score for row in rows))
    counts = Counter(int(row.record.score) for row in rows)
    return [(str(mark), counts[mark]) for mark in range(most + 1)]


def _pages(rows: Sequence[Row]) -> list[str]:
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


def _inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _replace(path: Path, text: str, encoding: str = "utf-8") -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding=encoding, errors="replace", newline="")
    part.replace(path)
