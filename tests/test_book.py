"""The notebooks as pages: whole, alone, found by search, readable by everyone, also on paper."""

from __future__ import annotations

import posixpath
import re
import shutil
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
from utils.checks.questions import questions

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
CHECK = re.compile(r'checks\.quiz\("(\w+)"')
ASKED = {
    name: asked
    for name, notebook in NOTEBOOKS.items()
    if (asked := CHECK.findall("\n".join(cell.source for cell in notebook.cells)))
}
SLOW, SKIPPED = IN_A_BROWSER
SCHEMES = {"desktop": "light", "phone": "dark"}  # the width and the colours do not meet
PAPER = "getComputedStyle(document.body).backgroundColor"
LIGHT = "rgb(255, 255, 255)"
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
    shown = {link["href"]: link.text for link in soups["index"].select(".pages > li > a")}
    assert shown == {f"{name}.html": title(notebook) for name, notebook in NOTEBOOKS.items()}


def test_the_index_says_what_each_notebook_is_about_how_long_it_takes_and_its_sections(soups):
    for entry in soups["index"].select(".pages > li"):
        page = soups[entry.a["href"].removesuffix(".html")]
        assert entry.p.text == page.h1.find_next_sibling("p").text
        sections = [section.text for section in page.select("h2")]
        assert [link.text for link in entry.select("details a")] == sections
        assert re.fullmatch(rf"大約.+(分鐘|小時)，{len(sections)} 節", entry.summary.text)


def test_the_pages_are_a_chain_and_each_leads_to_the_index(soups):
    order = [link["href"] for link in soups["index"].select(".pages > li > a")]
    for name in NOTEBOOKS:
        ways = {
            link["rel"][0]: posixpath.normpath(
                posixpath.join(posixpath.dirname(name), link["href"])
            )
            for link in soups[name].header.select("nav a")
        }
        place = order.index(f"{name}.html")
        around = {"prev": order[:place][-1:], "next": order[place + 1 :][:1]}
        assert ways == {"up": "index.html"} | {rel: to[0] for rel, to in around.items() if to}
        assert soups[name].footer.nav.ul == soups[name].header.nav.ul


def test_every_question_has_its_answer_in_the_page_and_none_in_plain_text(pages, soups):
    assert sorted(each for asked in ASKED.values() for each in asked) == sorted(questions())
    for name, asked in ASKED.items():
        assert len(soups[name].select("p[data-question]")) == len(asked)
        html = pages[name].read_text("utf-8")
        for question in asked:
            entry = questions()[question]
            assert entry["right"] not in html and entry["wrong"]["*"] not in html


def test_a_page_says_its_language_and_its_title(soups):
    for name, notebook in NOTEBOOKS.items():
        assert soups[name].html["lang"] == "zh-Hant-TW"
        assert soups[name].title.text == soups[name].h1.text == title(notebook)


