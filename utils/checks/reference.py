"""What a network computes, in NumPy: a table from the kind of a layer to its formula.

It follows the graph, and needs no TensorFlow. What it does not compute it refuses, and names the
layer and the setting: never a guess. Grading's sandbox does not have this file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import product
from typing import Any

import numpy as np

from . import stored
from .layers import INPUT, Layer
from .weights import INPUT as IMAGE
from .weights import Array, Drawn, Repeated, Step, Weight, draw, place, seeded_images

Formula = Callable[..., Array]  # of a layer, what it reads, and its weights


class Unknown(ValueError):
    """A kind or a setting that is not computed here."""


def _pads(layer: Layer, size: Sequence[int], x: Array) -> list[tuple[int, int]]:
    """The zeros before and behind, of each axis of the maps: TensorFlow's, more behind."""
    if layer.get("padding") == "valid":
        return [(0, 0), (0, 0)]
    pads = []
    for n, span, stride in zip(x.shape[1:3], size, layer.get("strides"), strict=True):
        missing = max((math.ceil(n / stride) - 1) * stride + span - n, 0)
        pads.append((missing // 2, missing - missing // 2))
    return pads


def _padded(x: Array, pads: Sequence[tuple[int, int]], fill: float = 0.0) -> Array:
    if not any(map(any, pads)):
        return x
    return np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)


def _patches(layer: Layer, x: Array) -> Array:
    """What each place sees: (count, height, width, channels, kernel's height and width)."""
    dilation, (down, across) = layer.get("dilation_rate"), layer.get("strides")
    spans = [(k - 1) * d + 1 for k, d in zip(layer.get("kernel_size"), dilation, strict=True)]
    x = _padded(x, _pads(layer, spans, x))
    seen = np.lib.stride_tricks.sliding_window_view(x, spans, axis=(1, 2))
    patches: Array = seen[:, ::down, ::across, :, :: dilation[0], :: dilation[1]]
    return patches


def _times(x: Array, kernel: Drawn) -> Array:
    """What `x` reads at each place times a kernel as a matrix: a row a place."""
    rows = x.reshape(-1, math.prod(kernel.shape[:-1]))
    if isinstance(kernel, Repeated):
        return kernel.product(rows)
    made: Array = rows @ kernel.reshape(rows.shape[-1], -1)
    return made


def _conv(layer: Layer, x: Array, kernel: Drawn, bias: Array | float = 0.0) -> Array:
    """Each patch meets the kernel as one product; with groups, each group of channels its own."""
    patches = _patches(layer, x).transpose(0, 1, 2, 4, 5, 3)
    groups = layer.get("groups") or 1
    kernels = [kernel] if groups == 1 else np.split(np.asarray(kernel), groups, axis=-1)
    made = map(_times, np.split(patches, groups, axis=-1), kernels)
    return np.concatenate([*made], axis=-1).reshape(*patches.shape[:3], -1) + bias


def _depthwise(layer: Layer, x: Array, kernel: Drawn, bias: Array | float = 0.0) -> Array:
    patches = _patches(layer, x)
    made: Array = np.einsum("nhwcij,ijcm->nhwcm", patches, np.asarray(kernel), optimize=True)
    return made.reshape(*made.shape[:3], -1) + bias


def _separable(
    layer: Layer, x: Array, depthwise: Drawn, pointwise: Drawn, bias: Array | float = 0.0
) -> Array:
    seen = _depthwise(layer, x, depthwise)
    return _times(seen, pointwise).reshape(*seen.shape[:3], -1) + bias


def _pool(layer: Layer, x: Array) -> Array:
    """The largest or the mean of each window; the mean is of what is no padding."""
    size, strides = layer.get("pool_size"), layer.get("strides")
    pads = _pads(layer, size, x)
    if layer.get("mode") == "max":
        largest: Array = reduce(np.maximum, _shifted(_padded(x, pads, -np.inf), size, strides))
        return largest
    ones = _padded(np.ones((1, *x.shape[1:3], 1), x.dtype), pads)
    sums: Array = reduce(np.add, _shifted(_padded(x, pads), size, strides))
    counts: Array = reduce(np.add, _shifted(ones, size, strides))
    return sums / counts


def _shifted(x: Array, size: Sequence[int], strides: Sequence[int]) -> Iterator[Array]:
    """For each pixel of a window, that pixel of all windows."""
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(x.shape[1:3], size, strides, strict=True))
    for i, j in product(*map(range, size)):
        down = slice(i, i + (rows - 1) * strides[0] + 1, strides[0])
        yield x[:, down, j : j + (columns - 1) * strides[1] + 1 : strides[1]]


