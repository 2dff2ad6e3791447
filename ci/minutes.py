"""How long a lecture takes somebody new: `python -m ci.minutes [NAME]` prints it by section.

With `--write`, the minutes that a lesson's top tells are those.

150 characters take a minute, a line of code 12 seconds. A Chinese character counts one, and so does
a word or a number in Latin or Greek letters, in formulas, too; punctuation, addresses and HTML
count nothing. Lines that are blank or comments alone are no code; nobody reads the cell that every
notebook begins with, which JupyterLab folds, and the locked ones that only ask for a check.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci.lessons import lectures

CHARACTERS = 150  # a minute
LINES = 5  # of code, a minute
ROUNDING = 2.5  # minutes; a lecture tells them in fives

LETTER = "[A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u03ff]"  # not ×, not ÷
COUNTED = re.compile(rf"[\u3400-\u9fff]|{LETTER}+(?:[.,'’-]{LETTER}+)*")
FENCE = re.compile(r"^```.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
# In the text before the first section: what the whole takes, and a row of the objectives.
WHOLE = re.compile(r"(讀完大約\s*)(\S+)(\s*分鐘)")
ROW = re.compile(r"^(\|.*?)(\S+)(\s*分\s*\|)$", re.MULTILINE)
TARGET = re.compile(r"\]\(#([^)]+)\)")


@dataclass
class Section:
    """A heading with what stands below it, up to the next one of any level."""

    level: int
    title: str
    characters: int = 0
    lines: int = 0

    @property
    def anchor(self) -> str:
        """Its address in the notebook, as JupyterLab makes it."""
        return self.title.replace(" ", "-")

    @property
    def minutes(self) -> float:
        """What somebody new takes to read it."""
        return self.characters / CHARACTERS + self.lines / LINES


def sections(cells: Sequence) -> list[Section]:
    """The sections of a lesson's cells in their order, the first one its title's."""
    found: list[Section] = []
    for cell in cells:
        if cell.cell_type == "code":
            is_check = cell.metadata.get("nbgrader", {}).get("grade", False)
            found[-1].lines += 0 if is_check else _lines(cell.source)
            continue
        fenced = FENCE.findall(cell.source)
        before, *parts = HEADING.split(FENCE.sub("", cell.source))
        if found:
            found[-1].characters += _characters(before)
        for level, title, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            found.append(Section(len(level), title.strip(), _characters(title + text)))
        found[-1].lines += sum(map(_lines, fenced))
    return found


def _characters(text: str) -> int:
    from ci.prose import NAMES

    return len(COUNTED.findall(NAMES.sub(" ", text)))


def _lines(code: str) -> int:
    return sum(not line.lstrip().startswith("#") for line in code.splitlines() if line.strip())


def whole(found: Sequence[Section], place: int) -> Section:
    """A section with those below it."""
    first = found[place]
    total = Section(first.level, first.title)
    for number, section in enumerate(found[place:]):
        if number and section.level <= first.level:
            break
        total.characters += section.characters
        total.lines += section.lines
    return total


def wrong(cells: Sequence) -> list[str]:
    """What a lesson's top says of minutes and is not so; it has to tell those of the whole."""
    top = cells[0].source
    found = [
        f"「{each[0]}」: it is {minutes:.0f}"
        for each, minutes in _told(top, cells)
        if not (each[2].isdecimal() and abs(int(each[2]) - minutes) <= ROUNDING)
    ]
    return found if WHOLE.search(top) else [*found, "the top does not say 「讀完大約 … 分鐘」"]


def filled(text: str, cells: Sequence) -> str:
    """A lesson's text whose top says the minutes that are counted."""
    for found, minutes in reversed(list(_told(text, cells))):
        text = f"{text[: found.start(2)]}{minutes:.0f}{text[found.end(2) :]}"
    return text


def _told(text: str, cells: Sequence) -> Iterator[tuple[re.Match[str], float]]:
    """Where the top of a lesson says minutes, with those that are counted."""
    found = sections(cells)
    counted = {each.anchor: whole(found, place).minutes for place, each in enumerate(found)}
    top = text.partition("\n## ")[0]
    places = [(row, TARGET.findall(row[0])) for row in ROW.finditer(top)]
    places += [(total, [found[0].anchor]) for total in WHOLE.finditer(top)]
    for place, anchors in sorted(places, key=lambda each: each[0].start()):
        if anchors:
            yield place, sum(counted.get(anchor, 0) for anchor in anchors)


def table(cells: Sequence) -> str:
    """The title and the sections of the first level: characters, lines of code, minutes."""
    found = sections(cells)
    shown = [found[0], *(whole(found, i) for i, each in enumerate(found) if each.level == 2)]
    shown.append(whole(found, 0))
    shown[-1].title = "total"
    rows = [f"{'characters':>10} {'lines':>6} {'minutes':>8}  section"]
    rows += [f"{s.characters:10} {s.lines:6} {s.minutes:8.1f}  {s.title}" for s in shown]
    return "\n".join(rows)


def read(path: Path) -> list:
    """A lesson's cells."""
    import jupytext

    return jupytext.read(path, fmt="md:myst").cells


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the minutes of the lectures that the command line names, or of all."""
    parser = argparse.ArgumentParser(prog="python -m ci.minutes", description=__doc__)
    known = lectures()
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument("--write", action="store_true", help="into the top of each lesson")
    options = parser.parse_args(arguments)
    names = options.names
    for name in names:
        if name not in known:
            parser.exit(2, f"no lecture is called {name!r}; there are {', '.join(known)}\n")
    told = []
    for name in names or known:
        cells = read(known[name])
        print(f"{name}, {len(cells)} cells\n{table(cells)}\n")
        if options.write:
            text = filled(known[name].read_text("utf-8"), cells)
            known[name].write_text(text, "utf-8", newline="\n")
            cells = read(known[name])
        told += [f"{name}: {sentence}" for sentence in wrong(cells)]
    sys.exit("\n".join(told) or 0)


if __name__ == "__main__":
    main()
