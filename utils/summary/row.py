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
    After an upsampling or a transposed convolution units may differ: then it is the largest window,
    the stride is the mean, and in place of an offset `rf_windows` has for each axis the windows of
    one period. `window` tells any unit's. `kernel_size` and `strides` of a raw operation may be one
    number for all axes.
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
    rf_windows: tuple[Any, ...] | None = None

    def window(self, *unit: int) -> tuple[tuple[int, int] | None, ...]:
        """Return the first and the last place of the input that a unit reads, along each axis.

        Below 0 and past the input is padding. None: the unit reads nothing, as some do after a
        transposed convolution whose strides are larger than its kernel.

        Raises:
            ValueError: it is not known.
        """
        if self.rf_offset is None and self.rf_windows is None:
            raise ValueError(f"{self.name!r}: what one unit reads of the input is not known.")
        columns = (self.receptive_field, self.rf_stride or 0, self.rf_offset)
        sizes, strides, offsets = (_each(value, len(unit)) for value in columns)
        periods = self.rf_windows or tuple(
            ((first, first + size - 1),) for first, size in zip(offsets, sizes, strict=True)
        )
        return tuple(map(_moved, unit, periods, strides))


def _each(value: Any, axes: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * axes


def _moved(unit: int, period: tuple[Any, ...], stride: float) -> tuple[int, int] | None:
    """Return a unit's window along an axis of which one period is known."""
    periods, phase = divmod(unit, len(period))
    if period[phase] is None:
        return None
    shift = round(periods * len(period) * stride)
    first, last = period[phase]
    return first + shift, last + shift


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
    "rf_windows": plain.is_numbers,
    **dict.fromkeys(("weight_bytes", "trainable_bytes"), plain.is_count),
}
