"""Minutes are counted as they are told: characters, words, lines of code, by section."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from ci.minutes import filled, main, sections, table, whole, wrong


def lesson(told: str = "讀完大約 4 分鐘", row: str = "[1 長](#1-長)") -> list:
    top = f"# 講義\n\n| 目標 | 節 | 時間 |\n|:--|:--|--:|\n| 讀 | {row} | 2 分 |\n\n{told}。\n\n"
    return [
        new_markdown_cell(top),
        new_code_cell("import this\n\n# 註解\nx = 1  # 一\n"),
        new_markdown_cell(f"## 1 長\n\n{'字' * 100}"),
        new_markdown_cell(f"{'字' * 48}\n\n### 1.1 短\n\n```python\n# 一\nx\n```"),
        new_code_cell("\n".join(f"x{number}" for number in range(4))),
        new_markdown_cell("## 2 末"),
    ]


@pytest.mark.parametrize(
    ("text", "characters"),
    {
        "卷積層，「步長」是 2。": 7,
        "感受野 (receptive field) 是 5×5": 8,
        "138,357,544 個、15.3%": 3,
        r"$\sigma'(x) \le 0.25$，$w^{1}$": 6,
        "[第 6 節](../Day017_reading.ipynb#6-VGG) https://example.org/abc": 3,
        "<img width=1200>": 0,
        "| 甲 | 乙 |\n|:--|--:|": 2,
    }.items(),
)
def test_what_counts_as_a_character(text, characters):
    (counted,) = sections([new_markdown_cell(f"# 題\n\n{text}")])
    assert counted.characters == 1 + characters


def test_a_section_has_its_characters_and_its_lines_of_code_with_those_below_it():
    found = sections(lesson())
    assert [each.anchor for each in found] == ["講義", "1-長", "1.1-短", "2-末"]
    assert [each.lines for each in found] == [2, 0, 5, 0]
    first = whole(found, 1)
    assert (first.characters, first.lines) == (2 + 148 + 2, 5)
    assert first.minutes == pytest.approx(152 / 150 + 5 * 12 / 60)
    assert whole(found, 0).lines == 7
    assert table(lesson()).splitlines()[-1].split()[-2:] == ["2.6", "total"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"told": "讀完大約 5 分鐘"}, []),
        ({"told": "讀完大約 6 分鐘"}, ["「讀完大約 6 分鐘」: it is 3"]),
        ({"told": "讀完大約 M 分鐘"}, ["「讀完大約 M 分鐘」: it is 3"]),
        ({"told": "很快"}, ["the top does not say 「讀完大約 … 分鐘」"]),
        ({"row": "不連"}, []),
        ({"row": "[2 末](#2-末)"}, []),
    ],
)
def test_what_the_top_says_is_what_is_counted_to_the_nearest_five(changed, said):
    assert wrong(lesson(**changed)) == said


def test_the_minutes_of_an_objective_are_told_and_can_be_written():
    cells = lesson()
    cells[0].source = cells[0].source.replace("2 分 |", "15 分 |")
    assert wrong(cells) == ["「| 讀 | [1 長](#1-長) | 15 分 |」: it is 2"]
    text = f"讀完大約 10 分鐘\n\n{cells[0].source}## 1 長\n\n讀完大約 9 分鐘"
    written = filled(text, cells)
    assert written == text.replace("15 分 |", "2 分 |").replace("大約 4 ", "大約 3 ").replace(
        "10", "3"
    )


def test_an_unknown_lecture_is_named_with_those_that_exist(capsys):
    with pytest.raises(SystemExit):
        main(["Day99"])
    assert "'Day99'; there are Day017_reading" in capsys.readouterr().err
