"""Look at a model that a student's code made, and write down what is there as plain data."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import numpy as np

from utils.summary import summarize, without_weights
from utils.summary.graph import Call, calls

from .causes import followed, of_value
from .fresh import fresh_settings
from .layers import KINDS, Layer, Shape
from .sketch import lenient
from .task import Function, Json, arguments, attempt, defaults, shape_of, unknown_arguments
from .weights import INPUT, Weight, draw, fingerprint, numbers, place, seeded_images, spots

# A network far larger than asked for is read, not run: VGG16 for 64 × 64 has 42 million weights.
MOST_PARAMS = 60_000_000
UNKNOWN = (224, 224, 3)  # the input of a model that does not say which it has
SKETCHED = (1024, 1024)
ALIGNED = 64  # bytes at which memory begins that TensorFlow takes as it is


def probe_model_maker(
    function: Function, asked: Json, seed: int, also: Callable[[Any], Json] | None = None
) -> Json:
    """Call `function(**asked)`, which must give a model; `input_tensor: true` asks for a tie.

    `also` tells more of the model, as plain data. The answer holds one of `error`, `returned` (the
    type of what is no model) and `model`; where it is not the last, `sketch` may be the model that
    was meant.
    """
    import keras

    unknown = unknown_arguments(function, list(arguments(asked)))
    given = {key: value for key, value in arguments(asked).items() if key not in unknown}
    shape = shape_of(asked)
    tensor = keras.Input(shape) if asked.get("input_tensor") else None
    if "input_tensor" in given:
        given["input_tensor"] = tensor
    if "input_shape" in given:
        given["input_shape"] = shape
    with _imports() as imported:
        model, error = _draft(function, shape, **given)
    answer = {"error": error} if error else _look(model, shape, seed, tensor)
    if "returned" in answer:
        answer["cause"] = followed(of_value, function, model)
    is_endless = error is not None and error["type"] == "RecursionError"
    if "model" not in answer and not is_endless and (sketch := _sketch(function, given)):
        answer["sketch"] = sketch
    if "model" in answer:
        more, _ = attempt(also, model) if also else (None, None)
        answer["model"] |= more or {}
        answer["model"]["seen"]["imported"] = imported
    return _sent(answer | {"unknown": unknown, "defaults": defaults(function)})


@contextmanager
def _imports() -> Iterator[list[str]]:
    """Tells of networks of `keras.applications` that are built meanwhile.

    Nothing in such a model says where it is from; but each asks there for the shape of its input.
    """
    from keras.src.applications import imagenet_utils

    asks, found = imagenet_utils.obtain_input_shape, list[str]()

    def noted(*args: Any, **kwargs: Any) -> Any:
        found[:] = ["keras.applications"]
        return asks(*args, **kwargs)

    imagenet_utils.obtain_input_shape = noted
    try:
        yield found
    finally:
        imagenet_utils.obtain_input_shape = asks


def _draft(
    function: Function, shape: Shape | None, *args: Any, **kwargs: Any
) -> tuple[Any, Json | None]:
    """What `function` gives, or its error; without weights, unless it asks for them meanwhile.

    The probe sets weights of its own, and drawing those that it overwrites takes longer than all
    the rest. A block tied to the input again can even ask for gigabytes in `fc1`.
    """
    import keras

    if "IPython" in sys.modules:
        # By this module Keras knows a notebook, where a `plot_model` without pydot does not raise.
        import IPython.core.magics.namespace  # noqa: F401
    with fresh_settings(), without_weights() as scope:  # what the function itself sets ends here
        asked = _watched(scope)
        sketch, error = attempt(function, *args, **kwargs)
        if isinstance(sketch, keras.Model) and not sketch.built:
            attempt(sketch, keras.Input(shape or UNKNOWN))  # builds its layers
    if isinstance(sketch, keras.KerasTensor) or (isinstance(sketch, keras.Model) and sketch.built):
        return sketch, None
    if error and error["type"] == "RecursionError":  # with weights it fills the memory
        return None, error
    is_certain = not asked and not (error and "stateless scope" in error["message"])
    if is_certain and not isinstance(sketch, keras.Model):
        return sketch, error
    with fresh_settings():
        return attempt(function, *args, **kwargs)


def _watched(scope: Any) -> list[bool]:
    """An entry each time that a weight without a value is read or set from now on."""
    asked: list[bool] = []

    def noted(method: Callable[[Any], Any], given: Any) -> Any:
        asked.append(True)
        return method(given)

    for name in ("get_current_value", "add_update"):
        setattr(scope, name, partial(noted, getattr(scope, name)))
    return asked


def _sketch(function: Function, given: Json) -> Json | None:
    """The layers and connections that stand in a function all the same, if it comes to its end.

    For a large image if need be: some networks shrink a small one to nothing.
    """
    import keras

    tried = [given]
    if "input_shape" in given:
        tried.append(given | {"input_shape": (*SKETCHED, given["input_shape"][-1])})
    for given_now in tried:
        with fresh_settings(), lenient() as built, without_weights():
            made, error = attempt(function, **given_now)
            if isinstance(made, keras.KerasTensor):
                attempt(keras.Model, keras.utils.get_source_inputs(made), made)
            if not error and (models := [*built, made] if isinstance(made, keras.Model) else built):
                told: Json | None = _look(models[-1], None, 0, None).get("model")
                return told
    return None


def probe_tensor_maker(function: Function, asked: Json, seed: int) -> Json:
    """Call `function(tensor, *arguments)`, which must give a tensor, and look at what it built."""
    import keras

    shape = tuple(asked["input_shape"])
    tensor = keras.Input(shape)
    made, error = _draft(function, shape, tensor, *asked["arguments"])
    if not error and not isinstance(made, keras.KerasTensor):
        cause = followed(of_value, function, made)
        return {"returned": type(made).__name__, "cause": cause, "unknown": []}
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
    graph, error = attempt(_graph, model, shape)
    size = None
    if not error:
        summary, error = attempt(_summary, graph)
        if error:  # its own input may be open
            size, _ = attempt(_closed, graph, shape or UNKNOWN)
            summary, error = attempt(_summary, graph, size)
    if error:
        return {"unreadable": error}
    outputs = failed = None
    params = sum(row["params"] for row in summary["rows"])
    if shape and list(shape) == summary["input_shape"] and params <= MOST_PARAMS:
        outputs, failed = attempt(_run, model, graph, shape, seed, size)
    return {
        "model": {
            "class": type(model).__name__,
            "summary": summary,
            "tied": any(given is tensor for given in getattr(model, "inputs", None) or ()),
            "outputs": outputs,
            "failed": failed,
            "seen": _seen(graph, size),
        }
    }


def _summary(model: Any, shape: Shape | None = None) -> Json:
    return summarize(model, shape).to_dict()


def _closed(model: Any, shape: Shape) -> Shape:
    """The shape of a model's own input, with sizes of `shape` where it is open."""
    own = model.inputs[0].shape[1:]
    return tuple(size or asked for size, asked in zip(own, shape, strict=True))


