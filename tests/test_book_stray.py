"""Whatever lies beside the course's notebooks: the book shows it, or tells what it can't show."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from browsing import IN_A_BROWSER, WIDTHS, serious, shoot, watched
from bs4 import BeautifulSoup
from PIL import Image

from ci import ROOT
from ci.book import book, request
from ci.page import LONGEST
from ci.release import openers


def picture(kind: str = "png") -> str:
    file = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def text(source, **more) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def code(*outputs: dict, source: str = "x = 1", **metadata) -> dict:
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": metadata,
        "outputs": list(outputs),
        "source": source,
    }


def data(kinds: dict, **metadata) -> dict:
    return {"output_type": "display_data", "data": kinds, "metadata": metadata}


def stream(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": text}


def notebook(*cells, **more) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells} | more)


SVG = "<svg width='20' height='20'><rect width='20' height='20'/></svg>"  # as HTML has it
ERROR = {
    "output_type": "error",
    "ename": "ValueError",
    "evalue": "<b>",
    "traceback": ["\x1b[0;31mValueError\x1b[0m: <b>"],
}
OLD = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 1, "source": ["從前"], "metadata": {}},
                {
                    "cell_type": "code",
                    "language": "python",
                    "input": ["1 + 1"],
                    "outputs": [{"output_type": "pyout", "prompt_number": 1, "text": ["42"]}],
                },
            ]
        }
    ],
}
SCRIPT = "<script>document.title = 'taken'</script><i onclick='x()'>and</i><object><embed></object>"
PASTED = {"attachments": {"螢幕 1.png": {"image/png": picture()}}}

# A notebook, what its page shows (by selector: texts, or how many), and what is told of it.
SHOWN = {
    "no heading": (notebook(text("some words"), text("## a part")), {"h1": ["no heading"]}, []),
    "empty first": (
        notebook(text(""), text("# 在後面")),
        {"h1": ["在後面"], "title": ["在後面"]},
        [],
    ),
    "underlined": (notebook(text("Under\n=====\n\n## A part")), {"main nav a": ["A part"]}, []),
    "in code": (notebook(text("```\n# no heading\n```")), {"h1": ["in code"]}, []),
    "pasted": (
        notebook(
            text("![a](attachment:螢幕%201.png)", **PASTED),
            text("<img src='attachment:螢幕 1.png' width=30>", **PASTED),
            text("![gone](attachment:gone.png)", **PASTED),
        ),
        {"img[src^='data:image/png']": 2, "img[alt=a]": 1, ".told": ["（這裡少了一張圖：gone）"]},
        ["cell 3: no picture 'attachment:gone.png'"],
    ),
    "files": (
        notebook(
            text("![圖](圖%20片.png) ![](../book/index.html) ![](/etc/passwd) ![](missing.png)")
        ),
        {"img[alt=圖][src^='data:image/png']": 1, "img": 1},
        ["'../book/index.html'", "'/etc/passwd'", "'missing.png'"],
    ),
    "remote": (notebook(text("![r](https://a.invalid/r.png)")), {"img[alt=r]": 1}, ["a network"]),
    "tex": (
        notebook(text(r"$x^2$ $x_{$ $a^b^c$"), text("\\begin{align}\na &= b\n\\end{align}")),
        {"math": 2, "code.told": ["x_{", "a^b^c"]},
        ["cell 1: the formula 'x_{'", "cell 1: the formula 'a^b^c'"],
    ),
    "latex": (
        notebook(
            code(data({"text/latex": r"$\frac{a}{b}$", "text/plain": "a/b"})),
            code(data({"text/latex": r"\[ \sqrt{2} \]"})),
            code(data({"text/latex": r"$\left($"})),
        ),
        {"mfrac": 1, "msqrt": 1, "code.told": [r"\left("]},
        ["cell 3: the formula"],
    ),
    "markdown": (
        notebook(code(data({"text/markdown": "**b** $x$"}))),
        {"strong": 1, "math": 1},
        [],
    ),
    "pictures": (
        notebook(
            *(code(data({f"image/{kind}": picture(kind)}), alt=kind) for kind in ("jpeg", "gif")),
            code(data({"image/webp": picture("webp")}, **{"image/webp": {"alt": "webp"}})),
            code(data({"image/png": [picture() + "\n"]}, width=7), alt="png"),
            code(data({"image/svg+xml": SVG}), alt="svg"),
            code(data({"image/png": "AAAA"}), alt="broken"),
            code(data({"image/svg+xml": "<svg><rect"}), alt="open"),
        ),
        {
            **{f"img[alt={kind}]": 1 for kind in ("jpeg", "gif", "webp", "png", "svg")},
            "img[width='7']": 1,
            ".told": ["（這裡少了一張圖：broken）", "（這裡少了一張圖：open）"],
        },
        ["cell 6: no picture", "cell 7: no picture"],
    ),
    "error": (notebook(code(ERROR)), {"pre.output": ["ValueError: <b>"], ".ansi-red-fg": 1}, []),
    "raw": (notebook({**text("<b>raw"), "cell_type": "raw"}), {"pre": ["<b>raw"], "b": 0}, []),
    "json": (notebook(code(data({"application/json": {"a": 1}}))), {"pre.output": 1}, []),
    "progress": (notebook(code(stream("1%\r99%\n"))), {"pre.output": ["99%"]}, []),
    "huge": (
        notebook(code(stream("\x1b[32mx\x1b[0m" * LONGEST))),
        {".told": ["（輸出太長，後面的省略了）"]},
        ["cell 1: an output of 1000000 characters is cut"],
    ),
    "unknown": (
        notebook(code(data({"application/x-y": "?"})), code(data({})), code(source="y")),
        {".told": ["（這裡有一個不能顯示的輸出）"] * 2, ".code": 3},
        ["cell 1: an output can't be shown: application/x-y", "cell 2: an output can't be shown"],
    ),
    "live": (
        notebook(
            code(
                data({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Slider()"}),
                data({"application/javascript": "x()", "text/plain": "<Javascript>"}),
            )
        ),
        {".told": ["（這裡是互動的內容，要用 Jupyter 打開筆記本才看得到）"] * 2, "main script": 0},
        [],
    ),
    "open": (
        notebook(
            text("<div><b>bold </div></main> <!--"), code(data({"text/html": "<i>"})), text("x")
        ),
        {"main": 1, "main > div": 3, "b p": 0, "i p": 0},
        [],
    ),
    "scripts": (
        notebook(code(data({"text/html": SCRIPT}))),
        {"main :is(script, object, embed)": 0, "meta[http-equiv=Content-Security-Policy]": 1},
        ["cell 1: left out, as no lesson makes this notebook: embed, object, script"],
    ),
    "cells": (
        notebook(
            text(None),
            {"cell_type": "heading", "metadata": {}, "source": "h"},
            {"cell_type": "code", "source": "short = 1"},
            code({"output_type": "pyout", "text": "?"}, source="kept = 1"),
            "no cell",
            None,
            text(["# last ", "one"], metadata=None),
        ),
        {"h1": ["last one"], ".told": ["（這一格壞了，原樣放在下面）"] * 5, ".code": 1},
        [f"cell {number}: can't be shown" for number in (1, 2, 4, 5, 6)],
    ),
    "other language": (
        notebook(
            code(source="x <- 1"), metadata={"language_info": {"name": "none"}, "kernelspec": 3}
        ),
        {".highlight": 1},
        [],
    ),
    "no metadata": (notebook(code(), metadata=[]), {".highlight": 1}, []),
    "old": (json.dumps(OLD), {"h1": ["從前"], "pre.output": ["42"]}, []),
    "utf-16": (notebook(text("# 十六")).encode("utf-16"), {"h1": 1}, []),
    "half an emoji": (notebook(text("# a\ud83d")), {"h1": ["a?"]}, []),
    "index": (notebook(text("# not the list")), {"h1": ["not the list"]}, []),
    "筆記 #1 (我的) %41": (
        notebook(text("# 同名"), text("[a](<二 號.ipynb#x>) [b](%E4%BA%8C%20%E8%99%9F.ipynb)")),
        {f"main a[href='%E4%BA%8C%20%E8%99%9F.html{end}']": 1 for end in ("#x", "")},
        [],
    ),
    "二 號": (
        notebook(text("# 同名"), text("[back](<./筆記 %231 (我的) %2541.ipynb>)")),
        {"main a[href='%E7%AD%86%E8%A8%98%20%231%20%28%E6%88%91%E7%9A%84%29%20%2541.html']": 1},
        [],
    ),
}
EMPTY = {"Untitled": notebook(), "Untitled1": notebook(code(source=""))}
# What is no notebook, and the reason.
LOST = {
    "nothing": ("", "JSONDecodeError"),
    "page": ("<html>404</html>", "JSONDecodeError"),
    "list": ("[1]", "it is JSON, but no object"),
    "deep": ("[" * 100_000, "RecursionError"),
    "later": (notebook(nbformat=5), "Unsupported nbformat version 5"),
    "no cells": ('{"nbformat": 4}', "it has no list of cells"),
    "bytes": (bytes(range(256)), "JSONDecodeError"),
}
each_shown = pytest.mark.parametrize("name", SHOWN)
each_lost = pytest.mark.parametrize("name", LOST)


def write(folder: Path, name: str, content: str | bytes) -> None:
    content = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    (folder / f"{name}.ipynb").write_bytes(content)


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A folder with every stray notebook, and the files that they name."""
    folder = tmp_path_factory.mktemp("root")
    Image.new("RGB", (9, 9)).save(folder / "圖 片.png")
    for name, content in EMPTY.items():
        write(folder, name, content)
    for table in (SHOWN, LOST):
        for name, (content, *_) in table.items():
            write(folder, name, content)
    (folder / "._Day018.ipynb").write_bytes(b"\0\5")  # of macOS, beside each file
    (folder / "folder.ipynb").mkdir()
    return folder


