"""Small checks on the way: a function of a tensor. They count for nothing, and tell as much."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .compare import Codes, Verdict, compare
from .errors import explain
from .fresh import fresh_settings
from .layers import Layer, Malformed, same
from .mistakes import Texts, diagnose, in_words, renamed
from .probe import probe_tensor_maker
from .reading import read
from .score import Part, Score
from .task import ELSEWHERE, Json, can_judge


def check_piece(
    name: str,
    title: str,
    function: object,
    expected: Sequence[Layer],
    case: Json,
    mistakes: Texts,
    codes: Codes = {},  # noqa: B006  (nobody writes to it)
    named: bool = True,
) -> Score:
    """Judge `function(tensor, *case["arguments"])`, a point a layer that is right.

    The case has a `seed` and the tensor's `input_shape`. Where the layers are `named`, other names
    are told.
    """
    if not can_judge():
        return Score(name, title, (), note=ELSEWHERE)
    with fresh_settings():
        found, wrong = _judge(name, function, expected, case, codes, named)
    parts = [Part(one.name, one.name, float(one.name not in wrong), 1.0) for one in expected]
    finished = "unfinished" not in {mistake.code for mistake in found}
    return Score(name, title, tuple(parts), in_words(found, mistakes), finished)


def _judge(
    name: str,
    function: object,
    expected: Sequence[Layer],
    case: Json,
    codes: Codes,
    named: bool,
) -> Verdict:
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
        return renamed(names, "") if named else [], set()
    if same(reading.layers, reading.expected):
        code = "numbers" if math.isfinite(reading.distance) else "no_numbers"
        return [diagnose(code, "", call=reading.call, worst=reading.distance)], every
    return compare(reading.expected, reading.layers, part_of=str, own=codes)
