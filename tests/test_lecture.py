"""The lecture teaches and computes every row of what the slides teach, and cites with a source."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict

import jupytext
import pytest

from ci import ROOT
from utils.checks.questions import questions

LESSON = ROOT / "lessons" / "Day017_reading.md"
PUBLISHED = ROOT / "lessons" / "published.csv"

# What the slides teach, in their order: the section that teaches it and computes it.
ROWS = {
    1: "11",  # the two goals; they stand at the top, and the self-check asks whether they are met
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
    13: "6.1",  # VGG's configurations
    14: "6.2",  # 3 × 3 kernels
    15: "9",  # FLOPs and GOPS
    16: "10",  # RBF networks
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
}


@pytest.fixture(scope="module")
def cells():
    """Each cell with the numbers of the sections that it stands in, such as ("5", "5.2")."""
    found, sections = [], ()
    for cell in jupytext.read(LESSON).cells:
        if cell.cell_type == "markdown":
            for level, number in re.findall(r"^(##+) ([\d.]+)? ?", cell.source, re.MULTILINE):
                above = sections[: len(level) - 2]
                sections = (*above, number) if number else above
        found.append((sections, cell))
    return found


@pytest.fixture(scope="module")
def computing(cells):
    """The sections whose cells compute a row, by row."""
    found = defaultdict(set)
    for sections, cell in cells:
        for tag in cell.metadata.get("tags", ()):
            if row := re.fullmatch(r"row-(\d\d)", tag):
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


def test_the_objectives_lead_to_sections_that_exist(cells):
    headings = set()
    for _, cell in cells:
        if cell.cell_type == "markdown":
            headings.update(re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE))
    anchors = {heading.replace(" ", "-") for heading in headings}  # as JupyterLab makes them
    links = {link for _, cell in cells for link in re.findall(r"\]\(#([^)]+)\)", cell.source)}
    assert len(links) >= 12
    assert links <= anchors


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
        assert 1998 <= int(row["year"]) <= 2020, row


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
