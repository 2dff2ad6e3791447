"""A class and its roster: who is missing, who is a stranger, and the table that goes back."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from grading import batch, figures, late, roster, work
from grading.__main__ import main
from grading.intake import Submission
from grading.record import Override, Record
from tests.test_grading_work import ANSWERED, RELEASE
from utils.checks.score import Part, Score

WORKSHEET = (  # Moodle's, as it exports it: a team's has one column more
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 11,王小明,ming@example.edu,Submitted for grading,,10.00,Yes,-,-,\n"
    'Participant 12,"de Vries, Anna",anna@example.edu,No submission,,10.00,Yes,-,-,\n'
)
TEAMS = (
    "Identifier,Full name,Email address,Status,Group,Grade,Maximum Grade,Feedback comments\n"
    "Participant 11,王小明,ming@example.edu,,Group A,,100.00,\n"
    "Participant 12,李華,hua@example.edu,,Group A,,100.00,\n"
    "Participant 13,陳美,mei@example.edu,,第 2 組,,100.00,\n"
)
GRADEBOOK = (  # Canvas's
    "Student,ID,SIS User ID,SIS Login ID,Section,Quiz (7),Day018_vgg16 (8),Final Score\r\n"
    "    Points Possible,,,,,5,10,(read only)\r\n"
    '"Wang, Xiaoming",12345,b11902001,ming,CNN,4,,80\r\n'
    '"Lin, Mei",12346,b11902002,mei,CNN,3,7,70\r\n'
    '"Student, Test",99,,test,CNN,,,\r\n'
)


@pytest.fixture
def graded(tmp_path, monkeypatch):
    """Grades names of files with a roster, none of them run; what came of it, and the folder."""
    score = Score("vgg16", "VGG16", (Part("blocks", "區塊", 8, 10),))
    record = Record("graded", 10, 8, scores={"vgg16": score.to_dict()})
    monkeypatch.setattr(work, "grade", lambda job: record)
    monkeypatch.setattr(figures, "run", lambda *_: "")
    (tmp_path / "Day018_vgg16.ipynb").write_bytes(RELEASE)

    def grade(names, table: str = "", encoding="utf-8", **options):
        with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
            for name in names:
                receipt = b"Name: Hua Li (li_hua)\nAssignment: HW 1\n"
                archive.writestr(name, receipt if name.endswith(".txt") else ANSWERED)
        if table:
            (tmp_path / "class.csv").write_bytes(table.encode(encoding))
            options["roster"] = roster.read(tmp_path / "class.csv")
        with ThreadPoolExecutor(1) as pool:
            return batch.grade(
                tmp_path / "class.zip",
                tmp_path / "out",
                release=tmp_path / "Day018_vgg16.ipynb",
                executor=pool,
                progress=False,
                **options,
            )

    grade.out = tmp_path / "out"
    return grade


def lines(path, encoding="utf-8-sig") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def rows(result) -> dict[str, tuple[str, str, float]]:
    return {
        row.submission.student: (row.submission.name, row.record.status, row.final)
        for row in result.rows
    }


def test_moodles_worksheet_names_the_absent_and_the_strangers_and_goes_back(graded):
    folder = "{}_assignsubmission_file/Day018_vgg16.ipynb"
    result = graded([folder.format("X_11"), folder.format("Y_77")], WORKSHEET)
    assert rows(result) == {
        "11": ("王小明", "graded", 8),
        "77": ("Y", "graded", 8),
        "12": ("de Vries, Anna", "absent", 0),
    }
    assert any("1 位沒有繳交：12（de Vries, Anna）" in note for note in result.notes)
    assert any("1 份不在名單裡：77（Y）" in note for note in result.notes)
    filled = (graded.out / "filled-class.csv").read_text("utf-8")
    assert filled == WORKSHEET.replace("grading,,", "grading,8,")  # and nothing else
    assert [line["Identifier"] for line in lines(graded.out / "moodle.csv")] == [
        "Participant 11",
        "Participant 77",
    ]
    assert [line["name"] for line in lines(graded.out / "grades.csv")] == [
        *("王小明", "Y", "de Vries, Anna"),
    ]


@pytest.mark.parametrize(
    "told", ["Friday, 27 November 2026, 10:30 PM", "2026年 11月 27日(週五) 22:30"]
)
def test_the_worksheet_tells_when_work_was_handed_in(graded, told):
    table = WORKSHEET.replace("grading,,10.00,Yes,-", f'grading,,10.00,Yes,"{told}"')
    policy = late.Policy(late.due("2026-11-27 20:00"), late.rate("10%/day"))
    names = [f"X_{number}_assignsubmission_file_/Day018_vgg16.ipynb" for number in (11, 77)]
    known, unknown = graded(names, table, late=policy).rows[:2]
    assert (known.late.told, known.final) == ("遲交 2 小時", 7)
    assert "不知道" in unknown.late.told and unknown.final == 8  # both were packed at one time


def test_a_teams_mark_is_its_members_and_a_member_may_have_another_by_hand(graded):
    folder = "{}_assignsubmission_file/Day018_vgg16.ipynb"
    names = [folder.format(name) for name in ("Group A_501", "第 2 組_502")]
    result = graded(names)
    assert rows(result).keys() == {"Group A", "第 2 組"}
    assert not (graded.out / "moodle.csv").exists()
    assert any("--roster" in note for note in result.notes)
    by_hand = ("12", "vgg16", Override(9, "口試"))
    result = graded(names, TEAMS, by_hand=by_hand)
    assert rows(result) == {
        "11": ("王小明", "graded", 8),
        "12": ("李華", "graded", 9),
        "13": ("陳美", "graded", 8),
    }
    marks = {each["Full name"]: each["Grade"] for each in lines(graded.out / "filled-class.csv")}
    assert marks == {"王小明": "8", "李華": "9", "陳美": "8"}
    assert len(lines(graded.out / "moodle.csv")) == 3
    assert any("滿分是 100 分，這份作業是 10 分" in note for note in result.notes)


def test_canvas_gradebook_gets_its_own_column_filled_and_no_other(graded):
    result = graded(["wang_12345_1_Day018_vgg16.ipynb"], GRADEBOOK, encoding="utf-8-sig")
    assert rows(result) == {
        "12345": ("Wang, Xiaoming", "graded", 8),
        "12346": ("Lin, Mei", "absent", 0),
    }
    filled = (graded.out / "filled-class.csv").read_bytes()
    assert filled == GRADEBOOK.replace("CNN,4,,80", "CNN,4,8,80").encode("utf-8-sig")
    other = GRADEBOOK.replace("Day018_vgg16 (8)", "作業二 (8)")
    graded(["wang_12345_1_Day018_vgg16.ipynb"], other)
    first, most, wang, *_ = csv.reader(io.StringIO((graded.out / "filled-class.csv").read_text()))
    assert (first[-1], most[-1], wang[-1]) == ("Day018_vgg16", "10", "8")


@pytest.mark.parametrize(
    ("encoding", "separator"), [("cp950", ","), ("utf-16", "\t"), ("utf-8-sig", ";")]
)
def test_any_table_with_a_column_of_numbers_is_a_roster(graded, encoding, separator):
    table = "班級,學號,姓名,成績\n甲,B11902001,王小明,\n甲,B11902002,李華,\n".replace(
        ",", separator
    )
    result = graded(["b11902001/a.ipynb"], table, encoding)
    assert rows(result) == {
        "b11902001": ("王小明", "graded", 8),
        "B11902002": ("李華", "absent", 0),
    }
    filled = (graded.out / "filled-class.csv").read_bytes().decode(encoding)
    assert filled == table.replace(f"王小明{separator}", f"王小明{separator}8")


@pytest.mark.parametrize(
    ("above", "encoding", "separator"),
    [
        ("sep=;\r\n", "utf-8-sig", ";"),
        ("sep=\t\r\n", "utf-16", "\t"),
        ("SEP=,\n", "cp950", ","),
        ("# 115 學年度\n", "utf-8", ","),
        ("經典 CNN,甲班,115 學年度\n\n", "utf-8", ";"),
        (",,\n \n", "cp950", ","),
    ],
)
def test_what_stands_above_the_header_is_kept_and_nobodys(graded, above, encoding, separator):
    table = "班級,學號,姓名,成績\n甲,b1,王小明,\n甲,b2,李華,\n".replace(",", separator)
    result = graded(["b1/a.ipynb"], above + table, encoding)
    assert rows(result) == {"b1": ("王小明", "graded", 8), "b2": ("李華", "absent", 0)}
    filled = (graded.out / "filled-class.csv").read_bytes().decode(encoding)
    expected = above + table.replace(f"王小明{separator}", f"王小明{separator}8")
    assert filled.replace("\r\n", "\n") == expected.replace("\r\n", "\n")


def test_a_header_of_its_own_words_stands_below_what_can_be_none(graded):
    result = graded(["b1/a.ipynb"], "sep=,\n# 班\n\n代碼,備註\nb1,x\nb2,y\n")
    assert rows(result).keys() == {"b1", "b2"}


def test_a_students_name_in_a_cell_of_several_lines_is_no_header(graded):
    table = 'Code,"Day018\nname,x"\nb1,\n'
    graded(["b1/a.ipynb"], table)
    filled = (graded.out / "filled-class.csv").read_text("utf-8")
    assert filled == 'Code,"Day018\nname,x",Day018_vgg16\nb1,,8\n'


def test_a_student_on_two_lines_is_one_and_both_lines_get_the_mark(graded):
    result = graded(
        ["b1/a.ipynb"], "學號,姓名,班,成績\nb1,王小明,甲,\nb1,王小明,乙,\nb2,李華,乙,\n"
    )
    assert rows(result) == {"b1": ("王小明", "graded", 8), "b2": ("李華", "absent", 0)}
    marks = [line["成績"] for line in lines(graded.out / "filled-class.csv")]
    assert marks == ["8", "8", ""]
    assert any("1 位不只一列，每一列都填同樣的分數：b1" in note for note in result.notes)


@pytest.mark.parametrize(
    ("table", "names", "told"),
    [
        (
            "姓名,成績\n王小明,\n王小明,\n李華,\n",
            ["王小明.ipynb", "李華.ipynb"],
            "分不出是名單裡的哪一位",
        ),
        ("姓名\n王明\n王明\n李華\n", ["hw_王明.ipynb", "李華.ipynb"], "分不出是名單裡的哪一位"),
        (
            "學號,姓名\nb1,王小明\nb1,王大明\nb2,李\n",
            ["b1.ipynb", "b2.ipynb"],
            "分不出是名單裡的哪一位",
        ),
        ("學號,姓名\nb1,王小明\nb2,李\n", ["B1/a.ipynb", "b1/a.ipynb"], "在名單裡已經有另一份作業"),
    ],
)
def test_a_submission_that_may_be_of_several_or_of_one_who_has_another_is_told(
    graded, table, names, told
):
    result = graded(names, table)
    (stranger,) = [row for row in result.rows if row.is_stranger]
    assert any(f"1 份{told}" in note.replace("的學生", "") for note in result.notes)
    assert not any("不在名單裡" in note for note in result.notes)
    assert stranger.submission.notes and stranger.final == 8
    alike = [row for row in result.rows if row.is_absent and row.submission.notes]
    missed = [note for note in result.notes if "沒有繳交" in note]
    assert len(alike) == (2 if "分不出" in told else 0) and bool(missed) == (not alike)


def test_an_accent_and_a_wide_letter_are_found_however_unicode_writes_them(graded):
    table = "姓名,班\nＢ１,甲\nJos\u00e9,甲\nZoe\u0308,乙\n"
    result = graded(["b1/a.ipynb", "jose\u0301/a.ipynb", "zo\u00eb/a.ipynb"], table)
    assert not any(row.is_stranger for row in result.rows)


def test_whatever_a_student_writes_a_table_in_big5_is_filled(graded, monkeypatch):
    score = Score("vgg16", "VGG16", (Part("blocks", "區塊", 0, 10),))
    record = Record("error", 10, detail="ValueError: 😀", scores={"vgg16": score.to_dict()})
    monkeypatch.setattr(work, "grade", lambda job: record)
    graded(["b1/a.ipynb"], "學號,成績,評語\nb1,,\n", "cp950")
    assert "&#128512;" in (graded.out / "filled-class.csv").read_text("cp950")


def test_blackboards_table_keeps_its_quotes_and_an_absent_student_may_get_a_mark_by_hand(graded):
    table = (
        '"Last Name"\t"First Name"\t"Username"\t"HW, 1 [Total Pts: 10] |77"\r\n'
        '"Li"\t"Hua"\t"li_hua"\t""\r\n"Lin"\t"Mei"\t"mei"\t""\r\n'
    )
    marks = ("Day018_vgg16", "8", "6")  # in a column of the sheet's own, as none has its name
    handed_in = "HW1_li_hua_attempt_2026-11-27-10-00-00"
    names = [f"{handed_in}_Day018_vgg16.ipynb", f"{handed_in}.txt"]
    result = graded(names, table, "utf-16", by_hand=("mei", "vgg16", Override(6, "補考")))
    assert rows(result) == {"li_hua": ("Hua Li", "graded", 8), "mei": ("Mei Lin", "absent", 6)}
    filled = (graded.out / "filled-class.csv").read_bytes().decode("utf-16")
    lines = (f'{line}\t"{mark}"\r\n' for line, mark in zip(table.splitlines(), marks, strict=True))
    assert filled == "".join(lines)


def test_a_number_among_other_words_of_a_files_name_is_found(graded):
    table = "學號,姓名\nB11902001,王小明\nB11902002,李華\n"
    names = ["Day018_b11902001_王小明.ipynb", "b11902002 hw.ipynb", "b11902003.ipynb"]
    result = graded(names, table)
    assert [(row.submission.name, row.is_stranger) for row in result.rows] == [
        ("王小明", False),
        ("李華", False),
        ("", True),
    ]


def test_two_of_one_name_get_nobodys_mark():
    table = "姓名,成績\n王小明,\n王小明,\n李華,\n"
    names = [Submission("王小明", "a.ipynb"), Submission("李華", "b.ipynb")]
    people = roster.Roster(
        roster.Path("x.csv"), list(csv.reader(io.StringIO(table))), "utf-8", csv.excel
    ).match(names)
    assert [(each.submission.student, each.line) for each in people if each.source is not None] == [
        ("王小明", None),
        ("李華", 3),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\3\4\0\0\xff\xff", "no text in UTF-8"),
        (b"", "no line of a student"),
        ("姓名,學號\n".encode(), "no line of a student"),
        ("姓名,學號\n李華,b1\n".encode(), "no column holds a submission's student, such as 's1'"),
        (
            "s1,李華\ns2,王\n".encode(),
            "its first line, s1, 李華, is a student's; expected",
        ),
    ],
)
def test_a_table_that_is_no_roster_is_refused_before_anything_is_written(
    tmp_path, capsys, content, why
):
    (tmp_path / "s1.ipynb").write_text(json.dumps({"cells": []}))
    (tmp_path / "class.csv").write_bytes(content)
    arguments = [str(tmp_path), "--out", str(tmp_path / "out")]
    release = ["--release", "Day018_vgg16.ipynb"]
    assert main([*arguments, *release, "--roster", str(tmp_path / "class.csv")]) == 2
    said = capsys.readouterr().err
    assert why in said and "class.csv" in said
    assert not (tmp_path / "out").exists()


def test_a_roster_that_can_not_be_read_is_told_with_what_was_expected(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere.csv"):
        with pytest.raises(ValueError, match=rf"^--roster {path} can't be read \(.+\); expected"):
            roster.read(path)
