"""A batch: every submission has its row, and only what changed is run again."""

from __future__ import annotations

import csv
import os
import shlex
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from grading import batch, figures, sheets, work
from grading.__main__ import main
from grading.record import Ledger, Override, Record
from tests import sandboxed
from tests.test_grading_work import ANSWERED, RELEASE, sheet, unlike
from utils.checks.score import Part, Score


def by_length(job: work.Job) -> Record:
    """A mark that the length of the file decides."""
    score = Score("vgg16", "VGG16", (Part("all", "全部", len(job.content) % 10, 10),))
    return Record("graded", 10, score.points, scores={"vgg16": score.to_dict()})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three submissions, their release, and a `work.grade` that takes no time."""
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    for student in ("s1", "s2", "s3"):
        (submissions / f"{student}.ipynb").write_bytes(unlike(int(student[1])))
    (tmp_path / "Day018_vgg16.ipynb").write_bytes(RELEASE)
    monkeypatch.setattr(work, "grade", by_length)
    monkeypatch.setattr(figures, "run", lambda *_: "")
    return tmp_path


def run(folder, **options) -> batch.Batch:
    with ThreadPoolExecutor(2) as pool:
        return batch.grade(
            folder / "submissions",
            folder / "out",
            release=folder / "Day018_vgg16.ipynb",
            executor=pool,
            progress=False,
            **options,
        )


def table(folder) -> list[dict[str, str]]:
    with (folder / "out" / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_submission_has_its_row_in_order(folder):
    (folder / "submissions" / "s0.ipynb").write_bytes(b"")
    (folder / "submissions" / "s4.py").write_bytes(b"x = 1")
    result = run(folder)
    rows = table(folder)
    assert [row["student"] for row in rows] == ["s0", "s1", "s2", "s3", "s4"]
    assert [row["status"] for row in rows] == ["graded"] * 4 + ["broken"]
    assert result.counts() == {"graded": 4, "broken": 1}
    pages = sorted(path.name for path in (folder / "out" / "feedback").iterdir())
    assert pages == [f"s{number}.html" for number in range(5)]


def test_only_what_changed_is_run_again(folder):
    assert run(folder).graded == 3
    assert run(folder).graded == 0
    (folder / "submissions" / "s2.ipynb").write_bytes(unlike(4))
    (folder / "submissions" / "s4.ipynb").write_bytes(ANSWERED)
    result = run(folder)
    assert result.graded == 2
    assert len(table(folder)) == 4


def test_equal_code_is_run_once_and_every_copy_is_recorded_as_it_comes(folder, monkeypatch):
    done = []

    def once(job):
        done.append(job.content)
        return by_length(job)

    monkeypatch.setattr(work, "grade", once)
    copies = [f"c{number}" for number in range(5)]
    for student in copies:
        text = ANSWERED.replace(b"return 1", b"return 2") + b" " * len(student)
        (folder / "submissions" / f"{student}.ipynb").write_bytes(text)
    assert run(folder).graded == 8 and len(done) == 4
    marks = {row["student"]: row["score"] for row in table(folder)}
    assert len({marks[student] for student in copies}) == 1
    assert run(folder).graded == 0


@pytest.mark.parametrize(
    ("line", "status"),
    [("x = np.random.normal()", "graded"), ("x = time.time()", "graded"), ("x = 1", "timeout")],
)
def test_what_may_end_otherwise_the_next_time_is_run_by_itself(folder, monkeypatch, line, status):
    done = []

    def ended(job):
        done.append(job)
        return Record(status, 10, timeout=job.timeout)

    monkeypatch.setattr(work, "grade", ended)
    for number in (1, 2, 3):
        text = sheet(f"def VGG16():\n    {line}\n    return 1") + b" " * number
        (folder / "submissions" / f"s{number}.ipynb").write_bytes(text)
    run(folder)
    assert len(done) == 3


def test_other_cases_another_release_and_another_grader_judge_anew(folder, monkeypatch):
    run(folder, seed=1)
    assert run(folder, seed=2).graded == 3
    assert run(folder, seed=1).graded == 0
    monkeypatch.setattr(batch, "VERSION", "another")
    assert run(folder, seed=1).graded == 3
    (folder / "Day018_vgg16.ipynb").write_bytes(RELEASE + b"\n")
    assert run(folder, seed=1).graded == 3


def test_a_folder_draws_its_own_cases_and_keeps_them(folder):
    assert run(folder).seed == run(folder).seed


def test_more_time_gives_what_timed_out_another_try(folder, monkeypatch):
    monkeypatch.setattr(work, "grade", lambda job: Record("timeout", 10, timeout=job.timeout))
    assert run(folder, timeout=5).graded == 3
    assert run(folder, timeout=5).graded == 0
    assert run(folder, timeout=10).graded == 3


def test_what_the_grader_fails_on_is_told_and_tried_again(folder, monkeypatch):
    def fail(job):
        raise RuntimeError("no kernel")

    monkeypatch.setattr(work, "grade", fail)
    assert run(folder).counts() == {"error": 3}
    assert "no kernel" in table(folder)[0]["diagnosis"]
    assert run(folder).graded == 3


@pytest.mark.parametrize(
    "unkept",
    [
        Record("graded", 10, detail="\ud800"),
        Record("graded", 10, scores={"vgg16": {"points": {1, 2}}}),
        sqlite3.OperationalError("database is locked"),
    ],
    ids=["a lone surrogate", "no JSON", "a locked database"],
)
def test_whatever_goes_wrong_with_one_record_the_class_goes_on(folder, monkeypatch, unkept):
    add = Ledger.add

    def add_or_fail(self, student, file, key, record):
        if student == "s2" and isinstance(unkept, Exception):
            raise unkept
        add(self, student, file, key, unkept if student == "s2" else record)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "add", add_or_fail)
        result = run(folder)
    assert [row["status"] for row in table(folder)] == ["graded", "error", "graded"]
    assert (result.graded, result.failed) == (3, 1)
    assert (run(folder).graded, run(folder).graded) == (1, 0)


def test_a_disk_that_is_full_is_named(folder, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(28, "No space left on device")  # writing names no file

    monkeypatch.setattr(batch, "grade", full)
    assert main([str(folder), "--out", str(folder / "out")]) == 2
    assert f"grading: {folder / 'out'}: " in capsys.readouterr().err


def test_the_graders_own_failures_show_in_the_exit_code(folder, monkeypatch, capsys):
    monkeypatch.setattr(batch, "grade", lambda *_, **__: batch.Batch([], 0, 1, folder, failed=2))
    assert main([str(folder)]) == 1
    assert "2 of them" in capsys.readouterr().err


def test_who_timed_out_in_a_crowd_is_run_again_alone_and_once(folder, monkeypatch):
    running, most, done = set(), [], Counter()

    def crowded(job):
        running.add(len(job.content))
        time.sleep(0.05)
        most.append(len(running))
        done[len(job.content)] += 1
        running.discard(len(job.content))
        is_crowded = len(job.content) != len(ANSWERED) + 3
        return Record("timeout", 10, timeout=job.timeout, crowded=is_crowded)

    monkeypatch.setattr(work, "grade", crowded)
    assert run(folder).graded == 3
    assert sorted(done.values()) == [1, 2, 2]
    assert max(most) == 2 and most[-2:] == [1, 1]
    assert [row["status"] for row in table(folder)] == ["timeout"] * 3
    assert run(folder).graded == 0


def test_a_batch_that_was_stopped_goes_on_where_it_was(folder, monkeypatch):
    done = []

    def grade_two(job):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(job)
        return Record("graded", 10)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(work, "grade", grade_two)
        run(folder)
    assert run(folder).graded == 1


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
def test_a_full_disk_loses_nothing_that_was_recorded(folder, monkeypatch):
    import resource
    import signal

    monkeypatch.setattr(work, "grade", lambda job: replace(by_length(job), detail="x" * 10_000))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (48_000, before[1]))
    try:
        result = run(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    kept = len(Ledger(folder / "out" / "grades.sqlite").attempts())
    assert 0 < kept < 3
    assert result.counts() == {"graded": kept, "error": 3 - kept}
    assert result.failed == 3 - kept
    assert run(folder).graded == 3 - kept
    assert [row["status"] for row in table(folder)] == ["graded"] * 3


def test_a_mark_given_by_hand_stands_in_every_run_until_it_is_taken_back(folder):
    run(folder, by_hand=("s2", "vgg16", Override(9.5, "口試")))
    (folder / "submissions" / "s2.ipynb").write_bytes(unlike(4))
    run(folder)
    row = table(folder)[1]
    assert (row["score"], row["vgg16"]) == ("9.5", "9.5")
    assert "口試" in row["diagnosis"]
    result = run(folder, by_hand=("s2", "vgg16", None))
    assert float(table(folder)[1]["score"]) == result.rows[1].record.score != 9.5
    history = (folder / "out" / "history.csv").read_text("utf-8-sig").splitlines()
    assert len([line for line in history if line.startswith("s2,")]) == 2


@pytest.mark.parametrize(
    ("by_hand", "why"),
    [
        (("s9", "vgg16", Override(1, "x")), "s9"),
        (("s1", "vgg19", Override(1, "x")), "vgg19"),
        (("s1", "vgg16", Override(11, "x")), "0 to 10"),
        (("s1", "vgg16", Override(float("nan"), "x")), "0 to 10"),
        (("s1", "vgg16", Override(1, " ")), "reason"),
    ],
)
def test_a_mark_by_hand_that_makes_no_sense_is_refused(folder, by_hand, why):
    with pytest.raises(ValueError, match=why):
        run(folder, by_hand=by_hand)


def test_the_archive_of_a_gradebook_comes_back_as_its_import(folder):
    archive = folder / "submissions" / "moodle.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("王小明_77_assignsubmission_file_/Day018_vgg16.ipynb", ANSWERED)
    with ThreadPoolExecutor(2) as pool:
        release = folder / "Day018_vgg16.ipynb"
        batch.grade(archive, folder / "out", release=release, executor=pool, progress=False)
    with (folder / "out" / "moodle.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["Identifier"] == "Participant 77"
    assert row["Full name"] == "王小明"
    assert not (folder / "out" / "canvas.csv").exists()


def test_a_notebook_is_graded_for_the_tasks_that_it_checks(folder):
    release = folder / "Day018_vgg16.ipynb"
    sheet = sheets.read(release)
    assert (sheet.content, sheet.tasks) == (RELEASE, ("vgg16",))
    for source, why in (
        (RELEASE.replace(b'"grade_id": "vgg16"', b'"grade_id": "vgg61"'), "vgg61: no such task"),
        (RELEASE.replace(b"def VGG16", b"def VGG61"), "no blank or no check for vgg16"),
        (b'{"cells": []}', "no check for any task"),
    ):
        release.write_bytes(source)
        with pytest.raises(ValueError, match=why):
            run(folder)


def test_a_folder_with_the_results_of_another_sheet_says_that_they_are_replaced(folder):
    assert not run(folder).notes
    (folder / "Day018_vgg16.ipynb").rename(folder / "Day019.ipynb")
    with ThreadPoolExecutor(1) as pool:
        where = folder / "submissions", folder / "out"
        other = {"release": folder / "Day019.ipynb", "executor": pool, "progress": False}
        (note,) = batch.grade(*where, **other).notes
        assert not batch.grade(*where, **other).notes
    assert "原來是 Day018_vgg16 的結果" in note and "--out" in note


def test_a_class_in_a_folder_of_its_own_is_told_above_the_report(folder):
    for name in ("甲班/s1", "甲班/s2"):
        (folder / "submissions" / name).mkdir(parents=True)
        (folder / "submissions" / name / "Day018_vgg16.ipynb").write_bytes(ANSWERED)
    (note,) = run(folder).notes
    assert note.startswith("甲班：好幾個資料夾裡有同名的筆記本，只評了其中一份")


@pytest.mark.skipif(sys.platform != "linux", reason="one file elsewhere")
def test_two_names_that_differ_by_capitals_are_told(folder):
    (folder / "submissions" / "S1.ipynb").write_bytes(unlike(4))
    (note,) = run(folder).notes
    assert note == "2 個名稱只差大小寫，請看看是不是同一位：S1、s1"


def test_the_lectures_questions_count_where_the_instructor_wants():
    tasks = sheets.read(sheets.ROOT / "Day017_reading.ipynb").tasks
    assert tasks == tuple(f"day017_q{number}" for number in range(1, 17))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is nothing at nowhere"),
        (
            [".", "--release", "nowhere.ipynb"],
            "--release nowhere.ipynb can't be read (No such file",
        ),
        ([".", "--release", "broken.zip"], "--release broken.zip can't be read (不是有效的 JSON"),
        (
            [".", "--release", "pipe"],
            "--release pipe is no file; expected the .ipynb that was given",
        ),
        ([".", "--roster", "pipe"], "--roster pipe is no file; expected the CSV of a gradebook"),
        ([".", "--reason", "x"], "expected --override, too"),
        (
            [".", "--out", "bad"],
            "grades.sqlite: file is not a database; expected a file of the cou",
        ),
        (
            [".", "--out", "taken"],
            "--out taken: taken/feedback can't be made (File exists); expected",
        ),
        ([".", "--out", "odd"], "--out odd: odd/grades.csv is a folder; expected a file"),
        ([".", "--out", "s1.ipynb/out"], "s1.ipynb"),
        (
            [".", "--override", "s9", "vgg16", "8", "--reason", "x"],
            "--override s9 vgg16: no submission is of a student 's9'; expec",
        ),
        ([".", "--override", "s1", "vgg16", "8"], "needs a reason"),
        ([".", "--override", "s1", "vgg16", "8 分"], "'8 分' are no points; expected a number"),
        (["broken.zip"], "broken.zip is no readable zip archive"),
    ],
)
def test_a_request_that_can_not_be_met_is_answered_in_a_line(
    arguments, message, tmp_path, monkeypatch, capsys
):
    (tmp_path / "s1.ipynb").write_bytes(ANSWERED)
    (tmp_path / "broken.zip").write_bytes(b"PK")
    for folder in ("bad", "taken", "odd/grades.csv"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "taken" / "feedback").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "bad" / "grades.sqlite").write_bytes(b"no database" * 1000)
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, "--no-sandbox"]) == 2
    assert message in capsys.readouterr().err


@sandboxed.NEEDED
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "--out {0}: {0} can't be written; expected a folder of your own"),
        ("grades.sqlite", "{0}: attempt to write a readonly database; expected a file of the"),
    ],
)
def test_results_that_can_not_be_written_are_told_before_anything_is_run(folder, name, told):
    """On a file system that is read-only, which stops root, too."""
    run(folder)
    place = folder / "out" / name
    before = (folder / "out" / "grades.sqlite").read_bytes()
    read_only = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(place), str(place)]
    options = ["--out", str(folder / "out"), "--seed", "7", "--no-sandbox"]
    command = [sys.executable, "-m", "grading", str(folder / "submissions"), *options]
    ended = subprocess.run(
        [*read_only, *command], cwd=sheets.ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2 and not ended.stdout, ended.stderr
    assert told.format(place) in ended.stderr and len(ended.stderr.splitlines()) == 1
    assert (folder / "out" / "grades.sqlite").read_bytes() == before


def test_a_reason_in_bytes_that_are_no_text_is_kept(folder, monkeypatch):
    monkeypatch.setattr(batch, "grade", partial(batch.grade, executor=ThreadPoolExecutor(1)))
    options = ["--release", str(folder / "Day018_vgg16.ipynb"), "--out", str(folder / "out")]
    by_hand = ["--override", "s2", "vgg16", "7", "--reason", "口試 \udcff"]
    assert main([str(folder / "submissions"), *options, *by_hand, "--no-sandbox"]) == 0
    assert "改為 7 分：口試 \ufffd" in table(folder)[1]["diagnosis"]


def test_a_request_about_a_mark_that_makes_no_sense_leaves_nothing_behind(folder):
    with pytest.raises(ValueError, match="--override s9 vgg16: no submission"):
        run(folder, by_hand=("s9", "vgg16", Override(1, "x")))
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    "again", [["--out", "b"], ["--seed", "2"], ["--override", "s2", "vgg16", "7"]]
)
def test_an_option_that_is_given_twice_loses_neither_value_without_a_word(again, capsys):
    first = ["--out", "a", "--seed", "1", "--override", "s1", "vgg16", "8", "--reason", "x"]
    with pytest.raises(SystemExit):
        main([".", *first, *again])
    assert f"argument {again[0]}: given twice; expected it once" in capsys.readouterr().err


def test_all_is_written_and_nothing_said_where_nobody_reads(folder, monkeypatch, capfd):
    monkeypatch.setattr(batch, "grade", partial(batch.grade, executor=ThreadPoolExecutor(1)))
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(sys, "stdout", os.fdopen(writing, "w"))
    options = ["--release", str(folder / "Day018_vgg16.ipynb"), "--no-sandbox"]
    assert main([str(folder / "submissions"), "--out", str(folder / "out"), *options]) == 0
    sys.stdout.close()  # writes what is left
    assert len(table(folder)) == 3 and capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's ways to close a stream")
@pytest.mark.parametrize(
    ("end", "encoding", "code", "told"),
    [
        (">&- 2>&-", "utf-8", 0, ""),
        ("", "ascii", 0, r"\u4e0d\u662f\u4f5c\u696d"),  # 不是作業
        (">/dev/full", "utf-8", 2, "grading: [Errno 28] No space left on device: '<stdout>'"),
    ],
)
def test_whatever_becomes_of_what_it_says_the_class_is_graded(folder, end, encoding, code, told):
    (folder / "submissions" / "README.txt").write_text("no homework")
    for path in (folder / "submissions").glob("*.ipynb"):
        path.write_bytes(b"")
    options = ["--release", str(folder / "Day018_vgg16.ipynb"), "--no-sandbox"]
    command = [sys.executable, "-m", "grading", "submissions", "--out", "out", *options]
    ended = subprocess.run(
        f"{shlex.join(command)} {end}",
        shell=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(sheets.ROOT), "PYTHONIOENCODING": encoding},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code and "Traceback" not in ended.stderr
    assert told in ended.stdout + ended.stderr and len(table(folder)) == 3


def test_stopped_by_the_instructor_it_says_how_to_go_on(monkeypatch, capsys):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "grade", stopped)
    assert main(["."]) == 130
    assert "the same command goes on" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--workers", "--timeout"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "inf", "1000001"])
def test_numbers_that_make_no_sense_are_refused(option, value, capsys):
    with pytest.raises(SystemExit):
        main([".", option, value])
    assert option in capsys.readouterr().err
