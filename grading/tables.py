"""Reads a table as somebody's program wrote it: encoding, separator, and where it begins."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .files import read_own

# Encodings by which a table may be written, by the mark that it begins with; then those without.
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
ENCODINGS = ("utf-8", "cp950")
SEPARATORS = ",;\t"
SEPARATOR_TOLD = re.compile(
    r"sep=([^\w\r\n\"])[\r\n]", re.IGNORECASE
)  # to Excel, before the header
ABOVE = 10  # lines among which the header is looked for


@dataclass(frozen=True)
class Table:
    """A file's lines, the header first, all of one length, and how they are written there.

    `above` is what stands before the header: a title, or what tells Excel the separator.
    """

    lines: list[list[str]]
    encoding: str
    dialect: type[csv.Dialect]
    above: str


def read(path: Path, known: Collection[str]) -> Table:
    """The table in a file; its header has one of the `known` names, or begins it.

    Raises ValueError, which goes on after the file's name, where there is none.
    """
    text, encoding = _decode(read_own(path))
    start = _header(text, known)
    separators = re.sub(r'"[^"]*"', "", _line(text, start))  # not those within a name
    told = SEPARATOR_TOLD.match(text)

    class Own(csv.excel):
        """How this file is written."""

        delimiter = told[1] if told else max(SEPARATORS, key=separators.count)
        lineterminator = "\r\n" if "\r\n" in text else "\n"
        quoting = csv.QUOTE_MINIMAL if re.search(r"\w", separators) else csv.QUOTE_ALL

    try:
        rows = csv.reader(io.StringIO(text[start:], newline=""), Own, strict=True)
        lines = [line for line in rows if line]
    except csv.Error as error:
        raise ValueError(f"is no CSV: {error}") from error
    if len(lines) < 2:
        raise ValueError("has no line of a student")
    width = max(map(len, lines))
    lines = [line + [""] * (width - len(line)) for line in lines]
    return Table(lines, encoding, Own, text[:start])


def _decode(content: bytes) -> tuple[str, str]:
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    for encoding in [marked] if marked else ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise ValueError("is no text in UTF-8, UTF-16 with its mark, or Big5")


def _header(text: str, known: Collection[str]) -> int:
    """Where the header begins: below what tells Excel the separator, a title, or empty lines.

    It is the first line that names a column that is known, else the first that can be one.
    """
    starts = [0, *(end.end() for end in islice(re.finditer(r"\r\n?|\n", text), ABOVE))]
    starts = [start for start in starts if text.count('"', 0, start) % 2 == 0]  # not within a cell
    cells = {start: _cells(_line(text, start)) for start in starts}
    with_known = (start for start in starts if not set(known).isdisjoint(cells[start]))
    possible = (start for start in starts if any(cells[start]) and not _is_above(text, start))
    return next(with_known, next(possible, 0))


def _is_above(text: str, start: int) -> bool:
    """Whether a line is Excel's own, or a comment."""
    line = _line(text, start)
    is_comment = line.startswith("#") and len(_cells(line)) == 1
    return is_comment or (start == 0 and bool(SEPARATOR_TOLD.match(text)))


def _line(text: str, start: int) -> str:
    return re.split(r"[\r\n]", text[start:], maxsplit=1)[0]


def _cells(line: str) -> list[str]:
    return [cell.strip(' "').casefold() for cell in re.split(f"[{SEPARATORS}]", line)]
