"""Small checks on the way: one block, or the head. They count for nothing, and tell as much."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from . import vgg
from .judge import compare, same
from .layers import Layer, Malformed
from .mistakes import diagnose, most_telling_first
from .reading import explain, read
from .score import Diagnosis, Part, Score
from .task import Task

CLASSES = 10


def block_task(number: int) -> Task:
    """The check of `blockN(x)`, a function of the tensor that the block before it gives."""
    if number not in range(1, 6):
        raise ValueError(f"VGG16 has blocks 1 to 5, not {number!r}")
    size = vgg.FAMILY["vgg16"][number - 1]
    channels = vgg.FAMILY["vgg16"][number - 2][1] if number > 1 else 3
    case = {"seed": number, "input_shape": [9, 8, channels], "arguments": []}
    return _task(f"block{number}", f"小檢查：block {number}", vgg.block(number, *size), case)


def head_task() -> Task:
    """The check of `head(x, classes)`, a function of the last block's tensor."""
    case = {"seed": 6, "input_shape": [2, 1, 512], "arguments": [CLASSES]}
    return _task("head", "小檢查：分類頭 (head)", vgg.head(CLASSES), case)


def _task(function: str, title: str, expected: list[Layer], case: dict) -> Task:
    mark = partial(_mark, function=function, title=title, expected=expected)
    points = float(len(expected))
    return Task(
        function, title, function, points, lambda: case, lambda seed: case | {"seed": seed},
        partial(_probe, function=function), mark,
    )  # fmt: skip


def _probe(namespace: dict, case: dict, function: str) -> dict:
    from .probe import probe_tensor_maker

    made = namespace.get(function)
    if not isinstance(made, Callable):
        return {"missing": function}
    return probe_tensor_maker(made, case, case["seed"])


def _mark(answer: object, case: dict, function: str, title: str, expected: list[Layer]) -> Score:
    diagnoses, wrong, finished = _judge(answer, case, function, expected)
    parts = tuple(
        Part(layer.name, layer.name, float(layer.name not in wrong), 1.0) for layer in expected
    )
    return Score(function, title, parts, most_telling_first(diagnoses), finished)


def _judge(
    answer: object, case: dict, function: str, expected: list[Layer]
) -> tuple[list[Diagnosis], set[str], bool]:
    every = {layer.name for layer in expected}
    if answer is None or (isinstance(answer, dict) and "missing" in answer):
        return [diagnose("missing", "", function=function)], every, True
    call = f"{function}({', '.join(['x', *map(str, case['arguments'])])})"
    try:
        reading = read(answer, call, case)
    except Malformed as problem:
        return [diagnose("malformed", "", problem=problem)], every, True
    if failure := explain(reading, expects_tensor=True):
        return [failure], every, failure.code != "unfinished"
    if reading.computes(expected, case["seed"]):
        return _names(reading.layers, expected), set(), True
    diagnoses, wrong = compare(expected, reading.layers, str)
    if not diagnoses and same(reading.layers, expected):
        distance = reading.distance(expected, case["seed"])
        code = "numbers" if math.isfinite(distance) else "no_numbers"
        return [diagnose(code, "", call=call, worst=distance)], every, True
    return diagnoses, wrong, True


def _names(found: tuple[Layer, ...], expected: list[Layer]) -> list[Diagnosis]:
    """A reminder: the layers are right under other names."""
    pairs = zip(found, expected, strict=False)
    other = [
        f"`{theirs.name}` → `{mine.name}`" for theirs, mine in pairs if theirs.name != mine.name
    ]
    return [diagnose("names", "", names="、".join(other))] if other else []
