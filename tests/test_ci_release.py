"""The packs: a student's opens and checks by itself and tells no answer; all are reproducible."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import indent

import nbformat
import pytest
from serving import ask, free_port

import course
from ci import FIRST_CELL, ROOT, release, tracked
from ci.answers import answers
from ci.editions import CODE_STUB, TEXT_STUB
from ci.lessons import FILES, name_of
from utils import datasets
from utils.checks.questions import questions

LESSONS = {name_of(path): path.read_text("utf-8") for path in tracked(*FILES)}

GITHUB = "https://github.com/ntu/cnn"
ZIP = "https://example.org/pack.zip"


@pytest.fixture(scope="module")
def packs() -> dict[str, dict[str, bytes]]:
    return {edition: release.pack(edition) for edition in release.PACKS}


@pytest.fixture(scope="module")
def right() -> dict[str, str]:
    return answers()


@pytest.fixture(scope="module")
def unpacked(packs, tmp_path_factory) -> Path:
    """A student's folder, far from the repository."""
    folder = tmp_path_factory.mktemp("student")
    release.write(packs["student"], folder / "pack.zip")
    with zipfile.ZipFile(folder / "pack.zip") as archive:
        archive.extractall(folder)
    return folder / release.NAME


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def cells(files: dict[str, bytes]) -> list[dict]:
    notebooks = [content for name, content in files.items() if name.endswith(".ipynb")]
    return [cell for notebook in notebooks for cell in json.loads(notebook)["cells"]]


def test_a_student_gets_every_notebook_and_none_of_the_answers(packs):
    names = packs["student"].keys()
    assert {name for name in names if name.endswith(".ipynb")} == {
        path.relative_to(ROOT).as_posix() for path in tracked(*course.NOTEBOOKS)
    }
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders - {"reading"} == {"binder", "lessons", "settings", "utils"}


@pytest.mark.parametrize("edition", release.PACKS)
def test_what_a_notebook_reads_is_in_the_pack(packs, edition):
    given = {name: content for name, content in packs[edition].items() if "/" not in name}
    sources = "\n".join("".join(cell["source"]) for cell in cells(given))
    assert "read_csv(datasets.PUBLISHED)" in sources and 'read_csv("' not in sources
    assert datasets.PUBLISHED.relative_to(ROOT).as_posix() in packs[edition]


def test_no_line_of_a_solution_is_in_a_students_notebook(packs):
    assert release.leaks(packs["student"], LESSONS) == []
    everything = b"".join(packs["student"].values())
    assert b"### BEGIN SOLUTION" not in everything


def test_every_blank_is_one(packs):
    blanks = [
        "".join(cell["source"])
        for cell in cells(packs["student"])
        if cell["metadata"].get("nbgrader", {}).get("solution")
    ]
    assert len(blanks) >= 5
    assert all(CODE_STUB in blank or TEXT_STUB in blank for blank in blanks)


def test_the_solved_sheets_would_be_refused():
    for path in tracked("solutions/**/*.ipynb"):
        found = release.leaks({path.name: path.read_bytes()}, LESSONS)
        assert any("is filled in" in each for each in found)
        assert any("tells an answer" in each for each in found)


def test_a_lesson_would_be_refused():
    assert release.leaks({"lessons/Day018_vgg16.md": b""}, LESSONS)


def test_an_answer_under_another_name_would_be_refused(packs):
    solution = (ROOT / "solutions" / "Day018_vgg16.ipynb").read_bytes()
    found = release.leaks({"notes.ipynb": solution}, LESSONS)
    assert any("tells an answer" in each for each in found)
    assert not release.leaks({"notes.ipynb": b'{"cells": []}'}, LESSONS)


@pytest.mark.parametrize("form", [str, json.dumps, lambda answer: indent(answer, "# \t")])
@pytest.mark.parametrize("name", ["utils/checks/more.py", "utils/more.json", "README.md"])
def test_an_answer_in_any_file_would_be_refused(name, form, packs, right):
    for task, answer in right.items():
        pasted = packs["student"].get(name, b"") + f"\n{form(answer)}\n".encode()
        found = release.leaks({name: pasted}, LESSONS)
        assert found, task
        assert all(re.match(rf"{name}, line \d+ tells an answer: \S", each) for each in found)


def test_what_any_task_gives_and_a_short_line_are_no_answers_in_a_file():
    lesson = (
        "total = first + second\nBEGIN SOLUTION\nreturn x\ntotal = first + second\nEND SOLUTION"
    )
    assert (
        release.leaks({"utils/sums.py": b"total = first + second\nreturn x\n"}, {"a": lesson}) == []
    )


