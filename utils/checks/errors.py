"""Why a call gave no model, in a student's words: their line, and what the error means."""

from __future__ import annotations

import re

from .mistakes import Mistake, diagnose
from .reading import Reading, read
from .task import Json

# (exception's type, words in its message or in the student's line) -> code; the first that fits.
ERRORS = (
    ("NotImplementedError", "", "unfinished"),
    ("", r"填入|\.\.\.|___|ellipsis|(filters|units)=0\b|shape=\([^)]*, None\)", "placeholder"),
    ("", "used \\d+ times in the model", "duplicate_names"),
    ("", "not connected to", "untied"),
    ("", "activation function identifier", "unknown_activation"),
    ("", "zero or negative|Negative dimension", "shrunk"),
    ("ValueError", "weight shape|shape of the target|cannot reshape", "unlike_shapes"),
    ("", "incompatible shapes|annot broadcast|except for the concat", "unlike_branches"),
    ("NameError|UnboundLocalError", "", "undefined_name"),
    ("TypeError", "keyword|positional argument|multiple values", "wrong_keyword"),
    ("ValueError", "[Uu]nrecognized keyword", "wrong_keyword"),
    ("", "", "exception"),
)


def explain(reading: Reading, expects_tensor: bool = False) -> Mistake | None:
    """Why a call gave no model; None when it gave one."""
    if reading.error:
        return _explain_error(reading.error, reading.call)
    if reading.unreadable:
        return diagnose("unreadable", "", call=reading.call, error=error_text(reading.unreadable))
    if reading.returned == "NoneType":
        return diagnose("returns_none", "", call=reading.call)
    if reading.returned is not None:  # a type may have no name
        code = "returns_model" if expects_tensor else "not_a_model"
        return diagnose(code, "", call=reading.call, returned=f"`{reading.returned}`")
    return None


def explain_answer(answer: Json, call: str) -> Mistake | None:
    """As `explain`, for what a probe told of a call; None when there is something to judge."""
    if not {"error", "returned", "unreadable"} & answer.keys():
        return None
    return explain(read({"unknown": []} | answer, call, {}, (), 0))


def _explain_error(error: Json, call: str) -> Mistake:
    """What an error of the student's code means."""
    text = error["message"] + error["source"]
    code = next(
        code
        for kind, words, code in ERRORS
        if re.fullmatch(kind or ".*", error["type"]) and re.search(words, text)
    )
    source = error["source"].replace("`", "'")
    where = f"第 {error['line']} 行 " + (f"`{source}` " if source else "")
    where = where if error["line"] else "函式裡"
    return diagnose(code, "", call=call, where=where, error=error_text(error))


def error_text(error: Json) -> str:
    """The error in one line; Keras says the reason after a line that only names the layer."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", error["message"]).replace("`", "'")
    lines = [line for line in message.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered"):
        del lines[0]
    return f"{error['type']}：{lines[0][:200]}" if lines else error["type"]
