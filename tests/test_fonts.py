"""The letters of the figures: the course's own, on every machine, with all that is written."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont

from ci import ROOT, font, tracked
from utils import fonts

LATIN = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
# With matplotlib's own fonts and the course's, as on a machine that has no other.
ALONE = """
import sys, warnings
import matplotlib as mpl
from matplotlib.font_manager import findfont, fontManager

own = mpl.get_data_path()
fontManager.ttflist = [each for each in fontManager.ttflist if each.fname.startswith(own)]
from utils import fonts, plotting

import matplotlib.pyplot as plt
warnings.simplefilter("error")
plt.figure().text(0, 0.5, sys.argv[1], weight=sys.argv[2])
plt.gcf().canvas.draw()
print(findfont(fonts.FAMILY, fallback_to_default=False))
"""


def drawn() -> Iterator[tuple[str, str]]:
    """What may come to stand in a figure, and the file that holds it."""
    for path in tracked("lessons/**/*.md"):
        for cell in jupytext.read(path, fmt="md:myst").cells:
            if cell.cell_type == "code":
                yield cell.source, path.relative_to(ROOT).as_posix()
    for path in tracked("utils/**/*.py"):
        if "checks" not in path.parts:  # it writes cards, and draws nothing
            yield path.read_text("utf-8"), path.relative_to(ROOT).as_posix()


def test_every_character_of_the_figures_is_in_the_fonts():
    known = {chr(code) for file in (LATIN, fonts.FILE) for code in TTFont(file).getBestCmap()}
    lacking = {
        f"{character} (U+{ord(character):04X}), which {path} wants"
        for text, path in drawn()
        for character in set(text) - known
        if character.isprintable()
    }
    assert not lacking, f"run {font.COMMAND}: the font lacks {'; '.join(sorted(lacking))}"


def test_no_label_mixes_chinese_with_formulas_which_matplotlib_sets_in_one_font():
    mixed = {
        f"{node.value!r} in {path}"
        for text, path in drawn()
        if path.startswith("lessons")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.count("$") > 1 and font.CHINESE.search(node.value)
    }
    assert not mixed


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_chinese_needs_no_font_of_the_machine(weight):
    label = "感受野 receptive field：−1，「都不像」 σ′ ≤ 0.25 → √像素"
    found = subprocess.run(
        [sys.executable, "-c", ALONE, label, weight],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == str(fonts.FILE)
    assert not found.stderr


def test_latin_stays_what_it_was():
    assert fonts.STYLE["font.family"] == [*mpl.rcParamsDefault["font.sans-serif"][:1], fonts.FAMILY]
    assert 0x2212 in TTFont(LATIN).getBestCmap()  # minus


def test_the_font_is_small_has_its_own_name_and_its_licence_beside_it():
    names = {
        str(record) for record in TTFont(fonts.FILE)["name"].names if record.nameID in (1, 4, 6)
    }
    assert names == {fonts.FAMILY, fonts.FILE.stem}
    assert fonts.FILE.stat().st_size < 700_000
    licence = fonts.FILE.with_name("OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence and fonts.FILE.name in licence


@pytest.mark.skipif(not font.NOTO.is_file(), reason="no font: sudo apt-get install fonts-noto-cjk")
def test_the_font_is_made_of_what_is_asked_for_and_twice_the_same(tmp_path):
    made = [tmp_path / name for name in ("one.otf", "two.otf")]
    for file in made:
        font.make("卷積", file)
    assert made[0].read_bytes() == made[1].read_bytes()
    assert {chr(code) for code in TTFont(made[0]).getBestCmap()} == set("卷積")


def test_the_reserve_is_what_taiwan_often_writes():
    reserve = font.reserve()
    assert set("高低前後圖學靜銳") <= reserve and not set("図鬱") & reserve
