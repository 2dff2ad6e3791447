"""Finds submissions and reads notebooks within limits; whatever can't be read gets a reason."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

from . import naming
from .files import EXPECTED, File, list_files, read_own
from .naming import Owner
from .texts import without_halves

MAX_CELLS = 1_000
MAX_SOURCE = 100_000  # characters of a cell that is parsed; a tree takes a thousand times as much
MAX_CODE = 1_000_000  # characters of all cells: the grader itself parses them, in its own time
LISTED = 10  # notebooks that a note names

# What students send in place of a notebook, and what to tell them.
NOT_NOTEBOOKS = {
    ".py": "這是 Python 程式檔，請繳交 .ipynb 筆記本",
    ".html": "這是匯出的網頁，請繳交 .ipynb 筆記本",
    ".pdf": "這是匯出的 PDF，請繳交 .ipynb 筆記本",
    ".zip": "這是壓縮檔，請解壓縮後繳交 .ipynb 筆記本",
}

# What lies beside submissions and is none, by the name of a loose file.
STRAYS = (
    *("desktop.ini", "thumbs.db", "ehthumbs.db", "icon\r", "~$*", "*.tmp", "*.part", "*.lnk"),
    *("readme*", "license*", "*.url", "*.log", "*.bak", "*.crdownload", "*.csv", "*.tsv", "*.xls*"),
    *("report.html", "grades.sqlite*"),
)
LEDGER = "grades.sqlite"  # lies in a folder of results, which is no student's
# What a folder of folders may be: a class in one more folder, of which one file would be graded.
FOLDERS = (
    "好幾個資料夾裡有同名的筆記本，只評了其中一份：如果一個資料夾是一位學生，請改批改這個資料夾"
)
URL = re.compile(rb"https?://[^\s\"'<>]{1,300}")
CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( .*)?$", re.MULTILINE)
COPY = re.compile(r"(?: ?\((\d+)\)|-(\d+))$")  # what browsers and Canvas add to a name sent again


class BrokenNotebook(Exception):
    """A file that is no readable notebook; the message (Chinese) says why."""


@dataclass(frozen=True)
class Submission:
    """One student's file. `file` is its path below the folder that was graded, with `/`.

    `name` and `lms` ("moodle", "canvas" or "blackboard") are known where the file came from one;
    `is_known` is false where its gradebook does not know `student`, `is_late` None where it does
    not say. `at` is when the file was handed in, where an LMS tells it (`is_timed`), else when the
    file was last changed.
    """

    student: str
    file: str
    content: Callable[[], bytes] | None = None
    problem: str | None = None
    notes: tuple[str, ...] = ()
    name: str = ""
    lms: str = ""
    is_known: bool = True
    is_late: bool | None = None
    at: datetime | None = None
    is_timed: bool = False

    def read(self) -> bytes:
        """The file's bytes. Raises BrokenNotebook where there is nothing to grade."""
        if self.problem or not self.content:
            raise BrokenNotebook(self.problem or "沒有檔案")
        try:
            return self.content()
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise BrokenNotebook(f"無法讀取檔案：{error}") from error


@dataclass(frozen=True)
class Cell:
    """What the grader reads of a code cell. `number` counts the notebook's code cells from 1.

    `kind` is what it was when it was handed in: "code", or what became of one of the sheet's.
    `shown` is the plain number that stands as its result, as a check's does.
    """

    source: str
    number: int
    cell_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    kind: str = "code"
    shown: float | None = None

    @cached_property
    def nbgrader(self) -> dict[str, Any]:
        """nbgrader's own metadata (schema 3), or nothing."""
        value = self.metadata.get("nbgrader")
        return value if isinstance(value, dict) else {}

    @cached_property
    def grade_id(self) -> str | None:
        """The name that nbgrader knows the cell by."""
        value = self.nbgrader.get("grade_id")
        return value if isinstance(value, str) else None

    @property
    def tags(self) -> tuple[str, ...]:
        """The cell's tags."""
        value = self.metadata.get("tags")
        return (
            tuple(tag for tag in value if isinstance(tag, str)) if isinstance(value, list) else ()
        )


