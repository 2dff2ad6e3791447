"""A row of a summary: one call of one layer, and what each of its columns must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from utils.summary import plain


@dataclass(frozen=True)
class LayerRow:
    """One call of one layer. Shapes are without the batch; None: not known, or makes no sense.

    `params` belong to the layer's first call; `macs` to each. The receptive field of unit i reaches
    `receptive_field` places of the input from `rf_offset + i * rf_stride` on (below 0 is padding);
    it is the largest over all paths, and what a global pooling or a dense layer sees of the input.
    After a transposed convolution units may differ: the largest window and the mean stride.
    `kernel_size` and `strides` of a raw operation may be one number for all axes.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    output_shape: tuple[Any, ...]
    kernel_size: int | tuple[int, ...] | None
    strides: int | tuple[int, ...] | None
    padding: Any
    config: dict[str, Any]
    params: int
    trainable_params: int
    macs: int | None
    activations: int | None
    activation_bytes: int | None
    receptive_field: int | tuple[int, ...] | None
    rf_stride: float | tuple[float, ...] | None
    rf_offset: int | tuple[int, ...] | None
    weight_bytes: int
    trainable_bytes: int


# What each column must be where a summary is made from plain data.
ROW_COLUMNS = {
    **dict.fromkeys(("name", "kind"), plain.is_text),
    "inputs": plain.is_texts,
    "output_shape": plain.is_shape,
    "kernel_size": plain.is_numbers,
    "strides": plain.is_numbers,
    "padding": plain.is_setting,
    "config": plain.is_settings,
    **dict.fromkeys(("params", "trainable_params"), plain.is_count),
    **dict.fromkeys(("macs", "activations", "activation_bytes"), plain.is_count_or_none),
    **dict.fromkeys(("receptive_field", "rf_stride", "rf_offset"), plain.is_numbers),
    **dict.fromkeys(("weight_bytes", "trainable_bytes"), plain.is_count),
}
