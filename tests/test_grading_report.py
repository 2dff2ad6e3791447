"""Reports: what Excel, pandas, a student and an instructor open."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import pathlib
import re
import unicodedata
from functools import partial

import pandas
import pytest

from grading import exports, failures, figures, overview, remarks, report
from grading.intake import Cell, Submission
from grading.record import Override, Record
from grading.rows import Row
from grading.similar import Pair
from tests.sandboxed import notebook
from utils.checks.score import Diagnosis, Part, Score

SCORE = Score(
    task="vgg16",
    title="VGG16",
    parts=(Part("blocks", "五個區塊", 3, 5), Part("head", "分類器", 5, 5)),
    diagnoses=(Diagnosis("vgg13", "9,404,992 個參數：這是 VGG13", "數一數卷積層", "blocks"),),
)
GRADED = Record("graded", 10, 8, scores={"vgg16": SCORE.to_dict()}, notes=("又定義了 VGG16",))
BROKEN = Record("broken", 10, detail="檔案是空的")


def row(student="s1", record=GRADED, file="s1/a.ipynb", **submission) -> Row:
    return Row(Submission(student, file, **submission), record)


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """No notebook is run for the class report, but where a test is about it."""
    if "notebook" not in request.keywords:
        monkeypatch.setattr(figures, "run", lambda *_: "")


def failure(kind="own", number=3, message="name 'x'") -> dict:
    text = {"message": message, "traceback": "…"}
    return {"kind": kind, "number": number, "name": "NameError", **text}


def test_the_table_opens_in_excel_and_pandas(tmp_path):
    report.write([row(), row("s2", BROKEN)], ["vgg16"], tmp_path)
    path = tmp_path / "grades.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbfstudent,")
    frame = pandas.read_csv(path)
    columns = "student,file,status,score,max_score,vgg16,diagnosis,flags"
    assert list(frame) == columns.split(",")
    assert list(frame["score"]) == [8, 0]
    assert frame["diagnosis"][0] == "9,404,992 個參數：這是 VGG13；又定義了 VGG16"
    assert "檔案是空的" in frame["diagnosis"][1]


@pytest.mark.parametrize(
    "name", ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"]
)
def test_no_text_becomes_a_formula_in_any_table(name):
    record = Record("error", 10, detail=name)
    each = row(name, record, file=name, name=name)
    tables = [
        exports.grades_csv([each], ["vgg16"]),
        exports.moodle_csv([each]),
        exports.canvas_csv([each], name),
        exports.similar_csv([each, each], [Pair(0, 1, 0.5, 20)]),
    ]
    for table in tables:
        cells = [cell for line in csv.reader(io.StringIO(table)) for cell in line]
        assert name not in cells
        assert any(cell.startswith(f"'{name}") for cell in cells)


def test_moodles_worksheet_has_the_columns_that_its_importer_looks_for():
    rows = [row("657737", name="王小明", lms="moodle"), row("b10902001", BROKEN)]
    known, other = lines(exports.moodle_csv(rows))
    assert known["Identifier"] == "Participant 657737"
    assert (known["Full name"], known["Grade"], known["Maximum Grade"]) == ("王小明", "8", "10")
    assert known["Last modified (grade)"] == "-"
    assert "VGG13" in known["Feedback comments"]
    assert (other["Identifier"], other["ID number"], other["Grade"]) == ("", "b10902001", "0")


def test_moodle_shows_comments_as_html():
    record = Record("error", 10, detail="<script>alert(1)</script>")
    (line,) = lines(exports.moodle_csv([row(record=record)]))
    assert "<script" not in line["Feedback comments"]


def test_canvas_gradebook_has_its_header_and_its_line_of_the_maximum():
    rows = [row("12345", name="wangxiaoming", lms="canvas"), row("b10902001", BROKEN)]
    table = list(csv.reader(io.StringIO(exports.canvas_csv(rows, "Day018"))))
    assert table == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Day018"],
        ["    Points Possible", "", "", "", "", "10"],
        ["wangxiaoming", "12345", "", "", "", "8"],
        ["b10902001", "", "b10902001", "b10902001", "", "0"],
    ]


def test_each_gradebook_gets_those_who_may_be_in_it(tmp_path):
    report.write([row("1", lms="moodle"), row("s1")], ["vgg16"], tmp_path)
    assert len(lines((tmp_path / "moodle.csv").read_text("utf-8"))) == 2
    assert len(lines((tmp_path / "canvas.csv").read_text("utf-8"))) == 2  # with the maximum


def test_no_gradebook_gets_a_number_that_is_not_its_own(tmp_path):
    rows = [
        row("anon_Ab1cD", lms="canvas", is_known=False),
        row("Group A", lms="moodle", is_known=False),
        row("li_hua", lms="blackboard"),
        row("12", Record("absent", 10), lms="moodle"),
    ]
    (tmp_path / "canvas.csv").write_text("of an earlier run")
    report.write(rows, ["vgg16"], tmp_path)
    assert not (tmp_path / "canvas.csv").exists() and not (tmp_path / "moodle.csv").exists()
    told = remarks.remarks(rows, [], None, "Day018")
    assert [name in note for name, note in zip(("Canvas", "Group A"), told, strict=True)] == [
        True
    ] * 2


def test_the_parts_of_a_task_stand_in_the_table_where_they_are_asked_for():
    (line, _) = lines(exports.grades_csv([row(), row("s2", BROKEN)], ["vgg16"], parts=True))
    assert (line["vgg16:blocks"], line["vgg16:head"]) == ("3", "5")


def test_what_is_worth_nothing_or_in_doubt_is_shown_with_its_code():
    release = [Cell("import keras", 1), Cell("raise NotImplementedError", 2)]
    unsure = Score("vgg16", "VGG16", SCORE.parts, (Diagnosis("numbers", "數值不同", "", "head"),))
    blank = Record("unfinished", 10)
    records = {
        "right": GRADED,
        "nothing": Record("graded", 10),
        "in doubt": Record("graded", 10, 8, scores={"vgg16": unsure.to_dict()}),
        "blank": blank,
        "absent": Record("absent", 10),
        "died": Record("died", 10, 2),
    }
    sources = {"blank": ["import keras\n"]}
    rows = [
        row(name, record, content=partial(notebook, sources.get(name, [f"# {name}\nx = 1"])))
        for name, record in records.items()
    ]
    page = report.class_report(rows, report.page_names(rows), "", release=release)
    looked_at = re.findall(r'<details class="look"><summary><b>([^<]*)</b>', page)
    assert looked_at == ["nothing", "died", "in doubt"]  # from the least points on
    assert "# nothing\nx = 1" in page and "# right" not in page
    assert "另有 1 份和發下去的一樣" in page


def test_a_mistake_opens_to_those_who_made_it_and_flags_stand_in_their_row():
    flagged = Record("graded", 10, 8, scores=GRADED.scores, flags=("整個網路是匯入的",))
    rows = [row("s1", flagged, name="王小明"), row("s2", name="<b>李華"), row("s3", BROKEN)]
    page = report.class_report(rows, report.page_names(rows), "")
    (mistake,) = re.findall(r"<details><summary.*?</details>", page, re.DOTALL)
    assert "2 人" in mistake and "vgg13" in mistake
    assert re.findall(r'href="([^"]*)">([^<]*)<', mistake) == [
        ("feedback/s1.html", "王小明"),
        ("feedback/s2.html", "&lt;b&gt;李華"),
    ]
    assert page.count("⚑ 整個網路是匯入的") == 1


def test_a_browser_runs_no_script_of_the_report_but_its_own():
    page = report.class_report([row()], ["s1.html"], "")
    digest = base64.b64encode(hashlib.sha256(report.SCRIPT.encode()).digest()).decode()
    assert "default-src 'none'" in page and f"script-src 'sha256-{digest}'" in page


def test_a_mark_given_by_hand_is_the_mark_and_says_why():
    each = Row(Submission("s1", "a.ipynb"), GRADED, {"vgg16": Override(9.5, "口試")})
    (line,) = lines(exports.grades_csv([each], ["vgg16"]))
    assert (line["score"], line["vgg16"]) == ("9.5", "9.5")
    assert "9.5 分：口試" in line["diagnosis"]
    assert "口試" in report.feedback(each)


def test_feedback_names_the_mistake_and_escapes_what_the_student_wrote():
    bad = "<script>alert(1)</script>"
    record = Record("graded", 10, 8, scores=GRADED.scores, failures=(failure(message=bad),))
    page = report.feedback(row(bad, record))
    assert "這是 VGG13" in page
    assert "數一數卷積層" in page
    assert "第 3 個程式格" in page
    assert failures.PLAIN_WORDS["NameError"] in page
    assert bad not in page


def test_a_page_stays_small_however_much_failed():
    failures = (failure(message="'" * 2000) | {"traceback": "'" * 2000},) * 900
    page = report.feedback(row(record=Record("graded", 10, 8, failures=failures)))
    assert page.count("<pre>") == report.SHOWN
    assert f"還有 {900 - report.SHOWN} 個例外沒有列出來" in page
    assert len(page.encode()) < 200_000


@pytest.mark.notebook
def test_nothing_that_cannot_be_seen_or_is_too_long_gets_into_a_report(tmp_path):
    odd = "a\x1b[31m\x9b1m\x07\x85\u202e\u2066\u200f\u2028\ud800b"
    record = Record("error", 10, detail=odd + "很長" * 20_000, failures=(failure(message=odd),))
    name = odd.replace("\ud800", "")
    each = row(name, record, file=name, name=odd, notes=(odd,))
    pairs = [Pair(0, 1, 0.5, 20)]
    report.write([each, each], ["vgg16"], tmp_path, title=odd, pairs=pairs)
    for path in filter(pathlib.Path.is_file, tmp_path.rglob("*")):
        text = path.read_text("utf-8-sig")
        kinds = {unicodedata.category(character) for character in set(text) - {"\n", "\t"}}
        assert not kinds & {"Cc", "Cs", "Zl", "Zp"}, path
        assert not set(text) & set("\u202e\u2066\u200f"), path
        if path.suffix == ".csv":
            fields = (field for line in csv.reader(io.StringIO(text)) for field in line)
            assert max(map(len, fields)) < 32_000, path


def test_feedback_is_silent_about_failures_that_are_not_the_students():
    record = Record("graded", 10, 8, failures=(failure(kind="given", number=None),))
    assert "NameError" not in report.feedback(row(record=record))


def test_a_page_refers_to_nothing_outside_itself(tmp_path):
    report.write([row(), row("s2", BROKEN)], ["vgg16"], tmp_path)
    for path in tmp_path.rglob("*.html"):
        page = path.read_text("utf-8")
        assert not re.search(r"(src|href)=.(https?:)?//|url\(", page), path
        own = report.SCRIPT if path.name == "report.html" else ""
        assert page.count("<script") == bool(own) and f"<script>{own}" * bool(own) in page, path
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


@pytest.mark.notebook
def test_the_class_report_counts_marks_and_mistakes_and_names_what_failed():
    evil = Record("error", 10, detail="`<script>alert(1)</script>`")
    rows = [row(), row("s2"), row("s3", BROKEN), row("<b>s4", evil)]
    shown = figures.run(overview.NOTEBOOK, overview.data(rows, [Pair(0, 1, 0.9, 40)]))
    page = report.class_report(rows, report.page_names(rows), shown)
    text = re.sub(r"<[^>]*>", " ", page)
    assert re.search(r"4 份作業，滿分 10 分：平均\s+4.00\s+分", text)
    assert re.search(r"2 人\s+vgg13\s+9,404,992", text)
    assert re.search(r"五個區塊\s+60%", text)
    assert "檔案是空的" in text
    assert re.search(r"s1\s+s2\s+0.9\s+40", text)
    assert page.count("<script") == 1  # its own
    assert "<b>s4" not in page
    code = r"<code [^>]*>&lt;script&gt;alert\(1\)&lt;/script&gt;</code>"
    assert len(re.findall(code, page)) == 2  # among what failed, and in its own row
    pictures = re.findall(r'<img[^>]*alt="([^"]*)"', page)
    assert len(pictures) == page.count("<img") == 3
    assert pictures[0] == "成績分布的長條圖：0 分 2 份、8 分 2 份"


@pytest.mark.notebook
def test_a_class_without_a_result_has_a_report():
    shown = figures.run(overview.NOTEBOOK, overview.data([row(record=BROKEN)], []))
    page = report.class_report([row(record=BROKEN)], ["s1.html"], shown)
    assert "1 份作業" in page
    assert "沒有診斷出任何錯誤" in page


def test_figures_are_drawn_anew_only_when_the_class_changed(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "run", lambda _, content: drawn.append(content) or f"{len(drawn)}")
    one, two = (
        overview.data([row(name) for name in names], []) for names in (["s1"], ["s1", "s2"])
    )
    assert [overview.kept(each, tmp_path) for each in (one, one, two, two, one)] == list("11223")
    assert [path.name for path in tmp_path.iterdir()] == [overview.KEPT]
