"""A probe's answer to one call, checked: nothing in it is believed before it has its type."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .layers import Layer, expect, plain, read_chain
from .mistakes import diagnose
from .score import Diagnosis
from .vgg import outputs

MAX_OUTPUTS = 50_000
TOLERANCE = 1e-3  # relative to the largest value; float32 sums in another order stay below 1e-5


@dataclass(frozen=True)
class Reading:
    """What one call gave: an error, something that is no model, or a model's layers and outputs."""

    call: str
    asked: dict
    error: dict | None = None
    returned: str | None = None
    unreadable: dict | None = None
    unknown: tuple[str, ...] = ()
    layers: tuple[Layer, ...] | None = None
    input_shape: tuple = ()
    output_shape: tuple = ()
    sequential: bool = False
    tied: bool = False
    outputs: np.ndarray | None = None

    @property
    def params(self) -> int:
        """Parameters of all layers."""
        return sum(layer.params for layer in self.layers)

    @property
    def has_asked_shape(self) -> bool:
        """Whether the model's input has the shape that the call named."""
        return self.input_shape == plain(self.asked.get("input_shape"))

    def distance(self, expected: list[Layer], seed: int) -> float:
        """The largest difference from what `expected` computes, relative to its largest value."""
        if self.outputs is None or not self.has_asked_shape:
            return np.inf
        right = outputs(tuple(expected), self.input_shape, seed)
        if self.output_shape != right.shape or self.outputs.size != right.size:
            return np.inf
        found, right = self.outputs, right.ravel().astype(float)
        if ("activation", "softmax") in expected[-1].settings:
            # Logarithms, because next to one probability of nearly 1 no other mistake shows.
            found, right = (np.log(np.maximum(values, 1e-30)) for values in (found, right))
        return float(np.abs(found - right).max() / np.abs(right).max())

    def computes(self, expected: list[Layer], seed: int) -> bool:
        """Whether the numbers prove that the model is `expected`, however it was written."""
        return self.distance(expected, seed) < TOLERANCE


def read(answer: object, call: str, asked: dict) -> Reading:
    """The reading of one call's answer; raises Malformed for what no probe wrote."""
    answer = expect(answer, dict, "call")
    unknown = tuple(
        expect(name, str, "unknown", most=50)
        for name in expect(answer.get("unknown"), list, "unknown", most=20)
    )
    common = {"call": call, "asked": asked, "unknown": unknown}
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


# (exception's type, words in its message or in the student's line) -> code; the first that fits.
ERRORS = (
    ("NotImplementedError", "", "unfinished"),
    ("", r"填入|\.\.\.|___|ellipsis|(filters|units)=0\b|shape=\([^)]*, None\)", "placeholder"),
    ("", "used \\d+ times in the model", "duplicate_names"),
    ("", "not connected to", "untied"),
    ("", "activation function identifier", "unknown_activation"),
    ("", "zero or negative|Negative dimension", "shrunk"),
    ("NameError|UnboundLocalError", "", "undefined_name"),
    ("TypeError", "keyword|positional argument|multiple values", "wrong_keyword"),
    ("ValueError", "[Uu]nrecognized keyword", "wrong_keyword"),
    ("", "", "exception"),
)


def explain(reading: Reading, expects_tensor: bool = False) -> Diagnosis | None:
    """Why a call gave no model; None when it gave one."""
    if reading.error:
        return _explain_error(reading.error, reading.call)
    if reading.unreadable:
        return diagnose("unreadable", "", call=reading.call, error=_told(reading.unreadable))
    if reading.returned == "NoneType":
        return diagnose("returns_none", "", call=reading.call)
    if reading.returned:
        code = "returns_model" if expects_tensor else "not_a_model"
        return diagnose(code, "", call=reading.call, returned=f"`{reading.returned}`")
    return None


def _explain_error(error: dict, call: str) -> Diagnosis:
    text = error["message"] + error["source"]
    code = next(
        code
        for kind, words, code in ERRORS
        if re.fullmatch(kind or ".*", error["type"]) and re.search(words, text)
    )
    source = error["source"].replace("`", "'")
    where = f"第 {error['line']} 行 " + (f"`{source}` " if source else "")
    where = where if error["line"] else "函數裡"
    return diagnose(code, "", call=call, where=where, error=_told(error))


def _told(error: dict) -> str:
    """The error in one line; Keras says the reason after a line that only names the layer."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", error["message"]).replace("`", "'")
    lines = [line for line in message.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered"):
        del lines[0]
    return f"{error['type']}：{lines[0][:200]}" if lines else error["type"]
