"""Intake: every file of a class gets a row, and a bad one a reason."""

from __future__ import annotations

import json
import sys

import pytest

from grading import intake
from grading.intake import BrokenNotebook, read_cells


def notebook(*sources, **more) -> dict:
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more


def write(path, *sources):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(*sources)), encoding="utf-8")
    return path


def found(path) -> dict[str, intake.Submission]:
    return {each.student: each for each in intake.find(path, prefer="Day018")}


def reason(submission) -> str:
    with pytest.raises(BrokenNotebook) as caught:
        read_cells(submission.read())
    return str(caught.value)


def test_a_folder_is_a_student_and_a_flat_file_too(tmp_path):
    write(tmp_path / "b10902001" / "Day018_vgg16.ipynb", "x = 1")
    write(tmp_path / "王小明.ipynb", "x = 2")
    rows = found(tmp_path)
    assert list(rows) == ["b10902001", "王小明"]
    assert rows["b10902001"].file == "b10902001/Day018_vgg16.ipynb"
    assert [cell.source for cell in read_cells(rows["王小明"].read())] == ["x = 2"]


def test_one_notebook_can_be_graded_alone(tmp_path):
    path = write(tmp_path / "mine.ipynb", "x = 1")
    assert list(found(path)) == ["mine"]


def test_the_homework_is_taken_before_other_notebooks_and_the_others_are_listed(tmp_path):
    write(tmp_path / "s1" / "Day018_vgg16 (1).ipynb", "right")
    write(tmp_path / "s1" / "scratch.ipynb", "wrong")
    row = found(tmp_path)["s1"]
    assert row.file == "s1/Day018_vgg16 (1).ipynb"
    assert "s1/scratch.ipynb" in row.notes[0]


def test_checkpoints_and_hidden_files_are_no_submissions(tmp_path):
    write(tmp_path / "s1" / ".ipynb_checkpoints" / "Day018-checkpoint.ipynb", "old")
    write(tmp_path / "s1" / "nested" / "Day018.ipynb", "new")
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    assert {student: row.file for student, row in found(tmp_path).items()} == {
        "s1": "s1/nested/Day018.ipynb"
    }


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty.ipynb", b"  \n", "空的"),
        ("cut.ipynb", b'{"cells": [{"cell_type": "code", "sour', "JSON"),
        ("deep.ipynb", b"[" * 100_000, "太深"),
        ("big5.ipynb", '{"cells": "中文"}'.encode("big5"), "UTF-8"),
        ("list.ipynb", b"[1, 2]", "不是筆記本"),
        ("other.ipynb", b'{"a": 1}', "cells"),
        ("number.ipynb", b'{"cells": [{"cell_type": "code", "source": 5}]}', "不是文字"),
        ("script.py", b"x = 1", "Python"),
        ("page.html", b"<html>", "網頁"),
        ("answer.docx", b"PK", ".docx"),
    ],
)
def test_a_bad_file_says_what_is_wrong_with_it(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    (row,) = found(tmp_path).values()
    assert why in reason(row)


def test_a_huge_file_and_a_huge_notebook_are_refused(tmp_path, monkeypatch):
    write(tmp_path / "s1.ipynb", "x" * 1000)
    write(tmp_path / "s2.ipynb", *"abc")
    monkeypatch.setattr(intake, "MAX_CELLS", 2)
    assert "3 個程式格" in reason(found(tmp_path)["s2"])
    monkeypatch.setattr(intake, "MAX_BYTES", 500)
    assert "超過上限 500" in reason(found(tmp_path)["s1"])


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_not_followed(tmp_path):
    secret = write(tmp_path / "elsewhere" / "secret.ipynb", "secret")
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    (submissions / "s1.ipynb").symlink_to(secret)
    (submissions / "s2").symlink_to(secret.parent)
    assert all("連結" in reason(row) for row in found(submissions).values())


def test_a_folder_without_a_notebook_has_a_row(tmp_path):
    (tmp_path / "s1").mkdir()
    (tmp_path / "s2").mkdir()
    (tmp_path / "s2" / "hw.py").write_text("x = 1")
    rows = found(tmp_path)
    assert "沒有 .ipynb" in reason(rows["s1"])
    assert "Python" in reason(rows["s2"])


def test_nothing_to_grade_is_an_error_that_names_the_place(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        found(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no submission"):
        found(tmp_path)


def test_other_spellings_of_a_notebook_are_read():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}]}
    assert read_cells(json.dumps(old).encode())[0].source == "x = 1\ny = 2"
    text = json.dumps(notebook("a\r\nb"))
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert read_cells(text.encode(encoding))[0].source == "a\nb"


def test_cells_without_ids_or_with_strange_metadata_are_read():
    cells = [
        {"cell_type": "markdown", "source": "# 標題"},
        {"cell_type": "code", "source": "x = 1"},
        {"cell_type": "code", "source": "y", "id": 7, "metadata": {"nbgrader": [], "tags": "no"}},
    ]
    first, second = read_cells(json.dumps({"cells": cells}).encode())
    assert (first.number, first.cell_id, first.grade_id, first.tags) == (1, None, None, ())
    assert (second.number, second.cell_id, second.grade_id, second.tags) == (2, None, None, ())
