"""The pages say what is so: tables, links, commands, versions, licences, the cell for Colab."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib

import pytest

import course
from ci import ROOT, release, tables
from utils import datasets

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
}


def test_the_tables_of_marks_are_the_codes():
    page = PAGES["docs/marks.md"]
    assert tables.filled(page) == page, "run: python -m ci.tables"


@pytest.mark.parametrize("name", PAGES)
def test_each_link_leads_to_a_file(name):
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", PAGES[name]):
        assert ((ROOT / name).parent / target).exists(), target


@pytest.mark.parametrize("name", PAGES)
def test_each_command_that_a_page_names_exists(name):
    for command, option in re.findall(r"course\.py ([a-z]+)(?: (--[a-z-]+))?", PAGES[name]):
        assert command in course.COMMANDS
        if option:
            assert option in help_of(command)


def help_of(command: str) -> str:
    return subprocess.run(
        [sys.executable, "course.py", command, "--help"], cwd=ROOT, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("reader", ["學生", "講師", "維護者"])
def test_each_reader_meets_their_command_within_ten_lines(reader):
    lines = PAGES["README.md"].split(f"\n## {reader}\n")[1].splitlines()[:10]
    assert any(line.startswith("python course.py") for line in lines)


def test_every_photograph_has_its_source_and_licence():
    page = PAGES["docs/sources.md"]
    for name, (_, credit) in datasets.PHOTOS.items():
        (row,) = re.findall(rf"^\| `{name}` \|.*$", page, re.MULTILINE)
        licence = credit.rpartition(", ")[2]
        assert {"public domain": "公眾領域"}.get(licence, licence) in row


def test_there_is_one_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_the_cell_for_colab_finds_the_course(tmp_path):
    release.write(release.pack("student"), tmp_path / f"{release.NAME}-student.zip")
    (cell,) = re.findall(r"```python\n(.*?)```", PAGES["docs/student.md"], re.DOTALL)
    run = subprocess.run(
        [sys.executable, "-c", f"{cell}\nfrom utils import checks; print(checks.__file__)"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert release.NAME in run.stdout, run.stderr


def test_binder_installs_what_students_need_in_the_versions_of_the_lock():
    lines = (ROOT / "binder" / "requirements.txt").read_text("utf-8").splitlines()
    assert lines[1:] == ["-r ../requirements.txt", "-c ../requirements.lock"]
    runtime = (ROOT / "binder" / "runtime.txt").read_text("utf-8").strip()
    version = tuple(map(int, runtime.removeprefix("python-").split(".")))
    assert course.OLDEST <= version <= course.NEWEST


@pytest.mark.skipif(os.name == "nt", reason="Binder runs Linux")
def test_binder_opens_in_chinese(tmp_path):
    environment = {**os.environ, "NB_PYTHON_PREFIX": str(tmp_path)}
    subprocess.run(["sh", "binder/postBuild"], cwd=ROOT, env=environment, check=True)
    settings = tmp_path / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    assert settings.read_bytes() == (ROOT / "settings" / "overrides.json").read_bytes()
