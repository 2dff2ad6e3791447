"""VGG in NumPy: what a network must compute for given weights, without TensorFlow.

The probe and the mark both draw weights and images here, from the seed alone, so that neither has
to send them to the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

POOL = 2**20  # numbers from which all weights are taken


@lru_cache(maxsize=1)
def _pool(seed: int) -> Array:
    # All weights are pieces of it: drawing each of VGG16's numbers takes as long as using it.
    return np.random.default_rng(seed).uniform(-1, 1, POOL).astype(np.float32)


def numbers(seed: int, place: int, shape: tuple[int, ...]) -> Array:
    """What weights of a shape repeat, flat: kernels are uniform with He's variance, biases in ±0.1.

    He et al. 2015, arXiv:1502.01852, equation 10: so the signal keeps its size through sixteen
    layers.
    """
    limit = np.sqrt(6 / np.prod(shape[:-1])) if len(shape) > 1 else 0.1
    part: Array = _pool(seed)[place:][: math.prod(shape)] * np.float32(limit)
    return part


def piece(seed: int, place: int, shape: tuple[int, ...]) -> Array:
    """Weights of a shape, all of them."""
    return np.resize(numbers(seed, place, shape), shape)


def weight_source(
    seed: int, take: Callable[[int, int, tuple[int, ...]], Any] = piece
) -> Callable[[Sequence[int]], Any]:
    """A function that gives the next weights of a shape, in layer order, float32.

    `take` makes them of the seed, a place in its pool and a shape, as `piece` does.
    """
    places = np.random.default_rng([seed, POOL])

    def draw(shape: Sequence[int]) -> Any:
        return take(seed, int(places.integers(POOL // 2)), tuple(shape))

    return draw


def seeded_images(seed: int, shape: Sequence[int], count: int = 1) -> Array:
    """`count` images (count, height, width, channels) with values in ±4, float32.

    Wide enough that a clipped activation (ReLU6) shows in the outputs.
    """
    return np.random.default_rng(seed).uniform(-4, 4, (count, *shape)).astype(np.float32)


def conv2d(images: Array, kernel: Array, bias: Array, padding: str = "same") -> Array:
    """Convolution with stride 1: the kernel meets every patch as one product."""
    height, width, channels, filters = kernel.shape
    if padding == "same":
        pads = [(0, 0), *(((size - 1) // 2, size // 2) for size in (height, width)), (0, 0)]
        images = np.pad(images, pads)
    patches = np.lib.stride_tricks.sliding_window_view(images, (height, width), axis=(1, 2))
    columns = patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, height * width * channels)
    return (columns @ kernel.reshape(-1, filters) + bias).reshape(*patches.shape[:3], filters)


def max_pool(images: Array) -> Array:
    """The largest of each 2 × 2, stride 2; an odd last row or column is dropped."""
    count, height, width, channels = images.shape
    even = images[:, : height // 2 * 2, : width // 2 * 2]
    largest: Array = even.reshape(count, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))
    return largest


def max_pool_3x3(images: Array) -> Array:
    """The largest of each 3 × 3, stride 1, as many as there are pixels."""
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-np.inf)
    cells = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    largest: Array = cells.max(axis=(-2, -1))
    return largest


def lrn(images: Array) -> Array:
    """Local response normalisation over five channels, k = 2, α = 1e-4, β = 0.75.

    Krizhevsky et al. 2012 (NIPS 25), section 3.3; the constants are those that VGG refers to.
    """
    squares = np.pad(np.square(images), [(0, 0)] * (images.ndim - 1) + [(2, 2)])
    sums: Array = np.lib.stride_tricks.sliding_window_view(squares, 5, axis=-1).sum(axis=-1)
    return images / (2 + 1e-4 * sums) ** 0.75


def relu(x: Array) -> Array:
    """max(0, x)."""
    return np.maximum(x, 0)


def softmax(x: Array) -> Array:
    """Probabilities along the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def fingerprint(weights: Array) -> list[float]:
    """Three numbers of an array: mean, root of the mean square, and one that feels the order."""
    flat = np.asarray(weights, dtype=float).ravel()
    mixed = flat @ np.cos(np.arange(flat.size)) / max(1, flat.size)
    return [float(f"{value:.7g}") for value in (flat.mean(), np.sqrt(np.mean(flat**2)), mixed)]
