"""The roster: the table of a class that an LMS exports, and the same table filled in for import."""

from __future__ import annotations

import csv
import html
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from . import tables
from .intake import Submission
from .naming import GROUP

if TYPE_CHECKING:
    from .rows import Row

EXPECTED = (
    "expected the CSV of a gradebook or a grading worksheet, or one with a column of IDs "
    "(in Excel: Save As, CSV UTF-8)"
)

# Headers in lower case. Of a person's number, the LMS whose own it is.
NUMBERS = {
    **{"identifier": "moodle", "id": "canvas", "canvas_user_id": "canvas"},
    **dict.fromkeys(("id number", "學號", "student id", "student_id", "學生編號", "編號"), ""),
    **dict.fromkeys(("sis user id", "sis login id", "login_id", "username", "user name"), ""),
    **dict.fromkeys(("帳號", "email address", "email", "電子郵件", "電子郵件地址"), ""),
}
NAMES = (
    *(("full name",), ("student",), ("姓名",), ("全名",), ("name",), ("student name",)),
    *(
        ("first name", "last name"),
        ("first name", "surname"),
        ("first name", "last name (surname)"),
    ),
)
PIECES = {name for names in NAMES if len(names) > 1 for name in names}  # nobody's whole name
GRADES = ("grade", "成績", "分數", "score", "points", "評分")
COMMENTS = ("feedback comments", "評語", "回饋意見", "回饋")
MOST = ("maximum grade", "maximum points", "滿分", "最高分")
HANDED_IN = re.compile(r"modified \(submission\)|修改.*繳交|繳交.*(?:修改|時間)", re.IGNORECASE)
POINTS_POSSIBLE = "pointspossible"  # Canvas' line of the maximum
STRANGER = "名單裡沒有這一位"
TAKEN = "名單裡的這一位已經有另一份作業，這一份沒有填進名單"
SEVERAL = "名單裡不只一位這樣寫，分不出是誰的作業，沒有填進名單：請用學號當檔名，或自己填"
MAYBE = "名單裡不只一位這樣寫，有一份作業分不出是誰的"
NOBODY = {"studenttest", "teststudent", "測試學生"}  # Canvas' own


@dataclass(frozen=True)
class Person:
    """A student as the batch tells one: of which submission (None: none), on which line.

    A stranger is not on the roster.
    """

    submission: Submission
    source: int | None
    line: int | None = None
    is_stranger: bool = False


@dataclass(frozen=True)
class Filled:
    """The roster with its marks, to be written under `name`."""

    name: str
    text: str
    encoding: str


