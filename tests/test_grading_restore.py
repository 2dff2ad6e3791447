"""Restore: the release's cells come from the release, the student's code stays and is found."""

from __future__ import annotations

import pytest

from grading.intake import Cell
from grading.restore import asked, binds, readings, untestable

SCHEMA = {"schema_version": 3, "locked": False, "task": False}
BLANK = "def VGG16():\n    raise NotImplementedError"
ANSWER = "def VGG16():\n    return 'mine'"


def cell(source, grade_id=None, *, solution=False, grade=False, tags=(), cell_id=None) -> Cell:
    nbgrader = SCHEMA | {"grade_id": grade_id, "solution": solution, "grade": grade}
    metadata = {"nbgrader": nbgrader} if grade_id else {}
    return Cell(source, 0, cell_id or grade_id, metadata | {"tags": list(tags)})


RELEASE = [
    cell("import keras", cell_id="imports"),
    cell("epochs = 3", cell_id="settings", tags=["parameters"]),
    cell("train()", cell_id="demo", tags=["skip-grading"]),
    cell("def helper(): raise NotImplementedError", "helper", solution=True),
    cell(BLANK, "answer", solution=True),
    cell("checks.vgg16(VGG16)", "vgg16", grade=True),
    cell("model.fit()", cell_id="training"),
]
IMPORTS, SETTINGS, DEMO, HELPER, EMPTY, CHECK, TRAINING = RELEASE
MINE = cell(ANSWER, "answer", solution=True)


def lost(given: Cell) -> Cell:
    """The cell after Colab or copy and paste: no id, no metadata."""
    return Cell(given.source, 0)


def read(*cells: Cell):
    numbered = [
        Cell(each.source, number, each.cell_id, each.metadata)
        for number, each in enumerate(cells, start=1)
    ]
    return list(readings(numbered, RELEASE, {"vgg16": "VGG16"}))


def sources(reading) -> list[str]:
    return ["PROBE" if step.kind == "probe" else step.source for step in reading.steps]


def test_an_honest_sheet_is_run_up_to_its_check_and_no_further():
    (reading,) = read(IMPORTS, SETTINGS, DEMO, HELPER, MINE, CHECK, TRAINING)
    assert sources(reading) == [
        "import keras",
        "epochs = 3",
        HELPER.source,
        ANSWER,
        "PROBE",
    ]
    assert reading.steps[1].tags == ("parameters",)
    assert not reading.notes


def test_changed_deleted_and_moved_cells_of_the_release_are_put_back():
    changed = cell("import nothing", cell_id="imports")
    forged = cell("10.0", "vgg16", grade=True)
    (reading,) = read(HELPER, MINE, forged, changed)
    assert sources(reading) == ["import keras", "epochs = 3", HELPER.source, ANSWER, "PROBE"]


def test_cells_that_the_student_added_stay_where_they_are():
    (reading,) = read(cell("!pip"), IMPORTS, cell("a = 1"), cell("b = 2"), MINE, CHECK, cell("c"))
    assert sources(reading) == [
        "!pip",
        "import keras",
        "a = 1",
        "b = 2",
        "epochs = 3",
        ANSWER,
        "PROBE",
    ]


def test_a_copy_of_a_given_cell_that_was_changed_is_the_students_own():
    copied = cell("import keras as k", cell_id="imports")
    (reading,) = read(IMPORTS, copied, MINE, CHECK)
    assert sources(reading)[:2] == ["import keras", "import keras as k"]


def test_the_function_judged_is_the_one_of_the_answers_own_cell():
    again = cell("VGG16 = keras.applications.VGG16")
    between = read(IMPORTS, MINE, again, CHECK)[0]
    assert sources(between)[-2:] == [ANSWER, "PROBE"]
    after = read(IMPORTS, MINE, CHECK, again)[0]
    assert sources(after)[-2:] == [ANSWER, "PROBE"]
    assert "第 3 個程式格又定義了 VGG16" in between.notes["vgg16"]
    assert "第 4 個程式格又定義了 VGG16" in after.notes["vgg16"]


def test_a_definition_before_the_answer_is_no_rebinding():
    assert not read(cell("from keras.applications import VGG16"), MINE)[0].notes


def test_a_blank_pasted_below_the_answer_changes_nothing():
    (reading,) = read(IMPORTS, MINE, EMPTY, CHECK)
    assert sources(reading)[-2:] == [ANSWER, "PROBE"]
    (reading,) = read(IMPORTS, lost(MINE), lost(EMPTY))
    assert sources(reading)[-2:] == [ANSWER, "PROBE"]


