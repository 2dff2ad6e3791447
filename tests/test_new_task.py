"""The page that shows how to add a task, followed literally."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ci import ROOT, tracked

PAGE = (ROOT / "docs" / "new-task.md").read_text("utf-8")
FILES = {
    path: content
    for path, _, content in re.findall(
        r"^新檔案 `([^`]+)`：\n\n(`{3,})\w+\n(.*?\n)\2$", PAGE, re.DOTALL | re.MULTILINE
    )
}
CHANGES = re.findall(r"^```diff\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A copy of the course to which the page was applied."""
    copy = tmp_path_factory.mktemp("course")
    for path in (*tracked("ci/**"), *tracked("utils/**"), ROOT / "pyproject.toml"):
        place = copy / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    for path, content in FILES.items():
        (copy / path).parent.mkdir(exist_ok=True)
        (copy / path).write_text(content, "utf-8")
    for change in CHANGES:
        run(copy, "git", "apply", "--recount", "-C1", "-", given=change)
    return copy


def run(folder: Path, *command: str, given: str = "") -> None:
    done = subprocess.run(
        command, cwd=folder, input=given, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_task_takes_fewer_than_sixty_lines():
    added = "\n".join(re.findall(r"^\+(?!\+)(.*)$", "".join(CHANGES), re.MULTILINE))
    lines = (FILES["utils/checks/lenet.py"] + added).splitlines()
    assert 0 < sum(bool(line.strip()) for line in lines) < 60


def test_the_code_keeps_the_houses_style(course):
    for arguments in (("check",), ("format", "--check")):
        run(course, sys.executable, "-m", "ruff", *arguments, "--no-cache", "utils", "tests")


@pytest.fixture
def copied(course, monkeypatch):
    """Imports find the copy's packages; the others stay imported: TensorFlow takes long."""

    def ours() -> dict:
        names = [name for name in sys.modules if name.split(".")[0] in ("ci", "utils")]
        return {name: sys.modules.pop(name) for name in names}

    before = ours()
    monkeypatch.syspath_prepend(str(course))
    yield course
    ours()
    sys.modules.update(before)


def test_the_right_the_wrong_and_the_blank_answer_are_told_apart(copied):
    names = runpy.run_path(str(copied / "tests" / "test_lenet.py"))
    judged = names["test_lenet_is_judged"]
    for case in judged.pytestmark[0].args[1]:
        judged(*case)
    names["test_the_graders_cases_are_other_ones"]()
    assert names["checks"].__file__.startswith(str(copied))
