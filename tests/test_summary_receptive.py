"""Receptive fields against gradients: which input pixels move one output unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from utils.summary import summarize

SIZE = 36


def conv(kernel: Any = 3, **settings: Any) -> Any:
    from keras import layers

    return layers.Conv2D(2, kernel, kernel_initializer="ones", **settings)


def pool(size: Any = 2, **settings: Any) -> Any:
    from keras import layers

    return layers.AveragePooling2D(size, **settings)


def in_turn(*makers: Callable[[], Any]) -> Callable[[Any], Any]:
    """Return a network as a function of its input; layers are made when it is called."""

    def network(x: Any) -> Any:
        for make in makers:
            x = make()(x)
        return x

    return network


def residual(x: Any) -> Any:
    from keras import layers

    x = conv(1)(x)
    deep = conv(padding="same")(conv(5, padding="same")(x))
    return layers.Add()([deep, x])


def inception(x: Any) -> Any:
    import keras
    from keras import layers

    branches = [
        conv(1)(x),
        conv(3, padding="same")(x),
        conv((1, 7), padding="same")(x),
        conv(1)(pool(3, strides=1, padding="same")(x)),
    ]
    channels = -1 if keras.config.image_data_format() == "channels_last" else 1
    return pool(2)(layers.Concatenate(axis=channels)(branches))


def raw_operations(x: Any) -> Any:
    import keras

    return keras.ops.relu(conv(padding="same")(x) + 2.0 * x)


def layer(name: str, *args: Any, **settings: Any) -> Callable[[], Any]:
    def make() -> Any:
        import keras

        return getattr(keras.layers, name)(*args, **settings)

    return make


ones = {"depthwise_initializer": "ones"}
separable = {**ones, "pointwise_initializer": "ones"}
transposed = {"kernel_initializer": "ones"}

# Every unit of these reads a window of the same size, one stride further than its neighbour's.
REGULAR = {
    "valid": in_turn(conv, conv),
    "same": in_turn(lambda: conv(padding="same"), lambda: conv(5, padding="same")),
    "even kernel, same": in_turn(lambda: conv(4, padding="same"), lambda: conv(2, padding="same")),
    "stride, same": in_turn(*[lambda: conv(3, strides=2, padding="same")] * 3),
    "stride larger than kernel": in_turn(lambda: conv(2, strides=3), conv),
    "pooling": in_turn(conv, pool, conv, lambda: pool(3, strides=2, padding="same")),
    "dilation": in_turn(lambda: conv(dilation_rate=2), lambda: conv(dilation_rate=(4, 1))),
    "unlike axes": in_turn(
        lambda: conv((3, 5), strides=(1, 2)), lambda: conv((2, 1), padding="same")
    ),
    "groups": in_turn(lambda: conv(1), lambda: conv(3, groups=2)),
    "depthwise": in_turn(layer("DepthwiseConv2D", 3, strides=2, **ones)),
    "separable": in_turn(layer("SeparableConv2D", 2, 5, padding="same", **separable)),
    "padding and cropping": in_turn(
        layer("ZeroPadding2D", ((2, 1), (0, 3))), conv, layer("Cropping2D", ((3, 0), (1, 1))), conv
    ),
    "residual": residual,
    "inception": inception,
    "raw operations": raw_operations,
}

# Units of these are of several phases, with windows of several sizes: the largest is told.
PHASED = {
    "transposed": in_turn(layer("Conv2DTranspose", 2, 3, strides=2, **transposed)),
    "transposed, same": in_turn(
        conv, layer("Conv2DTranspose", 2, 4, strides=2, padding="same", **transposed), conv
    ),
    "encoder and decoder": in_turn(
        lambda: conv(3, strides=2, padding="same"),
        lambda: conv(3, strides=2, padding="same"),
        layer("Conv2DTranspose", 2, 2, strides=2, **transposed),
        conv,
        layer("Conv2DTranspose", 2, 3, strides=2, padding="same", **transposed),
    ),
    "upsampling": in_turn(pool, conv, layer("UpSampling2D", 3), lambda: conv(2)),
    "pooled, then upsampled": in_turn(pool, layer("UpSampling2D", 2)),
    "upsampled twice": in_turn(
        lambda: pool(3), layer("UpSampling2D", (2, 3)), conv, layer("UpSampling2D", 2), conv
    ),
    "transposed, without padding": in_turn(
        lambda: pool(3), layer("Conv2DTranspose", 2, (5, 2), strides=(3, 2), **transposed), conv
    ),
    "a stride larger than the kernel": in_turn(
        lambda: pool(3, padding="same"),
        layer("Conv2DTranspose", 2, (1, 2), strides=3, padding="same", **transposed),
        lambda: conv((2, 1)),
    ),
    "dilation between what reads nothing": in_turn(
        lambda: conv(strides=(3, 1)),
        layer("Conv2DTranspose", 2, 1, strides=(3, 1), **transposed),
        lambda: conv((3, 2), dilation_rate=(3, 1)),
    ),
}


@pytest.mark.parametrize("network", REGULAR.values(), ids=REGULAR)
def test_each_unit_is_moved_by_just_its_window(network):
    model, row = built(network)
    for unit in units(row):
        windows = [
            (offset + place * stride, offset + place * stride + size - 1)
            for place, size, stride, offset in zip(unit, *columns(row), strict=True)
        ]
        assert row.window(*unit) == tuple(windows)
        assert moving_pixels(model, unit) == [
            (max(first, 0), min(last, SIZE - 1)) for first, last in windows
        ]


@pytest.mark.parametrize("network", PHASED.values(), ids=PHASED)
def test_the_largest_window_is_told_where_units_differ(network):
    model, row = built(network)
    middle = [size // 2 for size in row.output_shape[:2]]
    neighbours = [moving_pixels(model, (middle[0] + i, middle[1] + i)) for i in range(-6, 7)]
    largest = [
        max(window[1] - window[0] + 1 for window in axis if window)
        for axis in zip(*neighbours, strict=True)
    ]
    assert largest == columns(row)[0]


@pytest.mark.parametrize("network", PHASED.values(), ids=PHASED)
def test_each_unit_has_a_window_of_its_own_where_units_differ(network):
    model, row = built(network)
    height, width, _ = row.output_shape
    followed = 0
    for i in range(height):
        unit = (i, i * (width - 1) // (height - 1))
        windows, moved = row.window(*unit), moving_pixels(model, unit)
        if None in windows:
            assert moved == [None, None], unit
        elif all(map(is_inside, windows)):
            assert moved == list(windows), unit
            followed += 1
    assert followed > height / 5
    assert row.rf_offset is None


def is_inside(window: tuple[int, int]) -> bool:
    """Tell whether a window reads no padding."""
    return window[0] >= 0 and window[1] < SIZE


def test_what_is_no_place_has_no_window():
    import keras

    flat = keras.layers.Flatten()
    row = summarize(keras.Sequential([keras.Input((8, 8, 3)), flat])).rows[-1]
    with pytest.raises(ValueError, match=f"'{flat.name}': what one unit reads"):
        row.window(0)


@pytest.mark.parametrize("network", [*REGULAR.values(), *PHASED.values()], ids=[*REGULAR, *PHASED])
def test_the_layout_of_channels_changes_no_window(network):
    import keras

    _, channels_last = built(network)
    keras.config.set_image_data_format("channels_first")
    try:
        _, channels_first = built(network)
    finally:
        keras.config.set_image_data_format("channels_last")
    assert columns(channels_first) == columns(channels_last)


def test_a_causal_convolution_sees_the_past_alone():
    import keras
    from keras import layers

    causal = layers.Conv1D(2, 3, dilation_rate=4, padding="causal")
    row = summarize(keras.Sequential([keras.Input((SIZE, 2)), causal])).rows[-1]
    assert (row.receptive_field, row.rf_stride, row.rf_offset) == (9, 1, -8)


def test_a_window_over_an_unknown_number_of_places_is_not_followed():
    import keras
    from keras import layers

    image, code = keras.Input((8, 8, 3)), keras.Input((4,))
    texture = layers.Lambda(lambda x: x[:, :3], output_shape=(None, None, 3))(code)
    mixed = conv()(layers.Add()([image, texture]))
    row = summarize(keras.Model([image, code], mixed)).rows[-1]
    assert row.output_shape == (None, None, 2)
    assert (row.macs, row.activations, row.receptive_field) == (None, None, None)


def built(network: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Return a model of a square image with two channels, and the last row of its summary."""
    import keras

    channels_last = keras.config.image_data_format() == "channels_last"
    inputs = keras.Input((SIZE, SIZE, 2) if channels_last else (2, SIZE, SIZE))
    model = keras.Model(inputs, network(inputs))
    return model, summarize(model).rows[-1]


def columns(row: Any) -> list[list[Any]]:
    """Return receptive field, stride and offset, each as a list over both axes."""
    values = (row.receptive_field, row.rf_stride, row.rf_offset)
    return [list(value) if isinstance(value, tuple) else [value] * 2 for value in values]


def units(row: Any) -> list[tuple[int, int]]:
    """Return the first unit, the last, and two inside."""
    height, width, _ = row.output_shape
    return [(0, 0), (height // 2, width // 2), (height // 3, width - 2), (height - 1, width - 1)]


def moving_pixels(model: Any, unit: tuple[int, int]) -> list[tuple[int, int] | None]:
    """Return, for each axis, the first and last place of the input with a gradient of that unit.

    None where there is none.
    """
    import tensorflow as tf

    image = tf.ones((1, SIZE, SIZE, 2))
    with tf.GradientTape() as tape:
        tape.watch(image)
        output = tf.reduce_sum(model(image)[0, unit[0], unit[1]])
    moved = tape.gradient(output, image).numpy()[0].any(axis=-1)
    axes = [np.flatnonzero(moved.any(axis=axis)).tolist() for axis in (1, 0)]
    return [(places[0], places[-1]) if places else None for places in axes]
