"""The homework: `VGG16(include_top, input_tensor, input_shape, pooling, classes)`, 10 points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .arguments import Models, judge_arguments
from .errors import explain
from .judge import Verdict, compare, compare_body
from .layers import Layer, Malformed, align, expect, same
from .mistakes import diagnose, most_telling_first, renamed
from .probe import probe_model_maker
from .reading import Reading, read
from .score import Diagnosis, Part, Score
from .task import Task
from .vgg import body, head, tail

FUNCTION, TITLE = "VGG16", "VGG16 作業"
# Part -> (title, points). What the sheet gives counts once something of one's own is right.
RUBRIC = {
    "block1": ("block1", 0.25),
    "block2": ("block2", 0.25),
    "block3": ("block3", 1.75),
    "block4": ("block4", 1.75),
    "block5": ("block5", 1.75),
    "dense": ("全連接層", 1.25),
    "predictions": ("輸出層", 1.0),
    "arguments": ("引數", 1.5),
    "names": ("層的名字", 0.5),
}
OWN = ("block3", "block4", "block5", "dense", "predictions")
STEP = 0.25

# Calls from which the blocks are read when no numbers prove them: the default one first, because
# its totals are the paper's and its 224 pixels leave room for a network that shrinks too fast.
READ_FIRST = ("default", "avg", "max", "map", "top")


def case_for(seed: int, tall: tuple[int, int], wide: tuple[int, int], classes: int) -> dict:
    """Five calls, a name each: with the head, with each pooling, and with the defaults.

    The last map is 3 × 2 or 1 × 2, which tells flattening from pooling and rows from columns; the
    taller images leave room for a stride or a padding that shrinks the map. One call has grey
    images, one gives a tensor.
    """

    def call(include_top: bool, shape: tuple[int, ...], pooling: str | None, tensor: bool = False):
        return {
            "include_top": include_top,
            "input_tensor": True if tensor else None,
            "input_shape": list(shape),
            "pooling": pooling,
            "classes": classes,
        }

    return {
        "seed": seed,
        "calls": {
            "top": call(True, (*tall, 3), "avg"),
            "avg": call(False, (*wide, 1), "avg"),
            "max": call(False, (*tall, 3), "max", tensor=True),
            "map": call(False, (*wide, 3), None),
            "default": {"include_top": False},
        },
    }


def public_case() -> dict:
    """What a student's notebook tries."""
    return case_for(seed=16, tall=(97, 67), wide=(33, 66), classes=10)


def draw_case(seed: int) -> dict:
    """What the grader tries: other sizes, classes, weights and images."""
    sizes = np.random.default_rng(seed)
    longest, long, wide, short = (int(sizes.integers(low, low + 16)) for low in (96, 64, 64, 32))
    classes = int(sizes.integers(11, 40))
    return case_for(seed, tall=(longest, long), wide=(short, wide), classes=classes)


def probe(namespace: Mapping[str, Any], case: dict) -> dict:
    """Make every call of the case and write down what came back, as plain data."""
    function = namespace.get(FUNCTION)
    if not callable(function):
        return {"missing": FUNCTION}
    return {
        "calls": {
            name: probe_model_maker(function, asked, case["seed"])
            for name, asked in case["calls"].items()
        }
    }


def mark(answer: object, case: dict) -> Score:
    """Points and mistakes of an answer; never raises, whatever the answer is."""
    if answer is None or (isinstance(answer, dict) and "missing" in answer):
        return _score({}, [diagnose("missing", "", function=FUNCTION)])
    try:
        calls = expect(expect(answer, dict, "answer").get("calls"), dict, "calls", most=20)
        readings = {
            name: read(calls.get(name), _call_text(asked), asked, _network(asked), case["seed"])
            for name, asked in case["calls"].items()
        }
    except Malformed as problem:
        return _score({}, [diagnose("malformed", "", problem=problem)])
    failures: dict[str, Diagnosis] = {}  # each reason once
    for reading in readings.values():
        if failure := explain(reading):
            failures.setdefault(failure.code, failure)
    models = {name: reading for name, reading in readings.items() if reading.layers is not None}
    earned, diagnoses = _judge(models) if models else ({}, [])
    if any(diagnosis.part.startswith("block") for diagnosis in diagnoses):
        failures.pop("shrunk", None)  # it follows from the other
    return _score(earned, [*failures.values(), *diagnoses], finished="unfinished" not in failures)