@pytest.fixture(scope="module")
def made(root):
    return book(root.parent / "book", root)


@pytest.fixture(scope="module")
def pages(made) -> dict[str, Path]:
    return {
        path.name.removesuffix(".html").removesuffix(".ipynb"): path for path in made.files[:-1]
    }


@pytest.fixture(scope="module")
def soups(pages) -> dict[str, BeautifulSoup]:
    return {name: soup(path) for name, path in pages.items()}


def test_a_notebook_with_anything_in_it_has_a_page(pages):
    assert sorted(pages) == sorted(SHOWN)


@each_shown
def test_a_page_shows_what_there_is(name, soups):
    for selector, expected in SHOWN[name][1].items():
        found = soups[name].select(selector)
        if isinstance(expected, int):
            assert len(found) == expected, selector
        else:
            assert [tag.get_text().strip() for tag in found] == expected, selector


@each_shown
def test_what_is_not_shown_is_told_with_file_and_cell(name, made):
    told = [line for line in made.told if line.startswith(f"{name}.ipynb")]
    expected = SHOWN[name][2]
    assert len(told) == len(expected), told
    for line, part in zip(told, expected, strict=True):
        assert part in line
        assert line.startswith(f"{name}.ipynb, cell ")


@each_lost
def test_what_is_no_notebook_is_told_with_the_reason(name, made):
    (said,) = [line for line in made.lost if line.startswith(f"{name}.ipynb ")]
    assert LOST[name][1] in said
    assert len(said) < 300 and "\n" not in said


