"""What an instructor is told of a submission's own code: the plain ways to a mark without work."""

from __future__ import annotations

import json
import time

import pytest
import wrong_answers
import wrong_challenge
import wrong_resnet18

from ci import ROOT
from examples import make
from grading import notice
from grading.intake import BrokenNotebook, read_cells
from grading.restore import Reading, Step
from tests import hostile

RELEASE = read_cells((ROOT / "Day018_vgg16.ipynb").read_bytes())
KNOWN = {
    **wrong_answers.ANSWERS,
    **wrong_challenge.ANSWERS,
    **wrong_resnet18.ANSWERS,
}
# Answers that use a finished network on purpose.
BORROWED = {name for name, answer in KNOWN.items() if "keras.applications" in answer.source}


def told(*cells: str) -> list[str]:
    steps = tuple(Step("own", source, number) for number, source in enumerate(cells, start=1))
    return list(notice.in_code([Reading(steps, ("vgg16",))], RELEASE))


@pytest.mark.parametrize(
    "line",
    [
        "from utils.checks.stand_ins import sources",
        "from utils.checks import TASKS, or_reference",
        "import utils.checks.homework.vgg16 as room",
        "case = checks.TASKS['vgg16'].public_case()",
        "from keras.applications.vgg16 import VGG16",
        "model = tf.keras.applications.VGG16(weights=None)",
        "from tensorflow.keras import applications as a",
        "from utils.zoo import classic",
        "import utils.zoo.classic as c",
        "from utils import zoo",
        "frame = inspect.stack()[1]",
        "frame = inspect.currentframe()",
        "up = sys._getframe(2).f_locals",
        "found = [x for x in gc.get_objects() if isinstance(x, dict)]",
        "get_ipython().kernel.session.send(1)",
        "from IPython.core import displaypub",
        "key = session.key",
        "get_ipython().input_transformers_post.append(f)",
        "builtins.isinstance = lambda *a: True",
        "sys.meta_path.insert(0, hook)",
        "sys.path_hooks.clear()",
        "sys.modules['utils'] = fake",
        "sys.path[:0] = ['/tmp']",
        "keras.Model = Fake",
        "json.dumps = lambda *a: 'x'",
        "exec(code)",
        "import ctypes",
        "open('/proc/self/maps')",
        "os._exit(0)",
    ],
)
def test_a_plain_way_around_the_work_is_told_with_its_line(line):
    flags = told("import keras\nx = 1", f"y = 2\n{line}")
    assert flags and all(flag.startswith("第 2 個程式格第 2 行") for flag in flags)
    assert line[-20:] in flags[0]


def test_a_line_of_a_thousand_characters_is_told_in_short():
    (flag,) = told("x = 1;" * 1000 + "import ctypes;" + "y = 1;" * 1000)
    assert "ctypes" in flag and len(flag) < 120


@pytest.mark.parametrize("word", ["utils.checks import ", "keras import ", "sys.path["])
def test_a_line_full_of_one_word_costs_no_time(word):
    start = time.process_time()
    told(*[word * (99_000 // len(word))] * 8)
    assert time.process_time() - start < 2


def test_ordinary_answers_raise_no_flag():
    answers = {name: told(answer.source) for name, answer in KNOWN.items() if name not in BORROWED}
    assert {name: flags for name, flags in answers.items() if flags} == {}
    assert len(answers) > 100
    assert all(map(told, (KNOWN[name].source for name in BORROWED)))


def test_an_ordinary_notebook_raises_no_flag():
    """All of it: the sheets, their solutions and the examples; a comment says what it likes."""
    for path in [ROOT / "solutions" / "Day018_vgg16.ipynb", *make.SUBMISSIONS.rglob("*.ipynb")]:
        try:
            cells = read_cells(path.read_bytes())
        except BrokenNotebook:
            continue
        assert told(*(cell.source for cell in cells)) == [], path
    assert told("# keras.applications would do\nmodel.eval()\nsys.path.append('.')") == []
    ordinary = (
        "from utils import checks\nfrom utils.checks import block, head\nutils.checks.vgg16(f)"
    )
    assert told(ordinary + "\nbuild = checks.or_reference(mine, 'vgg16')") == []


def test_most_attacks_on_the_mark_are_told():
    """Of those that forge: the class of attacks is a list of names, not of outcomes."""
    names = (
        "an answer shown beforehand",
        "a second answer",
        "an answer from a thread",
        "no answer",
    )
    names += (
        "a huge answer",
        "another probe",
        "another checks",
        "other built-ins",
        "another keras",
    )
    names += ("a module of the same name", "an import hook", "an answer that stands in")
    assert [name for name in names if not told(*hostile.ATTACKS[name].cells)] == []


def shown(*outputs: str, **metadata: object) -> list[str]:
    results = [{"output_type": "execute_result", "data": {"text/plain": text}} for text in outputs]
    cell = {"cell_type": "code", "source": "checks.vgg16(VGG16)", "outputs": results}
    student = read_cells(json.dumps({"cells": [cell | {"metadata": metadata}]}).encode())
    return list(notice.in_outputs(student, RELEASE, {"vgg16": 4.25}))


def test_an_output_that_shows_more_than_was_earned_is_told():
    assert shown("10.0") == ["交來的輸出顯示 vgg16 得 10 分，批改得 4.25 分"]
    assert shown("10.0", nbgrader={"grade_id": "vgg16", "grade": True}) == shown("10.0")
    assert shown("5.461538461538462")
    for harmless in (
        (),
        ("4.25",),
        ("4.250000000000001",),
        ("0.0",),
        ("Score(10)",),
        ("nan",),
        ("1e400",),
        (["x", 3],),
    ):
        assert shown(*harmless) == []
