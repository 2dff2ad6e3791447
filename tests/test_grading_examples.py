"""The submissions that come with the course, graded and read as an instructor does it."""

from __future__ import annotations

import csv
import os
import shutil
from datetime import datetime

import pytest
from browsing import IN_A_BROWSER, WIDTHS, serious, shoot, watched
from doors import walk

from ci import tracked
from examples import make
from grading import batch, intake

# What each of them gets, wherever it is graded.
MARKS = {
    "b11902011": ("graded", 10.0),
    "b11902024": ("unfinished", 0.0),
    "b11902037": ("graded", 4.75),
    "b11902042": ("graded", 9.0),
    "b11902058": ("graded", 8.25),
    "b11902066": ("broken", 0.0),
}


def code(path) -> list[str]:
    return [cell.source for cell in intake.read_cells(path.read_bytes())]


def test_the_examples_are_made_from_the_lesson_as_it_is(tmp_path):
    make.make(tmp_path)
    fresh = {path.relative_to(tmp_path): path for path in tmp_path.rglob("*.ipynb")}
    given = tracked("examples/submissions/**")
    stored = {path.relative_to(make.SUBMISSIONS): path for path in given}
    assert fresh.keys() == stored.keys()
    for name, path in fresh.items():
        if name.parts[0] != make.CUT_OFF:
            assert code(path) == code(stored[name]), f"run `python -m examples.make`: {name}"


def test_the_sums_of_the_examples_are_theirs():
    assert make.sums(make.HERE) == make.SUMS.read_text("utf-8"), "run `python -m examples.make`"


SLOW, SKIPPED = IN_A_BROWSER


@pytest.fixture(scope="module")
def out(used):
    """The folder of the reports, which an instructor has graded into."""
    run = walk("python course.py grade examples/submissions", used)
    assert run.returncode == 0 and "6 submissions of Day018_vgg16.ipynb: " in run.stdout, run.stderr
    return used / "out"


@pytest.fixture(scope="module")
def result(used, out):
    """What was graded, with more of it than the reports tell: run again, nothing is done anew."""
    found = batch.grade(used / "examples" / "submissions", out, progress=False)
    assert found.graded == 0
    return found


@SLOW
def test_an_instructor_grades_the_examples(result):
    rows = {row.submission.student: row for row in result.rows}
    marks = {student: (row.record.status, row.record.score) for student, row in rows.items()}
    assert marks == MARKS
    codes = {student: [d.code for d in row.diagnoses][:1] for student, row in rows.items()}
    assert codes == {
        "b11902011": [],
        "b11902024": ["unfinished"],
        "b11902037": ["vgg13"],
        "b11902042": ["last_activation"],
        "b11902058": ["missing_pool"],
        "b11902066": [],
    }
    assert all(not row.record.failures for row in rows.values())


@SLOW
def test_an_instructor_changes_a_mark_by_hand(used, out, tmp_path):
    again = tmp_path / "out"
    shutil.copytree(out, again)
    door = 'python course.py grade PATH --out DIR --override 學號 vgg16 8.5 --reason "口試補考"'
    run = walk(door, used, PATH="examples/submissions", DIR=again, 學號="b11902037")
    assert run.returncode == 0, run.stderr
    lines = (again / "grades.csv").read_text("utf-8-sig").splitlines()
    assert [line.count("8.5") and "口試補考" in line for line in lines if "b11902037" in line]
    assert "口試補考" in (again / "feedback" / "b11902037.html").read_text("utf-8")


@SLOW
def test_an_instructor_has_a_roster_and_a_time_when_work_was_due(used, out, tmp_path):
    again, table = tmp_path / "out", tmp_path / "class.csv"
    shutil.copytree(out, again)
    students = [f"{student},學生 {student[-2:]}," for student in (*MARKS, "b11902099")]
    table.write_text("\n".join(["學號,姓名,成績", *students, ""]), encoding="cp950")
    handed_in = tmp_path / "handed in"
    shutil.copytree(used / "examples" / "submissions", handed_in)
    for day, path in enumerate(sorted(handed_in.rglob("*.ipynb"))):
        os.utime(path, (datetime(2026, 11, 25 + day, 12).timestamp(),) * 2)
    (handed_in / "README.txt").write_text("x")
    run = walk(
        "python course.py grade PATH --out DIR --roster 名單.csv "
        '--due "2026-11-27 23:59" --late "10%/day" --parts',
        used,
        **{"PATH": handed_in, "DIR": again, "名單.csv": table},
    )
    assert run.returncode == 0 and "0 run now" in run.stdout, run.stderr
    assert "README.txt" in run.stdout and "b11902099（學生 99）" in run.stdout
    with (again / "grades.csv").open(encoding="utf-8-sig") as file:
        rows = {line["student"]: line for line in csv.DictReader(file)}
    assert rows["b11902099"]["status"] == "absent" and rows["b11902037"]["name"] == "學生 37"
    late = rows["b11902058"]  # on the fifth of the days, a day and a half after the third's end
    assert (late["score"], late["late_points"], late["score_after_late"]) == ("8.25", "2", "6.25")
    assert late["vgg16:block1"] == "0.25"
    filled = (again / "filled-class.csv").read_text("cp950")
    assert "b11902058,學生 58,6.25\n" in filled and "b11902099,學生 99,\n" in filled


@SLOW
@SKIPPED
def test_the_instructor_reads_the_report_and_a_students_page_and_exports(result, out, browser):
    page = browser.new_page(viewport={"width": WIDTHS["desktop"], "height": 900})
    wrong = watched(page)
    page.goto((out / "report.html").as_uri())
    shoot(page, "grading-1-report", full_page=True)
    assert page.locator("h1").count() == 1
    page.locator("summary", has_text="vgg13").last.click()
    assert page.locator(".who a:visible").inner_text() == "b11902037"
    page.locator("details.look summary", has_text="b11902066").click()
    shown = page.locator("#rows tbody tr:visible")
    page.get_by_role("button", name="分數").press("Enter")
    assert shown.first.locator("td").nth(2).inner_text() == "0 / 10"
    page.get_by_label("找學生或診斷").fill("vgg13")
    assert shown.count() == 1 and "顯示 1 / 6" in page.locator("output").inner_text()
    shoot(page, "grading-1-found", full_page=True)
    page.locator("#rows").get_by_role("link", name="b11902037").click()
    assert "VGG13" in page.locator("body").inner_text()
    shoot(page, "grading-2-feedback", full_page=True)
    page.go_back()
    with page.expect_download() as download:
        page.get_by_role("link", name="moodle.csv").click()
    with download.value.path().open(encoding="utf-8") as table:
        marks = {line["ID number"]: float(line["Grade"]) for line in csv.DictReader(table)}
    assert marks == {row.submission.student: row.score for row in result.rows}
    assert not wrong
    page.close()


@SLOW
@SKIPPED
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_keep_nobody_out_and_fit_every_width(width, result, out, tab):
    page = tab(WIDTHS[width])
    for path in (out / "report.html", *(out / "feedback").iterdir()):
        page.goto(path.as_uri())
        if path.stem in ("report", "b11902037"):
            shoot(page, f"grading-{path.stem}-{width}", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width], path
        assert serious(page) == [], path
        if path.stem == "report":
            page.get_by_label("找學生或診斷").fill("vgg13")
            assert page.locator("#rows tbody tr:visible").count() == 1
