"""Text that a submission brings, made fit for tables, pages and terminals; used where it enters."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

# Colours, and what else would move a terminal's cursor.
_SEQUENCES = re.compile("(?:\x1b\\[|\x9b)[0-9;?]*[ -/]*[@-~]")
# Other control characters but tabs and ends of lines; those that turn the direction of what
# stands around them.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
LIMIT = 10_000  # characters of a text among data


def clean(text: str) -> str:
    """The text without what a person can't see and a program takes for a command."""
    if text.isascii() and text.isprintable():  # as nearly all of an answer is
        return text
    text = _SEQUENCES.sub("", text.replace("\r\n", "\n"))
    return without_halves(_CONTROLS.sub("", text))


def without_halves(text: str) -> str:
    """The text, where no half of a character is left that no encoding can write."""
    return _SURROGATES.sub("\ufffd", text)


def one_line(text: str) -> str:
    """A name, clean, in one line and in one of the ways in which Unicode writes an accent."""
    return " ".join(unicodedata.normalize("NFC", clean(text)).split())


def cleaned(data: object) -> object:
    """JSON data whose texts are clean and of a length that somebody may read."""
    if isinstance(data, str):
        return clean(data[:LIMIT])
    if isinstance(data, list):
        return [cleaned(each) for each in data]
    if isinstance(data, dict):
        return {clean(key[:LIMIT]): cleaned(value) for key, value in data.items()}
    return data


def write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file of clean text; who looks at it meanwhile sees the old one or the new, whole.

    What an encoding lacks (Big5 most of what a student may write) stands there as in HTML.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    text = "\r\n".join(map(clean, text.split("\r\n")))  # whatever way it came in
    try:
        part.write_text(text, encoding=encoding, errors="xmlcharrefreplace", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)  # where there was no room for it
