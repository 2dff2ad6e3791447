"""Walk a Keras model call by call, in shapes alone: nothing is run and no weight is allocated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Edge:
    """A tensor between two calls; `shape` is without the batch, None where a size is unknown."""

    shape: tuple[int | None, ...]
    dtype: str
    source: str


@dataclass(frozen=True)
class Call:
    """One call of one layer or operation. A shared layer makes several: `conv`, `conv#2`, …"""

    name: str
    op: Any
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]

    @property
    def kind(self) -> str:
        """The class name, as in `keras.layers`."""
        return type(self.op).__name__


def calls(model: Any, input_shape: Any = None) -> Iterator[Call]:
    """Yield the calls of `model` from input to output; layers of inner models are `inner/layer`.

    `input_shape` is one shape without the batch, or a list of them for several inputs.

    Raises:
        TypeError: `model` has no graph of layers (a subclassed model).
        ValueError: a size of the input is unknown, or a layer cannot take what it would get.
    """
    graph = _functional(model, input_shape)
    shapes = _input_shapes(graph, input_shape)
    name = _namer()
    edges = []
    for tensor, shape in zip(graph.inputs, shapes, strict=True):
        layer = tensor._keras_history.operation
        edge = Edge(shape, tensor.dtype, name(layer.name))
        edges.append(edge)
        yield Call(edge.source, layer, (), (edge,))
    yield from _walk(graph, edges, name)


def _walk(graph: Any, edges: list[Edge], name: Any, prefix: str = "") -> Iterator[Call]:
    """Yield the calls of one functional graph and return the edges of its outputs."""
    known = {id(tensor): edge for tensor, edge in zip(graph.inputs, edges, strict=True)}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if node.is_input:
                continue
            op = node.operation
            called = name(prefix + op.name)
            inputs = [known[id(tensor)] for tensor in node.input_tensors]
            inner = _inner_graph(op)
            if inner is not None:
                outputs = yield from _walk(inner, inputs, name, prefix=called + "/")
            else:
                outputs = [
                    Edge(tuple(spec.shape[1:]), spec.dtype, called)
                    for spec in _output_specs(node, called, inputs)
                ]
                yield Call(called, op, tuple(inputs), tuple(outputs))
            known.update(zip(map(id, node.outputs), outputs, strict=True))
    return [known[id(tensor)] for tensor in graph.outputs]


def _output_specs(node: Any, name: str, inputs: list[Edge]) -> list[Any]:
    """Return shape and dtype of what a call makes, asking the layer only when its input changed."""
    if all(
        edge.shape == tensor.shape[1:]
        for edge, tensor in zip(inputs, node.input_tensors, strict=True)
    ):
        return node.outputs

    import keras

    _check_sizes(node.operation, name, inputs)
    specs = {
        id(tensor): keras.KerasTensor((tensor.shape[0], *edge.shape), dtype=edge.dtype)
        for edge, tensor in zip(inputs, node.input_tensors, strict=True)
    }
    args, kwargs = node.arguments.fill_in(specs)
    try:
        made = node.operation.compute_output_spec(*args, **kwargs)
    except Exception as error:
        shapes = ", ".join(str(edge.shape) for edge in inputs)
        kind = type(node.operation).__name__
        raise ValueError(
            f"{kind} '{name}' cannot take inputs of shape {shapes}: {error}"
        ) from error
    return keras.tree.flatten(made)


def _check_sizes(op: Any, name: str, inputs: list[Edge]) -> None:
    """Refuse an input whose size differs from the one that the layer's weights were built for."""
    import keras

    specs = keras.tree.flatten(getattr(op, "input_spec", None))
    for spec, edge in zip(specs, inputs, strict=False):
        shape = (None, *edge.shape)
        for axis, built in (getattr(spec, "axes", None) or {}).items():
            if built is not None and shape[axis] not in (built, None):
                raise ValueError(
                    f"{type(op).__name__} '{name}' was built for {built:,} values on axis {axis} "
                    f"of its input and would get {shape[axis]:,} (shape {edge.shape}): "
                    "the model cannot take this input shape; build it anew at that shape."
                )


def _functional(model: Any, input_shape: Any) -> Any:
    """Return the functional graph of a Functional or Sequential model."""
    import keras

    graph = _inner_graph(model)
    if graph is not None:
        return graph
    if not isinstance(model, keras.Sequential):
        raise TypeError(
            f"expected a Functional or Sequential Keras model, got {type(model).__name__}: "
            "a subclassed model has no graph of layers to read."
        )
    if input_shape is None:
        raise ValueError(
            f"Sequential '{model.name}' has no input shape yet: "
            "give one, as in summarize(model, input_shape=(224, 224, 3))."
        )
    return _built_copy(model, input_shape)._functional


def _inner_graph(op: Any) -> Any:
    """Return the functional graph behind a model, None for a plain layer or operation."""
    graph = getattr(op, "_functional", op)
    return graph if hasattr(graph, "_nodes_by_depth") else None


def _built_copy(model: Any, input_shape: tuple[int, ...]) -> Any:
    """Build a copy of a Sequential in a TensorFlow graph, where weights hold no memory."""
    import keras
    import tensorflow as tf

    with tf.Graph().as_default():
        copy = keras.models.clone_model(model)
        copy.build((None, *input_shape))
    return copy


def _input_shapes(graph: Any, input_shape: Any) -> list[tuple[int, ...]]:
    """Return the shape of each input, the model's own where none is asked."""
    own = [tuple(tensor.shape[1:]) for tensor in graph.inputs]
    if input_shape is None:
        asked = own
    elif len(own) == 1 and all(isinstance(size, int) for size in input_shape):
        asked = [tuple(input_shape)]
    else:
        asked = [tuple(shape) for shape in input_shape]
    if [len(shape) for shape in asked] != [len(shape) for shape in own]:
        raise ValueError(
            f"input_shape is {input_shape}, without the batch; the model's inputs are {own}."
        )
    if any(size is None for shape in asked for size in shape):
        raise ValueError(
            f"the model's input {own} has sizes left open, on which MACs and memory depend: "
            "give them, as in summarize(model, input_shape=(224, 224, 3))."
        )
    return asked


def _namer() -> Any:
    """Return a function that makes a name its own: conv, conv#2, conv#3."""
    seen: Counter[str] = Counter()

    def name(base: str) -> str:
        seen[base] += 1
        return base if seen[base] == 1 else f"{base}#{seen[base]}"

    return name