def test_an_empty_notebook_of_jupyterlab_is_left_out(made):
    left_out = [line for line in made.told if "left out" in line and "cell" not in line]
    assert left_out == [f"{name}.ipynb is empty: left out" for name in EMPTY]


def test_a_folder_is_no_notebook_and_a_hidden_file_is_not_asked(made):
    assert len(made.lost) == len(LOST) + 1
    assert any(line.startswith("folder.ipynb has no page") for line in made.lost)


def test_the_list_leads_to_every_page_and_tells_equal_titles_apart(made):
    index = soup(made.files[-1])
    links = {link["href"]: link.get_text() for link in index.select(".pages > li > a")}
    assert {unquote(target) for target in links} == {path.name for path in made.files[:-1]}
    assert len(set(links.values())) == len(links)
    assert "同名（二 號.ipynb）" in links.values()


def test_a_page_of_the_courses_own_keeps_its_scripts(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "own.md").touch()
    write(tmp_path, "own", notebook(code(data({"text/html": "<script>1</script>"}))))
    made = book(tmp_path / "book", tmp_path)
    assert "<script>1</script>" in made.files[0].read_text("utf-8")
    assert "Content-Security-Policy" not in made.files[0].read_text("utf-8")
    assert made.told == made.lost == []


def test_pages_lie_as_their_notebooks_do_and_lead_to_each_other(tmp_path):
    (tmp_path / "reading").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "reading" / "near.png")
    Image.new("RGB", (9, 9)).save(tmp_path / "far.png")
    write(tmp_path, "core", notebook(text("[1](reading/vgg.ipynb#a%20b) [2](./core.ipynb)")))
    there = "[1](../core.ipynb#c) [2](index.ipynb) [3](vgg.ipynb) [4](../gone.ipynb) ![](near.png)"
    write(tmp_path, "reading/vgg", notebook(text(f"{there} ![](../far.png)")))
    write(tmp_path, "reading/index", notebook(text("# 也有頁")))
    made = book(tmp_path / "book", tmp_path)
    names = [path.relative_to(tmp_path / "book").as_posix() for path in made.files]
    assert sorted(names) == [
        "core.html",
        "index.html",
        "reading/index.ipynb.html",
        "reading/vgg.html",
    ]
    links = {
        name: [link["href"] for link in soup(path).main("a")]
        for name, path in zip(names, made.files, strict=True)
    }
    assert links["core.html"] == ["reading/vgg.html#a%20b", "core.html"]
    assert links["reading/vgg.html"] == [
        *("../core.html#c", "index.ipynb.html", "vgg.html", "../gone.ipynb"),
    ]
    assert set(links["index.html"]) == set(names) - {"index.html"}
    assert made.told == made.lost == []  # its pictures, too, are there
    way = [(link["rel"], link["href"]) for link in soup(made.files[1]).header.select("nav a")]
    assert way == [(["up"], "../index.html"), (["prev"], "../core.html"), (["next"], "vgg.html")]


