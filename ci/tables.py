"""Writes the tables of docs/marks.md from the code: `python -m ci.tables`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ci import ROOT
from ci.answers import answers
from ci.lessons import lessons
from grading.record import STATUSES
from utils.checks import TASKS, Task
from utils.checks.mistakes import FAILURES, SHARED, Texts

PAGE = ROOT / "docs" / "marks.md"


def _tasks() -> list[Task]:
    """All tasks in the order of the sheets, then the questions."""
    of_sheets = (name for lesson in lessons() for name in answers(lesson.name))
    return [TASKS[name] for name in dict.fromkeys([*of_sheets, *TASKS])]


def points() -> str:
    """Each part of each task with its points."""
    rows = []
    for task in _tasks():
        score = task.mark(None, task.public_case())
        rows.append((f"**{score.title}**（`{score.task}`）", f"**{score.max_points:g}**"))
        if len(score.parts) > 1:
            rows += [(part.title, f"{part.max_points:g}") for part in score.parts]
    return _table(("題目與它的部分", "分數"), rows)


def statuses() -> str:
    """What a submission's status means, the worst first."""
    return _table(("狀態", "意思"), ((f"`{name}`", text) for name, text in STATUSES.items()))


def diagnoses() -> str:
    """Each mistake that is told: those of any task, then what tasks tell in words of their own."""
    tables = {"任何題目：拿不到答案": _told(FAILURES), "任何題目：網路不同": _told(SHARED)}
    everywhere = {row for rows in tables.values() for row in rows}
    own = {task.title: _told(task.mistakes) for task in _tasks()}
    for row in dict.fromkeys(row for rows in own.values() for row in rows):
        if row not in everywhere:
            titles = "、".join(title for title, rows in own.items() if row in rows)
            tables.setdefault(titles, []).append(row)
    return "\n".join(
        f"### {title}\n\n{_table(('代號', '說什麼'), rows)}" for title, rows in tables.items()
    )


def _told(mistakes: Texts) -> list[tuple[str, str]]:
    """Rows of a code and its message, in the order in which they are told."""
    return [
        (f"`{code}`", re.sub(r"\{[^}]*\}", "…", message)) for code, (message, _) in mistakes.items()
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def filled(text: str) -> str:
    """The page with its tables as the code has them."""
    for table in (points, statuses, diagnoses):
        begin, end = f"<!-- {table.__name__} -->\n", "<!-- end -->"
        text = re.sub(
            f"({begin}).*?({end})", lambda m, t=table: m[1] + t() + m[2], text, flags=re.DOTALL
        )
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8", newline="\n")
