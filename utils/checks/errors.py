"""Why a call gave no model, in a student's words: their line, and what the error means."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Sequence

from . import causes
from .layers import expect
from .mistakes import Mistake, diagnose
from .reading import Reading, read, read_cause
from .task import Json

# (exception's type, words in its message) -> code; the first that fits.
ERRORS = (
    ("", "應該是多少|填入|___|[Ee]llipsis", "placeholder"),
    ("", "[０-９Ａ-Ｚａ-ｚ＿]", "fullwidth"),
    ("", r'"[^"]*\{[^"]*" is used \d+ times', "no_f_string"),
    ("", r"used \d+ times in the model", "duplicate_names"),
    ("", "not connected to", "untied"),
    ("", "activation function identifier", "unknown_activation"),
    ("", "padding. argument must|'lower'", "unknown_padding"),
    ("", "zero or negative|Negative dimension", "shrunk"),
    ("ValueError", "weight shape|shape of the target|cannot reshape", "unlike_shapes"),
    ("", "incompatible shapes|annot broadcast|except for the concat", "unlike_branches"),
    ("", "must be fully-defined|for %: 'NoneType'", "open_shape"),
    ("", "expected (min_)?ndim", "rank"),
    ("", "input tensors may|should be tensors|be KerasTensors|'(tuple|list)' and", "no_tensor"),
    ("", r"to a TensorFlow function|_jax_|(not|got) \(?KerasTensor", "tensorflow_function"),
    ("", "cannot be used as a boolean", "truth"),
    ("", "symbolic|object of type 'KerasTensor'|'KerasTensor' object (?!is not)", "symbolic"),
    ("RecursionError", "", "endless"),
    ("UnboundLocalError", "", "unbound"),
    ("NameError", "", "undefined_name"),
    ("ImportError", "cannot import name", "no_attribute"),
    ("ImportError|ModuleNotFoundError", "", "no_module"),
    ("FileNotFoundError", "", "no_file"),
    ("", "URL fetch", "no_file"),
    ("AttributeError", "has no attribute", "no_attribute"),
    ("TypeError", "is not callable", "not_callable"),
    ("TypeError", "keyword|positional argument|multiple values|required argument", "wrong_keyword"),
    ("ValueError", "[Uu]nrecognized keyword", "wrong_keyword"),
    ("", "argument (must|should)|rgument .name|nvalid value|invalid dimension", "bad_argument"),
    ("", "supported between|initializer identifier|to a shape", "bad_argument"),
    ("", "", "exception"),
)
# What `causes` may tell, which needs no table.
CAUSES = {"not_called", "tensor_as_setting", "no_return", "comma", "endless", "no_default"}
# What may be missing because a result was left unused -> words in what made that result.
LACKING = {
    **dict.fromkeys(("include_top", "missing_block", "missing_layer"), ""),
    **dict.fromkeys(("missing_pool", "pooling"), "pool"),
    "missing_conv": "conv",
    "missing_flatten": "flatten",
    "missing_dense": "dense",
    **dict.fromkeys(("activation", "last_activation"), "activation|relu|softmax"),
}


def explain(reading: Reading, expects_tensor: bool = False) -> Mistake | None:
    """Why a call gave no model; None when it gave one."""
    if reading.error:
        return _explain_error(reading.error, reading.call)
    if cause := _explain_cause(reading.cause):
        return cause
    if reading.unreadable:
        return diagnose("unreadable", "", call=reading.call, error=error_text(reading.unreadable))
    if reading.returned == "NoneType":
        return diagnose("returns_none", "", call=reading.call)
    if reading.returned is not None:  # a type may have no name
        code = "returns_model" if expects_tensor else "not_a_model"
        return diagnose(code, "", call=reading.call, returned=f"`{reading.returned}`")
    return None


def doubt(reading: Reading, part: str) -> Mistake:
    """Told of layers that read right where the numbers are others, or none and why."""
    if math.isfinite(reading.distance):
        return diagnose("numbers", part, call=reading.call, worst=reading.distance)
    why = f"（{error_text(reading.failed)}）" if reading.failed else ""
    return diagnose("no_numbers", part, call=reading.call, why=why)


def explain_answer(answer: Json, call: str) -> Mistake | None:
    """As `explain`, for what a probe told of a call; None when there is something to judge."""
    if not {"error", "returned", "unreadable"} & answer.keys():
        return None
    return explain(read({"unknown": []} | answer, call, {}, (), 0))


def _explain_error(error: Json, call: str) -> Mistake:
    """What an error of the student's code means."""
    if cause := _explain_cause(error["cause"]):
        return cause
    code = next(
        code
        for kind, words, code in ERRORS
        if re.fullmatch(kind or ".*", error["type"]) and re.search(words, error["message"])
    )
    if error["type"] == "NotImplementedError" and error["raised"]:
        code = "unfinished"
    return diagnose(code, "", call=call, where=_where(error), error=error_text(error))


def _explain_cause(cause: Json | None) -> Mistake | None:
    """What `causes` followed back to the line where it was made."""
    if not cause or cause["code"] not in CAUSES:
        return None
    function = f"`{cause['function']}`"
    name = cause["name"].replace("`", "'")
    return diagnose(cause["code"], "", where=_where(cause), function=function, name=name)


def _where(place: Json) -> str:
    """A line of the student's, and in which function's cell to look for it."""
    if not place["line"]:
        return "函式裡"
    cell = f"`{place['function']}` 那一格" if place["function"].isidentifier() else ""
    source = place["source"].replace("`", "'")
    return f"{cell}第 {place['line']} 行 " + (f"`{source}` " if source else "")


def with_unused(mistakes: Sequence[Mistake], told: object, parts: Container[str]) -> list[Mistake]:
    """The mistakes, where what is missing may be a result that a line leaves unused.

    `told` is `causes.unused`; a function that is named like one of `parts` explains only that part.
    """
    places = [read_cause(each) for each in expect(told, list, "unused", most=causes.MOST)]
    explained = []
    for mistake in mistakes:
        made_by = LACKING.get(mistake.code, "$.")
        fitting = [
            _where(place).strip()
            for place in filter(None, places)
            if re.search(made_by, place["name"].lower())
            and (place["function"] == mistake.part or place["function"] not in parts)
        ]
        if fitting:
            where = "、".join(fitting[:2]) + " "
            mistake = diagnose("not_stored", mistake.part, where=where)
        explained.append(mistake)
    return explained


def error_text(error: Json) -> str:
    """The error in one line; Keras says the reason after a line that only names the layer."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", error["message"]).replace("`", "'")
    lines = [line for line in message.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered"):
        del lines[0]
    return f"{error['type']}：{lines[0][:200]}" if lines else error["type"]
