"""Intake: every file of a class gets a row, and a bad one a reason."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
import zipfile
from collections import Counter

import pytest

from grading import files, intake
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


def test_a_folder_of_many_thousand_notebooks_is_one_row_that_can_be_read(tmp_path):
    write(tmp_path / "s1" / "Day018_vgg16.ipynb", "x")
    for number in range(3000):
        (tmp_path / "s1" / f"copy {number}.ipynb").touch()
    row = found(tmp_path)["s1"]
    assert row.file == "s1/Day018_vgg16.ipynb"
    assert "共 3,000 份" in row.notes[0] and len(row.notes[0]) < 1000


def test_one_name_in_two_ways_of_unicode_is_one_student(tmp_path):
    for name in ("Jos\u00e9/Day018.ipynb", "Jose\u0301/Day018 (1).ipynb"):
        write(tmp_path / name, name)
    (row,) = found(tmp_path).values()
    assert row.student == "Jos\u00e9" and "Jos\u00e9/Day018.ipynb" in row.notes[0]


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
        ("nested.ipynb", b'{"worksheets":[' * 2 + b'{"cells":[]}' + b"]}" * 2, "沒有格子"),
        ("merged.ipynb", b'{"cells": [\n<<<<<<< HEAD\n]}', "第 2 行是 Git 合併衝突的標記"),
        ("script.py", b"x = 1", "Python"),
        ("page.html", b"<html>", "網頁"),
        ("answer.docx", b"PK", ".docx"),
    ],
)
def test_a_bad_file_says_what_is_wrong_with_it(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    write(tmp_path / "another student.ipynb", "x = 1")
    assert why in reason(found(tmp_path)[name.partition(".")[0]])


@pytest.mark.parametrize("number", ["9" * 5_000, "-" + "9" * 5_000, "1e999", "NaN", "-Infinity"])
def test_a_number_that_no_computer_writes_costs_nothing(number):
    text = json.dumps(notebook("x = 1")).replace('"nbformat": 4', f'"nbformat": {number}')
    (cell,) = read_cells(text.encode())
    assert cell.source == "x = 1"


def test_a_huge_file_and_a_huge_notebook_are_refused(tmp_path, monkeypatch):
    write(tmp_path / "s1.ipynb", "x" * 1000)
    write(tmp_path / "s2.ipynb", *"abc")
    monkeypatch.setattr(intake, "MAX_CELLS", 2)
    assert "3 個程式格" in reason(found(tmp_path)["s2"])
    monkeypatch.setattr(intake, "MAX_CODE", 999)
    assert "一共有 1,000 個字元，超過上限 999" in reason(found(tmp_path)["s1"])
    monkeypatch.setattr(files, "MAX_BYTES", 500)
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
    write(tmp_path / "s3" / "hw.ipynb", "x = 1")
    rows = found(tmp_path)
    assert "沒有 .ipynb" in reason(rows["s1"])
    assert "Python" in reason(rows["s2"])


def test_nothing_to_grade_is_an_error_that_names_the_place(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        found(tmp_path / "nowhere")
    (tmp_path / "README.md").write_text("# Submissions")
    for place in (tmp_path, tmp_path / "README.md"):
        with pytest.raises(
            (FileNotFoundError, ValueError), match="expected a folder of submi"
        ) as e:
            found(place)
        assert str(place) in str(e.value)


MOODLE = "{}_{}_assignsubmission_file_/{}"


def archive(path, files: dict[str, str]):
    """A zip archive of notebooks, each with one cell."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, source in files.items():
            target.writestr(name, json.dumps(notebook(source)))
    return path


def sources(path) -> dict[str, str]:
    """The first cell of each student's submission."""
    return {student: read_cells(row.read())[0].source for student, row in found(path).items()}


def test_moodles_archive_names_its_participants(tmp_path):
    path = archive(
        tmp_path / "CNN-Day018-1234.zip",
        {
            "王小明_657737_assignsubmission_file_/Day018_vgg16.ipynb": "folder",
            "Anna de_Vries_657738_assignsubmission_file_Day018_vgg16.ipynb": "flat",
            "Participant_12_assignsubmission_file/sub/Day018_vgg16.ipynb": "blind",
            "李大華_657739_assignsubmission_onlinetext/onlinetext.html": "text",
        },
    )
    rows = found(path)
    assert {row.student: (row.name, row.lms) for row in rows.values()} == {
        "12": ("Participant", "moodle"),
        "657737": ("王小明", "moodle"),
        "657738": ("Anna de_Vries", "moodle"),
        "657739": ("李大華", "moodle"),
    }
    assert "網頁" in reason(rows.pop("657739"))
    assert [read_cells(row.read())[0].source for row in rows.values()] == [
        "blind",
        "folder",
        "flat",
    ]


