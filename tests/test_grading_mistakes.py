"""Every known answer, handed in as a notebook and graded as a class is: right marks and reasons."""

from __future__ import annotations

import pytest

from tests import sandboxed, wrong_answers

pytestmark = [sandboxed.NEEDED, pytest.mark.slow]

ANSWERS = wrong_answers.ANSWERS


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    cells = {name: (answer.source,) for name, answer in ANSWERS.items()}
    return sandboxed.grade(cells, tmp_path_factory.mktemp("class"))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_gets_its_points_and_its_reason(graded, name):
    row, answer = graded[name], ANSWERS[name]
    codes = [diagnosis.code for diagnosis in row.diagnoses]
    assert row.record.score == answer.points, row.diagnosis
    assert codes == list(answer.codes), row.diagnosis
