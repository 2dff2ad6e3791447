"""Writes down the network that a task expects, without TensorFlow: `x = net.conv(x, 64, 3)`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .layers import INPUT, SILENT, Layer, folded, make

Pair = int | tuple[int, int]
PAIRS = ("kernel_size", "strides", "pool_size", "dilation_rate", "size")


class Network:
    """A network in the making: each method adds a layer that reads `x` and returns its name.

    `net.image` is what the first layer reads, `net.layers` what was added. Whatever has no name is
    called by its kind and number. Raises ValueError for what the checks do not know.
    """

    image = INPUT

    def __init__(self) -> None:
        self._layers: list[Layer] = []

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The graph; an activation of its own has joined the layer before it."""
        return folded(self._layers)

    def add(self, keras_class: str, *inputs: str, name: str = "", **settings: Any) -> str:
        """A layer of any class in `layers.KINDS`, with Keras's defaults."""
        path = name or f"{keras_class.lower()}_{len(self._layers) + 1}"
        if keras_class in SILENT:
            raise ValueError(f"{path}: leave {keras_class} out; it changes no trained network")
        if "pool_size" in settings:
            settings.setdefault("strides", settings["pool_size"])
        given = {key: pair(told) if key in PAIRS else told for key, told in settings.items()}
        layer = make(keras_class, path, inputs, **given)
        if lacking := [key for key, told in layer.settings if told is None]:
            raise ValueError(f"{path}: {keras_class} needs {', '.join(lacking)}")
        return self._put(layer)

    def copy(self, layer: Layer, *inputs: str) -> str:
        """A layer of another network, that reads something else."""
        return self._put(replace(layer, inputs=inputs))

    def _put(self, layer: Layer) -> str:
        if layer.path in (each.path for each in self._layers):
            raise ValueError(f"{layer.path}: there are two layers of that name")
        self._layers.append(layer)
        return layer.path

    def conv(
        self,
        x: str,
        filters: int,
        kernel_size: Pair,
        strides: Pair = 1,
        padding: str = "same",
        **more: Any,
    ) -> str:
        """A convolution, padded unless told otherwise."""
        more |= {"kernel_size": kernel_size, "strides": strides, "padding": padding}
        return self.add("Conv2D", x, filters=filters, **more)

    def max_pool(self, x: str, pool_size: Pair = 2, **more: Any) -> str:
        """Max pooling; the stride is the window's size unless told otherwise."""
        return self.add("MaxPooling2D", x, pool_size=pool_size, **more)

    def average_pool(self, x: str, pool_size: Pair = 2, **more: Any) -> str:
        """Average pooling, likewise."""
        return self.add("AveragePooling2D", x, pool_size=pool_size, **more)

    def pad(self, x: str, pixels: int, name: str = "") -> str:
        """So many zeros on every side."""
        return self.add("ZeroPadding2D", x, name=name, padding=((pixels, pixels),) * 2)

    def norm(self, x: str, **more: Any) -> str:
        """Batch normalisation."""
        return self.add("BatchNormalization", x, **more)

    def activation(self, x: str, activation: str, name: str = "") -> str:
        """An activation function of its own."""
        return self.add("Activation", x, name=name, activation=activation)

    def dense(self, x: str, units: int, activation: str = "linear", **more: Any) -> str:
        """A fully connected layer."""
        return self.add("Dense", x, units=units, activation=activation, **more)


def pair(size: Pair) -> tuple[int, int]:
    """A size for both axes."""
    return (size, size) if isinstance(size, int) else size
