"""A task is a probe and a mark: one runs beside a student's code, the other judges what it saw."""

from __future__ import annotations

import contextlib
import inspect
import io
import linecache
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

from . import causes, stale
from .fresh import fresh_settings
from .layers import plain
from .mistakes import Texts
from .score import Score

Json = dict[str, Any]  # plain data: a case, one call of it, a probe's answer
Function = Callable[..., Any]  # a student's

# Of a check in grading's sandbox, which has nothing to compare with.
ELSEWHERE = "批改時，這個檢查由批改程式在別處做。"
# Of a call, what is no argument of the function: at what input the model is run that it gives,
# where it takes no `input_shape`.
RUN_AT = "run_at"
MESSAGE_LIMIT = 500  # characters of a student's error that travel
PLAIN = (bool, int, str, type(None))  # types of a default that travels
NOWHERE = "無"  # told of a parameter without one
MOST_DEFAULTS = 20


@dataclass(frozen=True)
class Task:
    """One exercise.

    `probe(namespace, case)` calls the student's function and answers plain JSON data; what their
    code raises is part of the answer. `mark(answer, case)` is pure, needs no TensorFlow and takes
    any object for an answer. A case is plain JSON data too.
    """

    name: str
    title: str
    function: str
    max_points: float
    public_case: Callable[[], Json]
    draw_case: Callable[[int], Json]
    probe: Callable[[dict[str, Any], Json], Json]
    mark: Callable[[object, Json], Score]
    more: tuple[str, ...] = ()  # names of further functions that the probe calls
    alone: bool = False  # `function` is a value that needs nothing else of the sheet
    mistakes: Texts = field(default_factory=dict)  # what it alone can name, or names in its words

    def check(self, *functions: object, passed: str = "") -> Score:
        """Probe and mark functions on the public case; `passed` is noted on full points.

        They stand for `function` and, in its order, for `more`.
        """
        if not can_judge():
            return Score(self.name, self.title, (), note=ELSEWHERE)
        case = self.public_case()
        # Beside them, what the notebook knows: the pieces that the first is made of.
        namespace = getattr(functions[0] if functions else None, "__globals__", {}) | dict(
            zip((self.function, *self.more), functions, strict=False)
        )
        with fresh_settings():
            score = self.mark(self.probe(namespace, case), case)
        said = passed if score.points == score.max_points else score.note
        return replace(score, note=stale.note(functions) + said)


def can_judge() -> bool:
    """Whether there is something to compare with: not in grading's sandbox."""
    return find_spec(f"{__package__}.reference") is not None


def arguments(asked: Json) -> Json:
    """What a call gives the function."""
    return {name: value for name, value in asked.items() if name != RUN_AT}


def shape_of(asked: Json) -> tuple[int, ...] | None:
    """The input at which the model of a call is run; None where it is only read."""
    shape = asked.get("input_shape") or asked.get(RUN_AT)
    return tuple(shape) if shape else None


def attempt(function: Function, /, *args: Any, **kwargs: Any) -> tuple[Any, Json | None]:
    """What `function` returns and None, or None and a description of what it raised.

    Its prints and warnings are dropped: any text on stderr would cost a graded cell its points.
    """
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            return function(*args, **kwargs), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a student's code may raise anything, SystemExit included
        return None, _describe(error, function)


def _describe(error: BaseException, function: Function) -> Json:
    """Type, message, the last line of the student's own code that it passed through, and why.

    `raised` says that this line itself raised it.
    """
    # TracebackException survives an exception whose own __str__ raises.
    text = "".join(traceback.TracebackException.from_exception(error).format_exception_only())
    told: Json = {
        "type": type(error).__name__,
        "message": text.partition(": ")[2].strip()[:MESSAGE_LIMIT],
        "function": "",
        "line": None,
        "source": "",
    }
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [each for each in frames if each[0].f_globals is getattr(function, "__globals__", None)]
    if own:
        frame, line = own[-1]
        source = linecache.getline(frame.f_code.co_filename, line).strip()
        told |= {
            "function": frame.f_code.co_name[: causes.NAME_LIMIT],
            "line": line,
            "source": source[:MESSAGE_LIMIT],
            "raised": own[-1] == frames[-1],
            "cause": causes.followed(causes.of_error, error, own),
        }
    else:
        told["cause"] = causes.followed(causes.of_call, error, function)
    return told


def defaults(function: Function) -> Json:
    """The defaults of a function's parameters, as far as they are plain data; NOWHERE for none."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    named = [
        each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    told = {each.name: NOWHERE if each.default is each.empty else each.default for each in named}
    return {
        name: plain(value, depth=0)
        for name, value in list(told.items())[:MOST_DEFAULTS]
        if isinstance(value, PLAIN)
    }


def unknown_arguments(function: Function, names: list[str]) -> list[str]:
    """Those of `names` that `function` has no parameter for."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return []
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return []
    return [name for name in names if name not in parameters]
