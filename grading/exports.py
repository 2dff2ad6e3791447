"""The tables of a batch: for Excel and pandas, and for the gradebooks of Moodle and Canvas."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .record import Attempt
from .rows import Row
from .similar import Pair

LONGEST = 30_000  # characters of a field: a spreadsheet takes 32,767
# A spreadsheet takes a cell that begins so for a formula; the full-width ones in East Asia.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def grades_csv(rows: Sequence[Row], tasks: Sequence[str], parts: bool = False) -> str:
    """A line a submission; to be written with the byte-order mark by which Excel knows UTF-8.

    Names stand in it where they are known, lateness where it was asked for, with `parts` the points
    of each part of a task.
    """
    names = any(row.submission.name for row in rows)
    lates = any(row.late for row in rows)
    pieces = _parts(rows, tasks) if parts else []
    header = [
        *("student", *(["name"] if names else []), "file", "status", "score", "max_score"),
        *(["late", "late_points", "score_after_late"] if lates else []),
        *tasks,
        *(f"{task}:{part}" for task, part in pieces),
        *("diagnosis", "flags"),
    ]
    lines = []
    for row in rows:
        points = {
            (task, part.name): part.points
            for task, score in row.scores.items()
            for part in score.parts
        }
        lines.append(
            [
                row.submission.student,
                *([row.submission.name] if names else []),
                row.submission.file,
                row.record.status,
                row.score,
                row.record.max_score,
                *([row.late and row.late.told, row.taken_off, row.final] if lates else []),
                *(row.points(task) for task in tasks),
                *(points.get(piece) for piece in pieces),
                row.diagnosis,
                "；".join(row.flags),
            ]
        )
    return _table(header, lines)


def _parts(rows: Iterable[Row], tasks: Sequence[str]) -> list[tuple[str, str]]:
    """The parts of each task that anybody was judged by, in their order."""
    found = {
        (task, part.name): None
        for row in rows
        for task, score in row.scores.items()
        for part in score.parts
    }
    return sorted(found, key=lambda piece: tasks.index(piece[0]))


def moodle_csv(rows: Iterable[Row]) -> str:
    """Moodle's grading worksheet, and its gradebook's import by ID number.

    The worksheet needs Identifier, Grade and Last modified (grade), by their English names
    (mod/assign/feedback/offline/importgradeslib.php); "-" there means never graded, so that a newer
    mark in Moodle is not replaced unasked. Comments are HTML in Moodle.
    """
    header = [
        "Identifier",
        "Full name",
        "ID number",
        "Grade",
        "Maximum Grade",
        "Last modified (grade)",
        "Feedback comments",
    ]
    lines = []
    for row in rows:
        student = row.submission.student
        known = row.submission.lms == "moodle"
        name = row.submission.name if known else ""
        who = [f"Participant {student}", name, ""] if known else ["", name, student]
        lines.append([*who, row.final, row.record.max_score, None, html.escape(row.diagnosis)])
    return _table(header, lines, empty="-")


def canvas_csv(rows: Sequence[Row], assignment: str) -> str:
    """Canvas' gradebook: five columns about the student, the assignment, a line of the maximum.

    Canvas finds a student by ID, else by SIS User ID, else by SIS Login ID, and asks which
    assignment is meant where none has this name (lib/gradebook_importer.rb).
    """
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment]
    lines = [["    Points Possible", "", "", "", "", max(row.record.max_score for row in rows)]]
    for row in rows:
        student = row.submission.student
        known = row.submission.lms == "canvas"
        who = (
            [row.submission.name or student, student, "", ""]
            if known
            else [student, "", student, student]
        )
        lines.append([*who, "", row.final])
    return _table(header, lines)


def of_lms(rows: Iterable[Row], lms: str) -> list[Row]:
    """The rows that the gradebook of an LMS may know: its own, and those of no LMS.

    Not who handed nothing in, nor whom its files do not name.
    """
    return [
        row
        for row in rows
        if row.submission.lms in ("", lms) and row.submission.is_known and not row.is_absent
    ]


def similar_csv(rows: Sequence[Row], pairs: Iterable[Pair]) -> str:
    """A line a pair of submissions that an instructor should look at."""
    header = ["student_a", "file_a", "student_b", "file_b", "similarity", "shared"]
    lines = []
    for pair in pairs:
        both = rows[pair.first].submission, rows[pair.second].submission
        names = [name for each in both for name in (each.student, each.file)]
        lines.append([*names, pair.similarity, pair.shared])
    return _table(header, lines)


def history_csv(attempts: Mapping[str, Sequence[Attempt]]) -> str:
    """A line for every time that something was graded, marks given by hand not counted."""
    header = ["student", "file", "graded_at", "status", "score", "max_score", "seconds"]
    lines = (
        [
            student,
            attempt.file,
            attempt.at.isoformat(timespec="seconds"),
            attempt.record.status,
            attempt.record.score,
            attempt.record.max_score,
            attempt.record.seconds,
        ]
        for student, each in attempts.items()
        for attempt in each
    )
    return _table(header, lines)


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _text(cell: str) -> str:
    return inert(cell if len(cell) <= LONGEST else f"{cell[:LONGEST]}…")


def _table(header: Sequence[str], lines: Iterable[Sequence[Any]], empty: str = "") -> str:
    """The lines as CSV: numbers short, None as `empty`, text that is no formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in (header, *lines):
        writer.writerow(
            [
                empty if cell is None else _text(cell) if isinstance(cell, str) else f"{cell:g}"
                for cell in line
            ]
        )
    return text.getvalue()