@dataclass(frozen=True)
class Roster:
    """A table as it stands in its file: the header first, each line as long as the header.

    `above` is what stands before the header, a title or what tells Excel the separator.
    """

    path: Path
    lines: list[list[str]]
    encoding: str
    dialect: type[csv.Dialect]
    above: str = ""

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return self.lines[0]

    def column(self, *names: str) -> int | None:
        """The first column that has one of the names."""
        headers = [name.strip().casefold() for name in self.header]
        return next((headers.index(name) for name in names if name in headers), None)

    @cached_property
    def people(self) -> list[int]:
        """The lines of students, each once."""
        return [line for line in self._told if line not in self.again]

    @cached_property
    def again(self) -> dict[int, int]:
        """Lines that repeat a student's numbers and name, as of two classes put together, and the
        line that has them first."""
        columns = [*self._number_columns(), *self._name_columns()]
        numbers = len(self._number_columns())
        first: dict[tuple[str, ...], int] = {}
        found = {}
        for line in self._told:
            who = tuple(key(self.lines[line][column]) for column in columns)
            if any(who[:numbers]) and first.setdefault(who, line) != line:
                found[line] = first[who]
        return found

    @property
    def repeated(self) -> list[str]:
        """Who is named on more than one line, by a number."""
        numbers = self._number_columns()
        return [
            next(filter(None, (self.lines[line][column].strip() for column in numbers)))
            for line in dict.fromkeys(self.again.values())
        ]

    @cached_property
    def _told(self) -> list[int]:
        """The lines that have a number or a name, and are not Canvas' own."""
        told = self._number_columns() or self._name_columns() or [0]
        return [
            index
            for index, line in enumerate(self.lines[1:], start=1)
            if any(line[column].strip() for column in told)
            and key(self.name(index)) not in NOBODY
            and not key(line[0]).startswith(POINTS_POSSIBLE)
        ]

    def name(self, line: int) -> str:
        """A student's name."""
        return " ".join(self.lines[line][column].strip() for column in self._name_columns())

    def _name_columns(self) -> list[int]:
        for names in NAMES:
            columns = [self.column(name) for name in names]
            if None not in columns:
                return [column for column in columns if column is not None]
        return []

    def _number_columns(self) -> list[int]:
        columns = (self.column(name) for name in NUMBERS)
        return [column for column in columns if column is not None]

    def match(self, submissions: Sequence[Submission]) -> list[Person]:
        """The class: each submission's student or, of a group, its members; then who sent nothing.

        The column of the roster counts that names most submissions. Raises ValueError where none
        names any.
        """
        keyed = [_keys(each) for each in submissions]
        columns = [self._index(column) for column in range(len(self.header))]

        def fit(column: int) -> tuple[int, int, bool, bool, int]:
            index, header = columns[column], self.header[column].strip().casefold()
            by_student = sum(keys[0] in index for keys in keyed)
            at_all = sum(any(each in index for each in keys) for keys in keyed)
            return at_all, by_student, header in NUMBERS, not GROUP.search(header), -column

        best = max(range(len(self.header)), key=fit)
        students = {key(each.student): each.student for each in submissions}
        if wrong := self._wrong(best, bool(fit(best)[0]), students):
            raise ValueError(f"{_named(self.path)}: {wrong}")
        return list(self._people(submissions, keyed, columns[best], best))

    def _wrong(self, column: int, is_found: bool, students: Mapping[str, str]) -> str:
        """Why the table can't be this class's by its best column; empty where it can."""
        columns = ", ".join(self.header)
        if self.header[column].strip() and key(self.header[column]) in students:
            return (
                f"its first line, {columns}, is a student's; expected the names of its columns "
                "there, such as 學號, 姓名"
            )
        if not is_found:
            example = next(iter(students.values()), "")
            return (
                f"no column holds a submission's student, such as {example!r}; its columns are "
                f"{columns}"
            )
        return ""

    def _index(self, column: int) -> dict[str, list[int]]:
        """Lines by what stands in a column; where several have the same, only a group's do."""
        if self.header[column].strip().casefold() in PIECES:
            return {}
        found, is_group = self._lines(column), bool(GROUP.search(self.header[column]))
        return {told: lines for told, lines in found.items() if is_group or len(lines) == 1}

    def _lines(self, column: int) -> dict[str, list[int]]:
        """Lines by what stands in a column."""
        found: dict[str, list[int]] = defaultdict(list)
        for line in self.people:
            for told in {key(self.lines[line][column]), number(self.lines[line][column])} - {""}:
                found[told].append(line)
        return found

    def _people(
        self,
        submissions: Sequence[Submission],
        keyed: Sequence[Sequence[str]],
        index: Mapping[str, list[int]],
        column: int,
    ) -> Iterator[Person]:
        taken: set[int] = set()
        doubtful: set[int] = set()  # lines of which one may have sent what is nobody's
        is_group = bool(GROUP.search(self.header[column]))
        everybody = self._lines(column)
        for source, (submission, keys) in enumerate(zip(submissions, keyed, strict=True)):
            named = next((index[each] for each in keys if each in index), [])
            lines = [line for line in named if line not in taken]
            taken.update(lines)
            for line in lines:
                member = self._member(submission, line) if is_group else submission
                at = self._handed_in(line)
                told = replace(
                    member,
                    name=self.name(line) or member.name,
                    at=at or member.at,
                    is_timed=member.is_timed or at is not None,
                )
                yield Person(told, source, line)
            if not lines:
                found = (everybody[each] for each in keys if each in everybody and not named)
                alike = next(found, [])
                doubtful.update(alike)
                note = TAKEN if named else SEVERAL if alike else STRANGER
                yield Person(_noted(submission, note), source, is_stranger=True)
        lms = NUMBERS.get(self.header[column].strip().casefold(), "")
        for line in self.people:
            if line not in taken:
                absent = Submission(self._value(line, column), "", name=self.name(line), lms=lms)
                absent = _noted(absent, MAYBE) if line in doubtful else absent
                yield Person(self._member(absent, line) if is_group else absent, None, line)

    def _member(self, submission: Submission, line: int) -> Submission:
        """A member's own submission: the group's, under the member's number."""
        column = next(
            (each for each in self._number_columns() if self.lines[line][each].strip()),
            next(iter(self._name_columns()), 0),
        )
        lms = NUMBERS.get(self.header[column].strip().casefold(), "")
        notes = submission.notes
        if submission.file:
            notes = (*notes, f"小組的作業：{submission.student}")
        student = self._value(line, column)
        return replace(submission, student=student, lms=lms, is_known=True, notes=notes)

    def _handed_in(self, line: int) -> datetime | None:
        """When a student's work was handed in, as Moodle's worksheet has it."""
        columns = [index for index, name in enumerate(self.header) if HANDED_IN.search(name)]
        return moment(self.lines[line][columns[0]]) if columns else None

    def _value(self, line: int, column: int) -> str:
        value = self.lines[line][column].strip()
        return number(value) or value

    def filled(self, people: Sequence[Person], rows: Sequence[Row], title: str) -> Filled:
        """The same table with the marks of `rows`, a column more where none is for this sheet's.

        Who handed nothing in keeps what stood there.
        """
        from .exports import inert  # a bad request is refused before a package is installed

        lines = [list(line) for line in self.lines]
        grade = self._grade_column(title)
        if grade is None:
            grade = len(self.header)
            for line in lines:
                line.append("")
            lines[0][grade] = title
            for line in lines[1:]:
                if key(line[0]).startswith(POINTS_POSSIBLE) and rows:
                    line[grade] = f"{rows[0].record.max_score:g}"
        comment = self.column(*COMMENTS)
        for person, row in zip(people, rows, strict=True):
            if person.line is None or row.is_absent:
                continue
            for place in (person.line, *self._repeated(person.line)):
                lines[place][grade] = f"{row.final:g}"
                if comment is not None:
                    lines[place][comment] = inert(html.escape(row.diagnosis))
        text = io.StringIO()
        csv.writer(text, self.dialect).writerows(lines)
        return Filled(f"filled-{self.path.name}", self.above + text.getvalue(), self.encoding)

    def _repeated(self, line: int) -> list[int]:
        return [again for again, first in self.again.items() if first == line]

    def _grade_column(self, title: str) -> int | None:
        """The sheet's own column, as Canvas has one for each assignment; else the one of marks."""
        wanted = key(title)
        named = [index for index, name in enumerate(self.header) if wanted and wanted in key(name)]
        return named[0] if named else self.column(*GRADES)

    def most(self, title: str) -> float | None:
        """The most points that the table says a mark may have, where it says so."""
        column, grade = self.column(*MOST), self._grade_column(title)
        for line in self.lines[1:]:
            if column is not None:
                told = line[column]
            elif grade is not None and key(line[0]).startswith(POINTS_POSSIBLE):
                told = line[grade]
            else:
                continue
            try:
                return float(told.replace(",", "."))
            except ValueError:
                continue
        return None


