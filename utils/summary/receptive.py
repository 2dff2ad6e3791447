"""Receptive fields: which input positions one unit of a layer reads, along every spatial axis.

A unit's window is exact in the sense of the linear map: padding may carry it past the border of the
input, where it reads zeros. Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional
Neural Networks", Distill 2019, gives the recurrence for stride, padding and kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from utils.summary.count import _ranks, known_kind
from utils.summary.graph import Call


@dataclass(frozen=True)
class Taps:
    """Unit `o` of a layer reads its input from (step*o + first) // per to (step*o + last) // per."""

    step: int
    first: int
    last: int
    per: int = 1


@dataclass(frozen=True)
class Axis:
    """Unit `i` of a tensor reads the model's input from `first[i]` to `last[i]`.

    The lists hold one period: a period later, everything is `advance` positions further. One entry
    is enough until a transposed convolution or an upsampling gives units of different phase.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    advance: int

    def window(self, unit: int) -> tuple[int, int]:
        """Return the first and the last input position that a unit reads."""
        periods, phase = divmod(unit, len(self.first))
        shift = periods * self.advance
        return self.first[phase] + shift, self.last[phase] + shift

    @property
    def size(self) -> int:
        """The largest window, in input positions."""
        return max(last - first + 1 for first, last in zip(self.first, self.last, strict=True))

    @property
    def stride(self) -> Fraction:
        """How far the window moves from one unit to the next."""
        return Fraction(self.advance, len(self.first))

    def through(self, taps: Taps) -> Axis:
        """Return the axis of a layer that reads this one by `taps`."""
        cycle = taps.per * len(self.first)
        period = cycle // gcd(taps.step, cycle)
        units = range(period)
        return Axis(
            tuple(self.window((taps.step * o + taps.first) // taps.per)[0] for o in units),
            tuple(self.window((taps.step * o + taps.last) // taps.per)[1] for o in units),
            self.advance * taps.step * period // cycle,
        )

    def union(self, other: Axis) -> Axis:
        """Return the axis of units that read both; the strides are equal."""
        period = lcm(len(self.first), len(other.first))
        pairs = [(self.window(unit), other.window(unit)) for unit in range(period)]
        return Axis(
            tuple(min(mine[0], theirs[0]) for mine, theirs in pairs),
            tuple(max(mine[1], theirs[1]) for mine, theirs in pairs),
            self.advance * period // len(self.first),
        )


@dataclass(frozen=True)
class Field:
    """The receptive field of a tensor: an axis, a number of units and an input size per dimension.

    `flat` tells that the units have lost their places (Flatten).
    """

    axes: tuple[Axis, ...]
    units: tuple[int, ...]
    extents: tuple[int, ...]
    flat: bool = False

    def whole(self) -> Field:
        """Return the field of something that reads every unit: what these see inside the input."""
        axes = []
        for axis, units, extent in zip(self.axes, self.units, self.extents, strict=True):
            first = max(axis.window(0)[0], 0)
            last = min(axis.window(units - 1)[1], extent - 1)
            axes.append(Axis((first,), (last,), 0))
        return Field(tuple(axes), (1,) * len(axes), self.extents)

    @property
    def is_whole(self) -> bool:
        """Whether every unit reads the same window."""
        return all(axis.advance == 0 for axis in self.axes)


def spatial(op: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes of the spatial axes of a shape without the batch."""
    return shape[1:] if op.data_format == "channels_first" else shape[:-1]


def _windows(
    size: tuple[int, ...], strides: tuple[int, ...], dilation: tuple[int, ...], call: Call
) -> list[Taps]:
    """Return the taps of a sliding window, with the padding that TensorFlow gives it."""
    given = spatial(call.op, call.inputs[0].shape)
    made = spatial(call.op, call.outputs[0].shape)
    taps = []
    for k, s, d, n, m in zip(size, strides, dilation, given, made, strict=True):
        reach = (k - 1) * d
        before = {
            "valid": 0,
            "same": max((m - 1) * s + reach + 1 - n, 0) // 2,
            "causal": reach,
        }[call.op.padding]
        taps.append(Taps(s, -before, reach - before))
    return taps


def _convolution(call: Call) -> list[Taps]:
    op = call.op
    return _windows(op.kernel_size, op.strides, op.dilation_rate, call)


def _pooling(call: Call) -> list[Taps]:
    op = call.op
    return _windows(op.pool_size, op.strides, (1,) * len(op.pool_size), call)


