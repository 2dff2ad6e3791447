"""A network as a graph of layers: read from a summary's rows, made from a table, compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from utils.summary import LayerRow, ModelSummary

MAX_ROWS, MAX_TEXT, MAX_NUMBER = 300, 200, 10**12
INPUT = ""  # the path of the image

T = TypeVar("T")
Shape = tuple[Any, ...]  # whole numbers and None, or whatever an answer has there


class Malformed(ValueError):
    """An answer that no probe wrote."""


@dataclass(frozen=True)
class Layer:
    """One layer: its kind, what it is called, what decides what it computes, whose output it reads.

    `path` is the name with those of the models around it. `inputs` are paths.
    """

    kind: str
    path: str
    settings: tuple[tuple[str, Any], ...] = ()
    inputs: tuple[str, ...] = (INPUT,)
    params: int = field(default=0, compare=False)
    output_shape: Shape = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """The name, without those of the models around it."""
        return self.path.rpartition("/")[2]

    @property
    def shared(self) -> bool:
        """Whether this is another call of a layer with weights that was called before."""
        return self.kind in WEIGHTED and "#" in self.path

    def get(self, setting: str) -> Any:
        """A setting's value, None where the kind has none such."""
        return dict(self.settings).get(setting)

    @property
    def commutes(self) -> bool:
        """Whether the order of what it reads makes no other network.

        Branches concatenated in another order are the same ones: the channels change places.
        """
        return self.kind == "merge" and self.get("mode") != "subtract"

    def having(self, **settings: object) -> Layer:
        """The same layer with other settings."""
        return replace(self, settings=tuple((dict(self.settings) | settings).items()))

    def differences(self, other: Layer) -> list[tuple[str, object]]:
        """The settings in which `other` differs, with the values of `other`."""
        theirs = dict(other.settings)
        told = [(key, theirs.get(key)) for key, value in self.settings if theirs.get(key) != value]
        return told if other.shared == self.shared else [("shared", "")]

    def same(self, other: Layer) -> bool:
        """Computes the same from the same, whatever its name."""
        return self.kind == other.kind and not self.differences(other)


class Kind(NamedTuple):
    """What a class of Keras is here: its kind, the settings that matter, what the class says."""

    name: str
    settings: tuple[str, ...]
    told: Mapping[str, object] = {}


WINDOW = ("kernel_size", "strides", "padding", "dilation_rate")
LINEAR = ("use_bias", "activation")
POOL = Kind("pool", ("pool_size", "strides", "padding", "data_format"))
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
KINDS: dict[str, Kind] = {
    "Conv2D": Kind("conv", ("filters", *WINDOW, "groups", "data_format", *LINEAR)),
    "DepthwiseConv2D": Kind("depthwise", (*WINDOW, "depth_multiplier", "data_format", *LINEAR)),
    "SeparableConv2D": Kind(
        "separable", ("filters", *WINDOW, "depth_multiplier", "data_format", *LINEAR)
    ),
    "Dense": Kind("dense", ("units", *LINEAR)),
    "MaxPooling2D": POOL._replace(told={"mode": "max"}),
    "AveragePooling2D": POOL._replace(told={"mode": "average"}),
    "GlobalMaxPooling2D": Kind("global", ("keepdims", "data_format"), {"mode": "max"}),
    "GlobalAveragePooling2D": Kind("global", ("keepdims", "data_format"), {"mode": "average"}),
    "BatchNormalization": Kind("norm", ("axis", "scale", "center", "epsilon", "activation")),
    "LayerNormalization": Kind("layer_norm", ("axis", "scale", "center", "epsilon")),
    "LRN": Kind("lrn", ("depth_radius", "bias", "alpha", "beta")),  # no class of Keras
    "Flatten": Kind("flatten", ()),
    "Reshape": Kind("reshape", ("target_shape",)),
    "Rescaling": Kind("rescaling", ("scale", "offset")),
    "ZeroPadding2D": Kind("pad", ("padding", "data_format")),
    "Cropping2D": Kind("crop", ("cropping", "data_format")),
    "UpSampling2D": Kind("upsampling", ("size", "interpolation", "data_format")),
    "Concatenate": Kind("merge", ("axis", "activation"), {"mode": "concatenate"}),
    **{name: Kind("merge", ("activation",), {"mode": name.lower()}) for name in MERGES},
    "Activation": Kind("activation", ("activation",)),
}
WIDTHS = {"Conv2D": "filters", "Dense": "units"}  # always an int, and judges reckon with it
WEIGHTED = ("conv", "depthwise", "separable", "dense", "norm")
DEFAULTS = {
    **{"strides": (1, 1), "padding": "valid", "dilation_rate": (1, 1), "groups": 1},
    **{"depth_multiplier": 1, "data_format": "channels_last", "keepdims": False, "axis": -1},
    **{"use_bias": True, "activation": "linear", "scale": True, "center": True, "epsilon": 1e-3},
    "interpolation": "nearest",
}
COLUMNS = ("kernel_size", "strides", "padding")  # settings that a row has beside its config

