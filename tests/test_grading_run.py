"""Runs: a cell that fails or never ends costs itself, and the kernel leaves nothing behind."""

from __future__ import annotations

import psutil
import pytest

from grading import probe
from grading.restore import Reading, Step
from grading.run import execute
from tests.hostile import SURROGATES


def run(*sources, timeout=60.0):
    """Cells of a student, run one after the other; `Outcome` of a sheet without a probe."""
    steps = tuple(Step("own", source, number) for number, source in enumerate(sources, start=1))
    return execute(Reading(steps, ()), {}, timeout, sandboxed=False)


def test_cells_that_fail_are_recorded_and_the_next_ones_run():
    outcome = run("1 / 0", "def f(:", "!no-such-command", "x = 2", "raise ValueError(x)")
    assert outcome.ended == "done"
    assert [(failure.number, failure.name) for failure in outcome.failures] == [
        (1, "ZeroDivisionError"),
        (2, "SyntaxError"),
        (5, "ValueError"),
    ]
    assert outcome.failures[-1].message == "2"
    assert "\x1b" not in outcome.failures[0].traceback


def test_a_statement_that_fails_costs_itself_and_what_follows_it_in_its_cell_runs():
    outcome = run(
        "import google.colab\nx = 1\n1 / 0\ny = 2\n",
        "raise ValueError((x, y))",
        "def f(：\nz = 3",  # no Python: nothing of it runs
        "z",
    )
    failures = [(each.number, each.line, each.name) for each in outcome.failures]
    assert failures == [
        (1, 1, "ModuleNotFoundError"),
        (1, 3, "ZeroDivisionError"),
        (2, 1, "ValueError"),
        (3, 1, "SyntaxError"),
        (4, 1, "NameError"),
    ]
    assert outcome.failures[2].message == "(1, 2)"
    assert "只有 Colab 裡才有" in outcome.failures[0].reason
    assert "`：` (FULLWIDTH COLON U+FF1A)" in outcome.failures[3].reason


def test_a_given_cell_that_fails_costs_itself_and_the_given_ones_after_it_run():
    cells = (
        "del len",
        "%%capture\nx = len",
        "%matplotlib inline\ny = lenn",
        "z = 1\nlenn",
        "u = z + 1",
    )
    given = tuple(Step("given", source) for source in cells)
    own = Step("own", "raise ValueError((x, u))", 1)
    outcome = execute(Reading((*given, own), ()), {}, 60, sandboxed=False)
    failures = [(each.kind, each.name) for each in outcome.failures]
    assert failures == [("given", "NameError")] * 3 + [("own", "ValueError")]
    assert outcome.failures[-1].message == "(<built-in function len>, 2)"


def test_what_a_submission_says_can_be_written_and_harms_nobody_who_reads_it():
    outcome = run(
        "raise type('A\\nB', (ValueError,), {})('\\x1b[31m \\u202e \\x07 ok')", SURROGATES
    )
    assert outcome.ended == "done"
    told = [(failure.name, failure.message) for failure in outcome.failures]
    assert told == [("A B", "   ok"), ("\ufffd", "\ufffd")]
    str(outcome).encode("utf-8")


@pytest.mark.parametrize("leave", ["exit()", "quit()", "import sys\nsys.exit()"])
def test_a_cell_that_leaves_costs_itself(leave):
    outcome = run(leave, "import time\ntime.sleep(0.3)", "raise ValueError('still here')")
    assert outcome.ended == "done"
    assert [failure.name for failure in outcome.failures] == ["SystemExit", "ValueError"]


@pytest.mark.slow
def test_an_endless_loop_is_interrupted_and_the_next_cell_runs():
    outcome = run("while True: pass", "x = 1", "raise ValueError(x)", timeout=9)
    assert [failure.name for failure in outcome.failures] == ["KeyboardInterrupt", "ValueError"]


@pytest.mark.slow
def test_a_cell_that_will_not_be_interrupted_is_killed_with_its_children():
    stubborn = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(987654)"])
while True:
    try:
        time.sleep(1)
    except BaseException:
        pass
"""
    assert run(stubborn, timeout=6).ended == "timeout"
    commands = [each.info["cmdline"] or () for each in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if any("987654" in part for part in command)]


def test_a_kernel_that_dies_ends_the_run():
    assert run("import os; os._exit(1)", "x = 1").ended == "died"


def test_the_kernel_sees_the_course_and_asks_for_nothing():
    outcome = run("from utils import checks", "assert checks.TASKS", "input()")
    assert [failure.number for failure in outcome.failures] == [3]


@pytest.mark.parametrize(
    ("outputs", "heard"),
    [
        ([], (False, None)),
        ([{"output_type": "stream", "text": '{"a": 1}'}], (False, None)),
        ([{"data": {probe.MIME: '{"a": 1}'}}], (True, {"a": 1})),
        ([{"data": {probe.MIME: '{"a": 1}'}}] * 2, (True, probe.UNREADABLE)),
        ([{"data": {probe.MIME: "{"}}], (True, probe.UNREADABLE)),
        ([{"data": {probe.MIME: {"a": 1}}}], (True, probe.UNREADABLE)),
        ([{"data": {probe.MIME: "[" * 100_000}}], (True, probe.UNREADABLE)),
        ([{"data": {probe.MIME: '{"\\ud83d": ["\\u202ea"]}'}}], (True, {"\ufffd": ["a"]})),
    ],
)
def test_an_answer_is_heard_once_and_as_data(outputs, heard):
    assert probe.hear(outputs) == heard
