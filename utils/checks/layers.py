"""A network as a chain of layers: read from a summary's rows, written from a table, compared."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeVar

MAX_ROWS, MAX_TEXT, MAX_NUMBER = 300, 200, 10**12

T = TypeVar("T")
Shape = tuple[Any, ...]  # whole numbers and None, or whatever an answer has there


class Malformed(ValueError):
    """An answer that no probe wrote."""


@dataclass(frozen=True)
class Layer:
    """One layer: its kind, the settings that decide what it computes, and what it is called."""

    kind: str
    name: str
    settings: tuple[tuple[str, Any], ...] = ()
    params: int = field(default=0, compare=False)
    output_shape: Shape = field(default=(), compare=False)

    @property
    def shared(self) -> bool:
        """Whether this is another call of a layer with weights that was called before."""
        return self.kind in ("conv", "dense") and "#" in self.name

    def having(self, **settings: object) -> Layer:
        """The same layer with other settings."""
        return replace(self, settings=tuple((dict(self.settings) | settings).items()))

    def differences(self, other: Layer) -> list[tuple[str, object]]:
        """The settings in which `other` differs, with the values of `other`."""
        theirs = dict(other.settings)
        told = [(key, theirs.get(key)) for key, value in self.settings if theirs.get(key) != value]
        return told if other.shared == self.shared else [("shared", "")]

    def same(self, other: Layer) -> bool:
        """Computes the same, whatever its name."""
        return self.kind == other.kind and not self.differences(other)


Pair = tuple[Layer | None, Layer | None]  # an expected layer and one found

# Keras class -> our kind, the settings that matter, and what the class itself says.
KINDS: dict[str, tuple[str, tuple[str, ...], dict[str, object]]] = {
    "Conv2D": (
        "conv",
        (
            "filters",
            "kernel_size",
            "strides",
            "padding",
            "dilation_rate",
            "groups",
            "use_bias",
            "activation",
        ),
        {},
    ),
    "MaxPooling2D": ("pool", ("pool_size", "strides", "padding"), {"mode": "max"}),
    "AveragePooling2D": ("pool", ("pool_size", "strides", "padding"), {"mode": "average"}),
    "Flatten": ("flatten", (), {}),
    "Dense": ("dense", ("units", "use_bias", "activation"), {}),
    "GlobalMaxPooling2D": ("global", (), {"mode": "max"}),
    "GlobalAveragePooling2D": ("global", (), {"mode": "average"}),
}
WIDTHS = {"Conv2D": "filters", "Dense": "units"}  # always an int, and judges reckon with it
DEFAULTS = {"dilation_rate": (1, 1), "groups": 1, "use_bias": True, "activation": "linear"}

# Layers that change nothing once a network is trained.
SILENT = {"InputLayer", "Dropout", "SpatialDropout2D", "Identity"}
# Activations with a class of their own (keras.layers) or as an operation (keras.ops).
ACTIVATIONS = {"ReLU": "relu", "Relu": "relu", "Softmax": "softmax"}


def make(keras_class: str, name: str, /, **settings: object) -> Layer:
    """A layer of that class with Keras's defaults for what is not given."""
    kind, keys, told = KINDS[keras_class]
    values = {key: plain(settings.get(key, DEFAULTS.get(key))) for key in keys} | told
    return Layer(kind, name, tuple(values.items()))


def read_chain(rows: object) -> tuple[Layer, ...]:
    """The layers of a summary's rows; an activation of its own joins the layer before it.

    Raises Malformed for anything that `ModelSummary.to_dict()` cannot have written.
    """
    layers: list[Layer] = []
    for row in expect(rows, list, "rows", most=MAX_ROWS):
        expect(row, dict, "row")
        kind, name = (expect(row.get(key), str, key, most=MAX_TEXT) for key in ("kind", "name"))
        name = name.rpartition("/")[2]  # inside a nested model
        config = expect(row.get("config"), dict, "config", most=100)
        activation = ACTIVATIONS.get(kind) or (
            expect(config.get("activation"), str, "activation", most=MAX_TEXT)
            if kind == "Activation"
            else None
        )
        if kind in SILENT or activation == "linear":
            continue
        if activation and layers and dict(layers[-1].settings).get("activation") == "linear":
            layers[-1] = layers[-1].having(activation=activation)
            continue
        if width := WIDTHS.get(kind):
            expect(config.get(width), int, width)
        settings = config | {key: row.get(key) for key in ("kernel_size", "strides", "padding")}
        layer = make(kind, name, **settings) if kind in KINDS else Layer(kind, name)
        params = expect(row.get("params"), int, "params")
        shape = read_shape(row, "output_shape")
        layers.append(Layer(layer.kind, name, layer.settings, params, shape))
    return tuple(layers)


def split(layers: Sequence[Layer]) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """The blocks of a network, and what follows from where its maps become a vector."""
    starts = (
        index
        for index, layer in enumerate(layers)
        if layer.kind in ("dense", "global") or len(layer.output_shape) == 1
    )
    cut = next(starts, len(layers))
    return tuple(layers[:cut]), tuple(layers[cut:])


def same(left: Sequence[Layer], right: Sequence[Layer]) -> bool:
    """Whether two chains compute the same, whatever the names."""
    return len(left) == len(right) and all(a.same(b) for a, b in zip(left, right, strict=True))


def expect(value: object, kind: type[T], what: str, most: int | None = None) -> T:
    """`value` when it is of that type and not longer than `most`; raises Malformed otherwise."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Malformed(f"{what}: expected {kind.__name__}, not {type(value).__name__}")
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise Malformed(f"{what}: a number beyond all bounds")
    if most is not None and isinstance(value, Sized) and len(value) > most:
        raise Malformed(f"{what}: {len(value)} entries, at most {most} expected")
    return value


def read_shape(told: dict[str, Any], key: str) -> Shape:
    """The shape that an answer tells under that key."""
    return tuple(plain(size, deep=False) for size in expect(told.get(key), list, key, most=8))


def plain(value: object, deep: bool = True) -> object:
    """Numbers and text as they are, a list of them as a tuple; anything else as "?"."""
    if deep and isinstance(value, list | tuple) and len(value) <= 8:
        return tuple(plain(item, deep=False) for item in value)
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, int | float):
        return value if abs(value) <= MAX_NUMBER else "?"
    return None if value is None else "?"


def align(expected: Sequence[Layer], found: Sequence[Layer]) -> list[Pair]:
    """Pairs (expected, found) of the cheapest edit from one chain to the other.

    A layer without a partner is paired with None. Only layers of one kind become partners, and
    would rather do so with a wrong setting or name than stay alone.
    """

    @cache
    def cheapest(i: int, j: int) -> tuple[float, int, int]:
        steps = []
        if i < len(expected) and j < len(found) and expected[i].kind == found[j].kind:
            unlike = min(1.5, 0.3 * len(expected[i].differences(found[j])))
            unlike += 0.2 * (expected[i].name != found[j].name)
            steps.append((unlike + cheapest(i + 1, j + 1)[0], 1, 1))
        if i < len(expected):
            steps.append((1 + cheapest(i + 1, j)[0], 1, 0))
        if j < len(found):
            steps.append((1 + cheapest(i, j + 1)[0], 0, 1))
        return min(steps, default=(0.0, 0, 0))

    pairs, i, j = [], 0, 0
    while (step := cheapest(i, j)[1:]) != (0, 0):
        ours, theirs = step
        pairs.append((expected[i] if ours else None, found[j] if theirs else None))
        i, j = i + ours, j + theirs
    return pairs