def test_canvas_archive_names_its_users(tmp_path):
    path = archive(
        tmp_path / "submissions.zip",
        {
            "wangxiaoming_12345_99001_Day018_vgg16.ipynb": "right",
            "陳美_LATE_12346_99002_Day018_vgg16.ipynb": "late",
            "anon_Ab3dE_99003_Day018_vgg16.ipynb": "anonymous",
        },
    )
    assert sources(path) == {"12345": "right", "12346": "late", "anon_Ab3dE": "anonymous"}
    assert {row.name for row in found(path).values()} == {"wangxiaoming", "陳美", ""}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("wang_1_99_Day018.ipynb", "wang_1_101_Day018.ipynb"),  # the attachments' numbers grow
        (MOODLE.format("王", 1, "Day018.ipynb"), MOODLE.format("王", 1, "Day018 (1).ipynb")),
        ("1/Day018-2.ipynb", "1/Day018-10.ipynb"),
    ],
)
def test_of_two_attempts_the_later_counts_and_the_other_is_listed(tmp_path, older, newer):
    for order in ((older, newer), (newer, older)):
        path = archive(tmp_path / "a.zip", {name: name for name in order})
        assert sources(path) == {"1": newer}
        assert older in found(path)["1"].notes[0]


def test_a_number_that_no_attachment_has_costs_no_class_its_marks(tmp_path):
    giant = "9" * 400
    names = ["x_1_12_a.ipynb", "x_2_13_a.ipynb", f"x_3_{giant}_a.ipynb", f"x_4_14_{giant}_a.ipynb"]
    assert list(found(archive(tmp_path / "a.zip", dict.fromkeys(names, "x")))) == [*"1234"]


def test_a_file_named_like_anothers_submission_stays_its_senders(tmp_path):
    names = [
        MOODLE.format("王", 1, "李_2_assignsubmission_file_Day018.ipynb"),
        "王_1_assignsubmission_file_李_2_assignsubmission_file_Day018.ipynb",
        "wang_1_55_lee_2_66_Day018.ipynb",
    ]
    for name in names:
        assert list(found(archive(tmp_path / "a.zip", {name: "x"}))) == ["1"]


def test_flat_names_with_numbers_are_not_taken_for_canvas(tmp_path):
    for name in ("b10_1_2_hw.ipynb", "王小明.ipynb", "b11.ipynb"):
        write(tmp_path / name, "x")
    assert "b10_1_2_hw" in found(tmp_path)


@pytest.mark.parametrize(
    ("name", "students"),
    [
        ("學生{}_{}_assignsubmission_file_/Day018_vgg16.ipynb", ["1", "2"]),
        ("student{0}_{0}_9900{0}_Day018_vgg16.ipynb", ["1", "2"]),
        ("學生{}/Day018_{}.ipynb", ["CS101"]),  # whom a class of one may have named so
    ],
)
def test_what_an_lms_packed_is_a_class_in_one_more_folder_too(tmp_path, name, students):
    for number in "12":
        write(tmp_path / "once" / "CS101" / name.format(number, number), "x = 1")
    assert list(found(tmp_path / "once")) == students
    with zipfile.ZipFile(tmp_path / "CS101 (1).zip", "w") as archive:
        for path in (tmp_path / "once").rglob("*.ipynb"):
            archive.write(path, path.relative_to(tmp_path / "once"))
    assert list(found(tmp_path / "CS101 (1).zip")) == students


def test_an_unpacked_archive_is_read_like_the_archive(tmp_path):
    write(tmp_path / MOODLE.format("王小明", 7, "Day018.ipynb"), "x")
    assert found(tmp_path)["7"].name == "王小明"


