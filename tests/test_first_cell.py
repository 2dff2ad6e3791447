"""Each notebook's first code cell finds the course, or fetches it, or says in one sentence why not.

The cell runs as on Colab: in a folder with nothing but the notebook, and what a test puts there.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError
from serving import free_port

from ci import FIRST_CELL, release
from ci.editions import FIND_COURSE, editions
from grading.client import Manager

CELL = FIND_COURSE.read_text("utf-8")
CHECKS = "utils/checks/__init__.py"  # of the course, and of no other `utils`
STUDENTS = "classic-cnn-course-student.zip"


def zipped(*names: str) -> bytes:
    """A zip of files that say nothing."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return file.getvalue()


PACK = zipped(f"classic-cnn-course/{CHECKS}", "classic-cnn-course/README.md")
REPOSITORY = zipped(f"cnn-main/{CHECKS}", "cnn-main/README.md")  # as GitHub names the folder

# path: status, length that is announced, what comes
ANSWERS = {
    "/pack.zip": (200, len(PACK), PACK),
    "/repository.zip": (200, len(REPOSITORY), REPOSITORY),
    "/half.zip": (200, len(PACK), PACK[: len(PACK) // 2]),
    "/ended.zip": (200, len(PACK) // 2, PACK[: len(PACK) // 2]),
    "/page.zip": (200, 6, b"<html>"),
    "/other.zip": (200, len(other := zipped("other/file")), other),
    "/none.zip": (404, 0, b""),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, length, content = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served():
    """The address of a server on this computer."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def content(tmp_path, monkeypatch) -> Path:
    """The folder in which the kernel starts; no `utils` can be imported there."""
    folder = tmp_path / "content"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", ["", *(p for p in sys.path if "python3" in p)])
    return folder


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(PACK if name.endswith(".zip") else b"")


def run(address: str = "") -> Path:
    """Where `utils` is imported from once the cell has run."""
    notebook = {"cells": [{"id": FIRST_CELL, "source": CELL.splitlines(keepends=True)}]}
    files = {"solutions/a.ipynb": json.dumps(notebook).encode()}
    opened = release.opening(files, address) if address else files
    (cell,) = json.loads(opened["solutions/a.ipynb"])["cells"]
    exec(compile("".join(cell["source"]), "cell", "exec"), {})
    return Path(sys.path[0]).resolve()


def told(address: str = "") -> str:
    """The sentence that stands in the place of a traceback."""
    with pytest.raises(Exception) as raised:
        run(address)
    (sentence,) = raised.value._render_traceback_()
    assert sentence.count("。") == 1 and sentence.endswith("。") and "\n" not in sentence
    assert STUDENTS in sentence and "再執行這一格" in sentence
    return sentence


@pytest.mark.parametrize(
    ("put_there", "found"),
    {
        f"content/{CHECKS}": "content",
        CHECKS: ".",  # a notebook in reading/, or in solutions/
        f"content/classic-cnn-course/{CHECKS}": "content/classic-cnn-course",
        f"content/{STUDENTS[:-4]}/classic-cnn-course/{CHECKS}": (
            f"content/{STUDENTS[:-4]}/classic-cnn-course"  # as Windows unpacks a zip
        ),
    }.items(),
)
def test_the_course_is_found(put_there, found, content, capsys):
    put(content.parent, put_there)
    before = set(content.rglob("*"))
    assert run() == content.parent / found
    assert run("http://127.0.0.1:1/never-asked.zip") == content.parent / found
    assert set(content.rglob("*")) == before and capsys.readouterr() == ("", "")


def test_the_course_is_found_where_python_looks_for_modules(content, tmp_path, monkeypatch):
    put(tmp_path / "course", CHECKS)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "course")])
    assert run() == tmp_path / "course"


def test_another_utils_is_not_the_course(content):
    put(content, "utils/__init__.py")
    assert "找不到課程的檔案" in told()


def test_the_newest_pack_beside_the_notebook_is_unpacked(content):
    (content / STUDENTS).write_bytes(b"an upload that was cut off")
    put(content, f"{STUDENTS[:-4]} (1).zip")
    assert run() == content / "classic-cnn-course"
    assert (content / "classic-cnn-course" / "README.md").is_file()


@pytest.mark.parametrize("name", ["/pack.zip", "/repository.zip"])
def test_the_course_is_fetched_from_the_releases_address(name, served, content, capsys):
    assert run(served + name) == content / "classic-cnn-course"
    assert [path.name for path in content.iterdir()] == ["classic-cnn-course"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "why"),
    {
        "/none.zip": "404",
        "/half.zip": "more expected",
        "/ended.zip": "not a zip file",
        "/page.zip": "not a zip file",
        "/other.zip": "裡面沒有 utils 資料夾",
    }.items(),
)
def test_what_is_no_course_is_told_with_its_address_and_leaves_nothing(name, why, served, content):
    sentence = told(served + name)
    assert served + name in sentence and why in sentence
    assert not list(content.iterdir())


def test_without_a_network_the_address_is_told(content):
    address = f"http://127.0.0.1:{free_port()}/pack.zip"
    assert address in told(address)


def test_without_an_address_the_pack_is_asked_for(content):
    assert told().startswith("找不到課程的檔案：")


def test_a_pack_whose_upload_was_cut_off_is_told(content):
    (content / STUDENTS).write_bytes(PACK[:100])
    assert told().startswith(f"{STUDENTS} 不能用")
    assert [path.name for path in content.iterdir()] == [STUDENTS]


def test_a_kernel_that_ends_while_it_unpacks_leaves_no_course(content, monkeypatch):
    put(content, STUDENTS)

    def extract_one(archive, folder):
        archive.extract(archive.namelist()[0], folder)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(zipfile.ZipFile, "extractall", extract_one)
        run()
    assert [path.name for path in content.iterdir()] == [STUDENTS]
    put(content, f"tmp_rest/classic-cnn-course/{CHECKS}")  # as after a kill
    assert run() == content / "classic-cnn-course"


def test_a_zip_writes_nowhere_else(content):
    names = ("../escaped", "/escaped", "classic-cnn-course/../../escaped")
    (content / STUDENTS).write_bytes(zipped(*names, f"classic-cnn-course/{CHECKS}"))
    run()
    assert {path.name for path in content.iterdir()} == {STUDENTS, "classic-cnn-course"}
    assert [path.name for path in content.parent.iterdir()] == ["content"]


def test_ipython_shows_one_sentence(content, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)  # which course.py sets for its commands
    (content / "cell.ipy").write_text(CELL, "utf-8")
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", "cell.ipy"]
    shown = subprocess.run(command, cwd=content, capture_output=True, text=True, check=False)
    (line,) = (shown.stdout + shown.stderr).split("\n")[:-1]
    assert line.startswith("找不到課程的檔案：")


def test_a_run_of_the_lecture_alone_stops_at_its_first_cell(content, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (lecture,) = editions(release.ROOT / "lessons" / "Day017_reading.md").values()
    nbformat.write(lecture, "Day017_reading.ipynb")
    with pytest.raises(PapermillExecutionError) as stopped:
        papermill.execute_notebook(
            "Day017_reading.ipynb", "out.ipynb", progress_bar=False, kernel_manager_class=Manager
        )
    assert "找不到課程的檔案：" in str(stopped.value) and "Traceback" not in str(stopped.value)
    cells = [cell for cell in nbformat.read("out.ipynb", 4).cells if cell.cell_type == "code"]
    run_first, *others = (cell for cell in cells if "papermill-error" not in str(cell.metadata))
    (error,) = (output for output in run_first.outputs if output.output_type == "error")
    assert len(error.traceback) == 1 and re.fullmatch("CourseNotFound", error.ename)
    assert not any(cell.outputs for cell in others)
