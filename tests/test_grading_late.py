"""Late work: told where an instructor asks, never taken off unasked."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from grading import exports, late
from grading.__main__ import main
from grading.intake import Submission
from grading.late import Policy
from grading.record import Record
from grading.rows import Row

DUE = datetime(2026, 11, 27, 12)


def handed_in(hours: float | None, **more) -> Submission:
    at = None if hours is None else DUE + timedelta(hours=hours)
    return Submission("s1", "a.ipynb", at=at, **more)


def judged(rate: str, *submissions) -> list[tuple[str, float]]:
    found = late.judge(Policy(DUE, late.rate(rate)), submissions, 10)
    return [(each.told, each.points) for each in found]


@pytest.mark.parametrize(
    ("rate", "hours", "points"),
    [
        *(("10%/day", -1, 0), ("10%/day", 0, 0), ("10%/day", 0.01, 1), ("10%/day", 24, 1)),
        *(("10%/day", 25, 2), ("10%/day", 999, 10), ("5%/hour", 3, 1.5), ("20%", 99, 2)),
        *(("1/day", 25, 2), ("0.5", 1, 0.5), ("50%/week", 8 * 24, 10)),
    ],
)
def test_each_period_that_has_begun_costs_its_part_and_never_more_than_all(rate, hours, points):
    assert judged(rate, handed_in(hours))[0][1] == points


def test_lateness_is_told_in_days_and_hours():
    told = [told for told, _ in judged("1%", *map(handed_in, (-5, 0.5, 3, 50)))]
    assert told == ["", "遲交 30 分鐘", "遲交 3 小時", "遲交 2 天 2 小時"]


def test_what_canvas_marks_counts_before_the_time_of_a_file():
    of_canvas = {"lms": "canvas"}
    unmarked, marked, unknown = judged(
        "10%/day",
        handed_in(99, is_late=False, **of_canvas),
        handed_in(-99, is_late=True, **of_canvas),
        handed_in(None, is_late=True, **of_canvas),
    )
    assert unmarked == ("", 0)
    assert marked == unknown == ("遲交，LMS 沒有說多久，以最短的計", 1)


def test_files_that_all_have_one_time_were_copied_and_are_nobodys_lateness():
    copied = judged("10%/day", handed_in(50), handed_in(50.1))
    assert all("不知道" in told and points == 0 for told, points in copied)
    told_by_the_lms = judged("10%/day", *[handed_in(50, is_timed=True)] * 2)
    assert [points for _, points in told_by_the_lms] == [3, 3]


def test_the_score_stays_and_the_mark_after_lateness_stands_beside_it():
    (found,) = late.judge(Policy(DUE, late.rate("10%/day")), [handed_in(25)], 10)
    row = Row(Submission("s1", "a.ipynb"), Record("graded", 10, 9.5), late=found)
    header, line = exports.grades_csv([row], []).splitlines()
    assert dict(zip(header.split(","), line.split(","), strict=True)) == {
        **{"student": "s1", "file": "a.ipynb", "status": "graded", "score": "9.5"},
        **{"max_score": "10", "late": "遲交 1 天 1 小時", "late_points": "2"},
        **{"score_after_late": "7.5", "diagnosis": "遲交 1 天 1 小時，扣 2 分", "flags": ""},
    }
    assert exports.canvas_csv([row], "x").splitlines()[-1].endswith(",7.5")


def test_a_day_alone_is_due_at_its_end_and_a_zone_is_understood():
    assert late.due("2026-11-27").hour == 23
    assert late.due("2026-11-27 23:59") == datetime(2026, 11, 27, 23, 59)
    there, here = late.due("2026-11-27T20:00+08:00"), late.due("2026-11-27T12:00Z")
    assert there == here


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has one zone")
def test_an_hour_by_which_clocks_are_changed_is_nobodys_lateness(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")  # in 2026, on March 29 at 2 and on October 25 at 3
    time.tzset()
    spring = datetime(2026, 3, 29, 1, 30), datetime(2026, 3, 29, 3, 30)
    autumn = datetime(2026, 10, 25, 1, 30), datetime(2026, 10, 25, 2, 30, fold=1)
    try:
        for (due, at), hours in ((spring, 1), (autumn, 2)):
            handed = Submission("s1", "a.ipynb", at=at, is_timed=True)
            (found,) = late.judge(Policy(due, late.rate("1/hour")), [handed], 10)
            assert (found.told, found.points) == (f"遲交 {hours} 小時", hours)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("at", [datetime.max, datetime.min])
def test_a_time_that_no_clock_shows_costs_no_class_its_marks(at):
    for due in (late.due("9999-12-31"), late.due("0001-01-01")):
        submission = Submission("s1", "a.ipynb", at=at, is_timed=True)
        (found,) = late.judge(Policy(due, late.rate("1/hour")), [submission], 10)
        assert found.points in (0, 10)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--due", "0001-01-01T00:00+14:00"], "is no time; expected one like"),
        (["--due", "9999-12-31T23:59-12:00"], "is no time; expected one like"),
        (["--due", "tomorrow"], "'tomorrow' is no time; expected one like '2026-11-27 23:59'"),
        (["--due", "2026-02-30"], "'2026-02-30' is no time"),
        (["--due", "2026-11-27", "--late", "ten"], "'ten' is no rate; expected one like '10%/day'"),
        (["--due", "2026-11-27", "--late", "200%"], "'200%' is no rate"),
        (["--due", "2026-11-27", "--late", "10%/year"], "'10%/year' is no rate"),
        (["--due", "2026-11-27", "--late", "0%"], "'0%' is no rate"),
        (["--late", "10%/day"], "--late needs --due TIME"),
    ],
)
def test_a_time_or_a_rate_that_means_nothing_is_refused(options, why, capsys):
    try:
        code = main(["examples/submissions", *options])
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert why in capsys.readouterr().err
