"""One command runs every check, and it is the one that the README names."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import course
from ci import ROOT, tracked
from ci.clock import a_clock
from ci.profiles import UNCOMPARED
from ci.test import main, pins, stages

NOTEBOOKS = {
    path.relative_to(ROOT).as_posix() for path in tracked(*course.NOTEBOOKS, "solutions/**/*.ipynb")
}


def test_every_notebook_is_executed_once():
    everything = [*stages(False, ())["tests"]]
    everything += [*UNCOMPARED] * everything.count("tests")  # by test_ci_sheet.py
    assert {name: everything.count(name) for name in NOTEBOOKS} == dict.fromkeys(NOTEBOOKS, 1)


def test_one_session_of_pytest_runs_the_notebooks_and_every_test():
    found = stages(False, (), latest=True)
    assert [command.count("--nbval") for command in found.values()] == [0, 0, 0, 1]
    assert found["tests"][-1] == "tests" and "-m not pinned" in " ".join(found["tests"])


def test_each_stage_is_typed_as_the_manual_has_it():
    assert " ".join(("python -m", *stages(False, ())["mypy"])) == "python -m mypy"


def test_a_quick_test_executes_none_and_nothing_slow():
    quick = stages(True, (), latest=True)
    assert not NOTEBOOKS & {*quick["unit tests"]}
    assert quick["unit tests"][-2:] == ("-m", "not slow and not pinned")


def test_other_options_choose_among_the_unit_tests():
    chosen = stages(False, ("-k", "summary"))
    assert chosen["unit tests"][-2:] == ("-k", "summary")
    assert not NOTEBOOKS & {*chosen["unit tests"]}


def test_the_newest_packages_are_tried_in_a_place_of_their_own(monkeypatch, capfd):
    pythons = []
    monkeypatch.setattr("ci.test.newest", lambda folder: pythons.append(folder) or sys.executable)
    monkeypatch.setattr("ci.test.stages", lambda *given: {f"latest: {given[2]}": ("platform",)})
    with pytest.raises(SystemExit):
        main(["--latest"])
    assert "latest: True" in capfd.readouterr().out  # what holds for the lock alone is left out
    assert not pythons[0].exists() and not pythons[0].is_relative_to(ROOT)


def test_a_pin_is_read_with_and_without_its_marker():
    assert pins("a-b==1.2 ; python_full_version == '3.12.*'\nc==3\n    # via d==4") == [
        ("a-b", "1.2"),
        ("c", "3"),
    ]


@pytest.mark.parametrize(("arguments", "code"), [(["right"], 0), (["wrong", "right"], 1)])
def test_a_failed_stage_fails_the_whole_and_the_next_still_runs(
    arguments, code, monkeypatch, capfd
):
    scripts = {"right": ("platform",), "wrong": ("no_such_module",)}
    monkeypatch.setattr("ci.test.stages", lambda *_: {name: scripts[name] for name in arguments})
    with pytest.raises(SystemExit) as exit_:
        main([])
    assert exit_.value.code == code
    last = capfd.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"right +\d+ CPU-s +\d+ s  passed", last)


BUSY = "import time\nwhile time.process_time() < 0.5: pass"
NESTED = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])"


@pytest.mark.parametrize("script", [BUSY, NESTED])
def test_the_clock_counts_what_a_command_starts(script):
    with a_clock() as clock:
        before = clock.read()
        subprocess.run([*clock.prefix, sys.executable, "-c", script], check=True)
        assert 0.5 <= clock.read() - before < 5


def test_continuous_integration_types_what_the_readme_says():
    run = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert run[-1] == "exec python3 course.py test"
    assert "python course.py test" in (ROOT / "README.md").read_text("utf-8")
