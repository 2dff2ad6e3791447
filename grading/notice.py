"""What an instructor should look at in a submission's own code: told, and never a mark.

Who wants a mark without the work can hide what they do, and the sandbox does not depend on this
table: it makes the plain ways conspicuous.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .intake import Cell
from .restore import Reading, checked, normal_source

SHOWN = 60  # characters of a line that a sentence repeats
CLOSE = 0.01  # points that say the same
# Names in `utils.checks` that no answer needs.
INTERNAL = "TASKS|homework|models|network|probe|reading|reference|rubric|score|task|weights"

# What may stand between two words of a line: no more, or a line full of one takes its time squared.
BETWEEN = r"[^#]{0,200}"

# What a line of code says -> what that means. The first line that does so is told.
NOTICED = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"\bstand_ins?\b", "提到檢查裡代替用的解答"),
        (
            rf"keras\s*\.\s*applications|keras\s+import\s{BETWEEN}\bapplications"
            rf"|\butils\b{BETWEEN}\bzoo\b",
            "用到現成的網路",
        ),
        (
            rf"\bchecks\s*\.\s*({INTERNAL})\b"
            rf"|\butils\.checks\s+import\s{BETWEEN}\b({INTERNAL})\b",
            "用到檢查的內部",
        ),
        (
            r"\binspect\s*\.\s*(stack|trace|currentframe|get(outer|inner)frames)\b|_getframe\b"
            r"|\.f_(back|locals|globals)\b|\btb_frame\b|\bset(trace|profile)\b",
            "讀取呼叫它的程式的變數",
        ),
        (r"\bgc\s*\.\s*get_(objects|referrers|referents)\b", "在記憶體裡找物件"),
        (
            r"get_ipython\(\)\s*\.\s*(kernel|display_pub)\b|\bdisplay_?pub\b|iopub|\bsession\.key\b"
            r"|classic-cnn-course\.answer",
            "碰觸筆記本的 kernel 與它的訊息",
        ),
        (r"\binput_transformer", "改寫之後要執行的程式"),
        (r"\b(__)?builtins(__)?\b", "碰觸 Python 的內建函式"),
        (
            r"\bsys\s*\.\s*(meta_path|path_hooks|path_importer_cache|modules)\b"
            r"|\bsys\.path(\s*\[[^\]]{0,200}\])?\s*=[^=]",
            "改變模組從哪裡匯入",
        ),
        (r"^\s*(keras|tf|tensorflow|np|numpy|json)\.[\w.]+\s*=[^=]", "替換套件裡的東西"),
        (r"(?<![\w.])(exec|eval|__import__)\s*\(", "執行組出來的程式"),
        (r"\bctypes\b", "直接使用記憶體或系統"),
        (r"/proc/", "讀取系統的資訊"),
        (r"\bos\s*\.\s*_exit\b", "從程式裡結束 kernel"),
    )
)


def in_code(readings: Iterable[Reading], release: Sequence[Cell]) -> Iterator[str]:
    """Sentences about the student's own cells that were run; most submissions have none."""
    own = own_lines(readings, release)
    for pattern, meaning in NOTICED:
        for cell, number, line in own:
            if found := pattern.search(line):
                text = line[max(0, found.end() - SHOWN) :][:SHOWN]
                yield f"第 {cell} 個程式格第 {number} 行{meaning}：{text}"
                break


def own_lines(
    readings: Iterable[Reading], release: Sequence[Cell]
) -> dict[tuple[int | None, int, str], None]:
    """The student's own lines that are run: the cell's number, the line's, and what it says."""
    known = {line.strip() for cell in release for line in cell.source.splitlines()}
    return dict.fromkeys(
        (step.number, number, line.strip())
        for reading in readings
        for step in reading.steps
        if step.kind == "own"
        for number, line in enumerate(step.source.splitlines(), start=1)
        if line.strip() not in known and not line.lstrip().startswith("#")
    )


def in_outputs(
    student: Sequence[Cell], release: Sequence[Cell], points: Mapping[str, float]
) -> Iterator[str]:
    """Where a check's output was handed in that shows more than the task got."""
    sources = {
        normal_source(cell.source): cell.grade_id
        for cell in release
        if cell.grade_id in checked(release)
    }
    for cell in student:
        task = cell.grade_id or sources.get(normal_source(cell.source)) or ""
        worth = points.get(task)
        if worth is not None and cell.shown is not None and cell.shown > worth + CLOSE:
            yield f"交來的輸出顯示 {task} 得 {cell.shown:g} 分，批改得 {worth:g} 分"
