"""Makes the font of the figures: what the lessons may write, of an open font for Chinese.

`python -m ci.font` needs Noto Sans CJK (Debian's fonts-noto-cjk), as the browser's tests do. The
font that it writes has a name of its own, as the Open Font License asks of a changed one.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ci import ROOT, tracked
from utils import fonts

NOTO = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
TAIWAN = "Noto Sans CJK TC"  # which of the collection's fonts: the shapes that Taiwan writes
COMMAND = "python -m ci.font"
# Where Chinese is written that may come to stand in a figure.
SOURCES = ("lessons/**/*.md", "utils/**/*.py")
CHINESE = re.compile(r"[⺀-〿㇀-㇣㐀-鿿豈-﫿︰-﹏！-￮]")
KEPT_NAMES = (0, 5, 7, 13, 14)  # copyright, version, trademark, licence and its address


def written(root: Path = ROOT) -> dict[str, str]:
    """Each Chinese character that the sources hold, and the first file that holds it."""
    found: dict[str, str] = {}
    for path in (path for pattern in SOURCES for path in tracked(pattern, root)):
        name = path.relative_to(root).as_posix()
        for character in CHINESE.findall(path.read_text("utf-8")):
            found.setdefault(character, name)
    return found


def reserve() -> set[str]:
    """Characters that labels of tomorrow are likely to need: frequent in Taiwan and in Japan.

    Level 1 of Big5 has 5,401 of them, that of JIS X 0208 2,965: by strokes and by reading, so that
    neither alone can be cut at the most frequent.
    """
    taiwan = _level("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)])
    return taiwan & _level("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF))


def _level(encoding: str, first: Iterable[int], second: Sequence[int]) -> set[str]:
    pairs = (bytes((one, two)) for one in first for two in second)
    return set("".join(pair.decode(encoding, errors="ignore") for pair in pairs))


def make(characters: Iterable[str], target: Path, source: Path = NOTO) -> None:
    """Write a font of `characters` to `target`: their shapes alone, under the course's own name."""
    from fontTools import subset
    from fontTools.ttLib import TTCollection

    collection = TTCollection(source, lazy=True).fonts
    chosen = next(each for each in collection if each["name"].getDebugName(4) == TAIWAN)
    # Lines of text that are drawn straight on: no hints, no ligatures, nothing vertical.
    options = subset.Options(hinting=False, layout_features=[], name_IDs=KEPT_NAMES)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(characters)))
    subsetter.subset(chosen)
    postscript = fonts.FILE.stem
    for number, name in {1: fonts.FAMILY, 2: "Regular", 4: fonts.FAMILY, 6: postscript}.items():
        chosen["name"].setName(name, number, 3, 1, 0x409)
    outlines = chosen["CFF "].cff
    outlines.fontNames = [postscript]
    outlines.topDictIndex[0].FullName = outlines.topDictIndex[0].FamilyName = fonts.FAMILY
    chosen["head"].modified = chosen["head"].created  # making it twice makes the same
    chosen.recalcTimestamp = False
    chosen.save(target)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the font anew."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--source", type=Path, default=NOTO, help="NotoSansCJK-Regular.ttc")
    source = parser.parse_args(arguments).source
    if not source.is_file():
        parser.exit(2, f"{source} does not exist: sudo apt-get install fonts-noto-cjk\n")
    characters = written().keys() | reserve()
    make(characters, fonts.FILE, source)
    size = fonts.FILE.stat().st_size
    print(f"{fonts.FILE.name}: {len(characters)} characters, {size:,} bytes")


if __name__ == "__main__":
    main()
