"""The pages say what is so: tables, links, commands, versions, licences; what they type works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import course
from ci import ROOT, release, tables, tracked
from ci.editions import FIND_COURSE
from utils import datasets

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in tracked("*.md", "docs/*.md")
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


def test_the_pack_beside_a_notebook_is_all_that_colab_needs(tmp_path):
    files = release.pack("student")
    release.write(files, tmp_path / f"{release.NAME}-student.zip")
    assert f"{release.NAME}-student.zip" in PAGES["docs/student.md"].split("## Colab")[1]
    script = f"{FIND_COURSE.read_text('utf-8')}\nfrom utils import checks; print(checks.__file__)"
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert run.stdout.startswith(str(tmp_path / release.NAME)), run.stderr


@pytest.mark.skipif(os.name == "nt", reason="the lines are a POSIX shell's")
def test_the_lines_that_publish_a_pack_put_it_into_a_repository(tmp_path):
    published = PAGES["CONTRIBUTING.md"].split("\n## 發行\n")[1]
    (lines,) = re.findall(r"^```\n(.*?)^```$", published, re.DOTALL | re.MULTILINE)
    lines = lines.replace("帳號/名稱", "ntu/cnn")
    hub, course_folder = tmp_path / "hub.git", tmp_path / "course"
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": f"url.{hub.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/ntu/cnn",
        **{"GIT_CONFIG_KEY_1": "user.name", "GIT_CONFIG_VALUE_1": "A Teacher"},
        **{"GIT_CONFIG_KEY_2": "user.email", "GIT_CONFIG_VALUE_2": "teacher@example.org"},
    }
    environment.pop("PYTHONPATH", None)

    def typed(script: str) -> str:
        return subprocess.run(
            ["sh", "-ec", script],
            cwd=course_folder if course_folder.exists() else tmp_path,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    typed(f"git init -q --bare -b main {hub}; git clone -q {ROOT} {course_folder}")
    typed(lines)
    typed(f"echo 'A new edition' >> LICENSE; {lines}")
    assert typed(f"git -C {hub} rev-list --count main").strip() == "2"
    assert "A new edition" in typed(f"git -C {hub} show main:LICENSE")
    sheet = typed(f"git -C {hub} show main:{course.first_notebook()}")
    assert "https://github.com/ntu/cnn/archive/HEAD.zip" in sheet
    assert f"https://mybinder.org/v2/gh/ntu/cnn/HEAD?labpath={course.first_notebook()}" in sheet
    assert typed(f"git -C {hub} ls-tree -r --name-only main").split() == sorted(
        release.pack("student")
    )


def test_binder_installs_what_students_need_in_the_versions_of_the_lock():
    lines = (ROOT / "binder" / "requirements.txt").read_text("utf-8").splitlines()
    assert lines[1:] == ["-r ../requirements.txt", "-c ../requirements.lock"]
    runtime = (ROOT / "binder" / "runtime.txt").read_text("utf-8").strip()
    version = tuple(map(int, runtime.removeprefix("python-").split(".")))
    assert course.OLDEST <= version <= course.NEWEST


@pytest.mark.skipif(os.name == "nt", reason="Binder runs Linux")
def test_binder_opens_in_chinese_with_our_kernel(tmp_path):
    environment = {**os.environ, "NB_PYTHON_PREFIX": str(tmp_path)}
    subprocess.run(["sh", "binder/postBuild"], cwd=ROOT, env=environment, check=True)
    settings = tmp_path / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    assert settings.read_bytes() == (ROOT / "settings" / "overrides.json").read_bytes()
    kernel = "kernels/python3/kernel.json"
    assert (tmp_path / "share/jupyter" / kernel).read_bytes() == (
        ROOT / "settings" / kernel
    ).read_bytes()
    figures = tmp_path / "share" / "jupyter" / "labextensions" / "course-alt" / "package.json"
    assert figures.is_file()
