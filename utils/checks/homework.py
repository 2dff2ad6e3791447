"""The homework, `VGG16(include_top, input_tensor, input_shape, pooling, classes)`, 10 points.

The challenge's VGG19 takes the same arguments and has the same judge, with 4 points.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from .arguments import Models, judge_arguments
from .errors import explain
from .judge import Verdict, compare, compare_body
from .layers import Layer, align, same
from .mistakes import diagnose, renamed
from .probe import probe_model_maker
from .reading import Reading, call_text, read
from .rubric import Rubric
from .rubric import Verdict as Earned
from .score import Diagnosis
from .task import Json
from .vgg import body, head, outputs, tail

TITLES = {
    **{f"block{n}": f"block{n}" for n in range(1, 6)},
    "dense": "全連接層",
    "predictions": "輸出層",
    "arguments": "引數",
    "names": "層的名字",
}


def _rubric(family: str, title: str, points: tuple[float, ...], own: tuple[str, ...]) -> Rubric:
    """The rubric of VGG16 or VGG19, with the points of its parts in the order of `TITLES`."""
    parts = {name: (TITLES[name], most) for name, most in zip(TITLES, points, strict=True)}
    return Rubric(family, family.upper(), title, parts, own)


# The sheet gives the homework's first two blocks; the challenge starts from the homework's answer.
HOMEWORK = _rubric(
    "vgg16",
    "VGG16 作業",
    (0.25, 0.25, 1.75, 1.75, 1.75, 1.25, 1.0, 1.5, 0.5),
    own=("block3", "block4", "block5", "dense", "predictions"),
)
CHALLENGE = _rubric(
    "vgg19",
    "挑戰一：VGG19",
    (0.25, 0.25, 0.75, 0.75, 0.75, 0.25, 0.25, 0.5, 0.25),
    own=("block3", "block4", "block5"),
)

# Calls from which the blocks are read when no numbers prove them: the default one first, because
# its totals are the paper's and its 224 pixels leave room for a network that shrinks too fast.
READ_FIRST = ("default", "avg", "max", "map", "top")


def case_for(seed: int, tall: tuple[int, int], wide: tuple[int, int], classes: int) -> Json:
    """Five calls, a name each: with the head, with each pooling, and with the defaults.

    The last map has 2 × 2 pixels or more, or 1 × 2, which tells flattening from pooling and rows
    from columns; the taller images leave room for a stride or a padding that shrinks the map. One
    call has grey images, one gives a tensor.
    """

    def call(
        include_top: bool, shape: tuple[int, ...], pooling: str | None, tensor: bool = False
    ) -> Json:
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


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(seed=16, tall=(97, 67), wide=(33, 66), classes=10)


def draw_case(seed: int) -> Json:
    """What the grader tries: other sizes, classes, weights and images."""
    sizes = np.random.default_rng(seed)
    height, width = map(int, sizes.choice(range(64, 80), 2, replace=False))
    short, long, classes = (int(sizes.integers(*span)) for span in ((32, 48), (64, 80), (11, 40)))
    return case_for(seed, tall=(height, width), wide=(short, long), classes=classes)


def prepare(family: str, case: Json) -> None:
    """Compute the outputs of the calls that are run."""
    for asked in case["calls"].values():
        if shape := asked.get("input_shape"):
            outputs(tuple(_network(asked, family)), tuple(shape), case["seed"])


def judge(rubric: Rubric, calls: Json, case: Json) -> Earned:
    """The share of each part that was earned, and what is wrong."""
    readings = {
        name: read(
            calls.get(name),
            call_text(rubric.function, asked),
            asked,
            _network(asked, rubric.name),
            case["seed"],
        )
        for name, asked in case["calls"].items()
    }
    models: Models = {}
    failures: dict[str, Diagnosis] = {}  # each reason once
    for name, reading in readings.items():
        if failure := explain(reading):
            failures.setdefault(failure.code, failure)
        else:
            models[name] = reading
    earned, diagnoses = _judge(models, rubric) if models else ({}, [])
    if any(diagnosis.part.startswith("block") for diagnosis in diagnoses):
        failures.pop("shrunk", None)  # it follows from the other
    return earned, [*failures.values(), *diagnoses]


def _judge(models: Models, rubric: Rubric) -> tuple[dict[str, float], list[Diagnosis]]:
    in_blocks, wrong = _judge_blocks(models, rubric.name)
    in_head, wrong_head = _judge_head(models, blocks_right=not wrong)
    wrong |= wrong_head
    in_arguments, arguments = judge_arguments(models)
    in_names, names = _judge_names(models, wrong)
    earned = dict.fromkeys(rubric.parts, 1.0) | {_part_of(name): 0.0 for name in wrong}
    earned |= {"arguments": arguments, "names": names}
    return earned, [*in_blocks, *in_head, *in_arguments, *in_names]


def _judge_blocks(models: Models, family: str) -> Verdict:
    readings = [models[name] for name in READ_FIRST if name in models]
    # A global maximum can't see that the last max pooling is missing: it proves no blocks.
    proven = [r.blocks for r in readings if r.proven and r is not models.get("max")]
    for reading in readings:
        if not any(same(reading.blocks, right) for right in [body(family), *proven]):
            return compare_body(reading.blocks, reading.call, reading.params, _part_of, family)
    without_head = [reading for reading in readings if reading is not models.get("top")]
    doubt = next(filter(None, (_doubt(r, "block1") for r in without_head or readings)), None)
    return ([doubt], {layer.name for layer in body(family)}) if doubt else ([], set())


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


def _network(asked: Json, family: str = "vgg16") -> list[Layer]:
    """The layers that a call asks for."""
    given: Json = {"pooling": "max", "classes": 1000} | asked
    return body(family) + tail(given["include_top"], given["pooling"], given["classes"])


TASK, VGG19_TASK = (
    rubric.task(
        public_case,
        draw_case,
        probe_model_maker,
        partial(judge, rubric),
        prepare=partial(prepare, rubric.name),
    )
    for rubric in (HOMEWORK, CHALLENGE)
)
