"""What is measured by hand is what it says: other code, all processes, two trees by turns."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from benchmarks import costs, installed, marks, trees
from benchmarks.submissions import alike, distinct, homework
from ci import ROOT, clock
from course import USING
from grading import alike as copies
from grading.work import Job

# Uses up 0.2 CPU seconds, and has a child do so that it counts itself.
BURN = """
import subprocess, sys, time
from ci.clock import a_clock
while time.process_time() < 0.2:
    pass
if sys.argv[1:]:
    with a_clock() as clock:
        subprocess.run([*clock.prefix, sys.executable, __file__], check=True)
"""


@pytest.fixture(scope="module")
def filled():
    sheet, texts = homework()
    return nbformat.writes(sheet).encode(), texts


def kinds(release, texts) -> set[str | None]:
    """The digests by which a grader knows what it need not run again."""
    return {copies.digest(Job(t.encode(), release, ("vgg16",), 1, 9.0)) for t in texts}


def test_no_two_submissions_are_run_as_one_but_those_of_a_class_that_are_alike(filled):
    release, texts = filled
    found = kinds(release, distinct(texts, 14))
    assert len(found) == 14 and None not in found
    class_of_9 = list(alike(texts, 9, 4))
    assert len(class_of_9) == 9 and len(kinds(release, class_of_9)) == 4


@pytest.mark.parametrize("groups", [clock.GROUPS, ()], ids=["groups", "children"])
def test_seconds_of_a_process_and_of_what_it_counts_itself_are_counted(
    groups, tmp_path, monkeypatch
):
    monkeypatch.setattr(clock, "GROUPS", groups)
    (tmp_path / "burn.py").write_text(BURN)
    with clock.a_clock() as ours:
        begin = ours.read()
        command = (*ours.prefix, sys.executable, str(tmp_path / "burn.py"), "child")
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert ours.read() - begin >= 0.4 - 0.05
        assert groups or "WITHOUT the kernels" in ours.counts
    assert not ours.prefix or not Path(ours.prefix[-1]).exists()


def test_what_fails_in_a_tree_is_told():
    tree = trees.Tree(ROOT, clock.CHILDREN)
    with pytest.raises(RuntimeError, match="no_such_module"):
        tree.run("-m", "no_such_module")
    assert tree.run("-m", "no_such_module", check=False).printed == ""
    assert float(tree.tell("import_utils")) > 0


@contextmanager
def two(commit):
    yield {name: trees.Tree(Path(name), clock.CHILDREN) for name in ("before", "after")}


def test_each_row_is_measured_in_both_trees_by_turns(monkeypatch, capsys):
    asked = []

    def measure(tree, given):
        asked.append(tree.root.name)
        return len(asked), 1000 * len(asked)

    monkeypatch.setattr(costs, "both", two)
    monkeypatch.setattr(costs, "prepare", lambda given: None)
    figures = (("answers", "CPU-s", "≤ 3"), ("bytes", "B", ""))
    monkeypatch.setattr(
        costs, "ROWS", {"short": costs.Row(measure, figures), "long": costs.Row(measure, (), True)}
    )
    costs.main(["--rounds", "3", "--before", "abc"])
    assert asked == ["before", "after", "after", "before", "before", "after"]
    *_, head, first, second = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in head.split("|")[2:4]] == ["abc", "now"]
    cells = [cell.strip() for cell in first.strip("|").split("|")]
    assert cells == ["answers (CPU-s)", "4 (1–5)", "3 (2–6)", "≤ 3"]
    assert "4,000 (1,000–5,000)" in second


def test_a_row_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit):
        costs.main(["speed"])
    assert "no row speed; there are check, class" in capsys.readouterr().err


def score(points: float, message: str = "") -> dict:
    return {"points": points, "diagnoses": [message]}


def test_every_byte_of_a_score_is_compared_and_answers_of_one_tree_are_told():
    before = {"a": ["vgg16", "x"], "b": ["vgg16", "y"], "gone": ["vgg16", "z"]}
    after = {"a": ["vgg16", "x"], "b": ["vgg16", "changed"], "new": ["lenet", "w"]}
    assert marks.united(before, after) == {
        **after,
        "b, as it was": before["b"],
        "gone": before["gone"],
    }
    told = {"a": [score(10), score(10)], "b": [score(4, "說"), score(4)]}
    other = {"a": [score(10), score(10)], "b": [score(4, "說了"), score(3)], "new": [score(1)] * 2}
    counted, differing = marks.compare(told, other)
    assert counted == "2 answers in 2 cases each, 4 scores compared; 2 differ"
    assert differing == [
        "b, public case: 4 points before, 4 after; differ in diagnoses",
        "b, drawn case: 4 points before, 3 after; differ in points",
    ]
    assert marks.compare(told, told)[0].endswith("none differ")


@pytest.mark.pinned
@pytest.mark.skipif(sys.platform != "linux", reason="the manuals tell of Linux")
@pytest.mark.parametrize("page", ["README.md", "docs/student.md"])
def test_the_manuals_tell_what_an_installation_is_made_of(page):
    sizes = installed.sizes(ROOT / USING)
    largest, *_ = sizes
    assert largest.startswith("tensorflow")
    text = (ROOT / page).read_text("utf-8")
    told = re.findall(r"約 ([\d.]+) GB，其中 TensorFlow 佔 ([\d.]+) GB", text)
    told += re.findall(r"([\d.]+) GB,\s+([\d.]+) of it TensorFlow", text)
    assert len(told) == 2  # Chinese and English
    for all_of_it, of_it in told:
        assert float(all_of_it) == pytest.approx(sum(sizes.values()) / 1000, abs=0.1)
        assert float(of_it) == pytest.approx(sizes[largest] / 1000, abs=0.1)
