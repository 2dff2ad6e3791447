"""The lecture teaches and computes every row of what the slides teach, and cites with a source.

It has two layers: the core, and below reading/ its depth, a notebook a subject.
"""

from __future__ import annotations

import csv
import json
import posixpath
import re
from collections import defaultdict

import jupytext
import pytest

from ci import ROOT, minutes
from ci.editions import ROW, editions
from ci.lessons import CORE, lectures
from ci.names import bound_again
from ci.notebooks import read
from utils.checks.questions import questions

LECTURES = lectures()
PUBLISHED = ROOT / "lessons" / "published.csv"
LARGEST = 1.4e6  # bytes of the core's notebook
CELLS = 125
MINUTES = (90, 120)  # of the core

# What the slides teach, in their order, and what goes beyond them: the core's section that teaches
# it and computes it.
ROWS = {
    1: "13",  # the two goals; they stand at the top, and the self-check asks whether they are met
    2: "1",  # accuracy, operations and parameters of the CNNs
    3: "2",  # top-1 and top-5
    4: "3",  # the family
    5: "4",  # LeNet-5
    6: "5.1",  # AlexNet
    7: "5",  # its five points
    8: "5.2",  # activations
    9: "5.2",  # back-propagation
    10: "5.4",  # dropout
    11: "5.3",  # augmentation
    12: "5.5",  # local response normalisation
    13: "6",  # VGG's configurations
    14: "6",  # 3 × 3 kernels
    15: "11",  # FLOPs and GOPS
    16: "12",  # RBF networks
    19: "10",  # the backbone
    20: "3",  # the whole line of descent
    21: "9",  # one race, really run
    22: "4",  # what can be played with
}
# The bounds of what can be true, by metric.
PLAUSIBLE = {
    "top-1 accuracy": (50, 90),
    "top-5 accuracy": (75, 100),
    "top-1 error": (10, 50),
    "top-5 error": (2, 30),
    "parameters (M)": (0.01, 200),
    "GMACs": (0.1, 30),
    "cores": (100, 20000),
    "clock (GHz)": (0.5, 3),
    "peak TFLOPS": (1, 100),
    "TF32 TFLOPS": (1, 1000),
    "FP16 TFLOPS": (1, 1000),
    "bandwidth (GB/s)": (100, 10000),
    "weights file (MB)": (1, 1000),
}


each_lecture = pytest.mark.parametrize("name", LECTURES)
each_depth = pytest.mark.parametrize("name", [name for name in LECTURES if name != CORE])


def source(name: str) -> list:
    return jupytext.read(LECTURES[name]).cells


def words(name: str) -> str:
    return "\n".join(cell.source for cell in source(name) if cell.cell_type == "markdown")


def anchors(name: str) -> set[str]:
    """A lesson's headings as addresses, as JupyterLab makes them."""
    headings = re.findall(r"^#+ (.+)$", words(name), re.MULTILINE)
    return {heading.replace(" ", "-") for heading in headings}


def links(name: str) -> list[tuple[str, str]]:
    """The notebooks that a lesson leads to, by name, each with an anchor or none."""
    found = re.findall(r"\]\(([^)\s#]*\.ipynb)?(?:#([^)]+))?\)", words(name))
    here = posixpath.dirname(name)
    return [
        (
            posixpath.normpath(posixpath.join(here, path)).removesuffix(".ipynb") if path else name,
            at,
        )
        for path, at in found
        if path or at
    ]


@pytest.fixture(scope="module")
def cells():
    """Each cell of the core with its sections' numbers, such as ("5", "5.2")."""
    found, sections = [], ()
    for cell in source(CORE):
        if cell.cell_type == "markdown":
            for level, number in re.findall(r"^(##+) ([\d.]+)? ?", cell.source, re.MULTILINE):
                above = sections[: len(level) - 2]
                sections = (*above, number) if number else above
        found.append((sections, cell))
    return found


@pytest.fixture(scope="module")
def computing(cells):
    """The sections of the core whose cells compute a row, by row."""
    found = defaultdict(set)
    for sections, cell in cells:
        for tag in cell.metadata.get("tags", ()):
            if row := ROW.fullmatch(tag):
                assert cell.cell_type == "code", f"{tag} marks text: {cell.source[:60]}"
                found[int(row[1])].update(sections)
    return found


