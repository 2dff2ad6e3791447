"""The settings that a probe runs under: those of a kernel that has just been started."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np


@contextmanager
def fresh_settings() -> Iterator[None]:
    """Python, NumPy and Keras as after a restart; the student's settings stand again afterwards.

    Half precision is no mistake: what is asked to compute in it computes in full, since only then
    do numbers prove anything.
    """
    import keras

    policy, config = keras.DTypePolicy, keras.config
    with ExitStack() as stack, np.errstate(all="ignore"):
        for name in ("compute_dtype", "variable_dtype"):
            stack.callback(setattr, policy, name, vars(policy)[name])
            setattr(policy, name, "float32")
        for tell, set_to, wanted in (
            (config.floatx, config.set_floatx, "float32"),
            (config.image_data_format, config.set_image_data_format, "channels_last"),
            (sys.getrecursionlimit, sys.setrecursionlimit, 3000),
            *_of_tensorflow(stack),
        ):
            stack.callback(set_to, tell())
            set_to(wanted)
        yield


def _of_tensorflow(stack: ExitStack) -> Iterator[tuple[Any, Any, Any]]:
    """Eager, and with numbers for sizes: `disable_v2_behavior` takes both away."""
    import keras

    if keras.config.backend() == "tensorflow":
        import tensorflow as tf
        from tensorflow.python.eager.context import eager_mode

        stack.enter_context(eager_mode())
        one = tf.compat.v1
        yield (
            lambda: isinstance(tf.TensorShape([1])[0], int),
            lambda on: one.enable_v2_tensorshape() if on else one.disable_v2_tensorshape(),
            True,
        )
