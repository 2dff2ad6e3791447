"""The unit of work: what a run left becomes a status, a score and a reason."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from grading import run, work
from grading.intake import Submission
from grading.rows import Row
from grading.run import Failure, Outcome
from utils import checks

CASE = checks.TASKS["vgg16"].draw_case(1)
LOST = {"missing": "VGG16"}
RAISED = {"type": "NotImplementedError", "raised": True}
BLANK = {"error": RAISED | {"message": "", "line": 2, "source": "raise"}}
LINE = {"line": 2, "source": "x = conv()"}
UNFINISHED = {"calls": {name: BLANK | {"unknown": []} for name in CASE["calls"]}}


def sheet(answer: str, *more: str) -> bytes:
    """A homework of three cells, and what the student added."""

    def cell(source, **nbgrader):
        metadata = {"nbgrader": nbgrader} if nbgrader else {}
        return {"cell_type": "code", "source": source, "metadata": metadata}

    cells = [
        cell("import keras"),
        cell(answer, grade_id="answer", solution=True, grade=False),
        cell("checks.vgg16(VGG16)", grade_id="vgg16", solution=False, grade=True),
        *map(cell, more),
    ]
    return json.dumps({"cells": cells}).encode()


RELEASE = sheet("def VGG16(): raise NotImplementedError")


@pytest.fixture
def grade(monkeypatch):
    """Grades a sheet for which each run in turn leaves one of `outcomes`."""

    def graded(content: bytes, *outcomes: Outcome):
        left = iter(outcomes)
        monkeypatch.setattr(run, "execute", lambda *_: next(left))
        return work.grade(work.Job(content, RELEASE, ("vgg16",), seed=1, timeout=60))

    return graded


def outcome(answer=None, ended="done", *failures: Failure) -> Outcome:
    return Outcome({} if answer is None else {"vgg16": answer}, failures, ended)


ANSWERED = sheet("def VGG16(): return 1")


def unlike(number: int) -> bytes:
    """An answer with code of its own, `number` bytes longer than ANSWERED."""
    return sheet("def VGG16(): return 1" + "#" * number)


@pytest.mark.parametrize(
    ("left", "status", "reason"),
    [
        (outcome(LOST), "missing", "VGG16"),
        (outcome(UNFINISHED), "unfinished", "尚未完成"),
        (outcome("forged"), "error", ""),
        (outcome(ended="timeout"), "timeout", "時限"),
        (outcome(ended="died"), "died", "kernel"),
        (outcome(ended="memory"), "memory", "記憶體"),
        (outcome(ended="flood"), "flood", "印出"),
        (
            outcome(None, "done", Failure("probe", None, "ImportError", "no utils", "")),
            "error",
            "ImportError: no utils",
        ),
    ],
)
def test_what_gives_no_answer_gets_no_points_and_a_reason(grade, left, status, reason):
    record = grade(ANSWERED, left)
    assert (record.status, record.score, record.max_score) == (status, 0, 10)
    assert reason in record.detail


def test_the_sheets_own_placeholders_left_in_are_no_error(grade):
    left = {"type": "NameError", "message": "name '填入' is not defined"} | LINE
    calls = {name: {"error": left, "unknown": []} for name in CASE["calls"]}
    assert grade(ANSWERED, outcome({"calls": calls})).status == "unfinished"


def test_a_file_that_is_no_notebook_is_never_run(grade):
    record = grade(b"{}")
    assert (record.status, record.max_score) == ("broken", 10)


def test_another_cells_answer_stands_where_the_blank_has_none(grade):
    content = sheet("def VGG16(: # half done", "def VGG16(): return 1")
    record = grade(content, outcome(LOST), outcome(UNFINISHED))
    assert record.status == "unfinished"
    assert "第 4 個程式格" in record.notes[0]


def test_an_answer_in_its_place_is_run_once(grade):
    grade(ANSWERED, outcome(UNFINISHED))  # a second run would find no outcome left


WRONG = Failure("own", 2, "SyntaxError", "invalid character '（' (U+FF08) (1.py, line 1)", "", 1)
ABSENT = {"error": {"type": "NameError", "message": "name 'conv' is not defined"} | LINE}
CALLS = {name: ABSENT | {"unknown": []} for name in CASE["calls"]}
GONE = Failure("own", 2, "ModuleNotFoundError", "No module named 'google.colab'", "", 1)


@pytest.mark.parametrize(
    ("content", "left", "words"),
    [
        (sheet("def VGG16（): return 1"), outcome(LOST, "done", WRONG), "第 2 個程式格.*`VGG16`"),
        (
            sheet("from google.colab import conv\ndef VGG16(): conv()"),
            outcome({"calls": CALLS}, "done", GONE),
            "第 2 個程式格.*`conv`：第 1 行.*google.colab",
        ),
        (
            sheet("def VGG16（): return 1"),
            outcome(None, "timeout", WRONG),
            "第 2 個程式格.*`VGG16`.*時限",
        ),
    ],
)
def test_the_cell_that_failed_leads_wherever_a_reason_is_told(grade, content, left, words):
    record = grade(content, left)
    row = Row(Submission("s1", "a.ipynb"), record)
    assert row.diagnoses[0].code == "failed_cell"
    assert re.match(words, row.diagnosis) and re.match(words, record.detail + row.diagnosis)
    assert not {"missing", "undefined_name"} & {each.code for each in row.diagnoses}


def test_a_failure_that_kept_nothing_from_a_task_is_not_its_reason(grade):
    later = Failure("own", 3, "ZeroDivisionError", "division by zero", "", 1)
    again = sheet("def VGG16(): return 1", "VGG16（)", "def VGG16(): return 2")
    for content in (sheet("def VGG16(): return 1", "1 / 0"), again):
        record = grade(content, *[outcome("forged", "done", later)] * 2)
        codes = [each["code"] for each in record.scores["vgg16"]["diagnoses"]]
        assert codes == ["malformed"]


def test_what_was_left_out_above_an_answer_is_noted(grade):
    content = sheet("import google.colab\ndef VGG16(): return 1")
    (note,) = grade(content, outcome("forged", "done", GONE)).notes
    assert "第 2 個程式格有 1 個地方跑不動" in note and "google.colab" in note


def test_every_task_without_an_answer_has_its_reason_on_a_card(grade):
    record = grade(ANSWERED, outcome(ended="memory"))
    score = record.scores["vgg16"]
    assert (score["points"], score["max_points"]) == (0, 10)
    assert [each["message"] for each in score["diagnoses"]] == [record.detail]


def test_of_many_failures_the_later_ones_are_kept_short(grade):
    failures = [Failure("own", 2, "ValueError", "x" * 2000, "y" * 2000, 1)] * 900
    record = grade(ANSWERED, outcome(UNFINISHED, "done", *failures))
    assert len(record.failures) == 900
    assert len(record.to_json()) < 300_000


def test_a_record_is_plain_data(grade):
    record = grade(ANSWERED, outcome(UNFINISHED, "done", Failure("own", 2, "NameError", "x", "")))
    text = record.to_json()
    assert json.loads(text)["failures"][0]["number"] == 2
    assert work.Record.from_json(text).to_json() == text


def drawn(content: bytes, monkeypatch, seed: int = 1) -> tuple[dict, work.Record]:
    """The case that a sheet's answer is asked, and the record where it tells all of it."""
    asked = []

    def execute(reading, cases, *_):
        asked.append(cases["vgg16"])
        error = {"type": "ValueError", "message": str(cases)[:500], "line": 1, "source": "x"}
        calls = {name: {"error": error, "unknown": []} for name in CASE["calls"]}
        return outcome({"calls": calls}, "done", Failure("probe", None, "E", str(cases), ""))

    monkeypatch.setattr(run, "execute", execute)
    record = work.grade(work.Job(content, RELEASE, ("vgg16",), seed=seed, timeout=60))
    return asked[0], record


