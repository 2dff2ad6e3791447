"""Answers to the ResNet-18 challenge, handed in as notebooks: the marks of the notebook's check."""

from __future__ import annotations

import pytest

from grading import sheets
from tests import sandboxed, wrong_resnet18

pytestmark = [sandboxed.NEEDED, pytest.mark.slow]

# Every fifth, which takes part of all that can be wrong; the notebook's check is tried with all.
ANSWERS = dict(list(wrong_resnet18.ANSWERS.items())[::5])


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    cells = {name: (answer.source,) for name, answer in ANSWERS.items()}
    release = sheets.ROOT / "challenge_resnet18.ipynb"
    return sandboxed.grade(cells, tmp_path_factory.mktemp("class"), release=release)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_gets_its_points_and_its_reason(graded, name):
    row, answer = graded[name], ANSWERS[name]
    codes = tuple(diagnosis.code for diagnosis in row.diagnoses)
    assert (row.record.score, codes) == (answer.points, answer.codes), row.diagnosis
