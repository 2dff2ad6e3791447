"""A probe's answer to one call, checked: nothing in it is believed before it has its type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from .compare import align
from .layers import (
    Layer,
    Shape,
    expect,
    in_order_of,
    ordered,
    plain,
    read_layers,
    read_summary,
    same,
    split,
    without_activations,
)
from .task import MOST_DEFAULTS, Json, arguments, shape_of
from .weights import Step, fingerprint, seeded_images

MAX_OUTPUTS = 50_000
TOLERANCE = 1e-3  # of the largest value; NumPy and Keras differ by 1e-6, a wrong layer by 1e-1
EXACT = 1e-6  # of what NumPy alone computes: where a ReLU changes nothing, it changes no bit

FREE_EPSILON = 0.01  # of a normalisation; what is smaller no paper fixes


@dataclass(frozen=True)
class Reading:
    """What one call gave: an error, something that is no model, or a model's layers and outputs.

    `expected` are the layers that the call asked for; `also` are other networks that are right.
    """

    call: str
    asked: Json
    expected: tuple[Layer, ...]
    seed: int
    also: tuple[tuple[Layer, ...], ...] = ()
    unknown: tuple[str, ...] = ()
    defaults: Json = field(default_factory=dict)  # of the student's function
    error: Json | None = None
    returned: str | None = None
    cause: Json | None = None
    unreadable: Json | None = None
    layers: tuple[Layer, ...] = ()
    input_shape: Shape = ()
    output_shape: Shape = ()
    sequential: bool = False
    tied: bool = False
    outputs: np.ndarray | None = None
    failed: Json | None = None  # why there are none

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
    def proof(self) -> str:
        """What the outputs for an image add up to, where they are no probabilities."""
        total = 1 if self.outputs is None else self.outputs.sum()
        return "" if abs(total - 1) < TOLERANCE else f"，一張影像的輸出加起來是 {total:.4g}，不是 1"

    @property
    def has_asked_shape(self) -> bool:
        """Whether the model's input has the shape that the call named."""
        return self.input_shape == shape_of(self.asked)

    @cached_property
    def distance(self) -> float:
        """The largest difference from the expected outputs, relative to their largest value."""
        nearest = np.inf
        for network in (self.expected, *self.also):
            nearest = min(nearest, self._distance(network))
            if nearest < TOLERANCE:
                break  # computing a network is most of the work
        return nearest

    def _distance(self, network: tuple[Layer, ...]) -> float:
        if self.outputs is None or not self.has_asked_shape:
            return np.inf
        right = outputs(network, self.input_shape, self.seed)
        if self.output_shape != right.shape or self.outputs.size != right.size:
            return np.inf
        return difference(self.outputs, right, network[-1].get("activation") == "softmax")

    @cached_property
    def proven(self) -> bool:
        """Whether the numbers prove that the model is the expected one, however it is written."""
        return self.distance < TOLERANCE and not self._is_activated_otherwise

    @property
    def _is_activated_otherwise(self) -> bool:
        """Whether activations alone make the layers another network, however little it shows.

        Before the largest of nine pixels a ReLU is hardly missed, and mixed precision rounds as
        much. So both networks are computed here; that the student's has no other layers makes it
        no larger than the expected one.
        """
        networks = (self.expected, *self.also)
        if any(same(network, self.layers) for network in networks):
            return False
        bare = without_activations(self.layers)
        alike = [network for network in networks if same(without_activations(network), bare)]
        return bool(alike) and not any(
            equal(self.layers, network, self.input_shape, self.seed) for network in alike
        )


def outputs(network: tuple[Layer, ...], input_shape: Shape, seed: int) -> np.ndarray:
    """What a network gives for the seed's weights and its one image, without the batch axis."""
    from .reference import outputs  # grading's sandbox has nothing that computes what is right

    return outputs(network, input_shape, seed)


def equal(found: Sequence[Layer], right: Sequence[Layer], input_shape: Shape, seed: int) -> bool:
    """Whether two networks give the same; so it is said of one that can't be computed, too."""
    from .reference import Unknown, computed

    try:
        with np.errstate(all="ignore"):  # whatever a student's activation does
            one, other = (computed(tuple(each), input_shape, seed) for each in (found, right))
    except Unknown:
        return True
    return difference(one, other, right[-1].get("activation") == "softmax") < EXACT


def compute(
    network: Sequence[Layer],
    input_shape: Sequence[int],
    seed: int,
    given: Mapping[str, tuple[np.ndarray, ...]] | None = None,
) -> Iterator[Step]:
    """What each layer gives for the seed's image, as `reference.run`."""
    from .reference import run

    return run(network, seeded_images(seed, input_shape), seed, given)