def test_a_page_needs_nothing_but_itself(soups):
    for soup in soups.values():
        assert not soup.select("iframe, object")
        around = soup.select("head script, header script")
        assert len(around) == 2
        assert len(soup("script")) == len(soup.select(".output script")) + len(around)
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
def test_a_page_keeps_nobody_out_and_moves_up_and_down_only(name, width, pages, tab):
    page = tab(WIDTHS[width], color_scheme=SCHEMES[width])
    wrong, asked = watched(page), []
    page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
    page.goto(pages[name].as_uri())
    shoot(page, f"book-{name.replace('/', '-')}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    assert serious(page) == []
    assert set(asked) <= {"file", "data"} and not wrong


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


def plain(markdown: str) -> str:
    """Text without marks of Markdown, and blanks."""
    return re.sub(r"[*`\s]", "", markdown)


def answer(form, value: object) -> str:
    """What a question says to an answer that is given by keyboard."""
    given = form.get_by_role("radio", name=f"{value}：").or_(form.get_by_role("spinbutton"))
    given.focus()
    if given.get_attribute("type") == "radio":
        given.press("Space")
    else:
        given.fill(str(value))
    given.press("Enter")
    return plain(form.get_by_role("status").inner_text())


@SKIPPED
def test_a_question_answers_in_the_page_what_its_check_answers_in_the_notebook(pages, browser):
    page = browser.new_page(viewport={"width": WIDTHS["phone"], "height": 850})
    wrong = watched(page)
    for name, asked in ASKED.items():
        page.goto(pages[name].as_uri())
        forms = page.locator("form", has=page.get_by_role("group"))
        assert forms.count() == len(asked)
        for number, question in enumerate(asked):
            form, entry = forms.nth(number), questions()[question]
            foreseen, hint = next(iter(entry["wrong"].items()))
            assert answer(form, foreseen) == "✘再想想" + plain(hint)
            if not isinstance(entry["answer"], str):
                assert answer(form, 99.5) == "✘再想想" + plain(entry["wrong"]["*"])
            if entry.get("percent"):
                assert answer(form, entry["answer"] / 100).startswith("✔答對了")
            assert answer(form, entry["answer"]) == "✔答對了" + plain(entry["right"])
        assert page.locator(".asks:visible").count() == 0  # they need a kernel
        forms.first.scroll_into_view_if_needed()
        shoot(page, f"book-{name.replace('/', '-')}-answered")
    assert serious(page) == [] and not wrong
    page.close()


@SKIPPED
def test_a_search_finds_chinese_in_every_page_and_in_one_that_is_alone(pages, browser, tmp_path):
    from playwright.sync_api import expect

    page = browser.new_page()
    search = page.get_by_role("searchbox")
    found = page.get_by_role("search").locator("li")
    page.goto(pages["index"].as_uri())
    search.fill("殘差連接")
    shoot(page, "book-index-found")
    assert all("殘差連接" in text for text in found.all_inner_texts())
    places = found.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert len({place.partition("#")[0] for place in places}) > 3
    page.goto(next(place for place in places if not place.endswith("#")))
    expect(page.locator(":target")).to_be_in_viewport()

    page.goto(Path(shutil.copy(pages["reading/vgg"], tmp_path)).as_uri())
    search.fill("感受野步長")  # words that do not stand together
    expect(found).to_have_count(0)
    search.fill("感受野 步長")
    here = found.count()
    assert here and all("#" in link.get_attribute("href") for link in found.locator("a").all())
    page.goto(pages["reading/vgg"].as_uri())
    search.fill("感受野 步長")
    page.get_by_role("search").get_by_role("link", name="在全部的頁裡找").click()
    expect(search).to_have_value("感受野 步長")
    assert found.count() > here
    page.close()


@SKIPPED
def test_colours_are_the_systems_until_the_reader_chooses_and_paper_is_white(pages, browser):
    with browser.new_context(color_scheme="dark") as dark:
        page = dark.new_page()
        page.goto(pages["index"].as_uri())
        assert page.evaluate(PAPER) != LIGHT
        page.emulate_media(media="print")
        assert page.evaluate(PAPER) == LIGHT
        page.emulate_media(media="screen")
        page.get_by_role("button", name="深色", pressed=True).click()
        assert page.evaluate(PAPER) == LIGHT
        page.goto(pages["reading/vgg"].as_uri())
        assert page.evaluate(PAPER) == LIGHT
        page.get_by_role("button", name="深色", pressed=False).click()
        assert page.evaluate(PAPER) != LIGHT


@SKIPPED
def test_where_no_script_runs_the_notebook_is_as_it_was_saved(pages, browser):
    with browser.new_context(java_script_enabled=False, color_scheme="dark") as still:
        page = still.new_page()
        for name in ASKED:
            page.goto(pages[name].as_uri())
            assert page.evaluate(PAPER) != LIGHT
            assert page.locator("body > header form, body > header button").all()
            assert not page.locator("form:visible, button:visible").all()
            assert all(cell.is_visible() for cell in page.locator(".asks, [data-question]").all())


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
