"""What grading a submission found, and the SQLite file that keeps it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# status: what it tells the student. From the worst to the best: a submission has its worst task's.
STATUSES = {
    "absent": "名單裡有，沒有繳交",
    "broken": "檔案無法讀取，沒有評分",
    "timeout": "執行逾時，程式在時限內沒有結束",
    "memory": "用掉的記憶體超過上限，被中止了",
    "flood": "印出的內容多到超過上限，被中止了",
    "died": "執行環境 (kernel) 中途結束",
    "error": "執行時發生錯誤，沒有得到結果",
    "missing": "找不到作業要求的函式",
    "unfinished": "尚未完成，空格還沒有填",
    "graded": "已評分",
}


# table: (its columns, those of its key)
TABLES = {
    "records": (
        "student TEXT, file TEXT, key TEXT, record TEXT, graded_at REAL",
        "student, file, key",
    ),
    "settings": ("name TEXT, value TEXT", "name"),
    "overrides": ("student TEXT, task TEXT, points REAL, reason TEXT, made_at REAL", ""),
}


@dataclass(frozen=True)
class Record:
    """The result of one submission, plain data throughout.

    `scores` holds `Score.to_dict()` by task; `notes` tell how the answer was found; `flags` are for
    the instructor alone; `failures` are `run.Failure`s as dicts; `detail` says what a status other
    than "graded" means here. `crowded` marks a timeout of which others had much.
    """

    status: str
    max_score: float
    score: float = 0.0
    detail: str = ""
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    failures: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0
    timeout: float = 0.0
    crowded: bool = False

    def to_json(self) -> str:
        """The record as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The record that `to_json` wrote, in this version of the course or in an earlier one.

        Raises ValueError for what it did not write.
        """
        data = json.loads(text) if isinstance(text, str) else None
        if not (isinstance(data, dict) and data.get("status") in STATUSES):
            raise ValueError(f"{str(text)[:50]!r} is no record")
        lists = {name: tuple(data.get(name, ())) for name in ("notes", "flags", "failures")}
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known} | lists)


@dataclass(frozen=True)
class Override:
    """A mark that the instructor gave by hand, and why."""

    points: float
    reason: str


@dataclass(frozen=True)
class Attempt:
    """One time that a student's file was graded; `at` is in UTC."""

    at: datetime
    file: str
    record: Record


class Ledger:
    """The records of a grading folder: one row a submission and version of what judged it.

    Each row is one transaction: a run that is killed loses the submission it was at, and the next
    run goes on from there. Several graders may use one ledger at a time. Raises ValueError for a
    file with other tables, as another version of the course may have written.
    """

    def __init__(self, path: Path):
        self.path = path
        with self._transaction() as database:
            for table, (columns, key) in TABLES.items():
                keys = f", PRIMARY KEY ({key})" if key else ""
                database.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns}{keys})")
                there = database.execute(f"PRAGMA table_info({table})").fetchall()
                if (found := ", ".join(f"{name} {kind}" for _, name, kind, *_ in there)) != columns:
                    raise ValueError(
                        f"{path} is of another version of the course (its {table} have {found}; "
                        f"expected {columns}): grade to another folder with --out DIR, or take "
                        "that file away"
                    )
            database.execute("PRAGMA user_version = 0")  # as it is: who may not write is told now

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.path, timeout=60)
        try:
            with database:
                yield database
        finally:
            database.close()

    def find(self, student: str, file: str, key: str) -> Record | None:
        """The record of a submission under `key`, a digest of all that decides its mark."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT record FROM records WHERE student = ? AND file = ? AND key = ?",
                (student, file, key),
            ).fetchone()
        return self._record(student, row[0]) if row else None

    def _record(self, student: str, text: str) -> Record:
        try:
            return Record.from_json(text)
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(self._changed("record", student, error)) from error

    def _changed(self, what: str, whose: str, why: object) -> str:
        return (
            f"{self.path}: the {what} of {whose} is not as the course wrote it ({why}): take that "
            "line away from its table, or grade to another folder with --out DIR"
        )

    def add(self, student: str, file: str, key: str, record: Record) -> None:
        """Keep a record; one that was made from the same is replaced."""
        with self._transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)",
                (student, file, key, record.to_json(), time.time()),
            )

    def setting(self, name: str, default: str) -> str:
        """A setting of this folder; `default` is kept when there is none yet."""
        with self._transaction() as database:
            database.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, default))
            row = database.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        value: str = row[0]
        return value

    def exchange(self, name: str, value: str) -> str:
        """Keep a setting, and give what it was before; empty where it was none."""
        with self._transaction() as database:
            row = database.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
            database.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))
        return str(row[0]) if row else ""

    def attempts(self) -> dict[str, list[Attempt]]:
        """All that was ever graded, by student, the latest last, whatever the clock said."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT student, graded_at, file, record FROM records ORDER BY student, rowid"
            ).fetchall()
        found: dict[str, list[Attempt]] = {}
        for student, at, file, record in rows:
            attempt = Attempt(_time(at), file, self._record(student, record))
            found.setdefault(student, []).append(attempt)
        return found

    def override(self, student: str, task: str, override: Override | None) -> None:
        """Give a mark by hand, or with None leave it to the grader again. Earlier ones are kept."""
        points, reason = (override.points, override.reason) if override else (None, "")
        with self._transaction() as database:
            database.execute(
                "INSERT INTO overrides VALUES (?, ?, ?, ?, ?)",
                (student, task, points, reason, time.time()),
            )

    def overrides(self) -> dict[str, dict[str, Override]]:
        """The marks given by hand that stand, by student and task."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT student, task, points, reason FROM overrides ORDER BY rowid"
            ).fetchall()
        found: dict[str, dict[str, Override]] = {}
        for student, task, points, reason in rows:
            of_student = found.setdefault(student, {})
            of_student.pop(task, None)
            if points is not None and not isinstance(points, float):
                raise ValueError(self._changed("mark by hand", student, repr(points)))
            if points is not None:
                of_student[task] = Override(points, reason)
        return found


def _time(seconds: float) -> datetime:
    """A time in UTC; one that no calendar has, of a clock that was wrong, is the first of all."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return datetime.fromtimestamp(0, UTC)