def test_the_courses_own_pages_lead_to_where_they_run(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "own.md").touch()
    for name in ("own", "other"):
        write(tmp_path, name, notebook(text("# 一份")))
    made = book(tmp_path / "book", tmp_path, repository="ntu/cnn")
    elsewhere = [
        [link["href"] for link in soup(path).header.select("[rel=external]")] for path in made.files
    ]
    assert elsewhere == [[], [address for address, _ in openers("ntu/cnn", "own.ipynb")], []]
    with pytest.raises(SystemExit, match="2"):
        request(["OUT", "--url", "https://example.org/course.zip"])


def test_a_check_without_its_question_stays_as_it_is(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "own.md").touch()
    write(tmp_path, "own", notebook(code(source='checks.quiz("day018_q1", answer)')))
    made = book(tmp_path / "book", tmp_path)
    assert soup(made.files[0]).select(".code") and not soup(made.files[0]).select(".asks")
    assert made.told == made.lost == []


@pytest.mark.skipif(sys.platform != "linux", reason="such a name is possible on Linux alone")
def test_a_name_in_another_encoding_and_one_that_takes_over_the_console(tmp_path):
    for name in (os.fsdecode("中".encode("big5")), "\x1b[31m\u202e"):
        write(tmp_path, name, notebook(text("words"), text("$x_{$")))
    assert len(book(tmp_path / "book", tmp_path).files) == 3


@pytest.fixture
def clone(tmp_path) -> Path:
    """The course as `book` needs it, without its notebooks, which take longer."""
    folder = tmp_path / "clone"
    shutil.copytree(ROOT / "ci", folder / "ci", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (ROOT / "course.py", *ROOT.glob("requirements*")):
        shutil.copy(path, folder)
    write(folder, "tex", SHOWN["tex"][0])
    write(folder, "\x1b[31m", SHOWN["tex"][0])
    write(folder, "Untitled", EMPTY["Untitled"])
    return folder


def run_book(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "course.py", "book", "OUT"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )


def test_the_command_tells_and_ends_well_unless_a_notebook_has_no_page(clone):
    run = run_book(clone)
    assert run.returncode == 0
    assert {path.name for path in (clone / "OUT").iterdir()} >= {"tex.html", "index.html"}
    assert "course.py book: tex.ipynb, cell 1: the formula 'x_{' can't be read" in run.stderr
    assert "Untitled.ipynb is empty: left out" in run.stderr
    write(clone, "page", LOST["page"][0])
    again = run_book(clone)
    assert again.returncode == 1
    assert "page.ipynb has no page" in again.stderr
    assert "tex.html" in again.stdout
    for said in (run, again):
        assert "Traceback" not in said.stderr and "Warning" not in said.stderr
        assert "\x1b" not in said.stderr


SLOW, SKIPPED = IN_A_BROWSER


@SLOW
@SKIPPED
@pytest.mark.parametrize("width", WIDTHS)
def test_a_stray_page_keeps_nobody_out_and_runs_nothing_of_its_own(width, pages, soups, browser):
    page = browser.new_page(viewport={"width": WIDTHS[width], "height": 850})
    watched(page)
    for name in ("pasted", "tex", "pictures", "cells", "scripts", "error", "open"):
        page.goto(pages[name].as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width], name
        assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)"), name
        assert page.title() == soups[name].title.text
        assert page.get_by_role("button", name="深色").is_visible()  # the frame's own script runs
        assert serious(page) == [], name
        shoot(page, f"stray-{name}-{width}", full_page=True)
    page.close()


@SLOW
@SKIPPED
def test_a_line_too_wide_for_the_paper_is_printed_whole(pages, browser):
    page = browser.new_page()
    page.goto(pages["huge"].as_uri())
    page.emulate_media(media="print")
    line = page.locator("pre.output")
    assert line.evaluate("line => line.scrollWidth <= line.clientWidth")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) > 1
    page.close()