def test_an_untouched_blank_gives_way_to_another_definition():
    (reading,) = read(IMPORTS, EMPTY, CHECK, cell(ANSWER))
    assert sources(reading) == ["import keras", "epochs = 3", ANSWER, "PROBE"]
    assert "第 4 個程式格" in reading.notes["vgg16"]


def test_a_blank_sheet_is_asked_all_the_same():
    (reading,) = read(*RELEASE)
    assert sources(reading)[-2:] == [BLANK, "PROBE"]


def test_a_touched_blank_that_defines_nothing_is_tried_first_and_then_the_other_cell():
    broken = cell("def VGG16(:", "answer", solution=True)
    first, second = read(IMPORTS, broken, CHECK, cell(ANSWER))
    assert sources(first)[-2:] == ["def VGG16(:", "PROBE"]
    assert sources(second)[-3:] == ["def VGG16(:", ANSWER, "PROBE"]


def test_without_ids_all_their_code_runs_after_what_the_release_gives():
    sheet = [lost(each) for each in (IMPORTS, DEMO, cell("w = 64"), HELPER, MINE, CHECK, TRAINING)]
    (reading,) = read(*sheet)
    assert sources(reading) == ["import keras", "epochs = 3", "w = 64", ANSWER, "PROBE"]
    assert "第 5 個程式格" in reading.notes["vgg16"]


def test_a_notebook_of_another_origin_is_read_by_the_functions_name():
    (reading,) = read(cell("import keras"), cell(ANSWER), cell("VGG16().summary()"))
    assert sources(reading)[-3:] == [ANSWER, "VGG16().summary()", "PROBE"]


def test_duplicate_ids_lose_no_code():
    helper = cell("def helper(): return 1", "helper", solution=True)
    more = cell("def more(): return 2", "helper", solution=True)
    (reading,) = read(IMPORTS, helper, more, MINE, CHECK)
    assert sources(reading)[2:] == [helper.source, more.source, ANSWER, "PROBE"]


def test_a_release_without_a_blank_or_a_check_is_noticed():
    functions = {"vgg16": "VGG16"}
    assert untestable(RELEASE, functions) == []
    assert untestable([IMPORTS, CHECK], functions) == ["vgg16"]
    assert untestable([IMPORTS, EMPTY], functions) == ["vgg16"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(x): y = x", {"f"}),
        ("class A:\n    b = 1", {"A"}),
        ("import a.b, c as d\nfrom e import f as g", {"a", "d", "g"}),
        ("x = y = 1\nz += 1\n(p, *q) = r", {"x", "y", "z", "p", "q"}),
        ("if a:\n    def f(): pass\nelse:\n    !pip install x\nfor i in j: k = 1", {"f", "i", "k"}),
        ("%matplotlib inline\nx = 1", {"x"}),
        ("with open(p) as f: pass\n(n := 2)\nh = lambda v: (w := v)", {"f", "n", "h"}),
        ("def f(:", set()),
        ("a\0b", set()),
    ],
)
def test_the_names_that_a_cell_binds(source, names):
    assert binds(source) == names


def test_an_answers_cell_that_was_turned_into_text_runs_and_is_told():
    mine = Cell(MINE.source, 0, MINE.cell_id, MINE.metadata, kind="markdown")
    reading = next(readings([IMPORTS, mine], RELEASE, {"vgg16": "VGG16"}))
    assert sources(reading)[-2:] == [ANSWER, "PROBE"]
    assert "交來時是文字格" in reading.notes["vgg16"]


def test_a_magic_that_only_watches_a_cell_does_not_hide_its_lines():
    (reading,) = read(IMPORTS, cell("\n%%time\n1 / 0"), cell("%%bash\nls"), MINE, CHECK)
    assert sources(reading)[1:3] == ["\n#\n1 / 0", "%%bash\nls"]


def test_a_task_asks_for_what_the_blanks_before_its_check_define():
    more = [cell("def VGG19(): raise", "b", solution=True), cell("", "vgg19", grade=True)]
    assert asked([*RELEASE, *more]) == {"vgg16": {"helper", "VGG16"}, "vgg19": {"VGG19"}}


def test_answers_that_are_values_are_run_without_the_rest_of_the_sheet():
    release = [IMPORTS, cell("q1 = None", cell_id="a1"), cell("check", "day017_q1", grade=True)]
    answered = cell("q1 = 3 * 7", cell_id="a1")
    (reading,) = readings([IMPORTS, answered, cell("x = 1 / 0")], release, {}, {"day017_q1": "q1"})
    assert sources(reading) == ["q1 = 3 * 7", "PROBE"]
    (blank,) = readings(release, release, {}, {"day017_q1": "q1"})
    assert sources(blank) == ["PROBE"]
