"""Multiply-accumulates of one call: a table from the kind of layer to its formula."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from utils.summary.graph import Call

CONVENTION = (
    "MACs: multiply-accumulates of convolution and dense layers at batch 1, padding included, "
    "biases not; FLOPs = 2 x MACs."
)


def channels(op: Any, shape: tuple[int, ...]) -> int:
    """Return the number of channels of a shape without the batch."""
    return shape[0] if op.data_format == "channels_first" else shape[-1]


def _convolution(op: Any, given: tuple[int, ...], made: tuple[int, ...]) -> int:
    return prod(made) * prod(op.kernel_size) * channels(op, given) // op.groups


def _depthwise(op: Any, given: tuple[int, ...], made: tuple[int, ...]) -> int:
    return prod(made) * prod(op.kernel_size)


def _separable(op: Any, given: tuple[int, ...], made: tuple[int, ...]) -> int:
    positions = prod(made) // op.filters
    middle = channels(op, given) * op.depth_multiplier
    return positions * middle * (prod(op.kernel_size) + op.filters)


def _transposed(op: Any, given: tuple[int, ...], made: tuple[int, ...]) -> int:
    return prod(given) * prod(op.kernel_size) * op.filters


def _dense(op: Any, given: tuple[int, ...], made: tuple[int, ...]) -> int:
    return prod(made) * given[-1]


def _nothing(op: Any, given: tuple[int, ...], made: tuple[int, ...]) -> int:
    return 0


def _ranks(pattern: str, *ranks: int) -> list[str]:
    return [pattern.format(rank) for rank in ranks or (1, 2, 3)]


FREE = [
    *("InputLayer", "Identity", "Masking", "Embedding", "Rescaling", "Normalization"),
    *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"),
    *("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization"),
    *_ranks("SpatialDropout{}D"),
    *("BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization"),
    *("RMSNormalization",),
    *_ranks("MaxPooling{}D"),
    *_ranks("AveragePooling{}D"),
    *_ranks("GlobalMaxPooling{}D"),
    *_ranks("GlobalAveragePooling{}D"),
    *_ranks("AdaptiveMaxPooling{}D"),
    *_ranks("AdaptiveAveragePooling{}D"),
    *("Flatten", "Reshape", "Permute", "RepeatVector"),
    *_ranks("ZeroPadding{}D"),
    *_ranks("Cropping{}D"),
    *_ranks("UpSampling{}D"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"),
]

COUNTERS: dict[str, Callable[[Any, tuple[int, ...], tuple[int, ...]], int]] = {
    **dict.fromkeys(FREE, _nothing),
    **dict.fromkeys(_ranks("Conv{}D"), _convolution),
    **dict.fromkeys(_ranks("Conv{}DTranspose"), _transposed),
    **dict.fromkeys(_ranks("DepthwiseConv{}D", 1, 2), _depthwise),
    **dict.fromkeys(_ranks("SeparableConv{}D", 1, 2), _separable),
    "Dense": _dense,
}


def known_kind(op: Any, table: dict[str, Any]) -> str | None:
    """Return the Keras kind in `table` whose forward pass `op` has, None if it has its own.

    A subclass counts as its parent as long as it inherits `call`.
    """
    for parent in type(op).__mro__:
        if parent.__module__.startswith("keras.") and parent.__name__ in table:
            return parent.__name__ if type(op).call is parent.call else None
    return None


def macs(call: Call) -> int | None:
    """Return the MACs of one call at batch 1, None when its kind cannot be counted."""
    kind = known_kind(call.op, COUNTERS)
    edges = call.inputs + call.outputs
    if kind is None or any(None in edge.shape for edge in edges):
        return None
    given = call.inputs[0].shape if call.inputs else ()
    return COUNTERS[kind](call.op, given, call.outputs[0].shape)
