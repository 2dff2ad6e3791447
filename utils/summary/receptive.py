"""Receptive fields: which places of the input one unit of a layer reads, along each spatial axis.

A window may reach past the border of the input, into the padding. For one path it follows the
recurrence of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks",
Distill 2019; here it is kept as first and last place, so that branches join exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from typing import Any

from utils.summary import kinds
from utils.summary.graph import Call, Shape

Shapes = tuple[Shape, Shape]  # of what a call takes and of what it makes


# The window of a unit that reads nothing ends before it begins, wherever it is moved.
NOTHING = (2**62, -(2**62))


@dataclass(frozen=True)
class Taps:
    """Unit `o` of a layer reads units (step * o + first) // per to (step * o + last) // per.

    Of these it reads each, or the first, the one `apart` further, and so on.
    """

    step: int
    first: int
    last: int
    per: int = 1
    apart: int = 1

    def units(self, o: int) -> range:
        """Return the units that unit `o` reads."""
        first, last = ((self.step * o + tap) // self.per for tap in (self.first, self.last))
        return range(first, last + 1, self.apart)


@dataclass(frozen=True)
class Axis:
    """Along one axis, unit `i` of a tensor reads the input from `first[i]` to `last[i]`.

    These hold one period; one later, both are `advance` places further. The period is 1 until a
    transposed convolution or an upsampling makes units of different phase. `advance` is 0 where
    every unit reads the same. A unit that reads nothing has its last place before its first.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    advance: int
    units: int
    extent: int

    @classmethod
    def of_input(cls, extent: int) -> Axis:
        """Return the axis of the input itself: every unit reads its own place."""
        return cls((0,), (0,), 1, extent, extent)

    def window(self, unit: int) -> tuple[int, int]:
        """Return the first and the last place that a unit reads."""
        periods, phase = divmod(unit, len(self.first))
        shift = periods * self.advance
        return self.first[phase] + shift, self.last[phase] + shift

    @property
    def size(self) -> int:
        """Places in the largest window."""
        return max(0, *(last - first + 1 for first, last in self.period()))

    @property
    def stride(self) -> Fraction:
        """Places from the window of one unit to the next one's."""
        return Fraction(self.advance, len(self.first))

    @property
    def is_even(self) -> bool:
        """Whether each window is as large as the one before, and one stride further."""
        period = len(self.first)
        windows = pairwise(map(self.window, range(period + 1)))
        steps = {after[end] - before[end] for before, after in windows for end in (0, 1)}
        return steps == {self.advance // period} and self.advance % period == 0

    def period(self) -> list[tuple[int, int]]:
        """Return the windows of one period."""
        return list(zip(self.first, self.last, strict=True))

    def through(self, taps: Taps, units: int) -> Axis:
        """Return the axis of a layer that reads this one."""
        cycle = taps.per * len(self.first)
        period = cycle // gcd(taps.step, cycle)
        read = [[NOTHING, *map(self.window, taps.units(o))] for o in range(period)]
        return Axis(
            tuple(min(first for first, _ in windows) for windows in read),
            tuple(max(last for _, last in windows) for windows in read),
            self.advance * taps.step * period // cycle,
            units,
            self.extent,
        )

    def whole(self) -> Axis:
        """Return the axis of something that reads every unit: their windows within the input."""
        firsts, lasts = zip(*map(self.window, range(self.units)), strict=True)
        first, last = max(min(firsts), 0), min(max(lasts), self.extent - 1)
        return Axis((first,), (last,), 0, 1, self.extent)

    def stretched(self, units: int) -> Axis:
        """Return the axis after broadcasting: one unit stands for all."""
        if self.units == units:
            return self
        first, last = self.window(0)
        return Axis((first,), (last,), 0, units, self.extent)

    def union(self, other: Axis) -> Axis | None:
        """Return the axis of units that read both, None where the two don't keep step."""
        units = max(self.units, other.units)
        mine, theirs = self.stretched(units), other.stretched(units)
        if mine.stride != theirs.stride:
            if 0 not in (mine.advance, theirs.advance):
                return None
            mine, theirs = mine.whole(), theirs.whole()
        period = lcm(len(mine.first), len(theirs.first))
        windows = [(*mine.window(unit), *theirs.window(unit)) for unit in range(period)]
        return Axis(
            tuple(min(first, another) for first, _, another, _ in windows),
            tuple(max(last, another) for _, last, _, another in windows),
            mine.advance * period // len(mine.first),
            units,
            self.extent,
        )


@dataclass(frozen=True)
class Field:
    """The receptive fields of a tensor's units, an axis for each spatial axis of the input.

    A vector has no spatial axis. `flat` tells that Flatten has taken the units out of their places.
    """

    axes: tuple[Axis, ...]
    channels_first: bool = False
    flat: bool = False

    @classmethod
    def of_input(cls, shape: Shape, channels_first: bool) -> Field:
        """Return the field of an input, each unit of which reads itself."""
        return cls(tuple(map(Axis.of_input, _spatial(shape, channels_first))), channels_first)

    def whole(self) -> Field:
        """Return the field of something that reads every unit."""
        return replace(self, axes=tuple(axis.whole() for axis in self.axes), flat=False)

    @property
    def is_whole(self) -> bool:
        """Whether every unit reads the same."""
        return all(axis.advance == 0 for axis in self.axes)


def _spatial(shape: Shape, channels_first: bool) -> Shape:
    return shape[1:] if channels_first else shape[:-1]


def _sliding(op: Any, shapes: Shapes, size: Shape, dilation: Shape) -> list[Taps]:
    """Return the taps of a sliding window; "same" pads the larger half behind, as TensorFlow."""
    taps = []
    for given, made, k, s, d in zip(*_sizes(op, shapes), size, op.strides, dilation, strict=True):
        reach = (k - 1) * d
        missing = max((made - 1) * s + reach + 1 - given, 0)
        before = {"valid": 0, "same": missing // 2, "causal": reach}[op.padding]
        taps.append(Taps(s, -before, reach - before, apart=d))
    return taps


def _sizes(op: Any, shapes: Shapes) -> list[Shape]:
    return [_spatial(shape, op.data_format == "channels_first") for shape in shapes]


def _convolution(op: Any, shapes: Shapes) -> list[Taps]:
    return _sliding(op, shapes, op.kernel_size, op.dilation_rate)


def _pooling(op: Any, shapes: Shapes) -> list[Taps]:
    return _sliding(op, shapes, op.pool_size, (1,) * len(op.pool_size))


def _transposed(op: Any, shapes: Shapes) -> list[Taps]:
    """Unit i of the input reaches o = i * stride + tap - cut, for each tap of the kernel."""
    taps = []
    for given, made, k, s, d in zip(
        *_sizes(op, shapes), op.kernel_size, op.strides, op.dilation_rate, strict=True
    ):
        reach = (k - 1) * d
        surplus = max((given - 1) * s + reach + 1 - made, 0)
        cut = surplus // 2 if op.padding == "same" else 0
        taps.append(Taps(1, cut - reach + s - 1, cut, per=s))
    return taps


def _upsampling(op: Any, shapes: Shapes) -> list[Taps] | None:
    if getattr(op, "interpolation", "nearest") != "nearest":
        return None
    return [Taps(1, 0, 0, per=factor) for factor in _each(op.size)]


def _padding(op: Any, shapes: Shapes) -> list[Taps]:
    return [Taps(1, -before, -before) for before in _before(op.padding)]


def _cropping(op: Any, shapes: Shapes) -> list[Taps]:
    return [Taps(1, before, before) for before in _before(op.cropping)]


def _each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _before(amounts: Any) -> list[int]:
    """Return what comes before each axis: of (before, after), or of one such pair an axis."""
    return [amounts[0]] if isinstance(amounts[0], int) else [before for before, _ in amounts]


WINDOWS: dict[str, Callable[[Any, Shapes], list[Taps] | None]] = {
    **dict.fromkeys(kinds.CONVOLUTION + kinds.DEPTHWISE + kinds.SEPARABLE, _convolution),
    **dict.fromkeys(kinds.TRANSPOSED, _transposed),
    **dict.fromkeys(kinds.POOLING, _pooling),
    **dict.fromkeys(kinds.UPSAMPLING, _upsampling),
    **dict.fromkeys(kinds.PADDING, _padding),
    **dict.fromkeys(kinds.CROPPING, _cropping),
}


def field(call: Call, given: list[Field | None]) -> Field | None:
    """Return the receptive field of what a call makes from the fields of what it takes.

    None: the layer is of a kind whose places are not followed, or comes after such a one, or slides
    over an unknown number of places.
    """
    known = [one for one in given if one]
    if not given or len(known) < len(given):
        return None
    known = [one for one in known if one.axes] or known[:1]
    if all(one.is_whole for one in known):
        return _joined(known)
    if kind := call.kind_in(WINDOWS):
        return _slid(call, known[0], kind)
    if call.kind_in(kinds.GLOBAL):
        return known[0].whole()
    if call.kind_in(("Flatten",)):
        return replace(known[0], flat=True)
    if call.kind_in(("Dense",)) and len(call.inputs[0].shape) == 1:
        return known[0].whole()
    if call.kind_in(kinds.POINTWISE):
        return _joined(known)
    if call.kind_in(("Dense", *kinds.CHANNELWISE)) and _along_channels(call, known[0]):
        return _joined(known)
    return None


def _slid(call: Call, given: Field, kind: str) -> Field | None:
    shapes = call.known_shapes()
    taps = shapes and WINDOWS[kind](call.op, shapes)
    if shapes is None or taps is None or given.flat:
        return None
    units = _spatial(shapes[1], given.channels_first)
    axes = [a.through(t, n) for a, t, n in zip(given.axes, taps, units, strict=True)]
    return replace(given, axes=tuple(axes))


def _along_channels(call: Call, given: Field) -> bool:
    """Tell whether the axis along which a call works is the channels'."""
    rank = len(call.outputs[0].shape)
    channel = 1 if given.channels_first and not given.flat else rank
    axis = -1 if call.kind_in(("Dense",)) else getattr(call.op, "axis", channel)
    axes = axis if isinstance(axis, list | tuple) else [axis]
    return all(one is not None and one % (rank + 1) == channel for one in axes)


def _joined(given: list[Field]) -> Field | None:
    """Return the field of units that read the same place of every tensor."""
    joined, *others = given
    for other in others:
        if [a.extent for a in joined.axes] != [b.extent for b in other.axes]:
            return None
        if joined != other and (joined.flat or other.flat):
            joined, other = joined.whole(), other.whole()
        pairs = zip(joined.axes, other.axes, strict=True)
        axes = [axis for a, b in pairs if (axis := a.union(b))]
        if len(axes) < len(joined.axes):
            return None
        joined = replace(joined, axes=tuple(axes))
    return joined