def _global(layer: Layer, x: Array) -> Array:
    reduce_all = np.max if layer.get("mode") == "max" else np.mean
    made: Array = reduce_all(x, axis=(1, 2), keepdims=bool(layer.get("keepdims")))
    return made


def _dense(layer: Layer, x: Array, kernel: Drawn, bias: Array | float = 0.0) -> Array:
    return _times(x, kernel).reshape(*x.shape[:-1], -1) + bias


def _norm(layer: Layer, x: Array, *weights: Array) -> Array:
    """Ioffe and Szegedy 2015 (arXiv:1502.03167), algorithm 2: with the moving statistics."""
    *learned, mean, variance = weights
    return _scaled(layer, (x - mean) / np.sqrt(variance + layer.get("epsilon")), learned)


def _layer_norm(layer: Layer, x: Array, *learned: Array) -> Array:
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return _scaled(layer, (x - mean) / np.sqrt(variance + layer.get("epsilon")), learned)


def _scaled(layer: Layer, x: Array, learned: Sequence[Array]) -> Array:
    """Times gamma, plus beta, where the layer has them."""
    left = list(learned)
    x = x * left.pop(0) if layer.get("scale") else x
    return x + left.pop(0) if layer.get("center") else x


def lrn(
    x: Array, depth_radius: int = 2, bias: float = 2, alpha: float = 1e-4, beta: float = 0.75
) -> Array:
    """Local response normalisation; by default over five channels, k = 2, α = 1e-4, β = 0.75.

    Krizhevsky et al. 2012 (NIPS 25), section 3.3; the constants are those that VGG refers to.
    """
    wide = [(0, 0)] * (x.ndim - 1) + [(depth_radius, depth_radius)]
    squares = np.lib.stride_tricks.sliding_window_view(
        np.pad(np.square(x), wide), 2 * depth_radius + 1, axis=-1
    )
    made: Array = x / (bias + alpha * squares.sum(axis=-1)) ** beta
    return made


def _merge(layer: Layer, *given: Array) -> Array:
    return MERGES[layer.get("mode")](given)


MERGES: dict[str, Callable[[Sequence[Array]], Array]] = {
    "add": lambda given: reduce(np.add, given),
    "subtract": lambda given: reduce(np.subtract, given),
    "multiply": lambda given: reduce(np.multiply, given),
    "average": lambda given: reduce(np.add, given) / len(given),
    "maximum": lambda given: reduce(np.maximum, given),
    "minimum": lambda given: reduce(np.minimum, given),
    "concatenate": lambda given: np.concatenate(given, axis=-1),
}


def _upsampling(layer: Layer, x: Array) -> Array:
    down, across = layer.get("size")
    return x.repeat(down, axis=1).repeat(across, axis=2)


def _crop(layer: Layer, x: Array) -> Array:
    (top, bottom), (left, right) = layer.get("cropping")
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


COMPUTE: dict[str, Formula] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "separable": _separable,
    "dense": _dense,
    "pool": _pool,
    "global": _global,
    "norm": _norm,
    "layer_norm": _layer_norm,
    "lrn": lambda layer, x: lrn(x, **dict(layer.settings)),
    "flatten": lambda layer, x: x.reshape(len(x), -1),
    "reshape": lambda layer, x: x.reshape(len(x), *layer.get("target_shape")),
    "rescaling": lambda layer, x: x * np.float32(layer.get("scale")) + layer.get("offset"),
    "pad": lambda layer, x: _padded(x, layer.get("padding")),
    "crop": _crop,
    "upsampling": _upsampling,
    "merge": _merge,
    "activation": lambda layer, x: x,
}