def _graph(model: Any, shape: Shape | None) -> Any:
    """The model as calls of Keras's own layers; one without inputs of its own is called on one."""
    import keras

    if not getattr(model, "inputs", None):
        image = keras.Input(shape or UNKNOWN)
        model = keras.Model(image, model(image))
    opened, _ = attempt(_opened, model)
    return opened or model


def _opened(model: Any) -> Any:
    """The model with what a layer of the student's own holds in its place; None if it has none.

    The layers are the same, and so are their weights. Raises whatever such a layer's `call` does
    where it can't be called on tensors without values.
    """
    import keras

    def is_own(layer: Any) -> bool:
        is_keras = type(layer).__module__.startswith("keras.")
        return bool(getattr(layer, "_layers", ())) and not is_keras

    def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
        return layer.call(*args, **kwargs) if is_own(layer) else layer(*args, **kwargs)

    if not any(map(is_own, model.layers)):
        return None
    opened = keras.models.clone_model(
        model, clone_function=lambda layer: layer, call_function=called
    )
    return _opened(opened) or opened  # there may be one in another


# What the rows do not tell of a layer, by the codes in `flags`.
KERNELS = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")
REGULARIZERS = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
SEEN: dict[str, Callable[[Any], bool]] = {
    "constant": lambda layer: any(
        type(getattr(layer, name, None)).__name__ in ("Zeros", "Ones", "Constant")
        for name in KERNELS
    ),
    "frozen": lambda layer: bool(layer.weights) and not layer.trainable,
    "regularized": lambda layer: any(getattr(layer, name, None) for name in REGULARIZERS),
}


def _seen(graph: Any, size: Shape | None) -> Json:
    """Which layers have what costs nothing, by name; those that change nothing by their kind."""
    import keras

    made = [call for call in calls(graph, size) if isinstance(call.op, keras.Layer)]
    seen = {code: [call.name for call in made if has(call.op)] for code, has in SEEN.items()}
    idle = dict.fromkeys(call.kind for call in made if attempt(_is_idle, call)[0])
    return seen | {"idle": list(idle)}


def _is_idle(call: Call) -> bool:
    """Whether a layer gives back whatever it gets; dropout after a dense layer is in the papers."""
    import keras

    layer, shapes = call.op, {edge.shape for edge in (*call.inputs, *call.outputs)}
    if layer.weights or len(call.inputs) != 1 or len(shapes) != 1:
        return False
    *sizes, channels = shapes.pop()
    if not sizes and getattr(layer, "rate", False):
        return False
    image = seeded_images(0, (*(4 for _ in sizes), channels or 4))
    return np.array_equal(keras.ops.convert_to_numpy(layer(image, training=False)), image)


