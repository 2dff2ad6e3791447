"""What an instructor should know about a whole class before its marks are used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .intake import FOLDERS
from .naming import DEFAULT_GROUP
from .roster import MAYBE, SEVERAL, STRANGER, TAKEN, Roster
from .rows import Row

MOST_NAMES = 20  # that a sentence lists
# Why somebody's work is not in the roster, by the note of its row, and how the class is told.
NOT_FILLED = {
    STRANGER: "{} 份不在名單裡：{}",
    SEVERAL: "{} 份分不出是名單裡的哪一位，沒有填進名單：{}",
    TAKEN: "{} 份的學生在名單裡已經有另一份作業，沒有填進名單：{}",
}


def remarks(
    rows: Sequence[Row],
    strays: Sequence[str],
    roster: Roster | None,
    title: str,
    before: str = "",
) -> list[str]:
    """Sentences (Chinese), each of something that touches more than one student, or none.

    `before` is the sheet whose results the folder held.
    """
    return list(_remarks(rows, strays, roster, title, before))


def _remarks(
    rows: Sequence[Row], strays: Sequence[str], roster: Roster | None, title: str, before: str
) -> Iterator[str]:
    if before not in ("", title):
        yield (
            f"這個資料夾原來是 {before} 的結果，表格與回饋頁換成 {title} 的了：紀錄都還在，"
            f"再批改一次 {before} 就回來（不會重跑），或用 --out 分開放"
        )
    if alike := _alike([row.submission.student for row in rows]):
        yield f"{len(alike)} 個名稱只差大小寫，請看看是不是同一位：{_listed(alike)}"
    if names := [_who(row) for row in rows if FOLDERS in row.submission.notes]:
        yield f"{_listed(names)}：{FOLDERS}"
    hidden = {
        lms: [row for row in rows if row.submission.lms == lms and not row.submission.is_known]
        for lms in ("canvas", "moodle")
    }
    if strays:
        yield f"{len(strays)} 個檔案不是作業，沒有列入：{_listed(strays)}"
    if hidden["canvas"]:
        yield (
            f"{len(hidden['canvas'])} 份是匿名繳交的，檔名裡沒有 Canvas 的編號："
            "不在 canvas.csv 裡。"
            "在 Canvas 取消匿名，重新下載，再批改一次（不會重跑）"
        )
    if hidden["moodle"] and not roster:
        names = [row.submission.student for row in hidden["moodle"]]
        yield (
            f"{len(names)} 份是小組的作業，檔名裡沒有學生的編號：不在 moodle.csv 裡"
            f"（{_listed(names)}）。"
            "用 --roster 給 Moodle 的評分工作表，小組的分數就給每一位組員"
        )
    if any(DEFAULT_GROUP in row.submission.notes for row in rows):
        yield "沒有分組的學生在 Moodle 共用一份作業：先分組，再確認那一份是誰交的"
    if not roster:
        return
    absent = [_who(row) for row in rows if row.is_absent and MAYBE not in row.submission.notes]
    if absent:
        yield f"名單裡的 {len(absent)} 位沒有繳交：{_listed(absent)}"
    for note, told in NOT_FILLED.items():
        if names := [_who(row) for row in rows if note in row.submission.notes]:
            yield told.format(len(names), _listed(names))
    if twice := roster.repeated:
        yield f"名單裡有 {len(twice)} 位不只一列，每一列都填同樣的分數：{_listed(twice)}"
    most, ours = roster.most(title), max(row.record.max_score for row in rows)
    if most is not None and most != ours:
        yield (
            f"{roster.path.name} 的滿分是 {most:g} 分，這份作業是 {ours:g} 分，分數沒有換算："
            f"匯入之前，先把那裡的滿分改成 {ours:g}"
        )


def _alike(students: Sequence[str]) -> list[str]:
    """The names that are others' but for capitals: two folders of one student, most likely."""
    found = Counter(student.casefold() for student in {*students})
    return sorted({student for student in students if found[student.casefold()] > 1})


def _who(row: Row) -> str:
    name = row.submission.name
    return f"{row.submission.student}（{name}）" if name else row.submission.student


def _listed(names: Sequence[str]) -> str:
    more = f"…等 {len(names)} 個" if len(names) > MOST_NAMES else ""
    return "、".join(names[:MOST_NAMES]) + more
