"""What a student's own source says about a failure: the first cause, at its own line.

Keras complains where a bad value is used: a layer that got no `(x)` in the line below, a block
without `return` in the block after it. Here the value is followed back to where it was made, beside
the student's code. Values are looked at and never called; what can't be followed is left out.
"""

from __future__ import annotations

import ast
import linecache
import re
import sys
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, TypeAlias

from .syntax import tree_of

Json: TypeAlias = dict[str, Any]
Frames: TypeAlias = Sequence[tuple[FrameType, int]]  # of a student's own, and their lines
Names: TypeAlias = ChainMap[str, Any]  # a function's own before its notebook's
Seen: TypeAlias = set[FunctionType]  # functions that were looked through
Scope: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
NOTHING = ast.Module([], [])  # a function whose source is not to be had

# Words of errors that are about a value which is no tensor.
NO_TENSOR = ("tensor", "Tensor", "NoneType", "'tuple'", "has no attribute", "unsupported operand")
SOURCE_LIMIT, NAME_LIMIT = 300, 100  # characters of a statement and a function that are told
MOST = 20  # functions that are looked through for unused results, and these


def followed(look: Callable[..., Any], *given: object) -> Any:
    """What `look` tells; nothing where a student's code or its values are stranger than that."""
    try:
        return look(*given)
    except Exception:
        return None


def of_error(error: BaseException, frames: Frames) -> Json | None:
    """The first cause of an error that passed through `frames`, the outermost first."""
    codes = [frame.f_code for frame, _ in frames]
    is_deep = isinstance(error, RecursionError) or "zero or negative" in str(error)
    for code, (_, line) in zip(codes, frames, strict=True):
        if is_deep and codes.count(code) > 1 and code.co_name in code.co_names:
            return _told("endless", code, _statement(_tree(code), line))
    frame, line = frames[-1]
    statement = _statement(_tree(frame.f_code), line)
    if given := _given_to_a_setting(statement, _names(frame)):
        return _told("tensor_as_setting", frame.f_code, statement, given)
    if any(word in str(error) for word in NO_TENSOR):
        return _followed(frames)
    return None


def of_call(error: BaseException, function: Any) -> Json | None:
    """Told of a call that lacks what a student's function gives no default."""
    lacking = re.search(r"missing \d+ required .*arguments?: (.*)", str(error))
    if lacking is None:
        return None
    names = "、".join(re.findall(r"'(\w+)'", lacking[1]))
    told = _told("no_default", function.__code__, _tree(function.__code__))
    return told | {"name": names[:SOURCE_LIMIT]}


def of_value(function: Any, value: object) -> Json | None:
    """Where `function` made a `value` that is no tensor and no model."""
    names = ChainMap(function.__globals__)
    return _first([function], _kind(value), names, set()) if _kind(value) else None


def unused(function: Any) -> list[Json]:
    """The results that a function, or a student's function it names, computes and leaves unused."""
    return [
        _told("not_stored", each.__code__, statement, call)
        for each in reached(function)
        for statement, call in _left_unused(each)
    ][:MOST]


def _followed(frames: Frames, kind: str = "none") -> Json | None:
    """What made a value, read in the last frame's line, that is no tensor.

    `kind` is that of a value that has no name there.
    """
    frame, line = frames[-1]
    tree, names = _tree(frame.f_code), _names(frame)
    statement = _statement(tree, line)
    bad = [name for name in _read(statement) if _kind(names.get(name, ...))]
    for name in bad:
        kind = _kind(names[name])
        for made in _assignments(tree, name, line):
            if cause := _made(made, made.value, frame.f_code, names, kind, set()):
                return cause
        if name in frame.f_code.co_varnames[: frame.f_code.co_argcount] and len(frames) > 1:
            return _followed(frames[:-1], kind)  # given by the caller
    if bad:
        return None
    called = [
        _value(call.func, names) for call in ast.walk(statement) if isinstance(call, ast.Call)
    ]
    return _first(called, kind, names, set())


