"""The VGG family as data, and what one of its networks computes.

Source: Simonyan and Zisserman 2015 (arXiv:1409.1556), table 1; layer names as in Keras.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .layers import Layer, make
from .reference import conv2d, lrn, max_pool, relu, seeded_images, softmax, weight_source

# A block is (convolutions, filters); configurations A, B, D and E of the paper.
FAMILY = {
    "vgg11": ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)),
    "vgg13": ((2, 64), (2, 128), (2, 256), (2, 512), (2, 512)),
    "vgg16": ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    "vgg19": ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
}
COLUMNS = {
    "A": "vgg11",
    "A-LRN": "vgg11",
    "B": "vgg13",
    "C": "vgg16",
    "D": "vgg16",
    "E": "vgg19",
}
LRN = Layer("lrn", "block1_lrn", (("numbers", "right"),))
Scale = Callable[[int], int]  # a width of the paper's -> the width asked for
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


def network(config: str, include_top: bool, classes: int, scale: Scale = int) -> list[Layer]:
    """A column of the paper's table 1, its widths scaled; without the head it ends at the pooling.

    C's third convolutions see single pixels; A-LRN normalises after the first convolution.
    """
    layers = body(COLUMNS[config]) + (head(classes) if include_top else [])
    if config == "C":
        layers = [one.having(kernel_size=(1, 1)) if "conv3" in one.name else one for one in layers]
    if config == "A-LRN":
        layers.insert(1, LRN)
    return [_scaled(layer, scale) for layer in layers]


def _scaled(layer: Layer, scale: Scale) -> Layer:
    field = {"conv": "filters", "dense": "units"}.get(layer.kind)
    if field is None or layer.name == "predictions":
        return layer
    return layer.having(**{field: scale(dict(layer.settings)[field])})


def tail(include_top: bool, pooling: str | None, classes: int) -> list[Layer]:
    """What follows the blocks: the head, a global pooling, or nothing."""
    if include_top:
        return head(classes)
    return [make(POOLING[pooling], "")] if pooling else []


COMPUTE: dict[str | tuple[str, str], Callable[[np.ndarray], np.ndarray]] = {
    "flatten": lambda x: x.reshape(len(x), -1),
    "pool": max_pool,
    "lrn": lrn,
    ("global", "max"): lambda x: x.max(axis=(1, 2)),
    ("global", "average"): lambda x: x.mean(axis=(1, 2)),
    "relu": relu,
    "softmax": softmax,
    "linear": lambda x: x,
}


class Step(NamedTuple):
    """What a layer gives, by its name, with the kernel and the bias that it has, if any."""

    name: str
    output: np.ndarray
    weights: tuple[np.ndarray, ...] = ()


def run(
    layers: Iterable[Layer], x: np.ndarray, draw: Callable[[Sequence[int]], np.ndarray]
) -> Iterator[Step]:
    """Compute layer by layer on images `x`, with weights that `draw` gives for their shape."""
    for layer in layers:
        settings = dict(layer.settings)
        weights: tuple[np.ndarray, ...] = ()
        if layer.kind == "conv":
            filters = settings["filters"]
            weights = draw((*settings["kernel_size"], x.shape[-1], filters)), draw((filters,))
            x = COMPUTE[settings["activation"]](conv2d(x, *weights, settings["padding"]))
        elif layer.kind == "dense":
            units = settings["units"]
            weights = draw((x.shape[-1], units)), draw((units,))
            x = COMPUTE[settings["activation"]](x @ weights[0] + weights[1])
        elif layer.kind == "global":
            x = COMPUTE[layer.kind, settings["mode"]](x)
        else:
            x = COMPUTE[layer.kind](x)
        yield Step(layer.name, x, weights)


@lru_cache(maxsize=64)
def outputs(layers: tuple[Layer, ...], input_shape: tuple[int, ...], seed: int) -> np.ndarray:
    """What `layers` give for the seed's weights and its one image; float32, no batch axis."""
    steps = run(layers, seeded_images(seed, input_shape), weight_source(seed))
    return deque(steps, maxlen=1).pop().output[0, ...]


def parameters(layers: Sequence[Layer], channels: int) -> int:
    """Weights and biases of convolutions on an image with so many channels."""
    total = 0
    for settings in (dict(layer.settings) for layer in layers if layer.kind == "conv"):
        filters = settings["filters"]
        total += (math.prod(settings["kernel_size"]) * channels + 1) * filters
        channels = filters
    return total
