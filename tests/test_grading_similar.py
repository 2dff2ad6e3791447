"""Similar: copies are found through renaming; right answers that look alike are not accused."""

from __future__ import annotations

import pytest

from ci.editions import FIND_COURSE
from grading import similar
from grading.intake import Cell

GIVEN = "from keras import layers\n\ndef start(x):\n    return layers.Rescaling(1 / 255)(x)"
COMMON = """
def VGG16(classes):
    for filters in (64, 128, 256, 512, 512):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    return layers.Dense(classes, activation="softmax")(layers.Flatten()(x))
"""
OWN = """
def {name}({x}, n={start}):
    # {comment}
    {y} = [{x} ** k + n for k in range({start}) if k % {start} != 2]
    while {y} and sum({y}) > n * {start}:
        {y}.pop() if len({y}) > {start} else {y}.clear()
    return dict(total=sum({y}), rest={y}[::-{start}], label=str(n) + "{start}")
"""


def student(name="f", x="x", y="y", start=3, comment="") -> list[Cell]:
    own = OWN.format(name=name, x=x, y=y, start=start, comment=comment)
    return [Cell(source, n) for n, source in enumerate((GIVEN, COMMON, own, "%matplotlib\nf(:"), 1)]


RELEASE = [Cell(GIVEN, 1)]


def test_a_copy_is_found_also_with_other_names_comments_and_layout():
    cells = [student(start=n) for n in range(3, 43)]
    cells.append(student("helper", "value", "result", start=7, comment="mine"))
    (pair,) = similar.pairs(cells, RELEASE)
    assert (pair.first, pair.second) == (4, 40)
    assert pair.similarity == 1


def test_a_ring_of_copies_is_found_whole():
    cells = [student(start=n) for n in range(3, 43)] + [student("g", start=99)] * 4
    found = {(pair.first, pair.second) for pair in similar.pairs(cells, RELEASE)}
    assert len(found) == 6
    assert min(min(pair) for pair in found) == 40


def test_the_same_right_answer_from_the_whole_class_accuses_nobody():
    assert similar.pairs([[Cell(COMMON, 1)]] * 40, RELEASE) == []


def test_what_the_release_gave_counts_for_nothing():
    assert similar.pieces([Cell(GIVEN + "\n\n", 1)], {GIVEN}) == set()


def test_the_address_in_a_given_cell_makes_no_two_alike():
    given = FIND_COURSE.read_text("utf-8")
    fetched = given.replace('ADDRESS = ""', 'ADDRESS = "https://example.org/pack.zip"')
    assert similar.pairs([[Cell(fetched, 1)]] * 2, [Cell(given, 1)]) == []


@pytest.mark.parametrize("source", ["def f(:", "a\0b", "(" * 5000, "", "x = '\ud800'"])
def test_what_is_no_python_is_passed_over(source):
    assert similar.pairs([[Cell(source, 1)]] * 2, RELEASE) == []


def test_nobody_is_like_nobody():
    assert similar.pairs([], RELEASE) == []
