"""Lists the files of a folder or of an archive, and says which must not be read."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from .texts import one_line

MAX_BYTES = 20_000_000
MAX_DEPTH = 4  # folders below a student's own
MAX_MEMBERS = 200_000  # of an archive
MAX_RATIO = 200  # unpacked to packed; notebooks that are full of zeros reach 50
IGNORED = {"__MACOSX", "__pycache__"}
EXPECTED = "expected a folder of submissions, one .ipynb, or the .zip that an LMS gives"
NBGRADER = "submitted"  # the folder of nbgrader's course that holds STUDENT/ASSIGNMENT/
UTF8 = 0x800  # flag of an archive's member whose name is in it
# Flags of an archive's member that can't be read, and why.
UNREADABLE = {
    0x1 | 0x40 | 0x2000: "檔案有密碼，無法讀取",
    0x20: "檔案是修補資料 (patched data)，無法讀取，請用一般的 zip",
}


@dataclass(frozen=True)
class File:
    """A file on disk or in an archive. `parts` are the names on the way to it.

    `problem` (Chinese) says why it must not be read.
    """

    parts: tuple[str, ...]
    content: Callable[[], bytes] | None = None
    modified: tuple[float, ...] = ()
    problem: str | None = None
    is_folder: bool = False  # one without any file in it

    @property
    def path(self) -> str:
        """The names on the way to it, with `/`."""
        return "/".join(self.parts)

    @property
    def stem(self) -> str:
        """Its name without the suffix."""
        return self.parts[-1].rpartition(".")[0] or self.parts[-1]

    @property
    def suffix(self) -> str:
        """ ".ipynb", in lower case; empty for a folder."""
        name, dot, suffix = self.parts[-1].rpartition(".")
        return f".{suffix.lower()}" if name and dot and not self.is_folder else ""

    def peek(self, size: int = 4_000) -> bytes:
        """The first bytes of a file; none where it must not or can't be read."""
        if self.problem or not self.content:
            return b""
        try:
            return self.content()[:size]
        except Exception:  # zipfile raises many kinds; where the file is graded, its row tells
            return b""


def list_files(path: Path) -> list[File]:
    """The files below a folder, in a zip archive (where they stay), or `path` itself.

    Of nbgrader's course folder, those in `submitted/`. Raises FileNotFoundError where there is
    nothing, ValueError for a broken archive, for what is neither, and for what can't be read.
    """
    try:
        if not path.exists():
            raise FileNotFoundError(f"there is nothing at {path}; {EXPECTED}")
        if path.is_dir():
            course = path / NBGRADER
            return list(_walk(course if course.is_dir() else path))
        if path.suffix.lower() == ".zip" and path.is_file():
            return _archived(path)
        if path.suffix.lower() == ".ipynb" and path.is_file():
            with path.open("rb"):  # or it can't be read: told before anything else is done
                return [_on_disk(path, path.parent)]
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(
            f"{error.filename or path} can't be read ({error.strerror or error}): give yourself "
            "the right to read it and the folders above it, or grade a copy of your own"
        ) from error
    raise ValueError(f"{path} is nothing to grade; {EXPECTED}")


def _walk(root: Path) -> Iterator[File]:
    """The files below `root`; an empty folder there stands for itself."""
    for entry in sorted(root.iterdir()):
        if _is_ignored(entry.name):
            continue
        if entry.is_symlink() or not entry.is_dir():
            yield _on_disk(entry, root)
        else:
            yield from _of_student(entry, root)


def _of_student(folder: Path, root: Path) -> list[File]:
    """The files below a student's folder; one that has none, or can't be read, for itself."""
    itself = File((_text(folder.name),), is_folder=True)
    try:
        return [_on_disk(path, root) for path in _below(folder)] or [itself]
    except OSError as error:
        name = _text(Path(error.filename or folder).name)
        return [replace(itself, problem=f"無法讀取資料夾 {name}：{error.strerror}")]


def _below(folder: Path, depth: int = 0) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if _is_ignored(entry.name):
            continue
        if entry.is_symlink() or not entry.is_dir() or depth == MAX_DEPTH:
            yield entry
        else:
            yield from _below(entry, depth + 1)


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in IGNORED