# What a setting has to be, where not every value is computed.
ONLY: dict[str, Callable[[Any], bool]] = {
    "data_format": lambda value: value == "channels_last",
    "axis": lambda value: value == -1,
    "interpolation": lambda value: value == "nearest",
    "padding": lambda value: value in ("same", "valid") or _is_margin(value),
    "cropping": lambda value: _is_margin(value),
    "activation": lambda value: _activation(value) is not None,
    "scale": lambda value: isinstance(value, int | float),
    "offset": lambda value: isinstance(value, int | float),
}


def _is_margin(value: Any) -> bool:
    """Whether that is what to add or to cut before and behind, of both axes."""
    return isinstance(value, tuple) and [*map(np.size, value)] == [2, 2]


def _relu(x: Array) -> Array:
    return np.maximum(x, 0)


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def softmax(x: Array) -> Array:
    """Probabilities along the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, 0)


def _elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _hard_sigmoid(x: Array) -> Array:
    return np.clip(x / 6 + 0.5, 0, 1)


def _shrunk(x: Array, by: float) -> Array:
    return np.where(np.abs(x) > 0.5, x - by * np.sign(x), 0)


# By the name of the function in keras.activations; a number in parentheses is its setting.
ACTIVATIONS: dict[str, Callable[..., Array]] = {
    "linear": lambda x: x,
    "relu": _relu,
    "relu6": lambda x: np.clip(x, 0, 6),
    "clipped_relu": lambda x, most: np.clip(x, 0, most),
    "leaky_relu": lambda x, slope=0.2: np.where(x > 0, x, x * np.float32(slope)),
    "elu": _elu,
    "celu": _elu,
    # Klambauer et al. 2017 (arXiv:1706.02515), equation 2.
    "selu": lambda x: 1.0507009873554805 * _elu(x, 1.6732632423543772),
    # Hendrycks and Gimpel 2016 (arXiv:1606.08415), section 2: x Φ(x).
    "gelu": lambda x: x * (1 + np.vectorize(math.erf, [x.dtype])(x / math.sqrt(2))) / 2,
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "sigmoid": sigmoid,
    "log_sigmoid": lambda x: -_softplus(-x),
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": lambda x: x * _hard_sigmoid(x),
    "tanh": np.tanh,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "hard_shrink": lambda x: _shrunk(x, 0.0),
    "soft_shrink": lambda x: _shrunk(x, 0.5),
    "softplus": _softplus,
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "softmax": softmax,
    "log_softmax": lambda x: np.log(softmax(x)),
    "exponential": np.exp,
}


def _activation(told: Any) -> Callable[[Array], Array] | None:
    """The function that a setting names, `leaky_relu(0.1)` too; None for an unknown one."""
    parts = re.fullmatch(r"(\w+)(?:\(([-+.\de]+)\))?", str(told or "linear"))
    function = ACTIVATIONS.get(parts[1]) if parts else None
    if parts is None or function is None:
        return None
    try:
        given = [float(parts[2])] if parts[2] else []
        function(np.ones(1, np.float32), *given)
    except (TypeError, ValueError):  # a number that it does not take, or lacks, or that is none
        return None
    return lambda x: function(x, *given)


def refuse(layers: Iterable[Layer]) -> None:
    """Raise Unknown, with the layer and the setting, for what is not computed here."""
    for layer in layers:
        if layer.kind not in COMPUTE:
            raise Unknown(f"{layer.path}: a {layer.kind} is not computed")
        for key, value in layer.settings:
            if key in ONLY and not ONLY[key](value):
                raise Unknown(f"{layer.path}: {key}={value!r} of a {layer.kind} is not computed")


def weights_of(layer: Layer, channels: int) -> list[Weight]:
    """The weights of a layer that reads so many channels, in Keras's order and with its names."""
    told, size = dict(layer.settings), tuple(layer.get("kernel_size") or ())
    width = told.get("filters") or told.get("units") or 0
    bias = [Weight("bias", (width,))] * bool(told.get("use_bias"))
    between = channels * told.get("depth_multiplier", 1)
    if layer.kind == "conv":
        shape = (*size, channels // told["groups"], told["filters"])
        return [Weight("kernel", shape), *bias]
    if layer.kind == "dense":
        return [Weight("kernel", (channels, told["units"])), *bias]
    depthwise = (*size, channels, told.get("depth_multiplier", 1))
    if layer.kind == "depthwise":
        return [Weight("kernel", depthwise), *[Weight("bias", (between,))] * len(bias)]
    if layer.kind == "separable":
        pointwise = Weight("pointwise_kernel", (1, 1, between, told["filters"]))
        return [Weight("depthwise_kernel", depthwise), pointwise, *bias]
    if layer.kind in ("norm", "layer_norm"):
        moving = ("moving_mean", "moving_variance") if layer.kind == "norm" else ()
        learned = [role for role, key in (("gamma", "scale"), ("beta", "center")) if told[key]]
        return [Weight(role, (channels,)) for role in (*learned, *moving)]
    return []


def run(
    layers: Iterable[Layer],
    images: Array,
    seed: int,
    given: Mapping[str, tuple[Array, ...]] | None = None,
) -> Iterator[Step]:
    """Compute layer by layer, each with the weights of its place, or with those `given` by name.

    Raises Unknown for what is not computed here.
    """
    for layer, output, weights in _run(tuple(layers), images, seed, given or {}):
        yield Step(layer.name, output, tuple(map(np.asarray, weights)))


def _run(
    layers: tuple[Layer, ...],
    images: Array,
    seed: int,
    given: Mapping[str, tuple[Array, ...]],
    known: dict[int, Array] | None = None,
) -> Iterator[tuple[Layer, Array, tuple[Drawn, ...]]]:
    """As `run`; `known` may hold outputs by what computes them, and gets those that are computed.

    That is a layer with all above it, in the order in which it reads them, and with the place of
    its weights, which for one that is called again is that of its first call.
    """
    outputs, places, known = {INPUT: images}, {INPUT: IMAGE}, {} if known is None else known
    kept: dict[str, tuple[Drawn, ...]] = {}  # of layers, for when they are called again
    first: dict[str, int] = {}
    told = {INPUT: 0}
    for layer in layers:
        refuse([layer])
        read = [outputs[path] for path in layer.inputs]
        needed = weights_of(layer, read[0].shape[-1])
        at = places[layer.path] = place(needed, [places[path] for path in layer.inputs])
        called = layer.path.partition("#")[0]
        own = given.get(layer.name) or kept.get(called)
        weights = kept[layer.path] = draw(seed, at, needed) if own is None else own
        first[layer.path] = first.get(called, at)
        above = tuple(told[path] for path in layer.inputs)
        form = told[layer.path] = hash((layer.kind, layer.settings, first[layer.path], above))
        output = None if given else known.get(form)
        if output is None:
            activation = _activation(layer.get("activation")) or ACTIVATIONS["linear"]
            output = activation(COMPUTE[layer.kind](layer, *read, *weights))
        outputs[layer.path] = known[form] = output
        yield layer, output, weights


@lru_cache(maxsize=64)
def outputs(layers: tuple[Layer, ...], input_shape: tuple[int, ...], seed: int) -> Array:
    """What `layers` give for the seed's weights and its one image; float32, no batch axis."""
    known = stored.outputs().get(stored.key(layers, input_shape, seed))
    return computed(layers, input_shape, seed) if known is None else known


def computed(layers: tuple[Layer, ...], input_shape: tuple[int, ...], seed: int) -> Array:
    """As `outputs`, whatever is stored; networks that begin alike are computed so far once."""
    images, known = seeded_images(seed, input_shape), _known(input_shape, seed)
    *_, (_, outputs, _) = _run(layers, images, seed, {}, known)
    output: Array = outputs[0, ...]
    return output


@lru_cache(maxsize=3)
def _known(input_shape: tuple[int, ...], seed: int) -> dict[int, Array]:
    return {}