def test_nbgraders_course_folder_gives_its_submissions(tmp_path):
    write(tmp_path / "source" / "Day018_vgg16" / "Day018_vgg16.ipynb", "the solution")
    for name in ("Day017/Day017_reading.ipynb", "Day018_vgg16/Day018_vgg16.ipynb"):
        write(tmp_path / "submitted" / "s1" / name, name)
    (tmp_path / "submitted" / "s1" / "Day018_vgg16" / "timestamp.txt").write_text("2026")
    expected = {"s1": "Day018_vgg16/Day018_vgg16.ipynb"}
    assert sources(tmp_path) == sources(tmp_path / "submitted") == expected
    for name in ("course.zip", "course (1).zip"):
        packed = archive(
            tmp_path / name,
            {"course/submitted/s1/Day018/Day018.ipynb": "y", "course/source/Day018.ipynb": "n"},
        )
        assert sources(packed) == {"s1": "y"}


@pytest.mark.parametrize(
    ("name", "student", "why"),
    [
        ("../../x/Day018.ipynb", "x", "離開"),
        ("/etc/passwd.ipynb", "etc", "離開"),
        ("C:\\x\\Day018.ipynb", "C:", "離開"),
    ],
)
def test_an_archive_reaches_nothing_outside_itself(tmp_path, name, student, why):
    path = archive(tmp_path / "a.zip", {name: "x"})
    before = set(tmp_path.rglob("*"))
    assert why in reason(found(path)[student])
    assert set(tmp_path.rglob("*")) == before


def test_bombs_links_and_passwords_in_an_archive_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("bomb.ipynb", b"0" * 10_000_000)
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        target.writestr(link, "/etc/passwd")
        target.writestr("large.ipynb", b"x")
        target.writestr("odd.ipynb", b"x", zipfile.ZIP_LZMA)
        target.writestr("secret.ipynb", b"x")
        target.infolist()[-1].flag_bits |= 1
        target.infolist()[2].file_size = 30_000_000  # a lie
        target.infolist()[2].compress_size = 20_000_000
    expected = {
        "bomb": "炸彈",
        "link": "連結",
        "large": "上限",
        "odd": "壓縮方式",
        "secret": "密碼",
    }
    rows = found(path)
    assert {
        student: why in reason(rows[student]) for student, why in expected.items()
    } == dict.fromkeys(expected, True)
    monkeypatch.setattr(files, "MAX_MEMBERS", 2)
    with pytest.raises(ValueError, match="holds 5 files"):
        found(path)


def test_a_file_may_have_the_name_of_the_archives_folder(tmp_path):
    path = archive(tmp_path / "hw.zip", {"hw": "x", "hw/s1/Day018.ipynb": "y"})
    assert list(found(path)) == ["hw"]


