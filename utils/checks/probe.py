"""Look at a model that a student's code made, and write down what is there as plain data."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from utils.summary import summarize, without_weights

from .layers import Layer, Shape
from .reference import fingerprint, numbers, seeded_images, weight_source
from .task import Function, Json, attempt, unknown_arguments

# A network far larger than asked for is read, not run: VGG16 for 64 × 64 has 42 million weights.
MOST_PARAMS = 60_000_000


def probe_model_maker(
    function: Function, asked: Json, seed: int, also: Callable[[Any], Json] | None = None
) -> Json:
    """Call `function(**asked)`, which must give a model; `input_tensor: true` asks for a tie.

    `also` tells more of the model, as plain data. The answer holds one of `error`, `returned` (the
    type of what is no model) and `model`.
    """
    import keras

    unknown = unknown_arguments(function, list(asked))
    arguments = {key: value for key, value in asked.items() if key not in unknown}
    shape = asked.get("input_shape") and tuple(asked["input_shape"])
    tensor = keras.Input(shape) if asked.get("input_tensor") else None
    if "input_tensor" in arguments:
        arguments["input_tensor"] = tensor
    if "input_shape" in arguments:
        arguments["input_shape"] = shape
    model, error = _draft(function, **arguments)
    answer = {"error": error} if error else _look(model, shape, seed, tensor)
    if also and "model" in answer:
        more, _ = attempt(also, model)
        answer["model"] |= more or {}
    return _sent(answer | {"unknown": unknown})


def _draft(function: Function, *args: Any, **kwargs: Any) -> tuple[Any, Json | None]:
    """What `function` gives, or its error; without weights, unless it needs them while it builds.

    The probe sets weights of its own, and drawing those that it overwrites takes longer than all
    the rest. A block tied to the input again can even ask for gigabytes in `fc1`.
    """
    import keras

    with without_weights():
        sketch, _ = attempt(function, *args, **kwargs)
    if isinstance(sketch, keras.KerasTensor) or (isinstance(sketch, keras.Model) and sketch.built):
        return sketch, None
    return attempt(function, *args, **kwargs)


def probe_tensor_maker(function: Function, asked: Json, seed: int) -> Json:
    """Call `function(tensor, *arguments)`, which must give a tensor, and look at what it built."""
    import keras

    shape = tuple(asked["input_shape"])
    tensor = keras.Input(shape)
    made, error = _draft(function, tensor, *asked["arguments"])
    if not error and not isinstance(made, keras.KerasTensor):
        return {"returned": type(made).__name__, "unknown": []}
    model, error = (None, error) if error else attempt(keras.Model, tensor, made)
    answer = {"error": error} if error else _look(model, shape, seed, tensor)
    return _sent(answer | {"unknown": []})


def _sent(answer: Json) -> Json:
    """The answer as it arrives: its tuples are lists."""
    arrived: Json = json.loads(json.dumps(answer))
    return arrived


def _look(model: Any, shape: Shape | None, seed: int, tensor: Any) -> Json:
    import keras

    if not isinstance(model, keras.Model):
        return {"returned": type(model).__name__}
    summary, error = attempt(_summary, model)
    if error:  # its own input may be open, or not known yet
        summary, error = attempt(_summary, model, shape or (224, 224, 3))
    if error:
        return {"unreadable": error}
    outputs = None
    params = sum(row["params"] for row in summary["rows"])
    if shape and list(shape) == summary["input_shape"] and params <= MOST_PARAMS:
        outputs, _ = attempt(_run, model, shape, seed)
    return {
        "model": {
            "class": type(model).__name__,
            "summary": summary,
            "tied": any(given is tensor for given in model.inputs or []),
            "outputs": outputs,
        }
    }


def _summary(model: Any, shape: Shape | None = None) -> Json:
    return summarize(model, shape).to_dict()


def _run(model: Any, shape: Shape, seed: int) -> list[float | None]:
    """Flat outputs for the seed's weights and image; the model keeps its own weights, if any."""
    import keras

    if not model.built:
        model.build((None, *shape))
    draw = weight_source(seed, _tensor)
    with keras.StatelessScope((weight, draw(weight.shape)) for weight in model.weights):
        outputs = model(seeded_images(seed, shape), training=False)
    return plain_numbers(np.asarray(outputs)[0])


def _tensor(seed: int, place: int, shape: tuple[int, ...]) -> Any:
    """`piece` as Keras takes it; convolutions are kept, which the calls of one seed share.

    The matrices of dense layers are most of the memory, and one call alone has them.
    """
    make = _kept.__wrapped__ if len(shape) == 2 else _kept
    return make(seed, place, shape)


@lru_cache(maxsize=64)
def _kept(seed: int, place: int, shape: tuple[int, ...]) -> Any:
    import keras

    part = keras.ops.convert_to_tensor(numbers(seed, place, shape))
    times, rest = divmod(math.prod(shape), len(part))
    # Repeated here, where it is written once: TensorFlow copies an array twice.
    return keras.ops.reshape(keras.ops.concatenate([part] * times + [part[:rest]]), shape)


def fill(model: Any, seed: int) -> None:
    """Give a model the seed's weights."""
    draw = weight_source(seed)
    for weight in model.weights:  # one at a time: a copy of them all would double the memory
        weight.assign(draw(weight.shape))


def plain_numbers(values: Any) -> list[float | None]:
    """Flat numbers as plain data; None where a value is not finite."""
    flat = np.asarray(values, dtype=float).ravel()
    return [float(f"{value:.7g}") if np.isfinite(value) else None for value in flat]


def plain_array(values: Any) -> Json:
    """The shape and the numbers of an array, as plain data."""
    return {"shape": list(np.shape(values)), "values": plain_numbers(values)}


def fingerprints(model: Any) -> dict[str, list[list[float]]]:
    """The fingerprints of each layer's weights, by its name."""
    return {
        layer.name: [fingerprint(weight) for weight in layer.get_weights()]
        for layer in leaves(model)
        if layer.weights
    }


def leaves(model: Any) -> Iterator[Any]:
    """The layers of a model, of its inner models too."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from leaves(layer)
        else:
            yield layer


def build(layers: Sequence[Layer], input_shape: Sequence[int], name: str) -> Any:
    """The Keras model of a chain of layers."""
    import keras

    kinds = {"conv": "Conv2D", "pool": "MaxPooling2D", "flatten": "Flatten", "dense": "Dense"}
    x = image = keras.Input(tuple(input_shape))
    for layer in layers:
        if layer.kind == "lrn":
            x = keras.layers.Activation(_lrn, name=layer.name)(x)
            continue
        settings = {key: value for key, value in layer.settings if key != "mode"}
        x = getattr(keras.layers, kinds[layer.kind])(name=layer.name, **settings)(x)
    return keras.Model(image, x, name=name)


def _lrn(x: Any) -> Any:
    """`reference.lrn` in TensorFlow, whose radius is the neighbours on each side."""
    import tensorflow as tf

    return tf.nn.local_response_normalization(x, depth_radius=2, bias=2, alpha=1e-4, beta=0.75)
