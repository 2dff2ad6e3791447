"""Every known answer, handed in as a notebook and graded as a class is: right marks and reasons."""

from __future__ import annotations

import pytest

from tests import sandboxed, wrong_answers

pytestmark = [sandboxed.NEEDED, pytest.mark.slow]

ANSWERS = wrong_answers.ANSWERS


FC1 = "    x = layers.Dense(4096"
# Cells of which one fails -> what leads the row.
FAILING = {
    "a full-width comma": (
        (wrong_answers.SOLUTION.replace("512, (3", "512， (3", 1),),
        "第 1 個程式格沒有跑成，所以沒有 `VGG16`",
    ),
    "a helper that is no Python": (
        ("def relu（x): return x", wrong_answers.SOLUTION.replace(FC1, f"    relu(x)\n{FC1}", 1)),
        "第 1 個程式格沒有跑成，所以沒有 `relu`：第 1 行的 `（`",
    ),
    "Colab": (
        ("from google.colab import drive\ndrive.mount('/x')\n" + wrong_answers.SOLUTION,),
        "第 1 個程式格有 2 個地方跑不動，略過之後照樣評分：第 1 行",
    ),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    cells = {name: (answer.source,) for name, answer in ANSWERS.items()}
    cells |= {name: cells for name, (cells, _) in FAILING.items()}
    return sandboxed.grade(cells, tmp_path_factory.mktemp("class"))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_gets_its_points_and_its_reason(graded, name):
    row, answer = graded[name], ANSWERS[name]
    codes = [diagnosis.code for diagnosis in row.diagnoses]
    assert row.record.score == answer.points, row.diagnosis
    assert codes == list(answer.codes), row.diagnosis


@pytest.mark.parametrize("name", FAILING)
def test_a_cell_that_fails_leads_the_row(graded, name):
    assert graded[name].diagnosis.startswith(FAILING[name][1])
    assert (graded[name].record.score == 10) == (name == "Colab")
