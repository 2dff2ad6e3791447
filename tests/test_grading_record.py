"""Record: every result is kept once, whatever happens to the grader."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from grading.record import STATUSES, Ledger, Override, Record
from tests.test_grading_work import RELEASE, unlike

RECORD = Record(
    "graded",
    max_score=10,
    score=7.5,
    detail="少了一層",
    scores={"vgg16": {"points": 7.5}},
    notes=("※",),
    failures=({"kind": "own", "number": 3},),
)


def test_a_record_comes_back_as_it_was(tmp_path):
    ledger = Ledger(tmp_path / "grades.sqlite")
    assert ledger.find("s1", "a.ipynb", "key") is None
    ledger.add("s1", "a.ipynb", "key", RECORD)
    assert Ledger(ledger.path).find("s1", "a.ipynb", "key") == RECORD


def test_what_was_judged_otherwise_is_another_record(tmp_path):
    ledger = Ledger(tmp_path / "grades.sqlite")
    ledger.add("s1", "a.ipynb", "key", RECORD)
    assert ledger.find("s1", "a.ipynb", "other key") is None
    assert ledger.find("s2", "a.ipynb", "key") is None


def test_graders_side_by_side_keep_one_record_each(tmp_path):
    path = tmp_path / "grades.sqlite"

    def grade(number):
        Ledger(path).add(f"s{number % 10}", "a.ipynb", "key", replace(RECORD, score=1.0))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(grade, range(40)))
    count = sqlite3.connect(path).execute("SELECT count(*) FROM records").fetchone()
    assert count == (10,)


def test_the_first_setting_stands(tmp_path):
    ledger = Ledger(tmp_path / "grades.sqlite")
    assert ledger.setting("seed", "1") == "1"
    assert Ledger(ledger.path).setting("seed", "2") == "1"


def test_statuses_run_from_no_file_to_a_mark():
    assert list(STATUSES)[:2] == ["absent", "broken"]
    assert list(STATUSES)[-1] == "graded"


def test_a_mark_given_by_hand_stands_until_it_is_taken_back(tmp_path):
    ledger = Ledger(tmp_path / "grades.sqlite")
    ledger.override("s1", "vgg16", Override(8, "口試"))
    ledger.override("s1", "vgg16", Override(9, "複查"))
    ledger.override("s2", "vgg16", Override(1, "抄襲"))
    assert ledger.overrides()["s1"] == {"vgg16": Override(9, "複查")}
    ledger.override("s1", "vgg16", None)
    assert ledger.overrides() == {"s1": {}, "s2": {"vgg16": Override(1, "抄襲")}}


def test_every_attempt_is_kept_with_its_time(tmp_path):
    ledger = Ledger(tmp_path / "grades.sqlite")
    for score in (1.0, 7.5):
        ledger.add("s1", "a.ipynb", f"key {score}", replace(RECORD, score=score))
    attempts = ledger.attempts()["s1"]
    assert [attempt.record.score for attempt in attempts] == [1.0, 7.5]
    assert attempts[0].at <= attempts[1].at


def test_attempts_stay_in_order_when_the_clock_is_set_back(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path / "grades.sqlite")
    for clock, score in ((2e9, 1.0), (1e9, 7.5)):
        monkeypatch.setattr(time, "time", lambda now=clock: now)
        ledger.add("s1", "a.ipynb", f"key {score}", replace(RECORD, score=score))
    assert [attempt.record.score for attempt in ledger.attempts()["s1"]] == [1.0, 7.5]


def test_a_clock_that_no_calendar_knows_stops_no_report(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path / "grades.sqlite")
    monkeypatch.setattr(time, "time", lambda: 1e18)
    ledger.add("s1", "a.ipynb", "key", RECORD)
    assert ledger.attempts()["s1"][0].at.year == 1970


def test_a_record_of_an_earlier_version_is_read_with_what_it_has(tmp_path):
    """Records had no flags once; a later version's may have what this one does not know."""
    ledger = Ledger(tmp_path / "grades.sqlite")
    ledger.add("s1", "a.ipynb", "key", RECORD)
    with sqlite3.connect(ledger.path) as database:
        old = json.loads(database.execute("SELECT record FROM records").fetchone()[0])
        del old["flags"], old["crowded"]
        database.execute("UPDATE records SET record = ?", (json.dumps(old | {"mood": "x"}),))
    assert ledger.attempts()["s1"][0].record == RECORD


def test_a_database_with_other_tables_is_named_and_left_as_it_is(tmp_path):
    path = tmp_path / "grades.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE records (student TEXT, score REAL)")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"grades\.sqlite is of another version .*--out DIR"):
        Ledger(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE records SET record = '{'", "the record of s1"),
        ("UPDATE records SET record = '[]'", "'[]' is no record"),
        ("UPDATE records SET record = NULL", "'None' is no record"),
        ("UPDATE records SET record = x'ff'", "is no record"),
        ('UPDATE records SET record = \'{"status": "odd"}\'', "is no record"),
        ('UPDATE records SET record = \'{"status": "graded"}\'', "max_score"),
        ("UPDATE overrides SET points = '8 分'", "the mark by hand of s1"),
    ],
)
def test_a_line_that_somebody_changed_by_hand_is_named(tmp_path, change, told):
    ledger = Ledger(tmp_path / "grades.sqlite")
    ledger.add("s1", "a.ipynb", "key", RECORD)
    ledger.override("s1", "vgg16", Override(8, "口試"))
    with sqlite3.connect(ledger.path) as database:
        database.execute(change)
    with pytest.raises(ValueError, match="is not as the course wrote it") as caught:
        ledger.attempts(), ledger.overrides()
    said = str(caught.value)
    assert said.startswith(f"{ledger.path}: the ") and told in said and "--out DIR" in said


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.slow
def test_two_graders_killed_at_any_moment_lose_and_double_nothing(tmp_path):
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    for number in range(60):
        (submissions / f"s{number:02}.ipynb").write_bytes(unlike(number))
    release = tmp_path / "Day018_vgg16.ipynb"
    release.write_bytes(RELEASE)
    command = [sys.executable, "-m", "tests.kill_graders", str(tmp_path), str(release), "10"]
    subprocess.run(command, check=True, cwd=Path(__file__).parent.parent)
    database = sqlite3.connect(tmp_path / "out" / "grades.sqlite")
    count = "SELECT count(*), count(DISTINCT student) FROM records"
    assert database.execute(count).fetchone() == (60, 60)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    table = (tmp_path / "out" / "grades.csv").read_text("utf-8-sig")
    assert len(table.splitlines()) == 61
