"""A page to play with is the same in every run, and says what is wrong with what it is given."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from bs4 import BeautifulSoup

from ci import ROOT
from ci.notebooks import code_cells, read
from utils import explore
from utils.explore import Control
from utils.explore.still import Still

# How a cell calls for a page; a call of one's own script names it first.
CALL = re.compile(r'explore\.(?:page\(\s*"(\w+)"|(\w+)\()')
# Each cell with a page, in any notebook.
PLAYED = [
    cell
    for pattern in ("*.ipynb", "reading/*.ipynb")
    for path in ROOT.glob(pattern)
    for _, cell in code_cells(read(path))
    if CALL.search(cell.source)
]
LARGEST = {"digit": 220_000, "field": 45_000}  # bytes, of a page with weights or a photograph
CONTROLS = {
    "word": Control("字", ["a", "</script>"], "a"),
    "number": Control("數", range(3), 2),
}


def page(**changed) -> str:
    given = {"script": "chain", "title": "看 <這裡>", "controls": CONTROLS, "data": {}} | changed
    return explore.page(**given, still=Still(90, "一條 <線>"))._repr_html_()


def test_a_page_is_the_same_every_time():
    assert page() == page()


def test_nothing_in_a_table_ends_the_script_or_the_title():
    shown = page(data={"words": "</script><b>"})
    assert shown.count("</script>") == 1 and "<b>" not in shown
    assert "看 &lt;這裡&gt;" in shown


def test_a_page_is_said_in_words_where_nothing_else_can_be_shown():
    said = repr(explore.page("chain", "看這裡", CONTROLS, {}, Still(90, "")))
    assert "看這裡" in said and "字、數" in said


def test_tables_of_numpy_become_plain_numbers_that_the_next_processor_repeats():
    table = {"a": np.array([[1, 2]]), "b": [np.float32(2 / 3), 1 / 3], "c": np.int64(5)}
    assert json.dumps(explore.plain(table)) == '{"a": [[1, 2]], "b": [0.667, 0.333333], "c": 5}'


def test_an_unknown_script_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match=r"script='chains': expected one of .*chain, "):
        page(script="chains")


def test_a_start_that_can_not_be_chosen_is_named():
    with pytest.raises(ValueError, match=r"number starts at 7: expected one of \[0, 1, 2\]"):
        page(controls=CONTROLS | {"number": Control("數", range(3), 7)})


def test_every_script_has_its_page_in_a_notebook_which_was_built_with_it():
    used = {explore.FRAME}
    for cell in PLAYED:
        used.add(name := next(filter(None, CALL.search(cell.source).groups())))
        (shown,) = cell.outputs
        for script in (explore.FRAME, name):
            text = (explore.FOLDER / f"{script}.js").read_text("utf-8").strip()
            assert text in shown.data["text/html"], f"{script}.js changed: build the lesson again"
    assert used == {path.stem for path in explore.FOLDER.glob("*.js")}


# Each page, as a lesson calls it in one line.
PAGES = {
    "convolution": explore.convolution,
    "chain": explore.chain,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_small_and_every_run_writes_the_same(name):
    shown = PAGES[name]()._repr_html_()
    assert shown == PAGES[name]()._repr_html_()
    assert len(shown.encode()) < LARGEST.get(name, 25_000)


@pytest.mark.parametrize("name", PAGES)
def test_where_no_script_runs_a_picture_tells_what_it_shows(name):
    shown = BeautifulSoup(PAGES[name]()._repr_html_(), "html.parser")
    (picture,) = shown("img")
    assert len(picture["alt"]) > 20 and explore.INSTEAD in shown.text
    kind, _, drawn = unquote(picture["src"]).partition(",")
    assert kind == "data:image/svg+xml"
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_picture_that_stands_for_a_page_is_text_wherever_it_stands():
    assert 'alt="一條 &lt;線&gt;"' in page()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"image": np.zeros((28, 28))}, r"\(28, 28\): expected \(height, width\), each 5 to 16"),
        ({"image": np.zeros(9)}, r"\(9,\): expected \(height, width\)"),
        ({"own": np.zeros((2, 2))}, r"own has the shape \(2, 2\): expected \(3, 3\) or \(5, 5\)"),
    ],
)
def test_a_picture_or_a_kernel_that_can_not_be_stepped_over_is_told(wrong, told):
    with pytest.raises(ValueError, match=told):
        explore.convolution(**wrong)


def test_a_start_that_the_chain_does_not_offer_is_told():
    with pytest.raises(ValueError, match="w starts at 7"):
        explore.chain(w=7)