@dataclass(frozen=True)
class Found:
    """The submissions, sorted by student, and the paths of what lies beside them and is none."""

    submissions: list[Submission]
    strays: list[str]


def find(path: Path, prefer: str) -> list[Submission]:
    """The submissions at `path`, as `look` finds them."""
    return look(path, prefer).submissions


def look(path: Path, prefer: str) -> Found:
    """What is at `path`: a folder a student, flat files, one file.

    Also the archive that Moodle, Canvas or Blackboard gives, packed or unpacked, and nbgrader's
    course folder. Of a student's notebooks, one whose name starts with `prefer` is taken before
    others, then the latest; the row lists the rest. Links are never followed, archives never
    unpacked to disk. Raises FileNotFoundError when `path` is missing or holds no notebook at all,
    ValueError when it is a broken archive or another kind of file.
    """
    files = _unwrapped(list_files(path))
    results = {file.parts[:-1] for file in files if file.parts[-1] == LEDGER}
    results -= {file.parts[:1] for file in files if file.suffix == ".ipynb"}
    suspects = {file.path for file in files if _is_stray(file, results)}
    lms = naming.lms_of(file for file in files if file.path not in suspects)
    strays = [file for file in files if file.path in suspects and not naming.is_of(file, lms)]
    unread = {file.path for file in strays}
    files = [file for file in files if file.path not in unread]
    if not any(file.suffix == ".ipynb" for file in files):
        raise FileNotFoundError(f"there is no notebook (.ipynb) in {path}; {EXPECTED}")
    owned: dict[str, list[tuple[File, Owner]]] = defaultdict(list)
    for file, owner in zip(files, naming.owners(files, prefer), strict=True):
        owned[owner.student].append((file, owner))
    submissions = [_choose(owned[student], prefer) for student in sorted(owned)]
    return Found(submissions, sorted(set(map(_stray_path, strays))))


def _unwrapped(files: list[File]) -> list[File]:
    """What an LMS packed, also where all of it lies in one more folder, as unpacking leaves it."""
    inside = [replace(file, parts=file.parts[1:]) for file in files if len(file.parts) > 1]
    folders, students = ({file.parts[0] for file in each} for each in (files, inside))
    is_wrapped = len(inside) == len(files) and len(folders) == 1 < len(students)
    return inside if is_wrapped and naming.lms_of(inside) and not naming.lms_of(files) else files


def _is_stray(file: File, results: Collection[tuple[str, ...]]) -> bool:
    """Whether a file is no student's: left there by a system or a program, or by a grading."""
    if file.is_folder or file.suffix == ".ipynb":
        return False
    *folders, name = file.parts
    return (
        file.parts[:1] in results
        or (() in results and file.parts[0] == "feedback")
        or (not folders and any(fnmatch(name.casefold(), stray) for stray in STRAYS))
    )


def _stray_path(file: File) -> str:
    return file.path if len(file.parts) == 1 else f"{file.parts[0]}/"