def _made(
    at: ast.stmt, value: ast.expr | None, code: CodeType, names: Names, kind: str, seen: Seen
) -> Json | None:
    """Why an expression gives what is no tensor."""
    if isinstance(value, ast.Call):
        made_by, given = _value(value.func, names), _takes_a_tensor(at, value, code)
        if _kind(made_by) == "class" and kind == "layer":
            is_setting = given and not _is_model(made_by)
            return _told("tensor_as_setting" if is_setting else "not_called", code, at, value.func)
        is_local = isinstance(value.func, ast.Name) and value.func.id in code.co_varnames
        if _is_own(made_by, names) and not is_local:
            if kind == "layer" and not given:
                return _told("not_called", code, at, value.func)
            return _returned(made_by, kind, seen)
        if isinstance(value.func, ast.Call):  # of a layer's class, perhaps their own
            call = getattr(_value(value.func.func, names), "call", None)
            return _first([call], kind, names, seen)
        used = (_value(name, names) for name in ast.walk(_tree(code)) if isinstance(name, ast.Name))
        return _first(used, kind, names, seen)  # a loop over functions calls one of these
    if isinstance(value, ast.Tuple) and kind == "tuple":
        return _told("comma", code, at)
    if _kind(_value(value, names)) in ("function", "class", "layer"):
        return _told("not_called", code, at, value)
    return None


def _first(functions: Iterable[Any], kind: str, names: Names, seen: Seen) -> Json | None:
    """The first that is told of own functions which may have returned a value of this kind."""
    own = (each for each in functions if _is_own(each, names))
    return next(filter(None, (_returned(each, kind, seen) for each in own)), None)


def _is_own(function: object, names: Names) -> bool:
    """Whether a function is of the notebook whose names these are."""
    return isinstance(function, FunctionType) and function.__globals__ is names.maps[-1]


def _returned(function: FunctionType, kind: str, seen: Seen) -> Json | None:
    """Why a function returns what is no tensor."""
    code, names = function.__code__, ChainMap(function.__globals__)
    tree = _tree(code)
    if function in seen or tree is NOTHING:
        return None
    seen.add(function)
    returns = [each for each in ast.walk(tree) if isinstance(each, ast.Return)]
    for each in returns:
        stored = each.value.id if isinstance(each.value, ast.Name) else None
        for at in _assignments(tree, stored, each.lineno) if stored else [each]:
            if cause := _made(at, at.value, code, names, kind, seen):
                return cause
    if kind == "none" and (_falls_through(tree.body) or any(map(_gives_nothing, returns))):
        return _told("no_return", code, tree)
    return None


def _falls_through(body: list[ast.stmt]) -> bool:
    """Whether the end of a body may be reached."""
    last = body[-1]
    if isinstance(last, ast.If):
        return not last.orelse or _falls_through(last.body) or _falls_through(last.orelse)
    if isinstance(last, ast.With | ast.Try):
        return _falls_through(last.body)
    return not isinstance(last, ast.Return | ast.Raise)


def _gives_nothing(statement: ast.Return) -> bool:
    """Whether what is returned is None: nothing, or what only prints."""
    value = statement.value
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) == "print" or ast.unparse(value.func).endswith(".summary")
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _left_unused(function: FunctionType) -> Iterator[tuple[ast.stmt, ast.AST]]:
    """The statements of a function that make a tensor which nothing reads, and what they call."""
    tree, names = _tree(function.__code__), ChainMap(function.__globals__)
    read = set(_read(tree))
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Expr):
            is_lost = True
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            is_lost = len(statement.targets) == 1 and statement.targets[0].id not in read
        else:
            continue
        if is_lost and _gives_a_tensor(statement.value, names, function.__code__):
            yield statement, statement.value


def _gives_a_tensor(value: ast.expr, names: Names, code: CodeType) -> bool:
    """Whether an expression is a layer's call, or one of a student's function or a local one."""
    if not (isinstance(value, ast.Call) and value.args):
        return False
    if isinstance(value.func, ast.Call):
        return _kind(_value(value.func.func, names)) == "class"
    called = _value(value.func, names)
    if isinstance(called, FunctionType):
        inside = ast.walk(_tree(called.__code__)) if _is_own(called, names) else ()
        return any(isinstance(each, ast.Return) and each.value for each in inside)
    return isinstance(value.func, ast.Name) and value.func.id in code.co_varnames


def reached(function: Any) -> list[FunctionType]:
    """A function and those of the same notebook that it names, and so on."""
    found: list[FunctionType] = []
    waiting, names = [function], ChainMap(function.__globals__)
    while waiting and len(found) < MOST:
        each = waiting.pop(0)
        if _is_own(each, names) and each not in found:
            found.append(each)
            waiting += map(names.get, each.__code__.co_names)
    return found