def test_equal_code_has_an_equal_case_and_any_change_a_new_one(monkeypatch):
    case, _ = drawn(ANSWERED, monkeypatch)
    again = sheet("def VGG16(): return 1", "def after(): pass")  # which is not run
    assert drawn(ANSWERED + b" ", monkeypatch)[0] == drawn(again, monkeypatch)[0] == case
    others = [drawn(sheet("def VGG16(): return 1 # 2"), monkeypatch)[0]]
    others += [drawn(ANSWERED, monkeypatch, seed=2)[0]]
    others += [drawn(sheet("x = 1", "def VGG16(): return 1"), monkeypatch)[0]]
    seeds = [each["seed"] for each in (case, *others)]
    assert len(set(seeds)) == 4
    assert all(len(str(seed)) == 10 for seed in seeds)  # so that no text has it by chance


def test_what_an_exception_says_never_repeats_what_draws_the_case(monkeypatch):
    case, record = drawn(ANSWERED, monkeypatch)
    assert "{'vgg16': {'seed': …" in record.to_json()
    assert str(case["seed"]) not in record.to_json()


@pytest.mark.parametrize(
    ("ended", "waited", "is_crowded"),
    [("timeout", 5, False), ("timeout", 40, True), ("died", 40, False)],
)
def test_a_timeout_of_which_others_had_much_is_marked(grade, ended, waited, is_crowded):
    left = replace(outcome(ended=ended), waited=waited)  # of 60 seconds
    assert grade(ANSWERED, left).crowded == is_crowded


def test_an_exceptions_name_of_two_lines_is_told_in_one(grade):
    error = {"type": "A\nB", "message": "x", "line": 1, "source": "raise"}
    calls = {name: {"error": error, "unknown": []} for name in CASE["calls"]}
    record = grade(ANSWERED, outcome({"calls": calls}))
    assert record.status == "error" and "A B：x" in record.detail


def test_importing_the_grader_imports_no_tensorflow():
    import subprocess
    import sys

    code = "import sys, grading.batch; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    root = Path(work.__file__).resolve().parent.parent
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