def _on_disk(path: Path, root: Path) -> File:
    problem = None
    if path.is_symlink():
        problem = "這是捷徑 (連結)，不是檔案本身"
    elif path.is_dir():
        problem = f"資料夾超過 {MAX_DEPTH} 層，更裡面的沒有讀，請放到外面一點"
    elif not path.is_file():
        problem = "這不是一般的檔案"
    status = path.lstat()
    return File(
        tuple(map(_text, path.relative_to(root).parts)),
        partial(_read, path.read_bytes),
        (status.st_mtime,),
        problem or _size_problem(status.st_size),
    )


def _archived(path: Path) -> list[File]:
    """The files in an archive; they are read where they are."""
    try:
        archive = zipfile.ZipFile(path)
    except OSError:
        raise
    except Exception as error:  # zipfile raises many kinds for what is no archive, or another one
        raise ValueError(
            f"{path} is no readable zip archive ({error}): download it again, or unpack it "
            "yourself and grade the folder"
        ) from error
    # Not by is_dir(), which fails on a member without a name.
    members = [member for member in archive.infolist() if not member.filename.endswith("/")]
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"{path} holds {len(members):,} files; at most {MAX_MEMBERS:,} are graded")
    files = [_member(archive, member) for member in members]
    files = [file for file in files if not any(map(_is_ignored, file.parts))]
    if _is_wrapped(files, path.stem):
        files = [replace(file, parts=file.parts[1:]) for file in files]
    course = [file for file in files if file.parts[0] == NBGRADER and len(file.parts) > 1]
    return [replace(file, parts=file.parts[1:]) for file in course] or files


def _is_wrapped(files: Sequence[File], name: str) -> bool:
    """Whether all lies in one folder that is no student's: the archive's own, or a course's."""
    tops = {file.parts[0] for file in files}
    is_below = all(len(file.parts) > 1 for file in files)
    is_course = any(file.parts[1:2] == (NBGRADER,) for file in files)
    return is_below and len(tops) == 1 and (is_course or name in tops)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> File:
    names = _member_name(member).replace("\\", "/").split("/")
    inside = tuple(_text(name) for name in names if name not in ("", ".", ".."))
    problem = None
    if ".." in names or not names[0] or names[0].endswith(":"):
        problem = "路徑離開了壓縮檔"
    elif stat.S_ISLNK(member.external_attr >> 16):
        problem = "這是捷徑 (連結)，不是檔案本身"
    elif whys := [why for bits, why in UNREADABLE.items() if member.flag_bits & bits]:
        problem = whys[0]
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        problem = "壓縮方式無法讀取，請用一般的 zip"
    elif member.file_size > MAX_RATIO * max(member.compress_size, 1):
        problem = f"壓縮比超過 {MAX_RATIO} 倍，可能是壓縮炸彈"
    return File(
        inside or ("?",),
        # Never more than the size that it was judged by.
        partial(_read, partial(archive.read, member)),
        member.date_time,
        problem or _size_problem(member.file_size),
    )


def _member_name(member: zipfile.ZipInfo) -> str:
    """The name in Unicode; where the archive does not say so, it is UTF-8 or Windows' Big5."""
    if member.flag_bits & UTF8:
        return member.filename
    for encoding in ("utf-8", "cp950"):
        with suppress(UnicodeError):
            return member.filename.encode("cp437").decode(encoding)  # zipfile took it for cp437
    return member.filename


def _read(read: Callable[[], bytes]) -> bytes:
    """A file's bytes. Raises OSError with the reason alone: a student reads it, too."""
    try:
        return read()
    except OSError as error:
        raise OSError(error.strerror or str(error)) from error
    except Exception as error:  # zipfile raises many kinds for a member that is none
        raise OSError(str(error) or type(error).__name__) from error


def read_own(path: Path) -> bytes:
    """A file that the instructor names. Raises ValueError, which goes on after its name."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise ValueError("is no file")  # of a pipe, reading might never end
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"can't be read ({error.strerror or error})") from error


def _size_problem(size: int) -> str | None:
    if size <= MAX_BYTES:
        return None
    return f"檔案有 {size:,} 位元組，超過上限 {MAX_BYTES:,}：請清除輸出後再繳交"


def _text(name: str) -> str:
    """A file's name as text that can be written, also where the system's bytes are no UTF-8."""
    return one_line(name) or "?"
