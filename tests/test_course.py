"""The front door: what it finds, what it runs, what it says when it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import course

ROOT = Path(course.__file__).parent


def door(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "course.py"), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("command", course.COMMANDS)
def test_each_command_has_help(command):
    run = door(command, "--help")
    assert run.returncode == 0, run.stderr
    assert "usage:" in run.stdout


@pytest.mark.parametrize(
    "module",
    ["grading", "doctor", "ci.book", "ci.build", "ci.release", "ci.test", "ci.upgrade"],
)
def test_help_is_there_before_anything_is_installed(module):
    # -S: without site-packages.
    run = subprocess.run(
        [sys.executable, "-S", "-m", module, "--help"], cwd=ROOT, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()


def test_the_help_names_every_command_with_what_it_does():
    shown = door("--help").stdout
    for command, (_, what, _, _) in course.COMMANDS.items():
        assert f"python course.py {command} " in shown and what in shown


def test_an_unknown_command_names_the_known_ones():
    run = door("play")
    assert run.returncode != 0
    assert "'play'" in run.stderr
    assert all(command in run.stderr for command in course.COMMANDS)


def test_a_notebook_that_does_not_exist_is_named():
    run = door("lab", "Day019.ipynb")
    assert run.returncode != 0
    assert "'Day019.ipynb'" in run.stderr
    assert course.HOMEWORK in run.stderr


@pytest.mark.pinned
def test_this_environment_has_what_the_tests_need():
    assert course.missing("requirements-dev.txt") == []
    assert course.ready_python("requirements-dev.txt") == sys.executable


def test_a_package_in_another_version_counts_as_missing(monkeypatch):
    monkeypatch.setattr(course, "version_of", {"jupyterlab": "1.0"}.get)
    assert "jupyterlab" in course.missing("requirements.txt")


def test_a_python_without_tensorflow_is_told_which_to_install(monkeypatch):
    monkeypatch.setattr(course.sys, "version_info", (3, 9, 0))
    with pytest.raises(SystemExit, match=r"Python 3\.11 to 3\.13"):
        course.ready_python("requirements.txt")


def test_an_interrupted_install_is_done_again(monkeypatch, tmp_path):
    installed = []
    monkeypatch.setattr(course, "VENV", tmp_path)
    monkeypatch.setattr(course, "missing", lambda requirements: ["jupyterlab"])
    monkeypatch.setattr(course, "install", lambda python, name: installed.append(name))
    first = course.ready_python("requirements.txt")
    assert Path(first).is_relative_to(tmp_path)
    course.ready_python("requirements.txt")
    assert installed == ["requirements.txt"]
    (tmp_path / "installed-requirements.txt").write_text("another lock")
    course.ready_python("requirements.txt")
    assert len(installed) == 2
