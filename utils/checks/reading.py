"""A probe's answer to one call, checked: nothing in it is believed before it has its type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .layers import Layer, expect, plain, read_chain, split
from .vgg import outputs

MAX_OUTPUTS = 50_000
TOLERANCE = 1e-3  # of the largest value; NumPy and Keras differ by 1e-6, a wrong layer by 1e-1


@dataclass(frozen=True)
class Reading:
    """What one call gave: an error, something that is no model, or a model's layers and outputs.

    `expected` are the layers that the call asked for.
    """

    call: str
    asked: dict
    expected: tuple[Layer, ...]
    seed: int
    unknown: tuple[str, ...] = ()
    error: dict | None = None
    returned: str | None = None
    unreadable: dict | None = None
    layers: tuple[Layer, ...] | None = None
    input_shape: tuple = ()
    output_shape: tuple = ()
    sequential: bool = False
    tied: bool = False
    outputs: np.ndarray | None = None

    @cached_property
    def blocks(self) -> tuple[Layer, ...]:
        """The layers up to where the maps become a vector."""
        return split(self.layers)[0]

    @cached_property
    def tail(self) -> tuple[Layer, ...]:
        """The layers after the blocks."""
        return split(self.layers)[1]

    @property
    def params(self) -> int:
        """Parameters of all layers."""
        return sum(layer.params for layer in self.layers)

    @property
    def has_asked_shape(self) -> bool:
        """Whether the model's input has the shape that the call named."""
        return self.input_shape == plain(self.asked.get("input_shape"))

    @cached_property
    def distance(self) -> float:
        """The largest difference from the expected outputs, relative to their largest value."""
        if self.outputs is None or not self.has_asked_shape:
            return np.inf
        right = outputs(self.expected, self.input_shape, self.seed)
        if self.output_shape != right.shape or self.outputs.size != right.size:
            return np.inf
        found, right = self.outputs, right.ravel().astype(float)
        if ("activation", "softmax") in self.expected[-1].settings:
            # Logarithms, because next to one probability of nearly 1 no other mistake shows.
            found, right = (np.log(np.maximum(values, 1e-30)) for values in (found, right))
        return float(np.abs(found - right).max() / np.abs(right).max())

    @property
    def proven(self) -> bool:
        """Whether the numbers prove that the model is the expected one, however it is written."""
        return self.distance < TOLERANCE


def read(answer: object, call: str, asked: dict, expected: Sequence[Layer], seed: int) -> Reading:
    """The reading of one call's answer; raises Malformed for what no probe wrote."""
    answer = expect(answer, dict, "call")
    unknown = expect(answer.get("unknown"), list, "unknown", most=20)
    common = {
        "call": call,
        "asked": asked,
        "expected": tuple(expected),
        "seed": seed,
        "unknown": tuple(expect(name, str, "unknown", most=50) for name in unknown),
    }
    if "error" in answer:
        return Reading(error=_error(answer["error"]), **common)
    if "returned" in answer:
        return Reading(returned=expect(answer["returned"], str, "returned", most=100), **common)
    if "unreadable" in answer:
        return Reading(unreadable=_error(answer["unreadable"]), **common)
    model = expect(answer.get("model"), dict, "model")
    summary = expect(model.get("summary"), dict, "summary")
    rows = expect(summary.get("rows"), list, "rows")
    last = expect(rows[-1] if rows else None, dict, "row")
    return Reading(
        layers=read_chain(rows),
        input_shape=plain(expect(summary.get("input_shape"), list, "input_shape", most=8)),
        output_shape=plain(expect(last.get("output_shape"), list, "output_shape", most=8)),
        sequential=model.get("class") == "Sequential",
        tied=model.get("tied") is True,
        outputs=_numbers(model.get("outputs")),
        **common,
    )


def _error(error: object) -> dict:
    error = expect(error, dict, "error")
    line = error.get("line")
    return {
        "type": expect(error.get("type"), str, "type", most=100),
        "message": expect(error.get("message"), str, "message", most=1000),
        "source": expect(error.get("source"), str, "source", most=1000),
        "line": None if line is None else expect(line, int, "line"),
    }


def _numbers(values: object) -> np.ndarray | None:
    """Finite numbers as an array; None for anything else."""
    if not isinstance(values, list) or not 0 < len(values) <= MAX_OUTPUTS:
        return None
    numeric = all(isinstance(v, int | float) and abs(v) < 1e30 for v in values)
    return np.array(values, dtype=float) if numeric else None
