"""What stands in a network that Keras refuses as a whole, so that the rest of it can be judged."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

MERGING = ("Add", "Subtract", "Multiply", "Maximum", "Minimum")


@contextlib.contextmanager
def lenient() -> Iterator[list[Any]]:
    """Within, maps of unlike shapes can be merged, and two layers can have one name.

    What merges such maps gives the first one's shape; the second layer's name gets a number. Gives
    the list of the models that are built.
    """
    from unittest.mock import patch

    import keras
    from keras.src.models.functional import Functional
    from keras.src.ops import numpy as operations

    names: set[str] = set()
    models: list[Any] = []
    named, connected = keras.Operation.__init__, Functional.__init__

    def rename(self: Any, name: str | None = None) -> None:
        named(self, name=name)
        if self.name in names:
            self.name = f"{self.name}_{len(names)}"
        names.add(self.name)

    def keep(self: Any, *args: Any, **kwargs: Any) -> None:
        connected(self, *args, **kwargs)
        models.append(self)

    merge = keras.layers.Add.__mro__[1]
    classes = [merge, keras.layers.Concatenate, *(getattr(operations, name) for name in MERGING)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.object(keras.Operation, "__init__", rename))
        stack.enter_context(patch.object(Functional, "__init__", keep))
        for each in classes:
            for method, instead in (("build", _built), ("compute_output_spec", _first)):
                if method in vars(each):
                    made = _or(vars(each)[method], instead)
                    stack.enter_context(patch.object(each, method, made))
        yield models


def _or(method: Callable[..., Any], instead: Callable[..., Any]) -> Callable[..., Any]:
    """The method, or what to do instead where it takes the shapes for wrong."""

    @functools.wraps(method)  # Keras reads the signature
    def tried(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except ValueError:
            return instead(self, *args, **kwargs)

    return tried


def _built(self: Any, input_shape: Any) -> None:
    self._reshape_required, self.built = False, True


def _first(self: Any, tensor: Any, *more: Any) -> Any:
    import keras

    tensor = tensor[0] if isinstance(tensor, list) else tensor
    return keras.KerasTensor(tensor.shape, tensor.dtype)