def test_a_member_without_a_name_costs_itself(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as target:
        for name in ("", "s1/Day018.ipynb"):
            target.writestr(zipfile.ZipInfo(name), json.dumps(notebook("x")))
    assert list(found(tmp_path / "a.zip")) == ["?", "s1"]


def test_a_damaged_member_costs_itself_and_a_damaged_archive_is_named(tmp_path):
    path = archive(tmp_path / "a.zip", {"s1.ipynb": "x" * 5000, "s2.ipynb": "y"})
    content = bytearray(path.read_bytes())
    content[60:70] = b"\0" * 10
    path.write_bytes(content)
    rows = found(path)
    assert "無法讀取" in reason(rows["s1"])
    assert rows["s2"].read()
    path.write_bytes(b"PK\3\4 cut off")
    with pytest.raises(ValueError, match=r"a\.zip is no readable zip archive"):
        found(path)


def test_whatever_byte_of_an_archive_is_damaged_is_a_row_or_a_sentence(tmp_path):
    """Each of its two members' headers, the directory and its end; two damages a byte."""
    path = archive(tmp_path / "a.zip", {"s1.ipynb": "x", "s2/王.ipynb": "y"})
    content, told = path.read_bytes(), Counter()
    for place in range(len(content)):
        for mask in (0x20, 0xFF):
            damaged = bytearray(content)
            damaged[place] ^= mask
            path.write_bytes(damaged)
            try:
                rows = files.list_files(path)
            except ValueError as error:
                assert str(error).startswith(f"{path} is no readable zip archive"), error
                told["archive"] += 1
                continue
            for row in rows:
                assert row.content
                try:
                    told[row.problem or row.content()[:2]] += 1
                except OSError as error:
                    assert str(error) and str(tmp_path) not in str(error)
                    told["member"] += 1
    assert told["archive"] > 20 and told["member"] > 100 and told[b'{"'] > 500
    assert any("patched" in str(why) for why in told)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_what_may_not_be_read_is_a_row_or_a_sentence_with_its_path(tmp_path):
    tmp_path.chmod(0o755)
    folder = tmp_path / "submissions"
    for name in ("s1/a.ipynb", "s2/deep/b.ipynb", "s3.ipynb", "s4/c.ipynb"):
        write(folder / name, "x")
    closed = [folder / "s1", folder / "s2" / "deep", folder / "s3.ipynb"]
    for each in closed:
        each.chmod(0)
    try:
        told = as_nobody(folder)
        assert "無法讀取資料夾 s1：Permission denied" in told["s1"]
        assert "無法讀取資料夾 deep：Permission denied" in told["s2"]
        assert told["s3"] == "無法讀取檔案：Permission denied"
        assert told["s4"] == "readable"
        folder.chmod(0o444)  # its names are read, and nothing of what they name
        closed.append(folder)
        for path in (folder, folder / "s4"):
            sentence = as_nobody(path)["sentence"]
            assert "submissions/" in sentence and "give yourself the right" in sentence
    finally:
        for each in reversed(closed):
            each.chmod(0o755)


def as_nobody(path) -> dict[str, str]:
    """What is told of each submission, or of what should hold some, to one whom no right helps."""
    above = next(each for each in path.parents if each.name != "submissions")
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            os.chdir(above)  # from where it walks on
            if not os.geteuid():
                os.setuid(65534)
            os.write(writing, json.dumps(told_of(path.relative_to(above))).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = json.load(pipe)
    os.waitpid(child, 0)
    return told


def told_of(folder) -> dict[str, str]:
    """That it can be read, or why not."""
    try:
        rows = found(folder)
    except ValueError as error:
        return {"sentence": str(error)}
    told = {}
    for student, row in rows.items():
        try:
            told[student] = "readable" if row.read() else ""
        except BrokenNotebook as error:
            told[student] = str(error)
    return told


@pytest.mark.parametrize("encoding", ["utf-8", "cp950"])
def test_names_without_a_declared_encoding_are_read(tmp_path, encoding):
    name = "王小明".encode(encoding)
    path = archive(tmp_path / "a.zip", {"A" * len(name) + ".ipynb": "x"})
    path.write_bytes(path.read_bytes().replace(b"A" * len(name), name))
    assert list(found(path)) == ["王小明"]


def test_other_spellings_of_a_notebook_are_read():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}]}
    assert read_cells(json.dumps(old).encode())[0].source == "x = 1\ny = 2"
    text = json.dumps(notebook("a\r\nb"))
    plain = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
    for encoding in (*plain, "utf-8-sig", "utf-16", "utf-32"):
        assert read_cells(text.encode(encoding))[0].source == "a\nb"


def test_cells_without_ids_or_with_strange_metadata_are_read():
    cells = [
        {"cell_type": "markdown", "source": "# 標題"},
        {"cell_type": "code", "source": "x = 1"},
        {"cell_type": "code", "source": None, "metadata": None},
        None,
        {"cell_type": "code", "source": 5},
        {"cell_type": "code"},
        {"cell_type": "code", "source": "y", "id": 7, "metadata": {"nbgrader": [], "tags": "no"}},
    ]
    first, *damaged, second = read_cells(json.dumps({"cells": cells}).encode())
    assert [cell.source for cell in damaged] == ["", "", ""]
    assert (first.number, first.cell_id, first.grade_id, first.tags) == (1, None, None, ())
    assert (second.number, second.cell_id, second.grade_id, second.tags) == (5, None, None, ())


def who(path) -> dict[str, str]:
    return {student: row.name for student, row in found(path).items()}