def match(roster: Roster | None, submissions: Sequence[Submission]) -> list[Person]:
    """The class as its roster has it; without one, who handed something in."""
    if roster:
        return roster.match(submissions)
    return [Person(submission, source) for source, submission in enumerate(submissions)]


def _noted(submission: Submission, note: str) -> Submission:
    return replace(submission, notes=(*submission.notes, note))


def _keys(submission: Submission) -> list[str]:
    """By what a submission may be found: its student, the name, pieces such as in b1_王小明_hw."""
    pieces = re.split(r"[\W_]+", submission.student) if not submission.lms else []
    return [key(each) for each in (submission.student, submission.name, *pieces)]


def key(text: str) -> str:
    """Text by which a name or a number is found, however it is spelt: an address by what is before
    its @, without capitals, spaces and signs, as Canvas writes names into those of files, and in
    one of the ways in which Unicode writes an accent (macOS has another) or a wide letter."""
    text = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\W_]", "", text.partition("@")[0].casefold())


def moment(text: str) -> datetime | None:
    """The time that Moodle writes in words, or anybody in numbers; None where it is none."""
    try:
        if found := re.search(r"\d{1,2} [A-Z][a-z]+ \d{4}, \d{1,2}:\d\d [AP]M", text):
            return datetime.strptime(found[0], "%d %B %Y, %I:%M %p")
        if found := re.search(r"(\d{4})\D+(\d\d?)\D+(\d\d?)\D+(\d\d?):(\d\d)", text):
            return datetime(*map(int, found.groups()))  # type: ignore[arg-type]
    except ValueError:  # the 31st of June
        pass
    return None


def number(text: str) -> str:
    """The number of Moodle's "Participant 12", in any language; empty where there is none."""
    found = re.fullmatch(r"[^\W\d_]+ (\d+)", text.strip())
    return found[1] if found else ""


def read(path: Path) -> Roster:
    """The table in a file. Raises ValueError where it is none, or can't be read."""
    known = {*NUMBERS, *(name for names in NAMES for name in names)}
    try:
        table = tables.read(path, known)
    except ValueError as error:
        raise ValueError(f"{_named(path)} {error}; {EXPECTED}") from error
    return Roster(path, table.lines, table.encoding, table.dialect, table.above)


def _named(path: Path) -> str:
    """A roster as a sentence names it, for whoever can mend it."""
    return f"--roster {path}"
