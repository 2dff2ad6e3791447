"""What a model is made of and what it costs: parameters, MACs, memory, receptive fields.

`summarize(model)` reads shapes alone; nothing is run. `blueprint(build)` makes no weights, either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

from utils.summary.compare import Difference
from utils.summary.count import macs
from utils.summary.graph import Call, Edge, calls, is_known, numbered_anew, without_weights
from utils.summary.receptive import Field, field
from utils.summary.row import LayerRow
from utils.summary.table import ModelSummary

__all__ = ["Difference", "LayerRow", "ModelSummary", "blueprint", "summarize", "without_weights"]

# The settings that a row keeps, beside kernel, strides and padding.
SETTINGS = (
    *("filters", "units", "groups", "dilation_rate", "depth_multiplier", "pool_size", "size"),
    *("activation", "use_bias", "data_format", "rate", "axis", "epsilon", "momentum"),
    *("negative_slope", "max_value", "cropping", "interpolation", "target_shape", "dims"),
    *("keepdims", "output_padding", "scale", "center", "offset", "alpha"),
)


def summarize(
    model: Any, input_shape: Any = None, own_kinds: Mapping[str, str] | None = None
) -> ModelSummary:
    """Summarise a Keras model call by call, at its own input shape or at another one.

    Args:
        model: a Functional or Sequential model; inner models are read layer by layer.
        input_shape: without the batch; a list of shapes where there are several inputs.
        own_kinds: for layer classes of one's own, the Keras kind whose MACs and receptive field
            they share: `{"Subsampling": "AveragePooling2D"}`. They need that kind's attributes.

    Raises:
        TypeError: the model is a subclassed one, which has no graph to read.
        ValueError: a size of the input is unknown, or a layer (named) cannot take what it gets.
    """
    found = [
        replace(call, acts_as=(own_kinds or {}).get(call.kind))
        for call in calls(model, input_shape)
    ]
    channels_first = _data_format(found) == "channels_first"
    fields: dict[Edge, Field | None] = {}
    counted: set[int] = set()
    rows = []
    for call in found:
        if call.inputs:
            reach = field(call, [fields[edge] for edge in call.inputs])
        else:
            shape = call.outputs[0].shape
            assert is_known(shape)  # `calls` refuses other inputs
            reach = Field.of_input(shape, channels_first)
        fields.update(dict.fromkeys(call.outputs, reach))
        rows.append(_row(call, reach, counted))
    shapes = tuple(row.output_shape for row in rows if not row.inputs)
    return ModelSummary(model.name, shapes[0] if len(shapes) == 1 else shapes, tuple(rows))


def blueprint(build: Callable[..., Any], *args: Any, **kwargs: Any) -> ModelSummary:
    """Summarise `build(*args, **kwargs)` from shapes alone, however large the model would be.

    Every call gives the same names, whatever else Keras has numbered.

    >>> blueprint(keras.applications.VGG16, weights=None).params  # without 528 MiB of weights
    138357544

    Args:
        build: a function that returns a Functional or Sequential model.
        args: what `build` is called with, as are `kwargs`.

    Raises:
        TypeError, ValueError: as `summarize` does, and whatever `build` raises.
    """
    with without_weights(), numbered_anew():
        return summarize(build(*args, **kwargs))


def _data_format(found: list[Call]) -> str:
    """Return where the channels are: as the first layer says that has to know it."""
    import keras

    default: str = keras.config.image_data_format()
    return next(filter(None, (getattr(call.op, "data_format", None) for call in found)), default)


def _row(call: Call, reach: Field | None, counted: set[int]) -> LayerRow:
    """Return the row of a call; adds its weights to `counted`, those of earlier calls."""
    op = call.op
    weights = [weight for weight in getattr(op, "weights", ()) if id(weight) not in counted]
    counted.update(map(id, weights))
    learned = set(map(id, getattr(op, "trainable_weights", ())))
    trainable = [weight for weight in weights if id(weight) in learned]
    shapes = tuple(edge.shape for edge in call.outputs)
    sizes_are_known = all(map(is_known, shapes))
    return LayerRow(
        name=call.name,
        kind=call.kind,
        inputs=tuple(edge.source for edge in call.inputs),
        output_shape=shapes[0] if len(shapes) == 1 else shapes,
        kernel_size=_plain(getattr(op, "kernel_size", getattr(op, "pool_size", None))),
        strides=_plain(getattr(op, "strides", None)),
        padding=_plain(getattr(op, "padding", None)),
        config={key: _plain(getattr(op, key)) for key in SETTINGS if hasattr(op, key)},
        params=_numbers(weights),
        trainable_params=_numbers(trainable),
        macs=macs(call),
        activations=_numbers(call.outputs) if sizes_are_known else None,
        activation_bytes=_numbers(call.outputs, _bytes) if sizes_are_known else None,
        **_field_columns(reach),
        weight_bytes=_numbers(weights, _bytes),
        trainable_bytes=_numbers(trainable, _bytes),
    )


def _field_columns(reach: Field | None) -> dict[str, Any]:
    if reach is None or not reach.axes:
        return dict.fromkeys(("receptive_field", "rf_stride", "rf_offset"))
    strides = [int(s) if s.denominator == 1 else float(s) for s in (a.stride for a in reach.axes)]
    return {
        "receptive_field": _one_or_each([axis.size for axis in reach.axes]),
        "rf_stride": None if reach.flat or reach.is_whole else _one_or_each(strides),
        **_places(reach),
    }


def _places(reach: Field) -> dict[str, Any]:
    """Return where windows begin: one offset where the stride tells the rest, else each window."""
    if reach.flat:
        return {"rf_offset": None}
    if all(axis.is_even for axis in reach.axes):
        return {"rf_offset": _one_or_each([axis.first[0] for axis in reach.axes])}
    windows = [
        tuple((first, last) if first <= last else None for first, last in axis.period())
        for axis in reach.axes
    ]
    return {"rf_offset": None, "rf_windows": tuple(windows)}


def _one_or_each(values: list[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else tuple(values)


def _plain(value: Any) -> Any:
    """Return a setting as plain data: a function or an object by its name, a class as such."""
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, type):  # `activation=layers.ReLU`, which lacks its brackets
        return f"class {value.__name__}"
    return getattr(value, "__name__", type(value).__name__)


def _numbers(tensors: Iterable[Any], each: Callable[[Any], int] = lambda tensor: 1) -> int:
    """Return how many numbers tensors hold, or what these weigh."""
    numbers: int = sum(prod(tensor.shape) * each(tensor) for tensor in tensors)
    return numbers


def _bytes(tensor: Any) -> int:
    """Return the bytes of one number; the digits in a dtype's name are its bits, bool has none."""
    bits = re.search(r"\d+", str(tensor.dtype))
    return int(bits[0]) // 8 if bits else 1
