"""What a model is made of and what it costs: parameters, MACs, memory, receptive fields.

`summarize(model)` reads shapes alone; nothing is run.
"""

from __future__ import annotations

import re
from math import prod
from typing import Any

from utils.summary import count, graph, receptive
from utils.summary.table import Difference, LayerRow, ModelSummary

__all__ = ["Difference", "LayerRow", "ModelSummary", "summarize"]

# Settings worth a column or a comparison, beside kernel, strides and padding.
SETTINGS = (
    *("filters", "units", "groups", "dilation_rate", "depth_multiplier", "pool_size"),
    *("activation", "use_bias", "data_format", "rate", "axis", "epsilon", "momentum"),
    *("size", "interpolation", "cropping", "target_shape", "negative_slope", "max_value"),
    *("keepdims", "output_padding"),
)


def summarize(model: Any, input_shape: Any = None) -> ModelSummary:
    """Summarise a Keras model layer by layer, at its own input shape or at another.

    Args:
        model: a Functional or Sequential model; inner models are read layer by layer.
        input_shape: without the batch; a list of shapes for several inputs.

    Raises:
        TypeError: `model` is a subclassed model, which has no graph to read.
        ValueError: the input shape is not known, or a layer cannot take it (it is named).
    """
    rows: list[LayerRow] = []
    fields: dict[graph.Edge, receptive.Field | None] = {}
    seen: set[int] = set()
    inputs = []
    for call in graph.calls(model, input_shape):
        if call.inputs:
            field = receptive.field(call, [fields[edge] for edge in call.inputs])
        else:
            field = _input_field(model, call)
            inputs.append(call.outputs[0].shape)
        fields.update(dict.fromkeys(call.outputs, field))
        rows.append(_row(call, field, seen))
    shape = inputs[0] if len(inputs) == 1 else tuple(inputs)
    return ModelSummary(model.name, shape, tuple(rows))


def _input_field(model: Any, call: graph.Call) -> receptive.Field:
    import keras

    formats = (getattr(layer, "data_format", None) for layer in model.layers)
    data_format = next(filter(None, formats), keras.config.image_data_format())
    shape = call.outputs[0].shape
    sizes = shape[1:] if data_format == "channels_first" else shape[:-1]
    axis = receptive.Axis((0,), (0,), 1)
    return receptive.Field((axis,) * len(sizes), sizes, sizes)


def _row(call: graph.Call, field: receptive.Field | None, seen: set[int]) -> LayerRow:
    op = call.op
    weights = [w for w in getattr(op, "weights", ()) if id(w) not in seen]
    seen.update(map(id, weights))
    updated = {id(w) for w in getattr(op, "trainable_weights", ())}
    trainable = [w for w in weights if id(w) in updated]
    shapes = [edge.shape for edge in call.outputs]
    known = all(None not in shape for shape in shapes)
    kernel = getattr(op, "kernel_size", None) or getattr(op, "pool_size", None)
    return LayerRow(
        name=call.name,
        kind=call.kind,
        inputs=tuple(dict.fromkeys(edge.source for edge in call.inputs)),
        output_shape=shapes[0] if len(shapes) == 1 else tuple(shapes),
        kernel_size=_plain(kernel),
        strides=_plain(getattr(op, "strides", None)),
        padding=_plain(getattr(op, "padding", None)),
        config={key: _plain(getattr(op, key)) for key in SETTINGS if hasattr(op, key)},
        params=sum(prod(w.shape) for w in weights),
        trainable_params=sum(prod(w.shape) for w in trainable),
        macs=count.macs(call),
        activations=sum(prod(shape) for shape in shapes) if known else None,
        activation_bytes=sum(prod(e.shape) * _bytes(e.dtype) for e in call.outputs)
        if known
        else None,
        **_field_columns(field),
        weight_bytes=sum(prod(w.shape) * _bytes(w.dtype) for w in weights),
        trainable_bytes=sum(prod(w.shape) * _bytes(w.dtype) for w in trainable),
    )


def _field_columns(field: receptive.Field | None) -> dict[str, Any]:
    if field is None or not field.axes:
        return {"receptive_field": None, "rf_stride": None, "rf_offset": None}
    placed = not field.flat and not field.is_whole
    strides = [int(s) if s.denominator == 1 else float(s) for s in (a.stride for a in field.axes)]
    return {
        "receptive_field": _same([axis.size for axis in field.axes]),
        "rf_stride": _same(strides) if placed else None,
        "rf_offset": None if field.flat else _same([axis.window(0)[0] for axis in field.axes]),
    }


def _same(values: list[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else tuple(values)


def _plain(value: Any) -> Any:
    """Return a setting as plain data: numbers, text, tuples, the name of a function."""
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "__name__", type(value).__name__)


def _bytes(dtype: str) -> int:
    """Return the bytes of one number: the digits of a dtype's name are its bits (bool has none)."""
    bits = re.search(r"\d+", str(dtype))
    return int(bits[0]) // 8 if bits else 1