def _score(earned: dict[str, float], diagnoses: list[Diagnosis], finished: bool = True) -> Score:
    parts = tuple(
        Part(name, title, math.floor(earned.get(name, 0.0) * most / STEP + 1e-9) * STEP, most)
        for name, (title, most) in RUBRIC.items()
    )
    return Score("vgg16", TITLE, parts, most_telling_first(diagnoses), finished)


def _judge(models: Models) -> tuple[dict[str, float], list[Diagnosis]]:
    """The share of each part that was earned, and what is wrong."""
    in_blocks, wrong = _judge_blocks(models)
    in_head, wrong_head = _judge_head(models, blocks_right=not wrong)
    wrong |= wrong_head
    in_arguments, arguments = judge_arguments(models)
    in_names, names = _judge_names(models, wrong)
    earned = dict.fromkeys(RUBRIC, 1.0) | {_part_of(name): 0.0 for name in wrong}
    earned |= {"arguments": arguments, "names": names}
    if not any(earned[part] for part in OWN):
        earned = {}
    return earned, [*in_blocks, *in_head, *in_arguments, *in_names]


def _judge_blocks(models: Models) -> Verdict:
    readings = [models[name] for name in READ_FIRST if name in models]
    # A global maximum can't see that the last max pooling is missing: it proves no blocks.
    proven = [r.blocks for r in readings if r.proven and r is not models.get("max")]
    for reading in readings:
        if not any(same(reading.blocks, right) for right in [body(), *proven]):
            return compare_body(reading.blocks, reading.call, reading.params, _part_of)
    without_head = [reading for reading in readings if reading is not models.get("top")]
    doubt = next(filter(None, (_doubt(r, "block1") for r in without_head or readings)), None)
    return ([doubt], {layer.name for layer in body()}) if doubt else ([], set())


def _judge_head(models: Models, blocks_right: bool) -> Verdict:
    every = {layer.name for layer in head(1)}
    reading = models.get("top")
    if reading is None:
        return [], every
    if reading.proven:
        return [], set()
    dense = [layer for layer in reading.tail if layer.kind == "dense"]
    if not dense:  # told as an argument without effect
        return [], every
    # A number of classes that is not the one asked for is told as an argument without effect, too.
    expected = head(dict(dense[-1].settings)["units"])
    total = None if reading.outputs is None else reading.outputs.sum()
    proof = "" if total is None else f"，一張影像的輸出加起來是 {total:.4g}，不是 1"
    diagnoses, wrong = compare(expected, reading.tail, _part_of, proof)
    if blocks_right and not diagnoses and (doubt := _doubt(reading, "dense")):
        return [doubt], every
    return diagnoses, wrong


def _doubt(reading: Reading, part: str) -> Diagnosis | None:
    """Told of layers that read right and compute something else."""
    if reading.proven or not reading.has_asked_shape or not same(reading.layers, reading.expected):
        return None
    code = "numbers" if math.isfinite(reading.distance) else "no_numbers"
    return diagnose(code, part, call=reading.call, worst=reading.distance)


def _judge_names(models: Models, wrong: set[str]) -> tuple[list[Diagnosis], float]:
    """Names of the layers that are right; a layer that is wrong has been told already."""
    reading = models.get("top") or next(iter(models.values()))
    pairs = [
        (mine.name, theirs.name)
        for mine, theirs in align(reading.expected, reading.layers)
        if mine and theirs and mine.name and mine.name not in wrong
    ]
    right = [mine == theirs for mine, theirs in pairs]
    return renamed(pairs, "names"), sum(right) / max(1, len(right))


def _part_of(name: str) -> str:
    """The rubric's part of an expected layer."""
    if name.startswith("block"):
        return name.split("_")[0]
    return name if name == "predictions" else "dense"


def _network(asked: dict) -> list[Layer]:
    """The layers that a call asks for."""
    asked = {"pooling": "max", "classes": 1000} | asked
    return body() + tail(asked["include_top"], asked["pooling"], asked["classes"])


def _call_text(asked: dict) -> str:
    values = {
        key: f"Input({tuple(asked['input_shape'])})"
        if key == "input_tensor" and value
        else repr(tuple(value) if isinstance(value, list) else value)
        for key, value in asked.items()
        if key != "input_tensor" or value
    }
    return f"{FUNCTION}({', '.join(f'{key}={value}' for key, value in values.items())})"


TASK = Task("vgg16", TITLE, FUNCTION, 10.0, public_case, draw_case, probe, mark)
