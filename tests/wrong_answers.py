"""Answers to the homework as plain data: source text, the diagnosis it must get, its points.

Each mistake is the solution with a few words changed. `code` is None where nothing may be said.
"""

from __future__ import annotations

from typing import NamedTuple

SOLUTION = """\
import keras
from keras import layers


def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    image = keras.Input(shape=input_shape) if input_tensor is None else input_tensor
    x = layers.Conv2D(64, 3, padding="same", activation="relu", name="block1_conv1")(image)
    x = layers.Conv2D(64, 3, padding="same", activation="relu", name="block1_conv2")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block1_pool")(x)
    x = layers.Conv2D(128, 3, padding="same", activation="relu", name="block2_conv1")(x)
    x = layers.Conv2D(128, 3, padding="same", activation="relu", name="block2_conv2")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block2_pool")(x)
    x = layers.Conv2D(256, 3, padding="same", activation="relu", name="block3_conv1")(x)
    x = layers.Conv2D(256, 3, padding="same", activation="relu", name="block3_conv2")(x)
    x = layers.Conv2D(256, 3, padding="same", activation="relu", name="block3_conv3")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block3_pool")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block4_conv1")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block4_conv2")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block4_conv3")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block4_pool")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block5_conv1")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block5_conv2")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block5_conv3")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block5_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    elif pooling == "avg":
        x = layers.GlobalAveragePooling2D()(x)
    elif pooling == "max":
        x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(image, x, name="vgg16")
"""


class Answer(NamedTuple):
    """A notebook's answer and what the check must say of it."""

    source: str
    code: str | None
    points: float


def solution_but(*changes: tuple[str, str]) -> str:
    """The solution with each (old, new) replaced everywhere."""
    source = SOLUTION
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def conv(name: str, filters: int) -> str:
    """The solution's line for one convolution."""
    options = 'padding="same", activation="relu"'
    return f'    x = layers.Conv2D({filters}, 3, {options}, name="{name}")(x)\n'


def pool(name: str) -> str:
    """The solution's line for one pooling."""
    return f'    x = layers.MaxPooling2D(2, strides=2, name="{name}")(x)\n'


def block(number: int, filters: int) -> str:
    """The solution's lines for block 3, 4 or 5."""
    convs = "".join(conv(f"block{number}_conv{index}", filters) for index in (1, 2, 3))
    return convs + pool(f"block{number}_pool")


def without_conv(number: int, filters: int) -> tuple[str, str]:
    """A change that drops the third convolution of a block."""
    return conv(f"block{number}_conv3", filters), ""


def with_fourth_conv(number: int, filters: int) -> tuple[str, str]:
    """A change that adds a fourth convolution to a block."""
    name = f"block{number}_conv"
    return conv(f"{name}3", filters), conv(f"{name}3", filters) + conv(f"{name}4", filters)
