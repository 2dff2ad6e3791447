"""The settings that a probe runs under: those of a kernel that has just been started."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, TypeAlias

import numpy as np

# What tells a setting, what sets it, and the value that it must have.
Setting: TypeAlias = tuple[Callable[[], Any], Callable[[Any], Any], Any]


class _Numbers(defaultdict[str, int]):
    """The numbers of the names that Keras makes up, which so never are those that someone wrote.

    Else the first `Flatten()` of a kernel would be the "flatten" of a sheet, and only the first.
    """

    def __contains__(self, name: object) -> bool:
        return True


@contextmanager
def fresh_settings() -> Iterator[None]:
    """Python, NumPy and Keras as after a restart; the student's settings stand again afterwards.

    Half precision is no mistake: what is asked to compute in it computes in full, since only then
    do numbers prove anything. So does a GPU, which else multiplies in TensorFloat-32.
    """
    import keras
    from keras.src.backend.common import global_state

    uids, tell_uids = "object_name_uids", global_state.get_global_attribute
    counted = tell_uids(uids) or {}
    numbers = counted if isinstance(counted, _Numbers) else _Numbers(lambda: 1, counted)
    policy, config = keras.DTypePolicy, keras.config
    with ExitStack() as stack, np.errstate(all="ignore"):
        for name in ("compute_dtype", "variable_dtype"):
            stack.callback(setattr, policy, name, vars(policy)[name])
            setattr(policy, name, "float32")
        for tell, set_to, wanted in (
            (config.floatx, config.set_floatx, "float32"),
            (config.image_data_format, config.set_image_data_format, "channels_last"),
            (partial(tell_uids, uids), partial(global_state.set_global_attribute, uids), numbers),
            (sys.getrecursionlimit, sys.setrecursionlimit, 3000),
            *BACKENDS.get(config.backend(), _nothing)(stack),
        ):
            stack.callback(set_to, tell())
            set_to(wanted)
        yield


def _of_tensorflow(stack: ExitStack) -> Iterator[Setting]:
    """Eager, and with numbers for sizes: `disable_v2_behavior` takes both away."""
    import tensorflow as tf
    from tensorflow.python.eager.context import eager_mode

    stack.enter_context(eager_mode())
    one, experimental = tf.compat.v1, tf.config.experimental
    yield (
        lambda: isinstance(tf.TensorShape([1])[0], int),
        lambda on: one.enable_v2_tensorshape() if on else one.disable_v2_tensorshape(),
        True,
    )
    yield (
        experimental.tensor_float_32_execution_enabled,
        experimental.enable_tensor_float_32_execution,
        False,
    )


def _of_torch(stack: ExitStack) -> Iterator[Setting]:
    import torch

    cudnn = torch.backends.cudnn
    yield torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"
    yield lambda: cudnn.allow_tf32, partial(setattr, cudnn, "allow_tf32"), False


def _of_jax(stack: ExitStack) -> Iterator[Setting]:
    import jax

    stack.enter_context(jax.default_matmul_precision("highest"))
    yield from ()


def _nothing(stack: ExitStack) -> Iterator[Setting]:
    yield from ()


# Keras's backend -> what else differs there.
BACKENDS: dict[str, Callable[[ExitStack], Iterator[Setting]]] = {
    "tensorflow": _of_tensorflow,
    "torch": _of_torch,
    "jax": _of_jax,
}
