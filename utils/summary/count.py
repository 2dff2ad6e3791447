"""Multiply-accumulates of one call: a table from the kind of layer to its formula.

Padding counts as if its zeros were multiplied, as in the papers and in TensorFlow's profiler.
Activations, normalisation, pooling and sums are 0 by convention; a kind outside the table is not
counted, which is something else than 0. LoRA (Hu et al. 2021) adds the product of its two factors,
which Keras makes at each call, however large the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, Protocol

from utils.summary import kinds
from utils.summary.graph import Call, Shape


class _Layer(Protocol):
    """What the formulas read; a layer has what the formula of its own kind reads."""

    data_format: str
    depth_multiplier: int
    filters: int
    groups: int
    kernel_size: tuple[int, ...]


def _channels(op: _Layer, shape: Shape) -> int:
    return shape[0] if op.data_format == "channels_first" else shape[-1]


def _convolution(op: _Layer, given: Shape, made: Shape) -> int:
    return prod(made) * prod(op.kernel_size) * _channels(op, given) // op.groups


def _depthwise(op: _Layer, given: Shape, made: Shape) -> int:
    return prod(made) * prod(op.kernel_size)


def _separable(op: _Layer, given: Shape, made: Shape) -> int:
    places = prod(made) // op.filters
    between = _channels(op, given) * op.depth_multiplier
    return places * between * (prod(op.kernel_size) + op.filters)


def _transposed(op: _Layer, given: Shape, made: Shape) -> int:
    return prod(given) * prod(op.kernel_size) * op.filters


def _dense(op: _Layer, given: Shape, made: Shape) -> int:
    return prod(made) * given[-1]


def _none(op: _Layer, given: Shape, made: Shape) -> int:
    return 0


COUNTERS: dict[str, Callable[[_Layer, Shape, Shape], int]] = {
    **dict.fromkeys(kinds.CONVOLUTION, _convolution),
    **dict.fromkeys(kinds.DEPTHWISE, _depthwise),
    **dict.fromkeys(kinds.SEPARABLE, _separable),
    **dict.fromkeys(kinds.TRANSPOSED, _transposed),
    "Dense": _dense,
    **dict.fromkeys(kinds.POINTWISE + kinds.CHANNELWISE + kinds.GLOBAL, _none),
    **dict.fromkeys(kinds.POOLING + kinds.PADDING + kinds.CROPPING + kinds.UPSAMPLING, _none),
    **dict.fromkeys(("InputLayer", "Flatten", *kinds.REARRANGING), _none),
}


def macs(call: Call) -> int | None:
    """Return the MACs of one call at batch 1, None when they cannot be counted."""
    kind, shapes = call.kind_in(COUNTERS), call.known_shapes()
    if kind is None or shapes is None:
        return None
    adapter = _adapter(call.op)
    return None if adapter is None else COUNTERS[kind](call.op, *shapes) + adapter


def _adapter(op: Any) -> int | None:
    """Return what a layer's LoRA adds, 0 without one; None: the layer is quantised besides."""
    if not getattr(op, "lora_enabled", False):
        return 0
    if getattr(op, "quantization_mode", None):
        return None
    first, second = (weight.shape for weight in op.weights if weight.name.startswith("lora_"))
    return int(prod(first) * second[-1])
