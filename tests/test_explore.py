"""A page to play with is the same in every run, and says what is wrong with what it is given."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import numpy as np
import pytest

from ci import ROOT
from ci.notebooks import code_cells, pictures, read
from utils import explore
from utils.explore import Control

# Each cell with a page, in any notebook, after the code cell above it.
PLAYED = [
    (above, cell)
    for path in ROOT.glob("*.ipynb")
    for (_, above), (_, cell) in pairwise(code_cells(read(path)))
    if "explore.page(" in cell.source
]
CONTROLS = {
    "word": Control("字", ["a", "</script>"], "a"),
    "number": Control("數", range(3), 2),
}


def page(**changed) -> str:
    given = {"script": "field", "title": "看 <這裡>", "controls": CONTROLS, "data": {}} | changed
    return explore.page(**given)._repr_html_()


def test_a_page_is_the_same_every_time():
    assert page() == page()


def test_nothing_in_a_table_ends_the_script_or_the_title():
    shown = page(data={"words": "</script><b>"})
    assert shown.count("</script>") == 1 and "<b>" not in shown
    assert "看 &lt;這裡&gt;" in shown


def test_a_page_is_said_in_words_where_nothing_else_can_be_shown():
    said = repr(explore.page("field", "看這裡", CONTROLS, {}))
    assert "看這裡" in said and "字、數" in said


def test_tables_of_numpy_become_plain_numbers_that_the_next_processor_repeats():
    table = {"a": np.array([[1, 2]]), "b": [np.float32(2 / 3), 1 / 3], "c": np.int64(5)}
    assert json.dumps(explore.plain(table)) == '{"a": [[1, 2]], "b": [0.667, 0.333333], "c": 5}'


def test_an_unknown_script_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match=r"script='fields': expected one of dropout, field, "):
        page(script="fields")


def test_a_start_that_can_not_be_chosen_is_named():
    with pytest.raises(ValueError, match=r"number starts at 7: expected one of \[0, 1, 2\]"):
        page(controls=CONTROLS | {"number": Control("數", range(3), 7)})


def test_every_script_has_its_page_in_a_notebook_which_was_built_with_it():
    used = {explore.FRAME}
    for _, cell in PLAYED:
        used.add(name := re.search(r'explore\.page\(\s*"(\w+)"', cell.source)[1])
        (shown,) = cell.outputs
        for script in (explore.FRAME, name):
            text = (explore.FOLDER / f"{script}.js").read_text("utf-8").strip()
            assert text in shown.data["text/html"], f"{script}.js changed: build the lesson again"
    assert used == {path.stem for path in explore.FOLDER.glob("*.js")}


def test_the_picture_that_stands_for_a_page_is_right_above_it():
    for above, _ in PLAYED:
        assert pictures(above.outputs) and above.metadata.alt