def _transposed(call: Call) -> list[Taps]:
    """Output unit o gets input unit i through kernel element k where o = i * stride + k - cut."""
    op = call.op
    given = spatial(op, call.inputs[0].shape)
    made = spatial(op, call.outputs[0].shape)
    taps = []
    for k, s, d, n, m in zip(
        op.kernel_size, op.strides, op.dilation_rate, given, made, strict=True
    ):
        reach = (k - 1) * d
        cut = max((n - 1) * s + reach + 1 - m, 0) // 2 if op.padding == "same" else 0
        taps.append(Taps(1, cut - reach + s - 1, cut, per=s))
    return taps


def _upsampling(call: Call) -> list[Taps] | None:
    if getattr(call.op, "interpolation", "nearest") != "nearest":
        return None
    size = call.op.size if isinstance(call.op.size, tuple) else (call.op.size,)
    return [Taps(1, 0, 0, per=factor) for factor in size]


def _sides(amounts: Any) -> list[int]:
    """Return the amount before each axis, from (before, after) or a pair for each axis."""
    return [amounts[0]] if isinstance(amounts[0], int) else [before for before, _ in amounts]


def _padding(call: Call) -> list[Taps]:
    return [Taps(1, -before, -before) for before in _sides(call.op.padding)]


def _cropping(call: Call) -> list[Taps]:
    return [Taps(1, before, before) for before in _sides(call.op.cropping)]


WINDOWS: dict[str, Callable[[Call], list[Taps] | None]] = {
    **dict.fromkeys(_ranks("Conv{}D"), _convolution),
    **dict.fromkeys(_ranks("DepthwiseConv{}D", 1, 2), _convolution),
    **dict.fromkeys(_ranks("SeparableConv{}D", 1, 2), _convolution),
    **dict.fromkeys(_ranks("Conv{}DTranspose"), _transposed),
    **dict.fromkeys(_ranks("MaxPooling{}D"), _pooling),
    **dict.fromkeys(_ranks("AveragePooling{}D"), _pooling),
    **dict.fromkeys(_ranks("UpSampling{}D"), _upsampling),
    **dict.fromkeys(_ranks("ZeroPadding{}D"), _padding),
    **dict.fromkeys(_ranks("Cropping{}D"), _cropping),
}

POINTWISE = dict.fromkeys(
    [
        *("Identity", "Rescaling", "Normalization", "LayerScale", "StochasticDepth"),
        *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"),
        *("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization"),
        *_ranks("SpatialDropout{}D"),
        *("BatchNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"),
        *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"),
    ]
)

GLOBAL = dict.fromkeys(
    [*_ranks("GlobalMaxPooling{}D"), *_ranks("GlobalAveragePooling{}D"), "GroupNormalization"]
)


def field(call: Call, fields: list[Field | None]) -> Field | None:
    """Return the receptive field of what a call makes, from those of what it takes.

    None means that it is not known, or that the input has no spatial axis.
    """
    if not fields or None in fields or not fields[0].axes:
        return None
    if all(known.is_whole for known in fields):
        return _merged(fields)
    if kind := known_kind(call.op, WINDOWS):
        taps = WINDOWS[kind](call)
        if taps is None:
            return None
        [given] = fields
        return Field(
            tuple(axis.through(tap) for axis, tap in zip(given.axes, taps, strict=True)),
            spatial(call.op, call.outputs[0].shape)
            if hasattr(call.op, "data_format")
            else given.units,
            given.extents,
        )
    if known_kind(call.op, POINTWISE):
        return _merged(fields)
    if known_kind(call.op, GLOBAL):
        return fields[0].whole()
    if known_kind(call.op, {"Flatten": None}):
        [given] = fields
        return Field(given.axes, given.units, given.extents, flat=True)
    if known_kind(call.op, {"Dense": None}):
        [given] = fields
        return given.whole() if len(call.inputs[0].shape) == 1 else given
    return None


def _merged(fields: list[Field]) -> Field | None:
    """Return the field of units that read the same place of every tensor."""
    units = tuple(max(sizes) for sizes in zip(*(one.units for one in fields), strict=True))
    merged = fields[0]
    for other in fields[1:]:
        strides = [axis.stride for axis in merged.axes]
        if [axis.stride for axis in other.axes] == strides:
            axes = tuple(a.union(b) for a, b in zip(merged.axes, other.axes, strict=True))
            merged = Field(axes, units, merged.extents, merged.flat)
        elif merged.is_whole or other.is_whole:
            merged = _merged([merged.whole(), other.whole()])
        else:
            return None
    return merged