@pytest.fixture(scope="module")
def published():
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("row", "section"), ROWS.items())
def test_a_row_of_the_slides_is_computed_where_it_is_taught(row, section, cells, computing):
    assert section in computing[row], f"no cell of section {section} is tagged row-{row:02}"
    taught = (cell for sections, cell in cells if section in sections)
    prose = [cell.source for cell in taught if cell.cell_type == "markdown"]
    assert len("".join(prose)) > 200


@each_lecture
def test_no_reader_meets_what_is_the_maintainers(name):
    for notebook in editions(LECTURES[name]).values():
        for cell in notebook.cells:
            assert not any(map(ROW.fullmatch, cell.metadata.get("tags", ()))), cell.source
            assert cell.cell_type != "code" or "# fmt:" not in cell.source


@each_lecture
def test_every_link_of_a_lecture_leads_to_a_section_that_exists(name):
    assert len({at for target, at in links(name) if target == name}) >= 3  # the objectives'
    for target, at in links(name):
        if target in LECTURES:
            assert not at or at in anchors(target), f"{target} has no section {at}"
        else:
            assert (ROOT / "lessons" / f"{target}.md").is_file(), target


@each_depth
def test_the_core_leads_to_the_depth_and_the_depth_back(name):
    assert name in {target for target, _ in links(CORE)}
    assert CORE in {target for target, _ in links(name)}


@each_depth
def test_a_notebook_of_the_depth_says_what_it_is(name):
    assert words(name).startswith("# 深讀：")


@each_lecture
def test_a_lecture_says_how_many_minutes_it_takes(name):
    assert not minutes.wrong(source(name)), "run: python -m ci.minutes --write"


@each_lecture
def test_a_name_is_bound_in_one_cell(name):
    assert not list(bound_again(source(name)))


def test_the_core_is_read_in_two_hours():
    low, high = MINUTES
    assert low <= minutes.whole(minutes.sections(source(CORE)), 0).minutes <= high
    assert len(read(ROOT / f"{CORE}.ipynb").cells) <= CELLS


def test_the_core_is_a_file_that_is_opened_at_once():
    assert (ROOT / f"{CORE}.ipynb").stat().st_size <= LARGEST


def test_every_question_about_the_lecture_is_asked_once_and_worth_one_point(cells):
    asked = {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for _, cell in cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert list(asked) == [name for name in questions() if name.startswith("day017")]
    for name, cell in asked.items():
        assert cell.metadata["nbgrader"]["points"] == 1
        assert f'checks.quiz("{name}"' in cell.source


def test_the_lecture_does_not_give_its_answers_away(cells):
    source = "\n".join(cell.source for _, cell in cells)
    for name, entry in questions().items():
        if name.startswith("day017"):
            assert entry["right"] not in source
            assert re.search(rf"^{name[len('day017_') :]} = None$", source, re.MULTILINE)


def test_a_wrong_answer_is_never_the_right_one():
    for name, entry in questions().items():
        assert "*" in entry["wrong"], name
        assert str(entry["answer"]) not in entry["wrong"], name


def test_every_published_number_has_a_source_and_can_be_true(published):
    for row in published:
        assert all(row.values()), f"something is missing in {json.dumps(row)}"
        low, high = PLAUSIBLE[row["metric"]]
        assert low <= float(row["value"]) <= high, row
        assert 1998 <= int(row["year"]) <= 2022, row


def test_no_number_is_published_twice(published):
    keys = [(row["model"], row["metric"], row["protocol"]) for row in published]
    assert len(keys) == len(set(keys))


def test_the_top_5_accuracy_of_a_model_exceeds_its_top_1_accuracy(published):
    one_crop = defaultdict(dict)
    for row in published:
        if row["protocol"] == "1 crop":
            one_crop[row["model"]][row["metric"]] = float(row["value"])
    assert len(one_crop) >= 10
    for accuracies in one_crop.values():
        assert accuracies["top-5 accuracy"] > accuracies["top-1 accuracy"]