def read(
    answer: object,
    call: str,
    asked: Json,
    expected: Sequence[Layer],
    seed: int,
    also: Sequence[Sequence[Layer]] = (),
) -> Reading:
    """The reading of one call's answer; raises Malformed for what no probe wrote."""
    answer = expect(answer, dict, "call")
    unknown = expect(answer.get("unknown"), list, "unknown", most=20)
    names = tuple(expect(name, str, "unknown", most=50) for name in unknown)
    told = expect(answer.get("defaults", {}), dict, "defaults", most=MOST_DEFAULTS)
    defaults = {name: plain(value, depth=0) for name, value in told.items()}
    reading = Reading(call, asked, tuple(expected), seed, tuple(map(tuple, also)), names, defaults)
    if "error" in answer:
        return replace(reading, error=read_error(answer["error"]))
    if "returned" in answer:
        returned = expect(answer["returned"], str, "returned", most=100)
        return replace(reading, returned=returned, cause=read_cause(answer.get("cause")))
    if "unreadable" in answer:
        return replace(reading, unreadable=read_error(answer["unreadable"]))
    model = expect(answer.get("model"), dict, "model")
    summary = read_summary(model.get("summary"))
    layers = read_layers(summary)
    return replace(
        reading,
        expected=_as_found(layers, reading.expected),
        also=tuple(_as_found(layers, network) for network in reading.also),
        layers=tuple(ordered(layers)),
        input_shape=summary.input_shape,
        output_shape=summary.rows[-1].output_shape,
        sequential=model.get("class") == "Sequential",
        tied=model.get("tied") is True,
        outputs=numbers(model.get("outputs")),
        failed=read_error(model["failed"]) if model.get("failed") else None,
    )


def _as_found(found: Sequence[Layer], network: Sequence[Layer]) -> tuple[Layer, ...]:
    """The network with what it leaves open as the layers found have it."""
    return in_order_of(found, _with_epsilons_of(found, network))


def _with_epsilons_of(found: Sequence[Layer], network: Sequence[Layer]) -> tuple[Layer, ...]:
    """The network with the small constants that the normalisations found have."""
    norms = [layer for layer in found if layer.kind == "norm"]
    if len({layer.get("epsilon") for layer in norms}) == 1:
        epsilons = {layer.path: norms[0].get("epsilon") for layer in network}
    else:
        pairs = align(ordered(network), ordered(found)) if norms else []
        epsilons = {mine.path: theirs.get("epsilon") for mine, theirs in pairs if mine and theirs}
    return tuple(
        layer.having(epsilon=epsilons[layer.path])
        if layer.kind == "norm" and _is_free(epsilons.get(layer.path))
        else layer
        for layer in network
    )


def _is_free(epsilon: object) -> bool:
    """Whether no paper says that it has to be another one."""
    return isinstance(epsilon, float) and 0 < epsilon <= FREE_EPSILON


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
        for key, value in arguments(asked).items()
        if key != "input_tensor" or value
    }
    return f"{function}({', '.join(f'{key}={value}' for key, value in values.items())})"


def read_error(error: object) -> Json:
    """What `task.attempt` told of an error."""
    error = expect(error, dict, "error")
    return {
        "type": " ".join(expect(error.get("type"), str, "type", most=100).split()),  # in a line
        "message": expect(error.get("message"), str, "message", most=1000),
        "raised": error.get("raised") is True,
        "cause": read_cause(error.get("cause")),
        **read_place(error),
    }


def read_cause(cause: object) -> Json | None:
    """What `causes` told, if it told anything."""
    if cause is None:
        return None
    told = expect(cause, dict, "cause")
    texts = {key: expect(told.get(key), str, key, most=1000) for key in ("code", "name")}
    return texts | read_place(told)


def read_place(told: Json) -> Json:
    """Where something stands in a student's code."""
    line = told.get("line")
    return {
        "function": expect(told.get("function", ""), str, "function", most=100),
        "source": expect(told.get("source"), str, "source", most=1000),
        "line": None if line is None else expect(line, int, "line"),
    }


def numbers(values: object) -> np.ndarray | None:
    """Finite numbers as an array; None for anything else."""
    if not isinstance(values, list) or not 0 < len(values) <= MAX_OUTPUTS:
        return None
    numeric = all(isinstance(v, int | float) and abs(v) < 1e30 for v in values)
    return np.array(values, dtype=float) if numeric else None
