"""Weights and images that a seed draws: the same in Keras and in NumPy, so that nobody sends them.

A layer's weights are drawn from its place in the graph: what its weights are, and the places that
it reads. Neither names nor the order in which branches are written matter.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

POOL = 2**20  # numbers from which all weights are taken
INPUT = 0  # the place of the image
SPREAD = 0.1  # of all weights that are no kernels
# What scales is around these; the other weights that are no kernels are around 0. Below 1, a
# normalisation keeps eight sums of branches so small that a softmax tells more than one class.
SCALING = {"gamma": np.float32(0.7), "moving_variance": np.float32(1)}
# Around these and their negatives: ReLU and max pooling pass what is scaled by positive numbers, so
# that next to them another order would hardly show.
EITHER_SIGN = ("gamma",)


class Weight(NamedTuple):
    """One array of a layer: its role, as Keras calls it, and its shape."""

    role: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Repeated:
    """A large kernel: it repeats the first `period` of `numbers`, which hold one row more.

    Of its 67 MB in VGG16's `fc2`, a product reads 4; NumPy makes it whole where it takes an array.
    """

    numbers: Array
    period: int
    shape: tuple[int, ...]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.resize(self.numbers[: self.period], self.shape).astype(dtype, copy=False)

    def product(self, x: Array) -> Array:
        """`x` times the kernel as a matrix: (n, inputs) @ (inputs, outputs)."""
        inputs, outputs = math.prod(self.shape[:-1]), self.shape[-1]
        made, row = np.zeros((len(x), outputs), x.dtype), 0
        while row < inputs:
            start = row * outputs % self.period
            rows = self.numbers[start:][: (inputs - row) * outputs]
            rows = rows[: len(rows) // outputs * outputs].reshape(-1, outputs)
            made += x[:, row : row + len(rows)] @ rows
            row += len(rows)
        return made


Drawn: TypeAlias = Array | Repeated


class Step(NamedTuple):
    """What a layer gives, by its name, with the weights that it has, if any."""

    name: str
    output: Array
    weights: tuple[Array, ...] = ()


def place(weights: Sequence[Weight], above: Sequence[int]) -> int:
    """The place of a layer with those weights that reads those places, in any order.

    How many channels a kernel reads is left out, since it follows from what stands above; what has
    no weights and reads one place is at that place, too.
    """
    if not weights and len(above) == 1:
        return above[0]
    own = [(role, *shape[:-2], *shape[-1:]) for role, shape in weights]
    return zlib.crc32(repr((own, sorted(above))).encode())


@lru_cache(maxsize=1)
def _pool(seed: int) -> Array:
    # All weights are pieces of it: drawing each of VGG16's numbers takes as long as using it.
    return np.random.default_rng(seed).uniform(-1, 1, POOL).astype(np.float32)


def numbers(seed: int, spot: int, weight: Weight) -> Array:
    """What a weight repeats, flat: kernels are uniform with He's variance, the rest within ±0.1.

    He et al. 2015, arXiv:1502.01852, equation 10: so the signal keeps its size through sixteen
    layers.
    """
    role, shape = weight
    limit = np.sqrt(6 / math.prod(shape[:-1])) if len(shape) > 1 else SPREAD
    part: Array = _pool(seed)[spot:][: math.prod(shape)] * np.float32(limit)
    if role not in SCALING:
        return part
    middle = SCALING[role]
    scaled: Array = part + (np.copysign(middle, part) if role in EITHER_SIGN else middle)
    return scaled


def spots(at: int, count: int) -> list[int]:
    """Where in the pool the weights of a layer begin that stands at a place."""
    return [zlib.crc32(f"{at} {index}".encode()) % (POOL // 2) for index in range(count)]


def draw(seed: int, at: int, weights: Sequence[Weight]) -> tuple[Drawn, ...]:
    """All weights of the layer at a place, float32: the calls of a case share them, unchanged."""
    kept, keys = _kept(seed), list(zip(spots(at, len(weights)), weights, strict=True))
    for spot, weight in keys:
        if (spot, weight) not in kept:
            kept[spot, weight] = _shaped(numbers(seed, spot, weight), weight.shape)
    return tuple(kept[key] for key in keys)


@lru_cache(maxsize=1)
def _kept(seed: int) -> dict[tuple[int, Weight], Drawn]:
    return {}


def _shaped(part: Array, shape: tuple[int, ...]) -> Drawn:
    if len(part) == math.prod(shape):
        return part.reshape(shape)
    return Repeated(np.resize(part, len(part) + shape[-1]), len(part), shape)


def seeded_images(seed: int, shape: Sequence[int], count: int = 1) -> Array:
    """`count` images (count, height, width, channels) with values in ±4, float32.

    Wide enough that a clipped activation (ReLU6) shows in the outputs.
    """
    return np.random.default_rng(seed).uniform(-4, 4, (count, *shape)).astype(np.float32)


def fingerprint(weights: Array) -> list[float]:
    """Three numbers of an array: mean, root of the mean square, and one that feels the order."""
    flat = np.asarray(weights, dtype=float).ravel()
    mixed = flat @ np.cos(np.arange(flat.size)) / max(1, flat.size)
    return [float(f"{value:.7g}") for value in (flat.mean(), np.sqrt(np.mean(flat**2)), mixed)]
