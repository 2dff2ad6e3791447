"""The summary against two independent counts, on every architecture of keras.applications."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import pytest
from summary_models import weightless

from utils.summary import ModelSummary, summarize

pytestmark = pytest.mark.slow  # together

ARCHITECTURES = [
    *("ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge"),
    *("DenseNet121", "DenseNet169", "DenseNet201"),
    *("EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3"),
    *("EfficientNetB4", "EfficientNetB5", "EfficientNetB6", "EfficientNetB7"),
    *("EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3"),
    *("EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S"),
    *("InceptionResNetV2", "InceptionV3"),
    *("MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small"),
    *("NASNetLarge", "NASNetMobile"),
    *("ResNet101", "ResNet101V2", "ResNet152", "ResNet152V2", "ResNet50", "ResNet50V2"),
    *("VGG16", "VGG19", "Xception"),
]

# README of google-research/receptive_field, the library of Araujo, Norris and Sim, Distill 2019:
# the last layer before the global pooling or the dense layers; the stride of all of them is 32.
RECEPTIVE_FIELDS = {
    "VGG16": 212,
    "MobileNet": 315,
    "ResNet50": 483,
    "ResNet101": 1027,
    "ResNet152": 1507,
    "InceptionV3": 1311,
    "InceptionResNetV2": 3039,
}

# What TensorFlow calls the operations that the convention counts.
COUNTED_OPERATIONS = {"Conv2D", "DepthwiseConv2dNative", "MatMul"}
# Layers that have none of them, keep the shape, and have most of all other operations: left out of
# what is profiled.
UNCOUNTED = ("BatchNormalization", "LayerNormalization", "Activation", "ReLU", "Dropout")


class Architecture(NamedTuple):
    model: Any
    graph: Any
    summary: ModelSummary


@pytest.fixture(scope="module")
def architecture(request) -> Architecture:
    import keras

    model, graph = weightless(getattr(keras.applications, request.param), weights=None)
    asked = (224, 224, 3) if None in model.input_shape[1:] else None
    return Architecture(model, graph, summarize(model, asked))


def test_no_architecture_is_left_out():
    import keras

    provided = sorted(name for name in vars(keras.applications) if name[0].isupper())
    assert provided == ARCHITECTURES


@pytest.mark.parametrize("architecture", ARCHITECTURES, indirect=True)
def test_parameters_are_those_that_keras_counts(architecture):
    model, _, summary = architecture
    assert summary.params == model.count_params()
    assert summary.trainable_params == sum(prod(w.shape) for w in model.trainable_weights)


@pytest.mark.parametrize("architecture", ARCHITECTURES, indirect=True)
def test_flops_are_those_that_tensorflow_profiles(architecture):
    summary = architecture.summary
    assert summary.not_counted == ()
    # Keras compiles a grouped convolution into a function of its own, which the profiler does not
    # open: in ConvNeXt that is every depthwise one. Nothing else differs.
    hidden = sum(2 * row.macs for row in summary.rows if row.config.get("groups", 1) > 1)
    assert summary.flops == profiled_flops(architecture) + hidden
    assert hidden < 0.03 * summary.flops


@pytest.mark.parametrize("architecture", RECEPTIVE_FIELDS, indirect=True)
def test_receptive_fields_are_those_published(architecture, request):
    published = RECEPTIVE_FIELDS[request.node.callspec.params["architecture"]]
    last = [row for row in architecture.summary.rows if row.rf_stride][-1]
    assert (last.receptive_field, last.rf_stride) == (published, 32)


def profiled_flops(architecture: Architecture) -> int:
    """Count with TensorFlow's graph profiler: convolutions and products of matrices, at batch 1."""
    import keras
    import tensorflow as tf

    placeholder = tf.compat.v1.placeholder
    with architecture.graph.as_default():
        values = [(v, placeholder(v.dtype, v.shape)) for v in architecture.model.variables]
        image = placeholder(tf.float32, (1, *architecture.summary.input_shape))
        with keras.StatelessScope(values, initialize_variables=False):
            architecture.model._run_through_graph([image], counted)
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    profile = tf.compat.v1.profiler.profile(
        architecture.graph, cmd="op", options={**options, "output": "none"}
    )
    return sum(node.float_ops for node in descendants(profile) if node.name in COUNTED_OPERATIONS)


def counted(operation: Any) -> Any:
    """What stands for an operation where only counted ones are looked for."""
    is_counted = type(operation).__name__ not in UNCOUNTED
    return operation if is_counted else lambda tensor, **_: tensor


def descendants(profile: Any) -> Any:
    for child in profile.children:
        yield child
        yield from descendants(child)
