"""The lint finds a number without a source and slips of form, and lets right prose pass."""

from __future__ import annotations

from decimal import Decimal

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from ci.prose import cited, findings, numbers

TITLE = new_markdown_cell("# 標題")
FIGURE = {"image/png": "iVBORw0KGgo="}


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[TITLE, *cells])


def printed(text: str, source: str = "print(x)"):
    return new_code_cell(source, outputs=[new_output("stream", text=text)])


def messages(*cells, known=frozenset()):
    return [message for _, message in findings(notebook(*cells), set(known))]


@pytest.mark.parametrize(
    "written",
    ["138357544", "138,357,544", "138\u2009357\u2009544", "138{,}357{,}544", r"138\,357\,544"],
)
def test_a_number_is_the_same_however_its_thousands_are_grouped(written):
    assert set(numbers(f"共有{written}個參數").values()) == {Decimal(138357544)}


@pytest.mark.parametrize("written", ["15.47", "2014", "1,000", "92.75 %"])
def test_four_digits_make_a_number_that_needs_a_source(written):
    assert len(numbers(written)) == 1


@pytest.mark.parametrize(
    "written", ["224 × 224", "0.001", "VGG16", "Day018", "7.61 G", "conv4096x"]
)
def test_short_numbers_and_names_need_none(written):
    assert not numbers(written)


def test_a_number_in_the_text_stands_in_an_output():
    text = new_markdown_cell("VGG16 有 138,357,544 個參數。")
    assert messages(text) == ["138,357,544 is in no output and not in lessons/cited.csv"]
    assert not messages(text, printed("total: 138357544\n"))
    table = new_output("display_data", data={"text/html": "<td>138,357,<b></b>544</td>"})
    assert messages(text, new_code_cell("x", outputs=[table])), "two numbers, not one"


def test_or_it_is_cited():
    text = new_markdown_cell("2014 年的論文")
    assert messages(text) and not messages(text, known={Decimal(2014)})


def test_a_number_in_the_code_is_no_result_but_code_may_be_quoted():
    code = new_code_cell("classes = 1000")
    assert messages(code, new_markdown_cell("共 1000 類"))
    assert not messages(code, new_markdown_cell("`classes=1000` 是參數"))
    assert messages(code, new_markdown_cell("`classes=1001` 是參數"))


def test_addresses_are_not_numbers():
    text = "[論文](https://arxiv.org/abs/1409.1556) arXiv:1409.1556 <img width=1200>"
    assert not messages(new_markdown_cell(text))


def test_a_cited_number_has_a_source_and_a_place(tmp_path):
    path = tmp_path / "cited.csv"
    path.write_text(
        "figure,value,source,where\nVGG16 parameters,138 M,paper,Table 2\nyear,2014,paper,title\n"
    )
    assert cited(path) == {Decimal(2014)}
    path.write_text("figure,value,source,where\nyear,2014,,title\n")
    with pytest.raises(ValueError, match="line 2 lacks source"):
        cited(path)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (new_markdown_cell("# 又一個標題"), "1 titles"),
        (new_markdown_cell("步幅是 2"), "步幅: the course says 步長"),
        (new_markdown_cell("卷积層"), "积 is a simplified character"),
        (new_markdown_cell("![](vgg.png)"), "an image without alternative text"),
        (new_code_cell("x", outputs=[new_output("display_data", data=FIGURE)]), "a figure without"),
        (new_code_cell("x = 1\n" * 31), "31 lines of code"),
        (new_code_cell("x = 1\n" * 9), "half of the code cells"),
        (new_code_cell("plt.plot(x);"), "a final `;`"),
        (new_code_cell("# NBVAL_IGNORE_OUTPUT\nx"), "NBVAL comments"),
    ],
)
def test_slips_of_form_are_found(cell, message):
    assert any(found.startswith(message) for found in messages(cell))


def test_good_form_passes():
    code = "x = 1\n\n" * 8
    figure = new_output("display_data", data=FIGURE)
    described = new_code_cell(code, outputs=[figure], metadata={"alt": "一條線"})
    assert not messages(described, new_markdown_cell("## 卷積層的步長\n\n```python\n# 註解\n```"))
