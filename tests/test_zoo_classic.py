"""The classic networks that Keras does not ship have the sizes that their papers tell."""

from __future__ import annotations

import pytest

from utils.summary import summarize, without_weights
from utils.zoo import classic

# Parameters, moving statistics included or not, and MACs (millions) where a source tells them.
SLIM_V2 = 10_173_112  # inception_v2_test.py: no last layer, a separable first one, biases for BN
TOLD = {
    "alexnet": (classic.alexnet, 60_965_224, 724),  # figure 2's shapes, two groups
    "zfnet": (classic.zfnet, 62_357_608, None),  # figure 3's shapes
    "nin": (classic.nin, 7_595_176, None),  # 7.6 million, Caffe's model zoo
    "googlenet": (classic.googlenet, 6_998_552, 1_583),  # torchvision and the lesson's Table 1
    "inception_v2": (classic.inception_v2, SLIM_V2 + 1025 * 1000 + 9408 - 2712 + 2 * 64, None),
    # timm's, which scales each of 31,584 channels that TF-Slim does not.
    "inception_v4": (classic.inception_v4, 42_679_816 - 31_584, None),
    "resnet18": (lambda: classic.resnet(18), 11_689_512, 1_814),  # torchvision's
    "resnet34": (lambda: classic.resnet(34), 21_797_672, 3_664),
    "vit": (classic.vit, 86_567_656, None),  # torchvision's vit_b_16
}


@pytest.mark.parametrize(("build", "params", "macs"), TOLD.values(), ids=TOLD)
def test_a_classic_has_the_size_that_is_told_of_it(build, params, macs):
    with without_weights():
        summary = summarize(build())
    assert params in (summary.trainable_params, summary.params)
    if macs:
        assert round(summary.macs / 1e6) == macs


def test_a_depth_that_keras_ships_is_named_as_such():
    with pytest.raises(ValueError, match="has the others"):
        classic.resnet(50)