def test_what_stands_in_for_an_answer_is_there_and_not_in_plain_text(packs, unpacked, right):
    everything = b"\n".join(packs["student"].values()).decode("utf-8", "replace")
    for answer in right.values():
        assert answer not in everything and repr(answer)[1:-1] not in everything
    script = "from utils.checks import stand_ins; print(*sorted(stand_ins.sources()))"
    assert run_in(unpacked, "-c", script).stdout.split() == sorted(right)


def test_the_quiz_is_there_and_not_in_plain_text(packs, unpacked):
    everything = "\n".join(
        content.decode("utf-8", "replace")
        for name, content in packs["student"].items()
        if "utils" in name
    )
    for entry in questions().values():
        assert entry["right"] not in everything
    script = "from utils.checks.questions import questions; print(len(questions()))"
    assert run_in(unpacked, "-c", script).stdout.split() == [str(len(questions()))]


def test_a_students_pack_checks_without_the_rest_of_the_course(unpacked):
    script = (
        "from utils import checks, datasets, plotting, summary\n"
        "print(checks.quiz('day018_q1', None).finished, checks.__file__)"
    )
    run = run_in(unpacked, "-c", script)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["False", str(unpacked / "utils" / "checks" / "__init__.py")]


def test_a_students_front_door_shows_what_is_behind_it(unpacked):
    shown = run_in(unpacked, "course.py", "--help").stdout
    assert re.findall(r"python course\.py ([a-z]+)", shown) == ["lab", "doctor"]
    refused = run_in(unpacked, "course.py", "grade", ".")
    assert refused.returncode and "another edition" in refused.stderr
    assert run_in(unpacked, "course.py", "doctor").returncode == 0


def test_an_instructor_can_grade_and_not_build(packs):
    names = set(packs["instructor"])
    assert {"grading/__main__.py", "examples/SHA256SUMS", "solutions/Day018_vgg16.ipynb"} <= names
    assert not any(name.startswith(("ci/", "tests/", ".")) for name in names)
    assert {name for name in names if name.startswith("lessons/")} == {"lessons/published.csv"}


@pytest.mark.parametrize("edition", release.PACKS)
def test_links_lead_to_files_of_the_same_pack(edition, packs):
    for name, content in packs[edition].items():
        if name.endswith(".md"):
            for target in re.findall(r"\]\((?!http|#)([^)#]+)", content.decode("utf-8")):
                place = os.path.normpath(Path(name).parent / target).replace(os.sep, "/")
                known = place in packs[edition] or any(
                    other.startswith(f"{place}/") for other in packs[edition]
                )
                assert known, f"{name} in the {edition}'s pack links to {target}"


def test_two_packs_are_the_same_byte_for_byte(packs, tmp_path, monkeypatch):
    written = []
    for zone in ("UTC", "Asia/Taipei"):
        monkeypatch.setenv("TZ", zone)
        written.append(tmp_path / f"{len(written)}.zip")
        release.write(packs["student"], written[-1])
    assert written[0].read_bytes() == written[1].read_bytes()
    names = zipfile.ZipFile(written[0]).namelist()
    assert names == sorted(names)


def test_a_file_of_a_pack_is_as_old_as_the_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-09-14T08:30:20+0800")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    author = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    commit = ["git", *author, "commit", "-q", "--allow-empty", "-m", "Begin"]
    subprocess.run(commit, cwd=tmp_path, check=True)
    release.write({"LICENSE": b"MIT"}, tmp_path / "pack.zip", root=tmp_path)
    (entry,) = zipfile.ZipFile(tmp_path / "pack.zip").infolist()
    assert entry.date_time == (2026, 9, 14, 0, 30, 20)