# Layers that change nothing once a network is trained.
SILENT = {"Dropout", "SpatialDropout2D", "GaussianDropout", "AlphaDropout", "GaussianNoise"} | {
    "Identity",
    "ActivityRegularization",
}
# What an operation (keras.ops) over height and width is -> the layer that does the same.
OVER_MAPS = {
    "Mean": "GlobalAveragePooling2D",
    **dict.fromkeys(("Max", "Amax"), "GlobalMaxPooling2D"),
}
# What flattens where it leaves a single axis.
TO_A_VECTOR = ("Reshape", "Squeeze")
# Activations as an operation (keras.ops), whose class may be called otherwise than the function.
OPERATIONS = {
    **{"Relu": "relu", "Relu6": "relu6", "Elu": "elu", "Selu": "selu", "Silu": "silu"},
    **{"Sigmoid": "sigmoid", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu"},
    **{"Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign", "Softmax": "softmax"},
}


def make(keras_class: str, path: str, inputs: Sequence[str] = (INPUT,), /, **given: Any) -> Layer:
    """A layer of that class with Keras's defaults for what is not given.

    Raises ValueError for a class or a setting that the checks do not know.
    """
    if keras_class not in KINDS:
        raise ValueError(f"{path}: no {keras_class} in a task's network; known: {', '.join(KINDS)}")
    kind = KINDS[keras_class]
    if unknown := set(given) - set(kind.settings):
        raise ValueError(f"{path}: {keras_class} has no setting {', '.join(sorted(unknown))}")
    values = {key: plain(given.get(key, DEFAULTS.get(key))) for key in kind.settings}
    if kind.name == "conv" and values["kernel_size"] == (1, 1):
        values["padding"] = "valid"  # a single pixel needs none
    return Layer(kind.name, path, tuple((dict(kind.told) | values).items()), tuple(inputs))


def read_summary(told: object) -> ModelSummary:
    """The summary that an answer tells. Raises Malformed for what `to_dict` cannot have written.

    The settings are the student's own and may be anything: what is not plain becomes "?".
    """
    told = expect(told, dict, "summary")
    rows = []
    for row in expect(told.get("rows"), list, "rows", most=MAX_ROWS):
        config = expect(expect(row, dict, "row").get("config"), dict, "config", most=100)
        for key in ("kind", "name"):
            expect(row.get(key), str, key, most=MAX_TEXT)
        expect(row.get("inputs"), list, "inputs", most=MAX_ROWS)
        rows.append(row | {"config": {key: plain(value) for key, value in config.items()}})
    try:
        summary = ModelSummary.from_dict(told | {"rows": rows})
    except ValueError as error:
        raise Malformed(str(error)) from None
    if not rows:
        raise Malformed("rows: there is none")
    return summary


def read_layers(summary: ModelSummary) -> tuple[Layer, ...]:
    """The layers of a summary, each after those that it reads, without what changes nothing.

    Raises Malformed where a row reads one that does not stand above it.
    """
    heard: dict[str, str] = {}  # a row's name -> the path of whose output it is
    layers = []
    for row in summary.rows:
        if missing := [name for name in row.inputs if name not in heard]:
            raise Malformed(f"{row.name} reads {missing[0]}, which is not above it")
        inputs = tuple(heard[name] for name in row.inputs)
        heard[row.name] = row.name
        if not inputs:
            heard[row.name] = INPUT if INPUT not in heard.values() else row.name
        elif row.kind in SILENT or _activation(row) == "linear":
            heard[row.name] = inputs[0]
        else:
            layers.append(_layer(row, inputs))
    return folded(_flattened_once(layers))


def _flattened_once(layers: Sequence[Layer]) -> Iterator[Layer]:
    """The layers, where a global pooling keeps no axes that the layer after it drops."""
    by_path = {layer.path: layer for layer in layers}
    readers = Counter(path for layer in layers for path in layer.inputs)
    dropped = {
        layer.path: layer.inputs[0]
        for layer in layers
        if layer.kind == "flatten" and readers[layer.inputs[0]] == 1
        if by_path.get(layer.inputs[0], layer).kind == "global"
    }
    for layer in layers:
        if layer.path in dropped.values():
            layer = replace(layer.having(keepdims=False), output_shape=layer.output_shape[-1:])
        if layer.path not in dropped:
            yield replace(layer, inputs=tuple(dropped.get(path, path) for path in layer.inputs))


def _layer(row: LayerRow, inputs: tuple[str, ...]) -> Layer:
    def told(kind: str, settings: tuple[tuple[str, Any], ...] = ()) -> Layer:
        return Layer(kind, row.name, settings, inputs, row.params, row.output_shape)

    if activation := _activation(row):
        return told("activation", (("activation", activation),))
    kind = OVER_MAPS[row.kind] if _is_over_maps(row) else row.kind
    if kind in TO_A_VECTOR and len(row.output_shape) == 1:
        kind = "Flatten"
    if kind not in KINDS or (KINDS[kind].name == "merge" and len(inputs) < 2):  # as x * 2
        return told(kind)
    given = dict(row.config) | {key: getattr(row, key) for key in COLUMNS}
    if width := WIDTHS.get(kind):
        expect(given.get(width), int, width)
    if _is_last(given.get("axis"), row):
        given["axis"] = -1
    known = {key: value for key, value in given.items() if key in KINDS[kind].settings}
    made = make(kind, row.name, **known)
    return told(made.kind, made.settings)


def _is_last(axis: object, row: LayerRow) -> bool:
    """Whether an axis, perhaps the one of a tuple that holds one, is that of the channels."""
    (axis,) = axis if isinstance(axis, tuple) and len(axis) == 1 else (axis,)
    return axis in (-1, len(row.output_shape))


def _is_over_maps(row: LayerRow) -> bool:
    """Whether a row is an operation that leaves a number of each map."""
    axes, size = row.config.get("axis"), 3 if row.config.get("keepdims") else 1
    is_known = row.kind in OVER_MAPS and len(row.output_shape) == size
    return is_known and axes in ((1, 2), (2, 1), (-3, -2), (-2, -3))


def _activation(row: LayerRow) -> str | None:
    """The activation that a row is, with its number where it has one; None for any other layer."""
    told = row.config
    if row.kind == "Activation":
        return expect(told.get("activation"), str, "activation", most=MAX_TEXT)
    if row.kind in ("ReLU", "LeakyReLU"):
        slope, most = told.get("negative_slope"), told.get("max_value")
        if slope and most is None:
            return f"leaky_relu({slope})"
        names: dict[object, str] = {None: "relu", 6: "relu6"}
        return None if slope else names.get(most, f"clipped_relu({most})")
    if row.kind == "LeakyRelu":
        return f"leaky_relu({told.get('negative_slope')})"
    if row.kind == "ELU":
        return "elu" if told.get("alpha") == 1 else f"elu({told.get('alpha')})"
    if row.kind == "Softmax" and not _is_last(told.get("axis", -1), row):
        return f"softmax(axis={told['axis']})"
    return OPERATIONS.get(row.kind)


def folded(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """The layers, where an activation of its own has joined the layer that it alone reads."""
    layers = tuple(layers)
    readers = Counter(path for layer in layers for path in layer.inputs)
    found: dict[str, Layer] = {}
    joined: dict[str, str] = {}
    for layer in layers:
        inputs = tuple(joined.get(path, path) for path in layer.inputs)
        below = found.get(inputs[0])
        if (
            layer.kind == "activation"
            and below
            and below.get("activation") == "linear"
            and readers[layer.inputs[0]] == 1
        ):
            joined[layer.path] = below.path
            found[below.path] = below.having(activation=layer.get("activation"))
        else:
            found[layer.path] = replace(layer, inputs=inputs)
    return tuple(found.values())


def forms(layers: Iterable[Layer]) -> dict[str, int]:
    """What each layer computes of the image, as a number: equal where the graphs above are.

    Names do not matter, nor does the order of what a sum reads; a layer called again is not the
    same as a new one.
    """
    known: dict[str, int] = {}
    for layer in layers:
        above = [known.get(path, 0) for path in layer.inputs]
        if layer.commutes:
            above.sort()
        first = known.get(layer.path.partition("#")[0]) if layer.shared else None
        known[layer.path] = hash((layer.kind, layer.settings, first, tuple(above)))
    return known


def in_order_of(found: Sequence[Layer], network: Sequence[Layer]) -> tuple[Layer, ...]:
    """The network with its branches concatenated in the order in which `found` has the same."""
    theirs, ours = forms(found), forms(network)
    orders = {
        theirs[layer.path]: [theirs.get(path, 0) for path in layer.inputs]
        for layer in found
        if layer.get("mode") == "concatenate"
    }

    def arranged(layer: Layer) -> Layer:
        if (order := orders.get(ours[layer.path])) is None:
            return layer
        inputs = sorted(layer.inputs, key=lambda path: order.index(ours.get(path, 0)))
        return replace(layer, inputs=tuple(inputs))

    return tuple(map(arranged, network))


def same(left: Sequence[Layer], right: Sequence[Layer]) -> bool:
    """Whether two graphs compute the same, whatever the names."""
    return Counter(forms(left).values()) == Counter(forms(right).values())


def without_activations(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """The graph that is left where nothing has an activation."""
    left: list[Layer] = []
    passed: dict[str, str] = {}
    for layer in layers:
        inputs = tuple(passed.get(path, path) for path in layer.inputs)
        if layer.kind == "activation":
            passed[layer.path] = inputs[0]
        else:
            layer = replace(layer, inputs=inputs)
            has_one = layer.get("activation") is not None
            left.append(layer.having(activation="linear") if has_one else layer)
    return tuple(left)


def ordered(layers: Sequence[Layer]) -> list[Layer]:
    """The layers in an order that does not depend on which branch was written first.

    Each comes after all that it reads; of the branches of a sum, the longest is first.
    """
    by_path = {layer.path: layer for layer in layers}
    depth: dict[str, tuple[int, str]] = {INPUT: (0, "")}
    for layer in layers:
        above = max((depth.get(path, (0, ""))[0] for path in layer.inputs), default=0)
        depth[layer.path] = (above + 1, repr((layer.kind, layer.settings)))
    read = {path for layer in layers for path in layer.inputs}
    found: dict[str, Layer] = {}
    waiting = [layer.path for layer in reversed(layers) if layer.path not in read]
    while waiting:
        layer = by_path[waiting[-1]]
        inputs = [path for path in layer.inputs if path in by_path and path not in found]
        if layer.commutes and layer.get("mode") != "concatenate":  # in the order of the paper
            inputs.sort(key=lambda path: depth[path], reverse=True)
        if inputs:
            waiting.append(inputs[0])
        else:
            found[waiting.pop()] = layer
    return list(found.values())


def split(layers: Sequence[Layer]) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """The layers that give maps, and what follows from where the maps become a vector."""
    starts = (
        index
        for index, layer in enumerate(layers)
        if layer.kind in ("dense", "global") or len(layer.output_shape) == 1
    )
    cut = next(starts, len(layers))
    return tuple(layers[:cut]), tuple(layers[cut:])


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
    return tuple(plain(size, depth=0) for size in expect(told.get(key), list, key, most=8))


def plain(value: object, depth: int = 2) -> object:
    """Numbers and text as they are, lists of them as tuples; anything else as "?"."""
    if depth and isinstance(value, list | tuple) and len(value) <= 8:
        return tuple(plain(item, depth - 1) for item in value)
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, int | float):
        return value if abs(value) <= MAX_NUMBER else "?"
    return None if value is None else "?"
