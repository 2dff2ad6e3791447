"""Finds submissions and reads notebooks within limits; whatever can't be read gets a reason."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_BYTES = 20_000_000
MAX_CELLS = 1_000
MAX_DEPTH = 4  # folders below a student's own
IGNORED = {"__MACOSX", "__pycache__"}

# What students send in place of a notebook, and what to tell them.
NOT_NOTEBOOKS = {
    ".py": "這是 Python 程式檔，請繳交 .ipynb 筆記本",
    ".html": "這是匯出的網頁，請繳交 .ipynb 筆記本",
    ".pdf": "這是匯出的 PDF，請繳交 .ipynb 筆記本",
    ".zip": "這是壓縮檔，請解壓縮後繳交 .ipynb 筆記本",
}


class BrokenNotebook(Exception):
    """A file that is no readable notebook; the message (Chinese) says why."""


@dataclass(frozen=True)
class Submission:
    """One student's file. `file` is its path below the folder that was graded, with `/`."""

    student: str
    file: str
    path: Path
    problem: str | None = None
    notes: tuple[str, ...] = ()

    def read(self) -> bytes:
        """The file's bytes. Raises BrokenNotebook where there is nothing to grade."""
        if self.problem:
            raise BrokenNotebook(self.problem)
        try:
            size = self.path.stat().st_size
            if size > MAX_BYTES:
                raise BrokenNotebook(
                    f"檔案有 {size:,} 位元組，超過上限 {MAX_BYTES:,}：請清除輸出後再繳交"
                )
            return self.path.read_bytes()
        except OSError as error:
            raise BrokenNotebook(f"無法讀取檔案：{error.strerror}") from error


@dataclass(frozen=True)
class Cell:
    """What the grader reads of a code cell. `number` counts the notebook's code cells from 1."""

    source: str
    number: int
    cell_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def nbgrader(self) -> dict[str, Any]:
        """nbgrader's own metadata (schema 3), or nothing."""
        value = self.metadata.get("nbgrader")
        return value if isinstance(value, dict) else {}

    @property
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


def find(path: Path, prefer: str) -> list[Submission]:
    """The submissions at `path`: a folder a student, flat files, or one file; sorted by student.

    Where a student's folder holds several notebooks, one whose name starts with `prefer` is taken
    before others, then the latest; the row lists the rest. Links are never followed.
    Raises FileNotFoundError when `path` is missing or holds no submission.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is nothing at {path}")
    if path.is_file():
        return [_judge_file(path.stem, path, path.parent)]
    found = []
    for entry in sorted(path.iterdir()):
        if _is_ignored(entry):
            continue
        if entry.is_dir() and not entry.is_symlink():
            found.append(_from_folder(entry, path, prefer))
        else:
            found.append(_judge_file(entry.stem, entry, path))
    if not found:
        raise FileNotFoundError(f"there is no submission in {path}")
    return found


def _from_folder(folder: Path, root: Path, prefer: str) -> Submission:
    files = list(_walk(folder))
    notebooks = [file for file in files if file.suffix.lower() == ".ipynb"]
    if not notebooks:
        if len(files) == 1:
            return _judge_file(folder.name, files[0], root)
        file = folder.relative_to(root).as_posix()
        return Submission(folder.name, file, folder, "資料夾裡沒有 .ipynb 筆記本")

    def rank(file: Path) -> tuple[bool, float, str]:
        return file.stem.startswith(prefer), file.lstat().st_mtime, file.as_posix()

    best = max(notebooks, key=rank)
    others = sorted(file.relative_to(root).as_posix() for file in notebooks if file != best)
    notes = (f"資料夾裡還有其他筆記本，沒有評分：{'、'.join(others)}",) if others else ()
    return _judge_file(folder.name, best, root, notes)


def _walk(folder: Path, depth: int = 0):
    for entry in sorted(folder.iterdir()):
        if _is_ignored(entry):
            continue
        if entry.is_symlink() or not entry.is_dir():
            yield entry
        elif depth < MAX_DEPTH:
            yield from _walk(entry, depth + 1)


def _is_ignored(entry: Path) -> bool:
    return entry.name.startswith(".") or entry.name in IGNORED


def _judge_file(student: str, path: Path, root: Path, notes: tuple[str, ...] = ()) -> Submission:
    problem = None
    suffix = path.suffix.lower()
    if path.is_symlink():
        problem = "這是捷徑 (連結)，不是檔案本身"
    elif suffix != ".ipynb":
        problem = NOT_NOTEBOOKS.get(suffix, f"副檔名是 {suffix or '空的'}，請繳交 .ipynb 筆記本")
    elif not path.is_file():
        problem = "這不是一般的檔案"
    return Submission(
        _text(student), _text(path.relative_to(root).as_posix()), path, problem, notes
    )


def _text(name: str) -> str:
    """A file's name as text that can be written, also where the system's bytes are no UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read_cells(content: bytes) -> list[Cell]:
    """The code cells of a notebook's bytes, in order; nbformat 3 and 4, in UTF-8 or UTF-16.

    Nothing but the cells' source, id and metadata is read. Raises BrokenNotebook with the reason.
    """
    if not content.strip():
        raise BrokenNotebook("檔案是空的")
    try:
        notebook = json.loads(_decode(content))
    except RecursionError as error:
        raise BrokenNotebook("JSON 的巢狀結構太深") from error
    except ValueError as error:
        raise BrokenNotebook(f"不是有效的 JSON（{_place(error)}），檔案可能不完整") from error
    cells = [cell for cell in _cells(notebook) if cell.get("cell_type") == "code"]
    if len(cells) > MAX_CELLS:
        raise BrokenNotebook(f"有 {len(cells):,} 個程式格，超過上限 {MAX_CELLS:,}")
    return [_cell(cell, number) for number, cell in enumerate(cells, start=1)]


def _decode(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BrokenNotebook(f"文字編碼不是 UTF-8（第 {error.start:,} 個位元組）") from error


def _place(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"第 {error.lineno} 行第 {error.colno} 個字"
    return str(error)


def _cells(notebook: Any) -> list[dict]:
    """The cell list of nbformat 4, or of nbformat 3's worksheets."""
    if not isinstance(notebook, dict):
        raise BrokenNotebook("檔案是 JSON，但不是筆記本")
    cells = notebook.get("cells")
    if cells is None and isinstance(sheets := notebook.get("worksheets"), list):
        cells = [cell for sheet in sheets for cell in _cells(sheet)]
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise BrokenNotebook("檔案是 JSON，但不是筆記本：沒有格子 (cells)")
    return cells


def _cell(cell: dict, number: int) -> Cell:
    source = cell.get("source", cell.get("input", ""))  # nbformat 3 calls it input
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        raise BrokenNotebook(f"第 {number} 個程式格的內容不是文字")
    cell_id, metadata = cell.get("id"), cell.get("metadata")
    return Cell(
        # A lone surrogate can't be sent to a kernel.
        source=re.sub("[\ud800-\udfff]", "\ufffd", source.replace("\r\n", "\n")),
        number=number,
        cell_id=cell_id if isinstance(cell_id, str) else None,
        metadata=metadata if isinstance(metadata, dict) else {},
    )
