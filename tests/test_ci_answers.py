"""A right answer stands in its lesson alone; what stands in for a student's is made of it."""

from __future__ import annotations

import pytest

from ci import ROOT, build
from ci.answers import answers, compared_with, needed
from ci.editions import BuildError
from utils.checks import TASKS, reference, stored
from utils.checks.stand_ins import FILE, packed, stand_in

CELLS = (
    "%matplotlib inline\nimport os, sys\nfrom math import pi, tau\n",
    "half = 2\nsize = half * 3\nother = tau\nhalf = 4  # too late for `size`",
    "def unused():\n    return other",
    "def area(radius):\n    return by_hand(radius)",
    "@staticmethod\ndef by_hand(radius):\n    return size * pi * radius**2",
    "print(area(1))",
)
LESSON = """\
---
course: {{order: 1}}
---

# 一課

```{{code-cell}}
---
nbgrader: {{grade: false, grade_id: answer, locked: false, schema_version: 3, solution: true}}
---
def {function}(**arguments):
    ### BEGIN SOLUTION
    return {uses}
    ### END SOLUTION
```

```{{code-cell}}
---
nbgrader: {{grade: true, grade_id: vgg16, locked: true, points: 2, schema_version: 3,
  solution: false}}
---
0.0
```
"""


def write_lesson(root, function: str = "VGG16", uses: str = "len(arguments)") -> None:
    (root / "lessons").mkdir()
    path = root / "lessons" / "lesson.md"
    path.write_text(LESSON.format(function=function, uses=uses), "utf-8")


def test_what_stands_in_is_what_the_lessons_say():
    assert FILE.read_bytes() == packed(answers()), "run: python course.py build"


@pytest.mark.slow
def test_a_right_answer_is_compared_with_what_was_computed_when_the_lessons_were_built(monkeypatch):
    known, found = dict(stored.outputs()), compared_with(answers())
    assert known.keys() == found.keys(), "run: python course.py build"
    assert all(stored.close(known[name], found[name]) for name in found)
    assert stored.FILE.stat().st_size < 100_000
    monkeypatch.setattr(reference, "computed", None)  # nobody computes while a student waits
    reference.outputs.cache_clear()
    (vgg16,) = stand_in(TASKS["vgg16"])
    assert TASKS["vgg16"].check(vgg16).points == TASKS["vgg16"].max_points


def test_every_task_that_asks_for_functions_has_its_answer():
    assert answers().keys() == {name for name, task in TASKS.items() if not task.alone}


def test_what_stands_in_can_not_be_read_in_passing():
    content = FILE.read_text("utf-8")
    lines = {line.strip() for answer in answers().values() for line in answer.splitlines()}
    assert not [line for line in lines if len(line) > 2 and line in content]


def test_an_answer_has_what_it_uses_in_its_order_and_nothing_else():
    assert needed(CELLS, ["area"]).split("\n\n") == [
        "from math import pi, tau",
        "half = 2",
        "size = half * 3",
        "def area(radius):\n    return by_hand(radius)",
        "@staticmethod\ndef by_hand(radius):\n    return size * pi * radius**2\n",
    ]


def test_a_function_is_taken_as_it_was_defined_last():
    cells = ("def f():\n    return g()", "def g():\n    return 1", "def g():\n    return 2")
    namespace: dict = {}
    exec(needed(cells, ["f"]), namespace)
    assert namespace["f"]() == 2


@pytest.mark.parametrize(("names", "missing"), [(["volume"], "volume"), (["area"], "by_hand")])
def test_a_name_that_no_cell_defines_is_told(names, missing):
    with pytest.raises(ValueError, match=f"no cell before the check defines '{missing}'"):
        needed(CELLS[:4], names)


@pytest.mark.parametrize("wrong", [{"function": "VGG"}, {"uses": "VGG(1)"}])
def test_a_lesson_whose_answer_does_not_stand_alone_stops_the_build(wrong, tmp_path):
    write_lesson(tmp_path, **wrong)
    with pytest.raises(BuildError, match=r"lessons/lesson\.md, vgg16: no cell .* 'VGG"):
        build.build(root=tmp_path)


def test_build_writes_the_answers_before_it_runs_what_goes_on_with_them(tmp_path, monkeypatch):
    write_lesson(tmp_path)
    path, found = tmp_path / FILE.relative_to(ROOT), []
    monkeypatch.setattr(build, "_execute_and_write", lambda *plan: found.append(path.read_bytes()))
    monkeypatch.setattr(build, "raise_floors", lambda *written: None)
    build.build(root=tmp_path)
    assert found == [packed({"vgg16": "def VGG16(**arguments):\n    return len(arguments)\n"})] * 2
