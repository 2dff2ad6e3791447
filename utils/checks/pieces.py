"""Small checks on the way: one block, or the head. They count for nothing, and tell as much."""

from __future__ import annotations

import math

from . import vgg
from .errors import explain
from .judge import Verdict, compare
from .layers import Layer, Malformed, same
from .mistakes import diagnose, most_telling_first, renamed
from .probe import probe_tensor_maker
from .reading import read
from .score import Part, Score
from .task import Json

CLASSES = 10


def block(number: int, function: object) -> Score:
    """Check block `number`, a function of the tensor that the block before it gives."""
    if number not in range(1, 6):
        raise ValueError(f"VGG16 has blocks 1 to 5, not {number!r}")
    sizes = vgg.FAMILY["vgg16"]
    channels = sizes[number - 2][1] if number > 1 else 3
    case = {"seed": number, "input_shape": [9, 8, channels], "arguments": []}
    expected = vgg.block(number, *sizes[number - 1])
    return _check(f"block{number}", f"小檢查：block {number}", function, expected, case)


def head(function: object) -> Score:
    """Check the classifier `head(x, classes)`, a function of the last block's tensor."""
    case = {"seed": 6, "input_shape": [2, 1, 512], "arguments": [CLASSES]}
    return _check("head", "小檢查：分類器 (head)", function, vgg.head(CLASSES), case)


def _check(name: str, title: str, function: object, expected: list[Layer], case: Json) -> Score:
    diagnoses, wrong = _judge(name, function, expected, case)
    parts = [Part(one.name, one.name, float(one.name not in wrong), 1.0) for one in expected]
    finished = "unfinished" not in {diagnosis.code for diagnosis in diagnoses}
    return Score(name, title, tuple(parts), most_telling_first(diagnoses), finished)


def _judge(name: str, function: object, expected: list[Layer], case: Json) -> Verdict:
    every = {layer.name for layer in expected}
    if not callable(function):
        return [diagnose("missing", "", function=name)], every
    call = f"{name}({', '.join(['x', *map(str, case['arguments'])])})"
    answer = probe_tensor_maker(function, case, case["seed"])
    try:
        reading = read(answer, call, case, expected, case["seed"])
    except Malformed as problem:
        return [diagnose("malformed", "", problem=problem)], every
    if failure := explain(reading, expects_tensor=True):
        return [failure], every
    if reading.proven:
        names = [(a.name, b.name) for a, b in zip(reading.expected, reading.layers, strict=False)]
        return renamed(names, ""), set()
    if same(reading.layers, reading.expected):
        code = "numbers" if math.isfinite(reading.distance) else "no_numbers"
        return [diagnose(code, "", call=reading.call, worst=reading.distance)], every
    return compare(reading.expected, reading.layers, part_of=str)