def _choose(owned: Sequence[tuple[File, Owner]], prefer: str) -> Submission:
    """One student's submission: the sheet before other notebooks, the latest before others."""

    prefix = prefer.partition("_")[0]  # of Day018_vgg16

    def rank(pair: tuple[File, Owner]) -> tuple[Any, ...]:
        file, owner = pair
        name = owner.file or file.parts[-1]
        copy = COPY.search(name.rpartition(".")[0])
        again = int(copy[1] or copy[2]) if copy else 0
        is_notebook = file.suffix == ".ipynb"
        latest = owner.attempt, file.modified, again, file.path
        preferred = [is_notebook and name.startswith(one) for one in (prefer, prefix)]
        return is_notebook, *preferred, latest

    best, owner = max(owned, key=rank)
    others = sorted(file.path for file, _ in owned if file != best and file.suffix == ".ipynb")
    return Submission(
        student=owner.student,
        file=best.path,
        content=best.content,
        problem=best.problem or _kind_problem(best, owner, is_only=len(owned) == 1),
        notes=(
            *((f"還有其他筆記本，沒有評分：{_listed(others)}",) if others else ()),
            *((FOLDERS,) if not owner.lms and _is_of_folders(owned, best) else ()),
            *owner.notes,
            *(("遲交：Canvas 這樣標示",) if owner.is_late else ()),
        ),
        name=owner.name,
        lms=owner.lms,
        is_known=owner.is_known,
        is_late=owner.is_late,
        at=owner.at or _moment(best),
        is_timed=owner.at is not None,
    )


def _is_of_folders(owned: Sequence[tuple[File, Owner]], best: File) -> bool:
    """Whether other folders within this one have a notebook of the same name."""
    return any(
        file.parts[-1] == best.parts[-1] and file.parts[1] != best.parts[1]
        for file, _ in owned
        if len(file.parts) > 2 and len(best.parts) > 2
    )


def _listed(names: Sequence[str]) -> str:
    """Some of the names, and how many there are: a folder may hold thousands."""
    more = f"……共 {len(names):,} 份" if len(names) > LISTED else ""
    return "、".join(names[:LISTED]) + more


def _kind_problem(file: File, owner: Owner, is_only: bool) -> str | None:
    if file.suffix == ".ipynb":
        return None
    if owner.entry:
        return f"{naming.ENTRIES[owner.entry]}{_link(file) if owner.entry == 'link' else ''}"
    if file.is_folder or not is_only:
        return "資料夾裡沒有 .ipynb 筆記本"
    return NOT_NOTEBOOKS.get(file.suffix, f"副檔名是 {file.suffix or '空的'}，請繳交 .ipynb 筆記本")


def _link(file: File) -> str:
    """Where a link leads, for the instructor; nothing where the page does not say."""
    found = URL.search(file.peek())
    return f"：{found[0].decode('utf-8', 'replace')}" if found else ""


def _moment(file: File) -> datetime | None:
    """When a file was last changed, by its folder's clock or its archive's."""
    try:
        if len(file.modified) == 1:
            return datetime.fromtimestamp(file.modified[0])
        return datetime(*map(int, file.modified))  # type: ignore[arg-type]
    except (OverflowError, ValueError, OSError, TypeError):  # a clock that says nothing
        return None


def read_cells(content: bytes) -> list[Cell]:
    """The code cells of a notebook's bytes, in order; nbformat 3 and 4, in UTF-8, UTF-16 or UTF-32.

    A cell of the sheet's that was turned into text is code again, as nbgrader restores it. Nothing
    but the cells' source, id, metadata and a number that is their result is read. Raises
    BrokenNotebook with the reason.
    """
    if not content.strip():
        raise BrokenNotebook("檔案是空的")
    try:
        # Numbers as floats: Python refuses an int of more than 4,300 digits.
        notebook = json.loads(_decode(content), parse_int=float)
    except RecursionError as error:
        raise BrokenNotebook("JSON 的巢狀結構太深") from error
    except json.JSONDecodeError as error:
        raise BrokenNotebook(f"不是有效的 JSON（{_place(error)}），檔案可能不完整") from error
    cells = [cell for cell in _cells(notebook) if _is_code(cell)]
    if len(cells) > MAX_CELLS:
        raise BrokenNotebook(f"有 {len(cells):,} 個程式格，超過上限 {MAX_CELLS:,}")
    found = [_cell(cell, number) for number, cell in enumerate(cells, start=1)]
    if (code := sum(len(cell.source) for cell in found)) > MAX_CODE:
        raise BrokenNotebook(f"程式格一共有 {code:,} 個字元，超過上限 {MAX_CODE:,}")
    return found


