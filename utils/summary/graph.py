"""Walk a Keras model call by call, in shapes alone: nothing is run, no weight is allocated.

Keras has no public way to its graph of calls; what is private of it is used in this module alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeGuard

Shape = tuple[int, ...]  # every size of it is known

PENDING = "uninitialized_variables"  # Keras's name for its list of variables yet to be made
NUMBERS = "object_name_uids"  # and for how many layers it has given each name


@contextmanager
def without_weights() -> Iterator[Any]:
    """Models built within have weights of a shape and no value, now and later; they can't be run.

    Gives the scope of Keras that is asked for each value.

    Where a scope alone puts the making of variables off, Keras makes all of them at the next
    symbolic call, whoever's it is: those of this scope are taken off its list.
    """
    import keras
    from keras.src.backend.common import global_state

    before = list(global_state.get_global_attribute(PENDING) or ())
    try:
        with _unsaved(), keras.StatelessScope(initialize_variables=False) as scope:
            yield scope
    finally:
        global_state.set_global_attribute(PENDING, before)


@contextmanager
def _unsaved() -> Iterator[None]:
    """TensorFlow notes nothing for its own checkpoints of the layers that are made within.

    They have no values to save, and noting them is a third of the time of building a model.
    """
    import keras

    if keras.config.backend() != "tensorflow":
        yield
        return
    from keras.src.backend.tensorflow.trackable import KerasAutoTrackable

    noting = KerasAutoTrackable.__setattr__
    KerasAutoTrackable.__setattr__ = object.__setattr__
    try:
        yield
    finally:
        KerasAutoTrackable.__setattr__ = noting


@contextmanager
def numbered_anew() -> Iterator[None]:
    """Keras numbers the layers made within from the first on, and those made later as if none were.

    So what is built twice has the same names twice.
    """
    from keras.src.backend.common import global_state

    before = global_state.get_global_attribute(NUMBERS)
    global_state.set_global_attribute(NUMBERS, None)
    try:
        yield
    finally:
        global_state.set_global_attribute(NUMBERS, before)


def is_known(shape: tuple[int | None, ...]) -> TypeGuard[Shape]:
    """Tell whether every size of a shape is known."""
    return None not in shape


@dataclass(frozen=True, eq=False)
class Edge:
    """A tensor between two calls; `shape` is without the batch, None where a size is unknown."""

    shape: tuple[int | None, ...]
    dtype: str
    source: str


@dataclass(frozen=True)
class Call:
    """One call of a layer or raw operation; a shared layer makes several: conv, conv#2, ….

    `acts_as` is the Keras kind that a layer of one's own is declared to be like.
    """

    name: str
    op: Any
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]
    acts_as: str | None = None

    @property
    def kind(self) -> str:
        """Name of the layer's class."""
        return type(self.op).__name__

    def kind_in(self, table: Container[str]) -> str | None:
        """Return the Keras kind in `table` that this layer is, or whose `call` it inherits."""
        if self.acts_as:
            return self.acts_as if self.acts_as in table else None
        own: Any = type(self.op)
        for parent in own.__mro__:
            if parent.__module__.startswith("keras.") and parent.__name__ in table:
                return parent.__name__ if own.call is parent.call else None
        return None

    def known_shapes(self) -> tuple[Shape, Shape] | None:
        """Return the shapes of the first input, or (), and output; None: a size is unknown."""
        edges = self.inputs + self.outputs
        shapes = [edge.shape for edge in edges if is_known(edge.shape)]
        if len(shapes) < len(edges):
            return None
        return (shapes[0] if self.inputs else ()), shapes[len(self.inputs)]


def calls(model: Any, input_shape: Any = None) -> Iterator[Call]:
    """Yield the calls of a model from input to output; those of inner models are `inner/layer`.

    `input_shape` is one shape without the batch, or a list of them for several inputs.

    Raises:
        TypeError: the model has no graph of layers (a subclassed model).
        ValueError: a size of the input is unknown, or a layer cannot take what it would get.
    """
    graph = _graph_of(model, input_shape)
    unique = _namer()
    edges = []
    for tensor, shape in zip(graph.inputs, _input_shapes(graph, input_shape), strict=True):
        layer = tensor._keras_history.operation
        edges.append(Edge(shape, tensor.dtype, unique(layer.name)))
        yield Call(edges[-1].source, layer, (), (edges[-1],))
    yield from _walk(graph, edges, unique)


