"""Gradients on every backend of Keras, which has no function of its own for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

Loss = Callable[[], Any]  # what is derived, a tensor


def gradients(loss: Loss, weights: Sequence[keras.Variable]) -> list[np.ndarray]:
    """The gradient of the sum of what `loss()` gives, by each of the weights, in their shapes.

    Raises ValueError where Keras's backend computes no gradients.

    >>> x = keras.Variable(3.0)
    >>> gradients(lambda: x * x, [x])
    [array(6., dtype=float32)]
    """
    import keras

    backend = keras.config.backend()
    if backend not in BACKENDS:
        raise ValueError(f"{backend} computes no gradients; expected one of {', '.join(BACKENDS)}")
    found = BACKENDS[backend](lambda: keras.ops.sum(loss()), weights)
    return [keras.ops.convert_to_numpy(gradient) for gradient in found]


def _tensorflow(loss: Loss, weights: Sequence[keras.Variable]) -> Any:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss()
    return tape.gradient(value, [weight.value for weight in weights])


def _torch(loss: Loss, weights: Sequence[keras.Variable]) -> Any:
    import torch

    return torch.autograd.grad(loss(), [weight.value for weight in weights])


def _jax(loss: Loss, weights: Sequence[keras.Variable]) -> Any:
    import jax
    import keras

    def at(values: Sequence[Any]) -> Any:
        with keras.StatelessScope(list(zip(weights, values, strict=True))):
            return loss()

    return jax.grad(at)([weight.value for weight in weights])


BACKENDS: dict[str, Callable[[Loss, Sequence[keras.Variable]], Any]] = {
    "tensorflow": _tensorflow,
    "torch": _torch,
    "jax": _jax,
}
