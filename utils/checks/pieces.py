"""Small checks on the way: a function of a tensor. They count for nothing, and tell as much."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from .causes import followed, unused
from .compare import Codes, PartOf, Verdict, compare
from .errors import doubt, explain, with_unused
from .fresh import fresh_settings
from .layers import Layer, Malformed, same
from .mistakes import UNFINISHED, Mistake, Texts, diagnose, in_words, renamed
from .probe import probe_tensor_maker
from .reading import Reading, read
from .score import Part, Score
from .stale import note
from .task import ELSEWHERE, Json, can_judge


def check_piece(
    name: str,
    title: str,
    function: object,
    expected: Sequence[Layer],
    case: Json,
    mistakes: Texts,
    judge: Callable[[Reading], Verdict] | None = None,
    named: bool = True,
) -> Score:
    """Judge `function(tensor, *case["arguments"])`, a point a layer that is right.

    The case has a `seed` and the tensor's `input_shape`. Where the layers are `named`, other names
    are told.
    """
    if not can_judge():
        return Score(name, title, (), note=ELSEWHERE)
    found, wrong = [diagnose("missing", "", function=name)], {layer.name for layer in expected}
    if callable(function):
        with fresh_settings():
            answer = probe_tensor_maker(function, case, case["seed"])
        try:
            reading = read_piece(name, answer, expected, case, case["seed"])
            found, wrong = (judge or judge_piece)(reading)
            found = with_unused(found, followed(unused, function) or [], ())
        except Malformed as problem:
            found = [diagnose("malformed", "", problem=problem)]
        else:
            if named and not wrong:
                pairs = zip(reading.expected, reading.layers, strict=False)
                found = renamed([(a.name, b.name) for a, b in pairs], "")
    parts = [Part(one.name, one.name, float(one.name not in wrong), 1.0) for one in expected]
    finished = UNFINISHED.isdisjoint(mistake.code for mistake in found)
    return Score(name, title, tuple(parts), in_words(found, mistakes), finished, note([function]))


def read_piece(
    name: str, answer: object, expected: Sequence[Layer], case: Json, seed: int
) -> Reading:
    """What a probe saw of the piece. Raises Malformed for what no probe wrote."""
    call = f"{name}({', '.join(['x', *map(str, case['arguments'])])})"
    return read(answer, call, case, expected, seed)


def judge_piece(
    reading: Reading, part: str = "", part_of: PartOf = str, codes: Codes = MappingProxyType({})
) -> Verdict:
    """What is wrong with a piece, and which of its layers; `part` is told of it as a whole."""
    every = {layer.name for layer in reading.expected}
    if failure := explain(reading, expects_tensor=True):
        return [failure._replace(part=part)], every
    if reading.proven:
        return [], set()
    if same(reading.layers, reading.expected):
        return [doubt(reading, part)], every
    return compare(reading.expected, reading.layers, part_of, own=codes)


def judge_pieces(pieces: Mapping[str, Reading], part_of: PartOf) -> Verdict:
    """As `judge_piece` for several, by name: the same mistake in several is one."""
    mistakes: list[Mistake] = []
    every_wrong: set[str] = set()
    expected: list[Layer] = []
    layers: list[Layer] = []
    for name, reading in pieces.items():
        found, wrong = judge_piece(reading, part_of(name), part_of)
        every_wrong |= wrong
        if not reading.layers or same(reading.layers, reading.expected):
            mistakes += found
        elif found:
            expected += reading.expected
            layers += (_within(name, layer) for layer in reading.layers)
    return [*mistakes, *compare(expected, layers, part_of)[0]], every_wrong


def _within(name: str, layer: Layer) -> Layer:
    """A layer with the path that no layer of another piece has."""
    inputs = tuple(path and f"{name}/{path}" for path in layer.inputs)
    return replace(layer, path=f"{name}/{layer.path}", inputs=inputs)
