"""Whose a file is, by its name: how each LMS names what it packs, as a table."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from math import log

from .files import File


@dataclass(frozen=True)
class Owner:
    """Whose a file is, and all else that its name says.

    `is_known` is false where the LMS's gradebook does not know `student`: a group, or a number that
    hides a name. `is_late` is None where the LMS marks nothing. `entry` is a kind of ENTRIES.
    """

    student: str
    name: str = ""
    lms: str = ""
    attempt: int = 0
    file: str = ""  # the name that the student gave
    entry: str = ""
    is_known: bool = True
    is_late: bool | None = None
    at: datetime | None = None
    notes: tuple[str, ...] = ()


# Moodle, "Download all submissions": a folder or a file for each, with the participant's number
# (mod/assign/classes/downloader.php); "Participant" under blind marking. For teams the group's
# name and number, and no number for the group of those who are in none. Canvas, "Download
# Submissions": flat files with the user's number and the attachment's, which grows with each
# attempt (lib/content_zipper.rb); anonymous marking hides both name and number; what is no file is
# packed as NUMBER_text.html or NUMBER_link.html; a group's name may end in a number. Blackboard,
# "Assignment File Download": a file for each attachment and a receipt for each attempt.
_CANVAS = r"(?:(?P<name>\w*?{})_)?(?P<late>LATE_)?(?P<student>\d+)_"
_UPLOAD, _ENTRY = r"(?P<attempt>\d+)_(?P<file>.+)", r"(?P<entry>text|link)\.html"
# An LMS, and a pattern of the first name on the way to a file.
SCHEMES = (
    (
        "moodle",
        r"(?P<name>.*?)(?:_(?P<student>\d+))?_assignsubmission_(?P<entry>[a-z]+)_?(?P<file>.*)",
    ),
    (
        "blackboard",
        r"(?P<task>.+?)_(?P<student>[^_]+)_[^\W\d_]+_(?P<at>\d{4}(?:-\d\d){5})"
        r"(?:_(?P<file>.+)|(?P<entry>\.txt))",
    ),
    ("canvas", rf"(?P<late>LATE_)?(?P<student>anon_[^\W_]+)_(?:{_UPLOAD}|{_ENTRY})"),
    ("canvas", _CANVAS.format("") + _UPLOAD),
    ("canvas", _CANVAS.format("") + _ENTRY),
    ("canvas", _CANVAS.format(r"_\d+") + _UPLOAD),
)
_COMPILED = [(lms, re.compile(pattern, re.DOTALL)) for lms, pattern in SCHEMES]
DOUBTFUL = {"canvas"}  # students might give such names, too: only where most of a folder has them

# What is handed in without being a file, and how its row tells it.
ENTRIES = {
    "link": "交的是一個連結，不是檔案，請繳交 .ipynb 筆記本",
    "text": "交的是打在網頁上的文字，不是檔案，請繳交 .ipynb 筆記本",
    "onlinetext": "交的是打在網頁上的文字，不是檔案，請繳交 .ipynb 筆記本",
    ".txt": "Blackboard 只給了這一次繳交的說明檔，沒有附上 .ipynb 筆記本",
}
GROUP = re.compile(r"(?:^|[\W\d_])(?:group|team|grp)|[組组隊队]", re.IGNORECASE)
MEMBER = re.compile(r"-[^\W\d]{2}")  # older Moodles: Group A-Anna_657737, a member's own number
DEFAULT_GROUP = "這一份屬於「沒有分組的學生」這個共用的群組：先在 Moodle 分組，再確認是誰交的"
STAMP = re.compile(r"_[^\W\d_]+_(?=\d{4}(?:-\d\d){5})")  # "attempt", in any language
RECEIPT = re.compile(r"[^:：\n]+[:：](?P<name>[^\n]+)\((?P<student>[^()\n]+)\)")  # its first line
LONGEST = 500  # no system takes a longer name, and a pattern would take its time over one
ELSEWHERE = 0.5  # an attachment's number is never so far from the others' (a factor of 1.6)


def owners(files: Sequence[File], prefer: str) -> list[Owner]:
    """Whose each file is.

    A folder is of one LMS, the one that most of its names are of: a student who names a file as
    another LMS does gains nothing. Of several readings of a name, the one wins whose attachment has
    a number like the others'; where all are in doubt, the one that leaves the name of the sheet,
    `prefer`.
    """
    lms = lms_of(files)
    readings = [[each for each in _readings(file) if each.lms == lms] for file in files]
    sure = [found[0].attempt for found in readings if len(found) == 1]
    usual = statistics.median_low(filter(None, sure)) if any(sure) else None
    found = [
        min(each, key=lambda owner: _doubt(owner, usual, prefer)) if each else _plain(file)
        for file, each in zip(files, readings, strict=True)
    ]
    return _with_receipts(files, _with_teams(found))


def lms_of(files: Iterable[File]) -> str:
    """The LMS that most names are of; a doubtful one has more than half of them, or none."""
    names = {file.parts[0]: {each.lms for each in _readings(file)} for file in files}
    counts = Counter(lms for found in names.values() for lms in found)
    for lms, count in counts.most_common():
        if lms not in DOUBTFUL or 2 * count > len(names):
            return lms
    return ""


def is_of(file: File, lms: str) -> bool:
    """Whether an LMS gives such a name to what a student handed in."""
    return any(owner.lms == lms for owner in _readings(file))


def _plain(file: File) -> Owner:
    return Owner(file.parts[0] if len(file.parts) > 1 or file.is_folder else file.stem)


def _doubt(owner: Owner, usual: int | None, prefer: str) -> tuple[float, bool]:
    if not owner.is_known:  # nothing else begins so
        return 0.0, False
    far = ELSEWHERE if usual else 0.0
    if usual and owner.attempt:
        far = abs(log(owner.attempt) - log(usual))  # a quotient may be more than a float can be
    return far, not owner.file.startswith(prefer.partition("_")[0])  # of Day018_vgg16


def _readings(file: File) -> list[Owner]:
    name = file.parts[0]
    if len(name) > LONGEST:
        return []
    matches = ((lms, pattern.fullmatch(name)) for lms, pattern in _COMPILED)
    return [_owner(file, lms, match) for lms, match in matches if match]


def _owner(file: File, lms: str, match: re.Match[str]) -> Owner:
    found = {name: text for name, text in match.groupdict().items() if text}
    student, at = found.get("student", ""), None
    with suppress(KeyError, ValueError):
        at = datetime.strptime(found["at"], "%Y-%m-%d-%H-%M-%S")
    return Owner(
        student or found.get("name", ""),
        found.get("name", ""),
        lms,
        int(found.get("attempt") or (f"{at:%Y%m%d%H%M%S}" if at else 0)),
        file.parts[-1] if len(file.parts) > 1 else found.get("file", ""),
        found.get("entry", "") if found.get("entry") in ENTRIES else "",
        is_known=bool(student) and not student.startswith("anon_"),
        is_late="late" in found if lms == "canvas" else None,
        at=at,
        notes=() if student else (DEFAULT_GROUP,),
    )


def _with_teams(owners: Sequence[Owner]) -> list[Owner]:
    """Moodle's groups by their names: their numbers are no participants'.

    An assignment is handed in by teams or by students, never by both: the group of those who are in
    none gives it away, or that most names are groups'.
    """
    moodle = {(each.name, each.student): each for each in owners if each.lms == "moodle"}
    names = [name for name, _ in moodle]
    groups = [GROUP.search(name) and not MEMBER.search(name) for name in names]
    is_by_teams = not all(each.is_known for each in moodle.values())
    if not is_by_teams and 2 * sum(map(bool, groups)) <= len(names):
        return list(owners)
    label = {key: key[0] if names.count(key[0]) == 1 else "{} ({})".format(*key) for key in moodle}
    return [
        replace(each, student=label[each.name, each.student], name="", is_known=False)
        if each.lms == "moodle"
        else each
        for each in owners
    ]


def _with_receipts(files: Sequence[File], owners: Sequence[Owner]) -> list[Owner]:
    """Blackboard's users as its receipts name them: a user's name may hold a `_` itself."""
    stems = [STAMP.split(file.parts[0], maxsplit=1)[0] for file in files]
    told = {}
    for file, owner, stem in zip(files, owners, stems, strict=True):
        receipt = file.peek(500).decode("utf-8-sig", "replace") if owner.entry == ".txt" else ""
        found = RECEIPT.match(receipt)
        if found and stem.endswith(f"_{found['student']}"):
            told[stem] = found
    return [
        replace(owner, student=told[stem]["student"], name=told[stem]["name"].strip())
        if owner.lms == "blackboard" and stem in told
        else owner
        for owner, stem in zip(owners, stems, strict=True)
    ]