def _given_to_a_setting(statement: ast.AST, names: Names) -> ast.expr | None:
    """A layer's class, where what stands in its brackets is a tensor."""
    keras: Any = sys.modules.get("keras")
    for call in (each for each in ast.walk(statement) if isinstance(each, ast.Call)):
        made = _value(call.func, names)
        if _kind(made) == "class" and not _is_model(made):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            if any(isinstance(_value(each, names), keras.KerasTensor) for each in given):
                return call.func
    return None


def _is_model(made: Any) -> bool:
    """Whether a class is one of models, which take tensors where a layer has its settings."""
    keras: Any = sys.modules.get("keras")
    return issubclass(made, keras.Model)


def _takes_a_tensor(statement: ast.stmt, value: ast.Call, code: CodeType) -> bool:
    """Whether a call gets what must be a tensor: what it replaces, or a function's first input."""
    targets = getattr(statement, "targets", [])
    tensors = {target.id for target in targets if isinstance(target, ast.Name)}
    tensors |= set(code.co_varnames[: min(code.co_argcount, 1)])
    return any(isinstance(each, ast.Name) and each.id in tensors for each in value.args)


def _kind(value: object) -> str:
    """What stands where a tensor should; nothing for all that may be one."""
    keras = sys.modules.get("keras")
    if value is None:
        return "none"
    if isinstance(value, FunctionType | tuple):
        return "function" if isinstance(value, FunctionType) else "tuple"
    if keras and isinstance(value, type) and issubclass(value, keras.layers.Layer):
        return "class"
    return "layer" if keras and isinstance(value, keras.layers.Layer) else ""


def _value(expression: ast.expr | None, names: Names) -> Any:
    """What a name stands for, or a module's attribute; `...` for any other expression."""
    if isinstance(expression, ast.Name):
        return names.get(expression.id, ...)
    if isinstance(expression, ast.Attribute):
        owner = _value(expression.value, names)
        return getattr(owner, expression.attr, ...) if isinstance(owner, ModuleType) else ...
    return ...


def _names(frame: FrameType) -> ChainMap[str, Any]:
    return ChainMap(dict(frame.f_locals), frame.f_globals)


def _read(tree: ast.AST) -> list[str]:
    """The names that are read, but for those of what is called."""
    called = {id(call.func) for call in ast.walk(tree) if isinstance(call, ast.Call)}
    return [
        each.id
        for each in ast.walk(tree)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and id(each) not in called
    ]


def _assignments(tree: ast.AST, name: str, line: int) -> list[Any]:
    """The statements that set a name above a line, or below in a loop around it, nearest first."""
    loops = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.For | ast.While) and each.lineno <= line <= (each.end_lineno or 0)
    ]
    again = {id(each) for loop in loops for each in ast.walk(loop)}
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in each.targets)
        and (each.lineno < line or id(each) in again)
    ]
    return sorted(found, key=lambda each: (each.lineno < line, each.lineno), reverse=True)


def _statement(tree: ast.AST, line: int) -> ast.AST:
    """The innermost statement that holds a line."""
    around = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.stmt) and each.lineno <= line <= (each.end_lineno or 0)
    ]
    return max(around, key=lambda each: each.lineno, default=NOTHING)


_read_once = lru_cache(maxsize=16)(tree_of)  # each call of a case asks for the same cells


def _tree(code: CodeType) -> Any:
    """A function's own source as a tree."""
    tree = _read_once("".join(linecache.getlines(code.co_filename)))
    for each in ast.walk(tree) if tree else ():
        if isinstance(each, Scope) and each.name == code.co_name:
            first = min(node.lineno for node in (each, *each.decorator_list))
            if first == code.co_firstlineno:
                return each
    return NOTHING


def _told(found: str, code: CodeType, at: Any, name: ast.AST | None = None) -> Json:
    """A cause as plain data, with the statement at which it stands."""
    last = at.lineno if isinstance(at, Scope) else at.end_lineno
    lines = linecache.getlines(code.co_filename)[at.lineno - 1 : last]
    return {
        "code": found,
        "function": code.co_name[:NAME_LIMIT],
        "line": at.lineno,
        "source": " ".join(line.strip() for line in lines)[:SOURCE_LIMIT],
        "name": ast.unparse(name)[:SOURCE_LIMIT] if name else "",
    }