def packed(tmp_path, *names):
    """An archive of notebooks of these names; of other files, where a name says so."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as target:
        for name in names:
            target.writestr(name, json.dumps(notebook("x")))
    return tmp_path / "a.zip"


def test_canvas_links_and_texts_are_their_students_and_cost_nobody_the_number(tmp_path):
    path = packed(tmp_path, "wang_12345_99001_Day018.ipynb", "lin_12348_text.html")
    with zipfile.ZipFile(path, "a") as target:
        target.writestr("wu_LATE_12347_link.html", '<a href="https://colab.example/x">here</a>')
    rows = found(path)
    assert who(path) == {"12345": "wang", "12347": "wu", "12348": "lin"}
    assert "文字" in reason(rows["12348"]) and "https://colab.example/x" in reason(rows["12347"])
    assert [row.is_late for row in rows.values()] == [False, True, False]
    assert any("遲交" in note for note in rows["12347"].notes)


def test_an_anonymous_number_is_no_canvas_number(tmp_path):
    names = "anon_Ab1cD_1_Day018.ipynb", "LATE_anon_xY9zQ_2_Day018.ipynb", "anon_12345_text.html"
    rows = found(packed(tmp_path, *names))
    assert list(rows) == ["anon_12345", "anon_Ab1cD", "anon_xY9zQ"]
    assert not any(row.is_known for row in rows.values()) and rows["anon_xY9zQ"].is_late


@pytest.mark.parametrize(
    "names",
    [
        # All groups have a number: the sheet's name tells what is what.
        ("group_2_12345_99001_Day018.ipynb", "group_10_12346_99002_Day018.ipynb"),
        # Some have one: the attachments' numbers tell.
        ("stars_12345_99001_Day018.ipynb", "g_10_LATE_12346_99002_hw.ipynb"),
        ("stars_12345_99001_Day018.ipynb", "g_10_12346_text.html"),
        # What students put before the sheet's name is no number of Canvas's.
        ("wang_12345_99001_Day018.ipynb", "li_12346_99002_2_Day018.ipynb"),
        ("wang_12345_99001_Day018.ipynb", "li_12346_99002_10902001_Day018.ipynb"),
    ],
)
def test_numbers_in_names_take_nobodys_canvas_number(tmp_path, names):
    assert list(found(packed(tmp_path, *names))) == ["12345", "12346"]


def test_moodles_teams_are_no_participants(tmp_path):
    folder = "{}_assignsubmission_file/Day018.ipynb"
    groups = [folder.format(name) for name in ("Alpha_12", "第 2 組_13", "Default group")]
    rows = found(packed(tmp_path, *groups))
    assert list(rows) == ["Alpha", "Default group", "第 2 組"]
    assert not any(row.is_known for row in rows.values())
    assert any("沒有分組" in note for note in rows["Default group"].notes)
    rows = found(packed(tmp_path, *(folder.format(name) for name in ("Team 1_5", "Team 2_6"))))
    assert list(rows) == ["Team 1", "Team 2"]
    older = [folder.format(name) for name in ("Group A-王小明_7", "Group A-Anna_8")]
    assert who(packed(tmp_path, *older)) == {"7": "Group A-王小明", "8": "Group A-Anna"}


def test_a_file_that_is_named_as_another_lms_does_stays_its_senders(tmp_path):
    wang = "wang_12345_99001_Day018.ipynb", "li_12346_99002_x_12345_assignsubmission_file_.ipynb"
    assert list(found(packed(tmp_path, *wang))) == ["12345", "12346"]
    name = "Default group_assignsubmission_file_李_2_assignsubmission_file_Day018.ipynb"
    assert list(found(packed(tmp_path, name))) == ["Default group"]


def test_blackboards_archive_names_its_users_and_their_latest_attempts(tmp_path):
    path = tmp_path / "gradebook_HW_2026-11-27-12-00-00.zip"
    handed_in = "HW 1_vgg_li_hua_attempt_2026-11-{}-10-00-00"
    with zipfile.ZipFile(path, "w") as target:
        for day in (26, 27):
            target.writestr(f"{handed_in.format(day)}_Day018.ipynb", json.dumps(notebook(str(day))))
            target.writestr(f"{handed_in.format(day)}.txt", "Name: 李 華 (li_hua)\nAssignment: HW")
        target.writestr("HW 1_vgg_b10_poging_2026-11-27-09-00-00.txt", "Naam: Bo (b10)\n")
    rows = found(path)
    assert who(path) == {"b10": "Bo", "li_hua": "李 華"}
    assert "說明檔" in reason(rows["b10"])
    assert read_cells(rows["li_hua"].read())[0].source == "27"
    assert rows["li_hua"].at.day == 27


def test_what_lies_beside_submissions_is_no_student(tmp_path):
    write(tmp_path / "b11902011.ipynb", "x")
    for name in ("README.txt", "desktop.ini", "Thumbs.db", "~$grades.xlsx", "grades.csv"):
        (tmp_path / name).write_text("x")
    write(tmp_path / ".ipynb_checkpoints" / "b11902011-checkpoint.ipynb", "x")
    write(tmp_path / "__MACOSX" / "b11902011.ipynb", "x")
    for name in ("out/grades.sqlite", "out/feedback/b11902011.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    write(tmp_path / "readme.ipynb", "a notebook is somebody's, whatever its name")
    write(tmp_path / "s2" / "hw.ipynb", "and a student's folder, whatever else is in it")
    (tmp_path / "s2" / "grades.sqlite").write_text("x")
    look = intake.look(tmp_path, prefer="Day018")
    assert [each.student for each in look.submissions] == ["b11902011", "readme", "s2"]
    expected = ["README.txt", "Thumbs.db", "desktop.ini", "grades.csv", "out/", "~$grades.xlsx"]
    assert look.strays == expected


def test_a_class_in_a_folder_of_its_own_is_told(tmp_path):
    for name in ("甲班/s1/Day018.ipynb", "甲班/s2/Day018.ipynb", "s3/hw/Day018.ipynb"):
        write(tmp_path / name, "x")
    rows = found(tmp_path)
    assert [intake.FOLDERS in row.notes for row in rows.values()] == [False, True]
    assert not found(tmp_path / "甲班")["s1"].notes


def test_what_lies_too_deep_is_not_said_to_be_missing(tmp_path):
    write(tmp_path / "s1" / "a/b/c/d/Day018.ipynb", "x")
    write(tmp_path / "s2" / "a/b/c/d/e/Day018.ipynb", "x")
    rows = found(tmp_path)
    assert rows["s1"].read() and "超過 4 層" in reason(rows["s2"])


def test_what_an_lms_names_a_students_is_a_students_whatever_it_is(tmp_path):
    names = "wang_12345_99001_Day018.ipynb", "li_12346_99002_data.csv", "README.txt", "grades.csv"
    look = intake.look(packed(tmp_path, *names), prefer="Day018")
    assert [each.student for each in look.submissions] == ["12345", "12346"]
    assert look.strays == ["README.txt", "grades.csv"]


def test_a_clock_that_says_nothing_costs_nothing(tmp_path):
    path = write(tmp_path / "s1.ipynb", "x")
    assert intake._moment(files.File(("s1.ipynb",), path.read_bytes, (1e18,))) is None
    assert intake._moment(files.File(("s1.ipynb",), path.read_bytes, (1980, 0, 0, 0, 0, 0))) is None


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_cell_of_the_sheet_that_was_turned_into_text_is_code_again(kind):
    given = {"nbgrader": {"cell_type": "code", "grade_id": "answer", "solution": True}}
    prose = {"nbgrader": {"cell_type": "markdown", "grade_id": "section-1"}}
    cells = [
        {"cell_type": kind, "source": "def VGG16(): ...", "metadata": given},
        {"cell_type": kind, "source": "# 標題", "metadata": prose},
    ]
    (cell,) = read_cells(json.dumps({"cells": cells}).encode())
    assert (cell.source, cell.kind) == ("def VGG16(): ...", kind)


def test_a_cell_too_long_to_be_parsed_says_so_where_it_is_used(monkeypatch):
    monkeypatch.setattr(intake, "MAX_SOURCE", 50)
    long = "def VGG16(): return 1\n" + "a;" * 20
    (cell,) = read_cells(json.dumps(notebook(long)).encode())
    space: dict = {}
    for statement in cell.source.splitlines():
        with contextlib.suppress(ValueError):
            exec(statement, space)
    with pytest.raises(ValueError, match="這一格有 62 個字元，超過上限 50"):
        space["VGG16"](include_top=False)


def test_whatever_a_name_holds_it_is_one_line_that_can_be_written_and_seen(tmp_path):
    name = "b1\u202e1\u200e\x1b[31m9\n02"
    path = archive(tmp_path / "a.zip", {f"{name}/Day018.ipynb": "x"})
    assert list(found(path)) == ["b119 02"]