def test_nothing_is_packed_that_git_does_not_track(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name in ("LICENSE", "notes.ipynb", "docs/student.md", "utils/checks/quiz.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    tracked = ["LICENSE", "docs/student.md", "utils/checks/quiz.json"]
    subprocess.run(["git", "add", *tracked], cwd=tmp_path, check=True)
    packed = release.pack("student", tmp_path)
    assert list(packed) == ["LICENSE", "README.md", "utils/checks/quiz.b64"]


def test_nbgraders_folder_holds_each_graded_sheet_solved_and_what_it_imports(packs):
    files = release.nbgrader_course(packs["student"])
    graded = {
        name: f"source/{name[:-6]}"
        for name, content in packs["student"].items()
        if name.endswith(".ipynb") and b'"points"' in content
    }
    assert course.first_notebook() in graded
    for name, folder in graded.items():
        solved = ROOT / "solutions" / name
        sheet = solved if solved.is_file() else ROOT / name
        assert files[f"{folder}/{name}"] == sheet.read_bytes()
        beside = {each for each in packs["student"] if each.startswith(("utils/", "lessons/"))}
        assert {f"{folder}/{each}" for each in beside} <= files.keys()


def test_nbgraders_folder_has_the_depth_beside_the_sheet_that_leads_to_it(tmp_path):
    graded = '{{"cells": [{{"source": "{}", "metadata": {{"nbgrader": {{"grade": true}}}}}}]}}'
    files = {
        "Day017.ipynb": graded.format("[VGG](reading/vgg.ipynb)").encode(),
        "Day018.ipynb": graded.format("[講義](Day017.ipynb)").encode(),
        "reading/vgg.ipynb": b'{"cells": []}',
        "utils/__init__.py": b"",
    }
    found = release.nbgrader_course(files, tmp_path)
    assert found.keys() - {"nbgrader_config.py"} == {
        *("source/Day017/Day017.ipynb", "source/Day017/reading/vgg.ipynb"),
        *("source/Day017/utils/__init__.py", "source/Day018/Day018.ipynb"),
        "source/Day018/utils/__init__.py",
    }


@pytest.mark.parametrize(
    ("url", "address"),
    {
        GITHUB: f"{GITHUB}/archive/HEAD.zip",
        f"{GITHUB}.git": f"{GITHUB}/archive/HEAD.zip",
        f"{GITHUB}/": f"{GITHUB}/archive/HEAD.zip",
        ZIP: ZIP,
        f"{GITHUB}/releases/download/v1/pack.zip": f"{GITHUB}/releases/download/v1/pack.zip",
    }.items(),
)
def test_the_address_is_in_every_students_notebook(url, address, packs):
    opened = release.opening(packs["student"], url)
    sheets = {name: content for name, content in opened.items() if name.endswith(".ipynb")}
    for name, content in sheets.items():
        (first,) = (cell for cell in json.loads(content)["cells"] if cell["id"] == FIRST_CELL)
        assert f'ADDRESS = "{address}"' in "".join(first["source"]), name
        assert nbformat.validate(nbformat.reads(content.decode(), 4)) is None
    assert {name for name in opened if opened[name] != packs["student"][name]} == sheets.keys()
    assert release.leaks(opened, LESSONS) == []


def test_a_repository_gives_links_to_colab_and_binder_that_load_nothing(packs):
    opened = release.opening(packs["student"], GITHUB)
    top = json.loads(opened["Day018_vgg16.ipynb"])["cells"][0]
    assert re.findall(r"\]\((.+?)\)", "".join(top["source"])) == [
        "https://colab.research.google.com/github/ntu/cnn/blob/HEAD/Day018_vgg16.ipynb",
        "https://mybinder.org/v2/gh/ntu/cnn/HEAD?labpath=Day018_vgg16.ipynb",
    ]
    assert "![" not in "".join(top["source"])
    solved = release.opening(packs["instructor"], GITHUB)["solutions/Day018_vgg16.ipynb"].decode()
    assert f"{GITHUB}/archive/HEAD.zip" in solved and "mybinder" not in solved
    for url in (ZIP, None):
        files = release.opening(packs["student"], url) if url else packs["student"]
        assert "colab" not in "".join(json.loads(files["Day018_vgg16.ipynb"])["cells"][0]["source"])


@pytest.mark.parametrize(
    "url", ["github.com/ntu/cnn", "file:///etc", "ftp://a/b.zip", f"{GITHUB}/tree/main", f"{ZIP}\n"]
)
def test_another_address_is_refused(url, packs, tmp_path):
    with pytest.raises(ValueError, match=r"expected https://github\.com/NAME/REPO"):
        release.opening(packs["student"], url)
    refused = run_in(ROOT, "course.py", "release", str(tmp_path / "out"), "--url", url)
    assert refused.returncode == 1 and "--url" in refused.stderr and not (tmp_path / "out").exists()


@pytest.mark.pinned
@pytest.mark.slow
def test_the_lab_opens_in_chinese_and_leaves_the_home_alone(unpacked, tmp_path):
    port, log = free_port(), tmp_path / "log"
    options = ("--no-browser", f"--ServerApp.port={port}", "--IdentityProvider.token=t")
    with log.open("w") as file:
        lab = subprocess.Popen(
            [sys.executable, "course.py", "lab", *options],
            cwd=unpacked,
            env={**os.environ, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)},
            stderr=file,
            start_new_session=True,
        )

    def told(path: str) -> dict:
        return json.loads(ask(f"http://127.0.0.1:{port}/{path}?token=t", lab, log))

    try:
        plugin = "@jupyterlab/translation-extension:plugin"
        schema = told(f"lab/api/settings/{plugin}")["schema"]
        assert schema["properties"]["locale"]["default"] == "zh_TW"
        assert "zh_TW" in told("lab/api/translations")["data"]
        listed = {each["name"] for each in told("api/contents")["content"]}
        assert course.first_notebook() in listed
    finally:
        os.killpg(lab.pid, signal.SIGTERM)  # course.py and JupyterLab
        lab.wait(30)
    assert not list(tmp_path.rglob("*settings"))
