"""ResNet-18's check judges a graph: it names each mistake, and knows any right spelling."""

from __future__ import annotations

import pytest
from answering import namespace_of
from wrong_resnet18 import ANSWERS, RIGHT

from utils import checks
from utils.checks.homework import resnet18
from utils.checks.mistakes import SHARED

pytestmark = pytest.mark.slow  # together

TASK = checks.TASKS["resnet18"]
CASE = TASK.public_case()


def test_every_mistake_of_resnet_18_is_made_here():
    own = {code for code in TASK.mistakes if code not in SHARED}
    assert own - {code for answer in ANSWERS.values() for code in answer.codes} == set()


def test_a_skip_from_the_wrong_layer_is_told_with_the_right_one():
    answer = ANSWERS["identity_after_conv1"]
    score = TASK.mark(TASK.probe(namespace_of("skip", answer.source), CASE), CASE)
    (diagnosis,) = score.diagnoses
    assert "`conv2_1_add` 加的是 `conv2_1_conv1`，應該加 `pool1`" in diagnosis.message


def test_the_network_has_the_published_number_of_parameters():
    import keras

    from utils.checks.probe import build

    model = build(resnet18.network(True, 1000), (224, 224, 3), "resnet18")
    learned = sum(keras.ops.size(weight) for weight in model.trainable_weights)
    assert learned == 11_689_512  # as torchvision counts it


def test_a_block_is_checked_on_the_way():
    functions = namespace_of("block", RIGHT["solution"])
    score = checks.basic_block(functions["basic_block"])
    assert score.points == score.max_points > 0
    wrong = namespace_of("wrong", ANSWERS["no_last_relu"].source)["basic_block"]
    assert [diagnosis.code for diagnosis in checks.basic_block(wrong).diagnoses] == ["missing_relu"]
