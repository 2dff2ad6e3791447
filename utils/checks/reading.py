"""A probe's answer to one call, checked: nothing in it is believed before it has its type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from .layers import Layer, Shape, expect, plain, read_chain, read_shape, split
from .reference import fingerprint
from .task import Json
from .vgg import outputs

MAX_OUTPUTS = 50_000
TOLERANCE = 1e-3  # of the largest value; NumPy and Keras differ by 1e-6, a wrong layer by 1e-1


@dataclass(frozen=True)
class Reading:
    """What one call gave: an error, something that is no model, or a model's layers and outputs.

    `expected` are the layers that the call asked for.
    """

    call: str
    asked: Json
    expected: tuple[Layer, ...]
    seed: int
    unknown: tuple[str, ...] = ()
    error: Json | None = None
    returned: str | None = None
    unreadable: Json | None = None
    layers: tuple[Layer, ...] = ()
    input_shape: Shape = ()
    output_shape: Shape = ()
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
        probabilities = ("activation", "softmax") in self.expected[-1].settings
        return difference(self.outputs, right, probabilities)

    @property
    def proven(self) -> bool:
        """Whether the numbers prove that the model is the expected one, however it is written."""
        return self.distance < TOLERANCE


def read(answer: object, call: str, asked: Json, expected: Sequence[Layer], seed: int) -> Reading:
    """The reading of one call's answer; raises Malformed for what no probe wrote."""
    answer = expect(answer, dict, "call")
    unknown = expect(answer.get("unknown"), list, "unknown", most=20)
    names = tuple(expect(name, str, "unknown", most=50) for name in unknown)
    reading = partial(Reading, call, asked, tuple(expected), seed, names)
    if "error" in answer:
        return reading(error=read_error(answer["error"]))
    if "returned" in answer:
        return reading(returned=expect(answer["returned"], str, "returned", most=100))
    if "unreadable" in answer:
        return reading(unreadable=read_error(answer["unreadable"]))
    model = expect(answer.get("model"), dict, "model")
    summary = expect(model.get("summary"), dict, "summary")
    rows = expect(summary.get("rows"), list, "rows")
    last = expect(rows[-1] if rows else None, dict, "row")
    return reading(
        layers=read_chain(rows),
        input_shape=read_shape(summary, "input_shape"),
        output_shape=read_shape(last, "output_shape"),
        sequential=model.get("class") == "Sequential",
        tied=model.get("tied") is True,
        outputs=numbers(model.get("outputs")),
    )


def difference(found: np.ndarray, right: np.ndarray, probabilities: bool = False) -> float:
    """The largest difference of as many numbers, relative to the largest that is right."""
    found, right = found.ravel().astype(float), right.ravel().astype(float)
    if probabilities:
        # Logarithms, because next to one probability of nearly 1 no other mistake shows.
        found, right = (np.log(np.maximum(values, 1e-30)) for values in (found, right))
    return float(np.abs(found - right).max() / np.abs(right).max())


def holds(told: object, weights: Sequence[np.ndarray], in_any_order: bool = False) -> bool:
    """Whether a layer's fingerprints, as the probe told them, are those of these weights."""
    prints = [numbers(each) for each in expect(told, list, "weights", most=4)]
    seen = 2 if in_any_order else 3  # mean and mean square do not feel the order
    return len(prints) == len(weights) and all(
        found is not None
        and found.size == 3
        and np.allclose(found[:seen], fingerprint(each)[:seen], rtol=1e-4, atol=1e-7)
        for found, each in zip(prints, weights, strict=True)
    )


def call_text(function: str, asked: Json) -> str:
    """A call as a student would write it."""
    values = {
        key: f"Input({tuple(asked['input_shape'])})"
        if key == "input_tensor" and value
        else repr(tuple(value) if isinstance(value, list) else value)
        for key, value in asked.items()
        if key != "input_tensor" or value
    }
    return f"{function}({', '.join(f'{key}={value}' for key, value in values.items())})"


def read_error(error: object) -> Json:
    """What `task.attempt` told of an error."""
    error = expect(error, dict, "error")
    line = error.get("line")
    return {
        "type": expect(error.get("type"), str, "type", most=100),
        "message": expect(error.get("message"), str, "message", most=1000),
        "source": expect(error.get("source"), str, "source", most=1000),
        "line": None if line is None else expect(line, int, "line"),
    }


def numbers(values: object) -> np.ndarray | None:
    """Finite numbers as an array; None for anything else."""
    if not isinstance(values, list) or not 0 < len(values) <= MAX_OUTPUTS:
        return None
    numeric = all(isinstance(v, int | float) and abs(v) < 1e30 for v in values)
    return np.array(values, dtype=float) if numeric else None
