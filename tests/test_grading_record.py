"""Record: every result is kept once, whatever happens to the grader."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from grading.record import STATUSES, Ledger, Record

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
    assert next(iter(STATUSES)) == "broken"
    assert list(STATUSES)[-1] == "graded"
