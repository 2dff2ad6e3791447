"""The notebooks as pages: whole, alone, readable by everyone, at any width and on paper."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from browsing import IN_A_BROWSER, WIDTHS, serious, shoot, watched
from bs4 import BeautifulSoup
from clones import fresh

import course
from ci import ROOT, tracked
from ci.book import Book, book
from ci.editions import FIND_COURSE
from utils import explore

NOTEBOOKS = {
    path.relative_to(ROOT).with_suffix("").as_posix(): nbformat.read(path, 4)
    for path in tracked(*course.NOTEBOOKS)
}
SLOW, SKIPPED = IN_A_BROWSER
pytestmark = SLOW  # rendering takes long
TITLES = "groups => groups.map(group => group.querySelector('p').textContent)"
CHINESE_FONTS = (b"CJK", b"NotoSansTC", b"PingFang", b"JhengHei")  # of the stylesheet


def title(notebook) -> str:
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Book:
    return book(tmp_path_factory.mktemp("book"), root=fresh(tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="module")
def pages(made) -> dict[str, Path]:
    out = made.files[-1].parent
    return {path.relative_to(out).with_suffix("").as_posix(): path for path in made.files}


def test_there_is_nothing_to_tell(made):
    assert made.told == made.lost == []


@pytest.fixture(scope="module")
def soups(pages) -> dict[str, BeautifulSoup]:
    return {
        name: BeautifulSoup(path.read_text("utf-8"), "html.parser") for name, path in pages.items()
    }


def test_the_index_leads_to_every_notebook_by_its_title(soups):
    shown = {link["href"]: link.text for link in soups["index"].select("a")}
    assert shown == {f"{name}.html": title(notebook) for name, notebook in NOTEBOOKS.items()}


def test_a_page_says_its_language_and_its_title(soups):
    for name, notebook in NOTEBOOKS.items():
        assert soups[name].html["lang"] == "zh-Hant-TW"
        assert soups[name].title.text == soups[name].h1.text == title(notebook)


def test_a_page_needs_nothing_but_itself(soups):
    for soup in soups.values():
        assert not soup.select("iframe, object")
        assert all(script.find_parent(class_="output") for script in soup("script"))
        sources = [tag["src"] for tag in soup.select("[src]")]
        sources += [tag["href"] for tag in soup.select("link[href]")]
        assert all(source.startswith("data:") for source in sources)
        assert not any("url(" in style.text or "@import" in style.text for style in soup("style"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nothing_that_a_notebook_shows_is_left_out(name, soups):
    outputs = [output for cell in NOTEBOOKS[name].cells for output in cell.get("outputs", ())]
    kinds = [set(output.get("data", ["stream"])) for output in outputs]
    shown = soups[name].select
    assert len(shown("div.output")) == sum("text/html" in kind for kind in kinds)
    assert len(shown("img.output")) == sum("image/png" in kind for kind in kinds)
    text = soups[name].get_text()
    assert all(output.text in text for output in outputs if output.output_type == "stream")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_cell_that_jupyterlab_folds_is_folded(name, soups):
    (folded,) = soups[name].select("main > .code > details")
    first, *_ = FIND_COURSE.read_text("utf-8").splitlines()
    assert folded.summary.text == first and "def find_course" in folded.pre.text


def test_every_picture_has_a_text_in_its_place(soups):
    for soup in soups.values():
        assert all(picture["alt"].strip() for picture in soup("img"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_formula_is_one_without_tex(name, soups):
    assert any(soup("math") for soup in soups.values())
    for code in soups[name].select("pre, code, .output"):
        code.extract()
    assert not re.search(r"\$|\\[a-zA-Z]", soups[name].main.get_text())


def test_every_link_inside_the_book_leads_somewhere(soups):
    for name, soup in soups.items():
        for link in soup.select("a[href]"):
            target, _, place = link["href"].partition("#")
            if "://" in target:
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            goal = soups[path.removesuffix(".html")] if target else soup
            assert not place or goal.find(id=[place, unquote(place)]), link


@SKIPPED
@pytest.mark.parametrize("name", [*NOTEBOOKS, "index"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_keeps_nobody_out_and_moves_up_and_down_only(name, width, pages, browser):
    page = browser.new_page(viewport={"width": WIDTHS[width], "height": 850})
    wrong, asked = watched(page), []
    page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
    page.goto(pages[name].as_uri())
    shoot(page, f"book-{name.replace('/', '-')}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    assert serious(page) == []
    assert set(asked) <= {"file", "data"} and not wrong
    page.close()


# Of each page to play with: a control, a key, and what the page then says. Layers of sigmoid at 0
# multiply by 1/4; six layers of 9 × 9 see 1 + 6 × 8 pixels.
PLAYS = {
    "答案在最近的 k 個樣板裡嗎？": ("k", "End", "在裡面，Top-10 算對"),
    "很多層之後，梯度還剩多少？": (
        "層數",
        "ArrowRight",
        f"9 層連乘剩 {0.25**9:.1e}".replace("-0", "-"),
    ),
    "這一次誰留下來？": ("關掉的比例", "Home", "留下 24／24 個"),
    "正中央的單元看得到哪裡？": ("疊幾層", "End", "6 層 3×3：看得到 13×13"),
}


@SKIPPED
def test_what_can_be_played_with_goes_by_keyboard_and_by_pointer_and_says_what_it_shows(
    pages, browser
):
    from playwright.sync_api import expect

    page = browser.new_page(viewport={"width": WIDTHS["phone"], "height": 850}, has_touch=True)
    wrong = watched(page)
    page.goto(pages["Day017_reading"].as_uri())
    assert set(page.locator("[role=group]").evaluate_all(TITLES)) == set(PLAYS)
    for asks, (control, key, words) in PLAYS.items():
        group = page.get_by_role("group", name=asks)
        slider = group.get_by_role("slider", name=control, exact=True)
        drawn = group.get_by_role("img").inner_html()
        slider.focus()
        page.keyboard.press(key)
        expect(group.get_by_role("img", name=words)).to_be_visible()
        assert group.get_by_role("img").inner_html() != drawn
    shoot(page, "book-played")
    group.get_by_role("slider", name="卷積核").tap(position={"x": 2, "y": 8})
    expect(group).to_contain_text("6 層 1×1：看得到 1×1")
    word = page.get_by_role("combobox", name="函數")
    word.focus()
    page.keyboard.press("t")  # as in any list: to the first that begins so
    expect(page.get_by_role("group", name="梯度")).to_contain_text("導數（虛線的斜率）1.000")
    page.close()
    assert not wrong


@SKIPPED
def test_where_no_script_runs_a_picture_stands_above_the_sentence_that_says_so(pages, browser):
    page = browser.new_page(java_script_enabled=False)
    page.goto(pages["Day017_reading"].as_uri())
    sentences = page.get_by_text(explore.INSTEAD)
    assert sentences.count() == len(PLAYS)
    assert all(sentence.is_visible() for sentence in sentences.all())
    page.close()


@SKIPPED
def test_a_page_is_printed_with_its_chinese(pages, browser):
    name = min(NOTEBOOKS, key=lambda name: pages[name].stat().st_size)
    page = browser.new_page()
    page.goto(pages[name].as_uri())
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 3
    assert title(NOTEBOOKS[name]).encode("utf-16-be").hex().upper().encode() in printed
    assert any(font in printed for font in CHINESE_FONTS)