def _walk(
    graph: Any, edges: list[Edge], unique: Callable[[str], str], prefix: str = ""
) -> Generator[Call, None, list[Edge]]:
    """Yield the calls of one functional graph; return the edges of its outputs."""
    known = {id(tensor): edge for tensor, edge in zip(graph.inputs, edges, strict=True)}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if node.is_input:
                continue
            name = unique(prefix + node.operation.name)
            inputs = [known[id(tensor)] for tensor in node.input_tensors]
            if inner := _inner_graph(node.operation):
                outputs = yield from _walk(inner, inputs, unique, prefix=name + "/")
            else:
                specs = _output_specs(node, name, inputs)
                outputs = [Edge(tuple(spec.shape[1:]), spec.dtype, name) for spec in specs]
                yield Call(name, node.operation, tuple(inputs), tuple(outputs))
            known.update(zip(map(id, node.outputs), outputs, strict=True))
    return [known[id(tensor)] for tensor in graph.outputs]


def _output_specs(node: Any, name: str, inputs: list[Edge]) -> list[Any]:
    """Return what a call makes, as tensors without values; asks the layer where shapes are new."""
    pairs = list(zip(node.input_tensors, inputs, strict=True))
    if all(edge.shape == tuple(tensor.shape[1:]) for tensor, edge in pairs):
        return list(node.outputs)

    import keras

    _check_sizes(node.operation, name, inputs)
    specs = {
        id(tensor): keras.KerasTensor((tensor.shape[0], *edge.shape), dtype=edge.dtype)
        for tensor, edge in pairs
    }
    args, kwargs = node.arguments.fill_in(specs)
    try:
        return list(keras.tree.flatten(node.operation.compute_output_spec(*args, **kwargs)))
    except Exception as error:
        kind = type(node.operation).__name__
        shapes = ", ".join(str(edge.shape) for edge in inputs)
        raise ValueError(f"{kind} '{name}' cannot take an input of {shapes}: {error}") from error


def _check_sizes(op: Any, name: str, inputs: list[Edge]) -> None:
    """Refuse an input of another size than the layer's weights were built for."""
    import keras

    specs = keras.tree.flatten(getattr(op, "input_spec", None))
    for spec, edge in zip(specs, inputs, strict=False):
        shape = (None, *edge.shape)
        for axis, size in (getattr(spec, "axes", None) or {}).items():
            if None not in (size, shape[axis]) and size != shape[axis]:
                raise ValueError(
                    f"{type(op).__name__} '{name}' was built for {size:,} values along axis {axis} "
                    f"of its input, not for the {shape[axis]:,} of {edge.shape}: this model cannot "
                    "take the input shape asked for; build it anew at that shape."
                )


def _graph_of(model: Any, input_shape: Any) -> Any:
    """Return the functional graph of a Functional or Sequential model."""
    import keras

    if graph := _inner_graph(model):
        return graph
    if not isinstance(model, keras.Sequential):
        raise TypeError(
            f"expected a Functional or Sequential Keras model, got {type(model).__name__}, "
            "which has no graph of layers to read."
        )
    if input_shape is None:
        raise ValueError(
            f"Sequential '{model.name}' has no input shape yet: "
            "give one, as in summarize(model, input_shape=(224, 224, 3))."
        )
    return _inner_graph(_built_copy(model, input_shape))


def _inner_graph(op: Any) -> Any:
    """Return the functional graph behind a model; None for a layer or an unbuilt model."""
    graph = getattr(op, "_functional", op)
    return graph if hasattr(graph, "_nodes_by_depth") else None


def _built_copy(model: Any, input_shape: Shape) -> Any:
    """Build a copy of a Sequential, whose weights take no memory."""
    import keras

    def copied(layer: Any) -> Any:
        # What has its weights already is only called again; a Lambda cannot be copied, nor need be.
        if layer.built or isinstance(layer, keras.layers.Lambda):
            return layer
        return type(layer).from_config(layer.get_config())

    with without_weights():
        copy = keras.models.clone_model(model, clone_function=copied, recursive=True)
        copy.build((None, *input_shape))
    return copy


def _input_shapes(graph: Any, input_shape: Any) -> list[Shape]:
    """Return a shape for each input: the one asked for, or the model's own."""
    own = [tuple(tensor.shape[1:]) for tensor in graph.inputs]
    if input_shape is None:
        asked = own
    elif len(own) == 1:
        asked = [tuple(input_shape)]
    else:
        asked = [tuple(shape) for shape in input_shape]
    if [len(shape) for shape in asked] != [len(shape) for shape in own]:
        raise ValueError(
            f"input_shape {input_shape} does not fit the model's inputs {own} (without the batch)."
        )
    if not all(isinstance(size, int) and size > 0 for shape in asked for size in shape):
        raise ValueError(
            f"MACs and memory depend on every size of the input, and {asked} leaves some open: "
            "give them, as in summarize(model, input_shape=(224, 224, 3))."
        )
    return asked


def _namer() -> Callable[[str], str]:
    """Return a function that makes each name unique: conv, conv#2, conv#3."""
    seen: Counter[str] = Counter()

    def unique(name: str) -> str:
        seen[name] += 1
        return name if seen[name] == 1 else f"{name}#{seen[name]}"

    return unique