def read_sheet(path: Path) -> tuple[bytes, list[Cell]]:
    """A sheet as it was given out, and its code cells. Raises ValueError where it can't be read."""
    try:
        content = read_own(path)
        return content, read_cells(content)
    except BrokenNotebook as error:
        why = f"can't be read ({error})"
    except ValueError as error:
        why = str(error)
    raise ValueError(f"--release {path} {why}; expected the .ipynb that was given out")


def _decode(content: bytes) -> str:
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.upper().replace("-SIG", "")
        raise BrokenNotebook(f"文字編碼不是 {name}（第 {error.start:,} 個位元組）") from error


def _place(error: json.JSONDecodeError) -> str:
    if marker := CONFLICT.search(error.doc):
        line = error.doc.count("\n", 0, marker.start()) + 1
        return f"第 {line} 行是 Git 合併衝突的標記 `{marker[0][:50]}`，留下一邊、刪掉標記再交"
    return f"第 {error.lineno} 行第 {error.colno} 個字"


def _cells(notebook: Any) -> list[dict[str, Any]]:
    """The cell list of nbformat 4, or of nbformat 3's worksheets."""
    if not isinstance(notebook, dict):
        raise BrokenNotebook("檔案是 JSON，但不是筆記本")
    sheets = notebook.get("worksheets") if notebook.get("cells") is None else None
    holders = sheets if isinstance(sheets, list) else [notebook]
    lists = [holder.get("cells") if isinstance(holder, dict) else None for holder in holders]
    if not all(isinstance(cells, list) for cells in lists):
        raise BrokenNotebook("檔案是 JSON，但不是筆記本：沒有格子 (cells)")
    return [cell for cells in lists for cell in cells or () if isinstance(cell, dict)]


def _is_code(cell: dict[str, Any]) -> bool:
    return "code" in (cell.get("cell_type"), _kind_given(cell))


def _kind_given(cell: dict[str, Any]) -> object:
    """The kind of cell that the sheet gave, as nbgrader noted it; None where it did not."""
    metadata = cell.get("metadata")
    noted = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return noted.get("cell_type") if isinstance(noted, dict) else None


def _cell(cell: dict[str, Any], number: int) -> Cell:
    source = cell.get("source", cell.get("input", ""))  # nbformat 3 calls it input
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):  # null, most often: one damaged cell costs itself
        source = ""
    cell_id, metadata = cell.get("id"), cell.get("metadata")
    return Cell(
        source=_bounded(without_halves(re.sub("\r\n?", "\n", source))),
        number=number,
        cell_id=cell_id if isinstance(cell_id, str) else None,
        metadata=metadata if isinstance(metadata, dict) else {},
        kind=str(cell.get("cell_type")),
        shown=_shown(cell.get("outputs")),
    )


def _bounded(source: str) -> str:
    """A cell's source; of one too long to be parsed, code that says so where it is called."""
    if len(source) <= MAX_SOURCE:
        return source
    reason = f"這一格有 {len(source):,} 個字元，超過上限 {MAX_SOURCE:,}，沒有執行"
    names = dict.fromkeys(re.findall(r"^(?:def|class)\s+([A-Za-z_]\w*)", source, re.MULTILINE))
    raised = f"raise ValueError({reason!r})"
    return "\n".join([*(f"def {name}(*_, **__): {raised}" for name in [*names][:100]), raised])


def _shown(outputs: Any) -> float | None:
    """The number that is a cell's result; whatever else stands there is passed over."""
    for output in outputs if isinstance(outputs, list) else []:
        data = output.get("data") if isinstance(output, dict) else None
        text = data.get("text/plain") if isinstance(data, dict) else None
        text = "".join(map(str, text)) if isinstance(text, list) else text
        if isinstance(text, str) and re.fullmatch(r"\d{1,4}(\.\d{1,20})?", text.strip()):
            return float(text)
    return None
