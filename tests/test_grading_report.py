"""Reports: what Excel, pandas, a student and an instructor open."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas
import pytest

from grading import report
from grading.intake import Submission
from grading.record import Record
from grading.report import Row
from utils.checks.score import Diagnosis, Part, Score

SCORE = Score(
    task="vgg16",
    title="VGG16",
    parts=(Part("blocks", "五個區塊", 3, 5), Part("head", "分類器", 5, 5)),
    diagnoses=(Diagnosis("vgg13", "9,404,992 個參數：這是 VGG13", "數一數卷積層", "blocks"),),
)
GRADED = Record("graded", 10, 8, scores={"vgg16": SCORE.to_dict()}, notes=("又定義了 VGG16",))
BROKEN = Record("broken", 10, detail="檔案是空的")


def row(student="s1", record=GRADED, file="s1/a.ipynb") -> Row:
    return Row(Submission(student, file, Path(file)), record)


def failure(kind="own", number=3, message="name 'x'") -> dict:
    text = {"message": message, "traceback": "…"}
    return {"kind": kind, "number": number, "name": "NameError", **text}


def test_the_table_opens_in_excel_and_pandas(tmp_path):
    report.write([row(), row("s2", BROKEN)], ["vgg16"], tmp_path)
    path = tmp_path / "grades.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbfstudent,")
    frame = pandas.read_csv(path)
    columns = "student,file,status,score,max_score,vgg16,diagnosis"
    assert list(frame) == columns.split(",")
    assert list(frame["score"]) == [8, 0]
    assert frame["diagnosis"][0] == "9,404,992 個參數：這是 VGG13；又定義了 VGG16"
    assert "檔案是空的" in frame["diagnosis"][1]


@pytest.mark.parametrize("name", ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_name_becomes_a_formula(name):
    text = report.grades_csv([row(name)], ["vgg16"])
    assert next(csv.DictReader(text.splitlines()))["student"] == f"'{name}"


def test_feedback_names_the_mistake_and_escapes_what_the_student_wrote():
    bad = "<script>alert(1)</script>"
    record = Record("graded", 10, 8, scores=GRADED.scores, failures=(failure(message=bad),))
    page = report.feedback(row(bad, record))
    assert "這是 VGG13" in page
    assert "數一數卷積層" in page
    assert "第 3 個程式格" in page
    assert report.PLAIN_WORDS["NameError"] in page
    assert bad not in page


def test_feedback_is_silent_about_failures_that_are_not_the_students():
    record = Record("graded", 10, 8, failures=(failure(kind="given", number=None),))
    assert "NameError" not in report.feedback(row(record=record))


def test_a_page_refers_to_nothing_outside_itself(tmp_path):
    report.write([row(), row("s2", BROKEN)], ["vgg16"], tmp_path)
    for path in tmp_path.rglob("*.html"):
        page = path.read_text("utf-8")
        assert "http" not in page, path
        assert "<script" not in page, path
        assert "<link" not in page, path


@pytest.mark.parametrize("name", ["../x", "a/b", "王" * 300, "CON", "..", "a\nb", "x\0"])
def test_every_name_gets_a_page_in_the_folder(tmp_path, name):
    report.write([row(name)], ["vgg16"], tmp_path)
    (page,) = (tmp_path / "feedback").iterdir()
    assert page.suffix == ".html"
    assert len(page.name.encode()) < 255


def test_two_of_a_name_get_two_pages(tmp_path):
    rows = [row("王小明"), row("王小明", file="b.ipynb"), row("S1"), row("s1")]
    report.write(rows, ["vgg16"], tmp_path)
    pages = {path.name.casefold() for path in (tmp_path / "feedback").iterdir()}
    assert len(pages) == 4
    assert "王小明.html" in pages


def test_the_class_report_counts_marks_and_mistakes():
    page = report.class_report([row(), row("s2"), row("s3", BROKEN)], ["a", "b", "c"])
    assert "3 份作業" in page
    assert "2 人" in page
    assert "5.33" in page