def _run(model: Any, graph: Any, shape: Shape, seed: int, size: Shape | None) -> list[float | None]:
    """Flat outputs for the seed's weights and image; the model keeps its own weights, if any.

    `graph` is what `_graph` makes of it, at that `size` where its input is open.
    """
    import keras

    values = (
        (weight, _tensor(seed, at, len(group), index, _told(weight)))
        for at, group in _places(graph, size)
        for index, weight in enumerate(group)
    )
    with keras.StatelessScope(values):
        outputs = model(seeded_images(seed, shape), training=False)
    return plain_numbers(keras.ops.convert_to_numpy(outputs)[0])


def _places(model: Any, size: Shape | None = None) -> Iterator[tuple[int, list[Any]]]:
    """The place of each layer that has weights, and these; a layer called again has its own.

    What a layer of a student's own holds counts as a chain.
    """
    known: dict[str, int] = {}
    drawn: set[int] = set()
    for call in calls(model, size):
        above = [known[edge.source] for edge in call.inputs] or [INPUT]
        for layer in _parts(call.op):
            group = list(getattr(layer, "weights", ()))  # an operation has none
            above = [place([_told(weight) for weight in group], above)]
            if group and id(group[0]) not in drawn:
                drawn.update(map(id, group))
                yield above[0], group
        (known[call.name],) = above


def _parts(op: Any) -> list[Any]:
    """The layers with weights in a layer, or itself."""
    parts = [part for part in getattr(op, "_layers", ()) if part.weights]
    return [inner for part in parts for inner in _parts(part)] if parts else [op]


def _told(weight: Any) -> Weight:
    return Weight(weight.name, tuple(weight.shape))


def _tensor(seed: int, at: int, count: int, index: int, weight: Weight) -> Any:
    """One weight of a place as Keras takes it; convolutions are kept, which calls share.

    The matrices of dense layers are most of the memory, and one call alone has them.
    """
    make = _kept.__wrapped__ if len(weight.shape) == 2 else _kept
    return make(seed, spots(at, count)[index], weight)


@lru_cache(maxsize=64)
def _kept(seed: int, spot: int, weight: Weight) -> Any:
    part, size = numbers(seed, spot, weight), math.prod(weight.shape)
    memory = np.empty(4 * size + ALIGNED, np.uint8)
    values = memory[-memory.ctypes.data % ALIGNED :][: 4 * size].view(np.float32)
    whole = size // len(part) * len(part)
    values[:whole].reshape(-1, len(part))[:] = part
    values[whole:] = part[: size - whole]
    return _given(values.reshape(weight.shape))


def _given(values: np.ndarray) -> Any:
    """An aligned array that nobody changes as a tensor: TensorFlow would copy it, twice."""
    import keras

    if keras.config.backend() != "tensorflow":
        return keras.ops.convert_to_tensor(values)
    from tensorflow.experimental import dlpack

    return dlpack.from_dlpack(values.__dlpack__())


def fill(model: Any, seed: int) -> None:
    """Give a model the seed's weights."""
    for at, group in _places(model):
        for weight, values in zip(group, draw(seed, at, list(map(_told, group))), strict=True):
            weight.assign(np.asarray(values))


def plain_numbers(values: Any) -> list[float | None]:
    """Flat numbers as plain data; None where a value is not finite."""
    import keras

    flat = np.asarray(keras.ops.convert_to_numpy(values), dtype=float).ravel()
    pairs = zip(flat.tolist(), np.isfinite(flat).tolist(), strict=True)
    return [float(f"{value:.7g}") if is_finite else None for value, is_finite in pairs]


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
    """The Keras model of a network."""
    import keras

    outputs = {"": keras.Input(tuple(input_shape))}
    for layer in layers:
        read = [outputs[path] for path in layer.inputs]
        outputs[layer.path] = _made(layer)(read if len(read) > 1 else read[0])
    return keras.Model(outputs[""], outputs[layers[-1].path], name=name)


def _made(layer: Layer) -> Any:
    """The layer of Keras; the activation that a sum or a normalisation has joined comes after."""
    import keras

    if layer.kind == "lrn":
        from utils.zoo.classic import lrn

        return keras.layers.Activation(lrn, name=layer.name)
    told = dict(layer.settings)
    (keras_class,) = (
        keras_class
        for keras_class, kind in KINDS.items()
        if kind.name == layer.kind and kind.told.items() <= told.items()
    )
    made = getattr(keras.layers, keras_class)
    activation = told.pop("activation", "linear") if layer.kind in ("norm", "merge") else "linear"
    settings = {key: told[key] for key in KINDS[keras_class].settings if key in told}
    if layer.kind == "merge" and keras_class != "Concatenate":
        settings = {}
    own = made(name=layer.name, **settings)
    if activation == "linear":
        return own
    return lambda x: keras.layers.Activation(activation)(own(x))
