"""A page to play with is the same in every run, and says what is wrong with what it is given."""

from __future__ import annotations

import json
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from bs4 import BeautifulSoup
from playing import CALL, NETWORK, PAGES, row

from ci import ROOT
from ci.notebooks import code_cells, read
from utils import explore, summary
from utils.explore import Control
from utils.explore.still import Still
from utils.summary import ModelSummary

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


def test_an_unknown_script_is_named_with_those_that_tables_can_be_given():
    with pytest.raises(ValueError, match=r"script='chains': expected one of dropout, top_k"):
        explore.page("chains", "", {}, {})


@pytest.mark.parametrize(
    ("script", "data"),
    [
        ("top_k", {"distances": [np.arange(1.0, 11)], "nearest": [range(10)], "answers": [3]}),
        ("dropout", {"kept": [[["1101", "10", "1"]]]}),
    ],
)
def test_a_page_of_tables_has_a_picture_of_them_where_no_script_runs(script, data):
    shown = explore.page(script, "看這裡", {}, data)._repr_html_()
    assert BeautifulSoup(shown, "html.parser").img["src"].startswith("data:image/svg+xml,")


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


@pytest.mark.parametrize(
    "photo", [np.zeros((9, 9), "uint8"), np.zeros((9, 9, 3)), np.zeros((9, 9, 4), "uint8")]
)
def test_what_is_no_colour_photograph_is_told(photo):
    with pytest.raises(ValueError, match=r"expected uint8 \(height, width, 3\)"):
        explore.field(photo)


def test_what_runs_side_by_side_is_one_box_and_what_no_drawing_shows_is_none():
    boxes = explore.architecture(NETWORK).data["boxes"]
    names = ["image", "conv", "pool", "join", "", "classes"]
    looks = ["other", "convolution", "pooling", "block", "pooling", "dense"]
    assert [box["name"] for box in boxes] == names
    assert [box["look"] for box in boxes] == looks
    assert boxes[1]["inner"] == "後面跟著 ReLU"
    assert boxes[3]["inner"] == "裡面有 Conv2D×2、Concatenate"
    assert boxes[4]["kind"] == "Subsampling"  # its name is but a number of Keras'
    assert boxes[4]["macs"] is None  # a layer of one's own is not counted, and that is said
    assert sum(box["params"] for box in boxes) == NETWORK.params
    assert sum(box["macs"] or 0 for box in boxes) == NETWORK.macs


def test_where_one_tensor_becomes_several_a_block_begins():
    halves = row("halves", "Split", ("image",), ((32, 32, 1), (32, 32, 2)), 0, 0, 1)
    last = row("last", "Concatenate", ("halves", "halves"), (32, 32, 3), 0, 0, 1)
    made = explore.architecture(ModelSummary("split", (32, 32, 3), (NETWORK.rows[0], halves, last)))
    assert [box["name"] for box in made.data["boxes"]] == ["image", "last"]


@pytest.mark.slow
def test_the_blocks_of_the_papers_are_boxes():
    import keras

    from utils.zoo import classic

    def boxes(build, **settings) -> list[str]:
        made = explore.architecture(summary.blueprint(build, **settings))
        return [box["look"] for box in made.data["boxes"]]

    assert boxes(classic.googlenet).count("block") == 9
    assert boxes(classic.resnet, depth=18).count("block") == 2 + 2 + 2 + 2
    assert boxes(keras.applications.ResNet50, weights=None).count("block") == 3 + 4 + 6 + 3
    vgg = boxes(keras.applications.VGG16, weights=None)
    assert [vgg.count(look) for look in ("convolution", "pooling", "dense")] == [13, 5, 3]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"weights": [np.zeros(3)]}, r"weights have the shapes \[\(3,\)\]: expected LeNet-5's"),
        ({"samples": np.zeros((10, 28, 28))}, r"shape \(10, 28, 28\): expected \(10, 32, 32\)"),
        ({"j": 11}, "j starts at 11: expected one of"),
    ],
)
def test_what_lenet_can_not_take_is_told(wrong, told):
    with pytest.raises(ValueError, match=told):
        explore.digit(**wrong)
