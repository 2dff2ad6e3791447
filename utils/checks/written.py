"""What people write for an answer, and what they mean: 「Ｃ」, "(c)", "80 %"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

SHOWN = 20  # characters of an answer that are repeated
# A letter alone, with what may introduce it, and brackets and marks around it.
LETTER = re.compile(r"\W*(?:我?選擇?|答案是?|ANSWER|OPTION)?\W*([A-D])\W*")
SINGLE = re.compile(r"(?<![A-Z])[A-D](?![A-Z])")
NUMBER = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.\d*)?(?:E[+-]?\d+)?)\s*(%?)")

ONE_LETTER = '請只寫一個字母，例如 `"A"`。'
ONE_NUMBER = "請只寫一個數字，不加單位和算式，例如 `12` 或 `1.5`。"
NO_PERCENTAGE = f"這一題問的不是百分比。{ONE_NUMBER}"


@dataclass(frozen=True)
class Meaning:
    """What an answer means: a number or a letter; None where nothing fits.

    `read` says what was understood where something had to be read into it, `problem` how to write
    what can't be understood: both for people, in one line.
    """

    value: float | str | None
    read: str = ""
    problem: str = ""


def letter(answer: object) -> Meaning:
    """The choice that an answer means, in whatever width, case and brackets."""
    text = _plain(answer)
    if whole := LETTER.fullmatch(text):
        asis = str(answer).strip().upper() == whole[1]
        return Meaning(whole[1], "" if asis else _read(answer, whole[1]))
    several = sorted(set(SINGLE.findall(text)))
    told = f"答案裡有 {'、'.join(several)}，看不出選哪一個。{ONE_LETTER}"
    return Meaning(None, problem=told if len(several) > 1 else "")


def number(answer: object, percent: bool = False) -> Meaning:
    """The number that an answer means, with or without commas between thousands.

    `percent`: the question asks for a percentage; 55, "55%" and 0.55 mean the same.
    """
    found = NUMBER.fullmatch(_plain(answer))
    try:
        value = float(found[1].replace(",", "")) if found else None
    except ValueError:  # a sign or a point alone
        value = None
    if found is None or value is None:
        return Meaning(None, problem=ONE_NUMBER)
    if not percent:
        return Meaning(None, problem=NO_PERCENTAGE) if found[2] else Meaning(value)
    if 0 < abs(value) < 1 and not found[2]:
        value = round(100 * value, 6)  # not 55.00000000000001
        return Meaning(value, _read(answer, f"{value:g}%"))
    return Meaning(value, _read(answer, f"{value:g}%") if found[2] else "")


def _plain(answer: object) -> str:
    """Text in narrow letters and capitals, with a hyphen for every minus."""
    return unicodedata.normalize("NFKC", str(answer)).replace("−", "-").strip().upper()


def _read(answer: object, meaning: str) -> str:
    return f"你寫的「{str(answer).strip():.{SHOWN}}」，讀成 {meaning}。"
