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
from playing import CALL

import course
from ci import ROOT, tracked
from ci.book import Book, book
from ci.editions import FIND_COURSE
from utils import explore

NOTEBOOKS = {
    path.relative_to(ROOT).with_suffix("").as_posix(): nbformat.read(path, 4)
    for path in tracked(*course.NOTEBOOKS)
}
# The cells that show a page to play with, by notebook.
CALLS = {
    name: [cell for cell in notebook.cells if cell.cell_type == "code" and CALL.search(cell.source)]
    for name, notebook in NOTEBOOKS.items()
}
PLAYED = {name: calls for name, calls in CALLS.items() if calls}
SLOW, SKIPPED = IN_A_BROWSER
pytestmark = SLOW  # rendering takes long
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


@SKIPPED
def test_what_can_be_played_with_goes_by_keyboard_and_says_what_it_shows(pages, browser):
    from playwright.sync_api import expect

    page = browser.new_page(viewport={"width": WIDTHS["phone"], "height": 850})
    wrong = watched(page)
    for name, calls in PLAYED.items():
        page.goto(pages[name].as_uri())
        groups = page.locator("[role=group][aria-labelledby=title]")
        assert groups.count() == len(calls)
        for group in groups.all():
            words, picture = group.locator("#words"), group.locator("svg")
            told, drawn = words.inner_text(), picture.inner_html()
            group.get_by_role("slider").or_(group.get_by_role("application")).first.focus()
            page.keyboard.press("End")
            expect(words).not_to_have_text(told)
            assert picture.inner_html() != drawn
        shoot(page, f"book-{name.replace('/', '-')}-played")
    page.close()
    assert not wrong


@SKIPPED
def test_where_no_script_runs_a_picture_stands_above_the_sentence_that_says_so(pages, browser):
    page = browser.new_page(java_script_enabled=False)
    for name, calls in PLAYED.items():
        page.goto(pages[name].as_uri())
        sentences = page.get_by_text(explore.INSTEAD)
        pictures = page.locator(".output img:has(+ p)")
        assert sentences.count() == pictures.count() == len(calls)
        assert all(each.is_visible() for each in (*sentences.all(), *pictures.all()))
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
