"""The front door: what it finds, what it runs, what it says when it cannot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import course

ROOT = Path(course.__file__).parent
PIPE = getattr(signal, "SIGPIPE", 0)  # Windows has none


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


@pytest.mark.parametrize("name", ["Day018_vgg16.ipynb", "Day018_vgg16", "Day018_vgg16."])
@pytest.mark.parametrize("place", [".", "docs", str(ROOT)])
def test_a_notebook_is_known_by_any_path_and_without_its_ending(name, place, monkeypatch):
    monkeypatch.chdir(ROOT / "docs" if place == "docs" else ROOT)
    asked = {".": f"./{name}", "docs": f"../{name}"}.get(place, f"{place}/{name}")
    for path in (name, asked):
        options = course.lab_options(["--port", "8889", path, "--no-browser"])
        assert options[0] == str(ROOT / course.first_notebook())
        assert options[-3:] == ["--port", "8889", "--no-browser"]


def test_a_notebook_of_the_depth_is_opened_by_its_folder_and_name(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reading").mkdir()
    (tmp_path / "reading" / "vgg.ipynb").touch()
    (tmp_path / "Day017.ipynb").touch()
    assert course.lab_options(["reading/vgg"])[0] == str(tmp_path / "reading" / "vgg.ipynb")
    with pytest.raises(SystemExit, match=r"'vgg' .* there are Day017\.ipynb, reading/vgg\.ipynb"):
        course.lab_options(["vgg"])


def test_a_notebook_outside_the_course_can_not_be_opened_by_it(tmp_path, monkeypatch):
    (tmp_path / "mine.ipynb").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=f"no notebook 'mine' in {ROOT}"):
        course.lab_options(["mine"])


def test_a_notebook_that_does_not_exist_is_named():
    run = door("lab", "Day019.ipynb")
    assert run.returncode != 0
    assert "'Day019.ipynb'" in run.stderr
    assert course.first_notebook() in run.stderr


@pytest.mark.pinned
def test_this_environment_has_what_the_tests_need():
    assert course.missing("requirements-dev.txt") == []
    assert course.ready_python("requirements-dev.txt") == sys.executable


def test_a_package_in_another_version_counts_as_missing(monkeypatch):
    monkeypatch.setattr(course, "version_of", {"jupyterlab": "1.0"}.get)
    assert "jupyterlab" in course.missing("requirements.txt")


def test_a_python_without_tensorflow_is_told_which_to_install(monkeypatch):
    monkeypatch.setattr(course.sys, "version_info", (3, 9, 0))
    monkeypatch.setattr(course.sys, "version", "3.9.0 (main)")
    with pytest.raises(SystemExit, match=r"Python 3\.11 to 3\.13, and this is Python 3\.9"):
        course.main(["lab"])


def test_an_interrupted_install_is_done_again(monkeypatch, tmp_path):
    installed = []
    monkeypatch.setattr(course, "VENV", tmp_path)
    monkeypatch.setattr(course, "missing", lambda requirements: ["jupyterlab"])
    monkeypatch.setattr(course, "install", installed.append)
    course.venv_python().parent.mkdir()
    course.venv_python().touch()
    first = course.ready_python("requirements.txt")
    assert Path(first).is_relative_to(tmp_path)
    course.ready_python("requirements.txt")
    assert installed == ["requirements.txt"]
    (tmp_path / "installed-requirements.txt").write_text("another lock")
    course.ready_python("requirements.txt")
    assert len(installed) == 2
    course.venv_python().unlink()  # as where the Python that made it was removed
    course.ready_python("requirements.txt")
    assert len(installed) == 3


def test_packages_are_compiled_without_the_tests_of_their_own(monkeypatch, tmp_path):
    packages = tmp_path / "tests" / ".venv" / "lib" / "site-packages"
    for name in ("one/__init__.py", "one/tests/test_it.py", "two/latest/three.py"):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text("1\n", encoding="utf-8")
    really = course.run
    monkeypatch.setattr(course, "VENV", tmp_path / "tests" / ".venv")
    monkeypatch.setattr(course, "venv_python", lambda: Path(sys.executable))
    monkeypatch.setattr(course, "run", lambda step: "compileall" in step and really(step))
    course.install(course.USING)
    compiled = {path.parent.parent.name for path in packages.rglob("*.pyc")}
    assert compiled == {"one", "latest"}


def test_what_is_installed_for_more_serves_for_less(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "VENV", tmp_path)
    course.venv_python().parent.mkdir()
    course.venv_python().touch()
    course.stamp(course.MAINTAINING).write_bytes(course.LOCK.read_bytes())
    assert all(map(course.is_installed, course.SIZES))
    course.stamp(course.MAINTAINING).unlink()
    course.stamp(course.READING).write_bytes(course.LOCK.read_bytes())
    assert [each for each in course.SIZES if course.is_installed(each)] == [course.READING]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grade", "README.md"], "README.md is nothing to grade; expected a folder of submissions"),
        (["grade", "docs"], "no notebook (.ipynb) in docs; expected"),
        (["grade", "nowhere"], "nothing at nowhere; expected"),
        (["grade", "examples", "--out", "LICENSE"], "LICENSE is a file; expected a folder"),
        (
            ["grade", "examples", "--release", "docs"],
            "--release docs can't be read (Is a directory); ex",
        ),
        (["grade", "examples", "--release", "LICENSE"], "--release LICENSE can't be read"),
        (["grade", "examples", "--roster", "docs"], "--roster docs can't be read (Is a directory)"),
        (["grade", "examples", "--reason", "x"], "expected --override, too"),
        (["grade", "examples", "--out", ""], "argument --out: '' names nothing"),
        (["grade", ""], "argument PATH: '' names nothing"),
        (["book", "LICENSE"], "LICENSE is a file; expected a folder"),
        (["book", "LICENSE/pages"], "LICENSE is a file; expected a folder"),
        (["build", "Day99"], "'Day99'; there are Day017_reading"),
    ],
)
def test_a_bad_request_is_refused_before_anything_is_installed(arguments, message, used):
    before = sorted(used.rglob("*"))
    # -S: without site-packages, where an installation would begin.
    command = [sys.executable, "-S", "-B", "course.py", *arguments]
    run = subprocess.run(command, cwd=used, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 2 and message in run.stderr and not run.stdout
    assert "Traceback" not in run.stderr and sorted(used.rglob("*")) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], -PIPE),
        (["doctor"], -PIPE),
        (["grade", "--help"], 0),
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_reads_no_further_ends_a_command_without_a_word(arguments, code, unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run(
        [sys.executable, "course.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (run.returncode, run.stderr) == (code, "")


def test_a_folder_that_can_not_be_written_is_told_from_one_that_can(tmp_path, monkeypatch):
    new = tmp_path / "a" / "b"
    assert course.unwritable(new) == course.unwritable(tmp_path) == ""
    (tmp_path / "file").touch()
    assert "file is a file" in course.unwritable(tmp_path / "file" / "b")
    (tmp_path / "loose").symlink_to(tmp_path / "nowhere")
    assert "loose is a file" in course.unwritable(tmp_path / "loose")
    monkeypatch.setattr(course.os, "access", lambda path, mode: path != str(tmp_path))
    assert f"{tmp_path} can't be written" in course.unwritable(new)
