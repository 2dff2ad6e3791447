"""The VGG family as data, and what one of its networks computes.

Source: Simonyan and Zisserman 2015 (arXiv:1409.1556), table 1; layer names as in Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from .layers import Layer, make
from .reference import conv2d, max_pool, relu, seeded_images, softmax, weight_source

# A block is (convolutions, filters); configurations A, B, D and E of the paper.
FAMILY = {
    "vgg11": ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)),
    "vgg13": ((2, 64), (2, 128), (2, 256), (2, 512), (2, 512)),
    "vgg16": ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    "vgg19": ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
}
POOLING = {"max": "GlobalMaxPooling2D", "avg": "GlobalAveragePooling2D"}


def block(number: int, convs: int, filters: int) -> list[Layer]:
    """Block `number`: 3 × 3 convolutions with ReLU, then 2 × 2 max pooling."""
    options = {"kernel_size": (3, 3), "strides": (1, 1), "padding": "same", "activation": "relu"}
    name = f"block{number}"
    return [
        *(make("Conv2D", f"{name}_conv{i + 1}", filters=filters, **options) for i in range(convs)),
        make("MaxPooling2D", f"{name}_pool", pool_size=(2, 2), strides=(2, 2), padding="valid"),
    ]


def body(family: str = "vgg16") -> list[Layer]:
    """The five blocks."""
    return [layer for n, size in enumerate(FAMILY[family], 1) for layer in block(n, *size)]


def head(classes: int) -> list[Layer]:
    """The classifier after the last block."""
    return [
        make("Flatten", "flatten"),
        make("Dense", "fc1", units=4096, activation="relu"),
        make("Dense", "fc2", units=4096, activation="relu"),
        make("Dense", "predictions", units=classes, activation="softmax"),
    ]


def tail(include_top: bool, pooling: str | None, classes: int) -> list[Layer]:
    """What follows the blocks: the head, a global pooling, or nothing."""
    if include_top:
        return head(classes)
    return [make(POOLING[pooling], "")] if pooling else []


COMPUTE = {
    "flatten": lambda x: x.reshape(len(x), -1),
    "pool": max_pool,
    ("global", "max"): lambda x: x.max(axis=(1, 2)),
    ("global", "average"): lambda x: x.mean(axis=(1, 2)),
    "relu": relu,
    "softmax": softmax,
}


@lru_cache(maxsize=64)
def outputs(layers: tuple[Layer, ...], input_shape: tuple[int, ...], seed: int) -> np.ndarray:
    """What `layers` give for the seed's weights and its one image; float32, no batch axis."""
    draw, x = weight_source(seed), seeded_images(seed, input_shape)
    for layer in layers:
        settings = dict(layer.settings)
        if layer.kind == "conv":
            filters = settings["filters"]
            kernel = draw((*settings["kernel_size"], x.shape[-1], filters))
            x = COMPUTE[settings["activation"]](conv2d(x, kernel, draw((filters,))))
        elif layer.kind == "dense":
            units = settings["units"]
            x = COMPUTE[settings["activation"]](x @ draw((x.shape[-1], units)) + draw((units,)))
        elif layer.kind == "global":
            x = COMPUTE[layer.kind, settings["mode"]](x)
        else:
            x = COMPUTE[layer.kind](x)
    return x[0]


def parameters(layers: Sequence[Layer], channels: int) -> int:
    """Weights and biases of convolutions on an image with so many channels."""
    total = 0
    for layer in layers:
        if layer.kind == "conv":
            filters = dict(layer.settings)["filters"]
            total, channels = total + 9 * channels * filters + filters, filters
    return total
