"""The notebooks as pages: whole, alone, readable by everyone, at any width and on paper."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from browsing import IN_A_BROWSER, WIDTHS, serious, shoot, watched
from bs4 import BeautifulSoup

from ci import ROOT
from ci.book import Book, book

NOTEBOOKS = {path.stem: nbformat.read(path, 4) for path in ROOT.glob("*.ipynb")}
SLOW, SKIPPED = IN_A_BROWSER
pytestmark = SLOW  # rendering takes long
CHINESE_FONTS = (b"CJK", b"NotoSansTC", b"PingFang", b"JhengHei")  # of the stylesheet


def title(notebook) -> str:
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Book:
    return book(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def pages(made) -> dict[str, Path]:
    return {path.stem: path for path in made.files}


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
        assert not soup.select("script, iframe, object")
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
    assert "interactive(children" not in text  # a slider, which needs Jupyter


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
    for soup in soups.values():
        for link in soup.select("a[href]"):
            target, _, place = link["href"].partition("#")
            if "://" in target:
                continue
            goal = soups[target.removesuffix(".html")] if target else soup
            assert not place or goal.find(id=[place, unquote(place)]), link


@SKIPPED
@pytest.mark.parametrize("name", [*NOTEBOOKS, "index"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_keeps_nobody_out_and_moves_up_and_down_only(name, width, pages, browser):
    page = browser.new_page(viewport={"width": WIDTHS[width], "height": 850})
    wrong, asked = watched(page), []
    page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
    page.goto(pages[name].as_uri())
    shoot(page, f"book-{name}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    assert serious(page) == []
    assert set(asked) <= {"file", "data"} and not wrong
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
