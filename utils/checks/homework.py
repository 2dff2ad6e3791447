"""The homework: `VGG16(include_top, input_tensor, input_shape, pooling, classes)`, 10 points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .judge import compare, compare_body, described, listed, same, size, split
from .layers import Layer, Malformed, align, expect
from .mistakes import diagnose, most_telling_first
from .reading import TOLERANCE, Reading, explain, read
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
ARGUMENTS = ("include_top", "input_tensor", "input_shape", "pooling", "classes", "defaults")
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
    from .probe import probe_model_maker

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
            name: read(calls.get(name), _call_text(asked), asked)
            for name, asked in case["calls"].items()
        }
    except Malformed as problem:
        return _score({}, [diagnose("malformed", "", problem=problem)])
    unfinished = any(
        reading.error and reading.error["type"] == "NotImplementedError"
        for reading in readings.values()
    )
    failures = _failures(readings)
    models = {name: reading for name, reading in readings.items() if reading.layers is not None}
    if not models:
        return _score({}, failures, finished=not unfinished)
    return _judge(models, failures, case["seed"], finished=not unfinished)


def _judge(models: dict[str, Reading], failures: list, seed: int, finished: bool) -> Score:
    proven = {name for name, reading in models.items() if reading.computes(_asked(reading), seed)}
    in_body, wrong = _judge_body(models, proven, seed)
    in_head, wrong_head = _judge_head(models, proven, in_body, seed)
    wrong |= wrong_head
    arguments = dict(_judge_arguments(models, proven))
    in_arguments = [one for one in arguments.values() if isinstance(one, Diagnosis)]
    unknown = {name for reading in models.values() for name in reading.unknown}
    if unknown:
        in_arguments = [one for one in in_arguments if one.code not in unknown | {"sequential"}]
        in_arguments.append(diagnose("signature", "arguments", arguments=listed(sorted(unknown))))
    in_names, named = _judge_names(models, wrong)
    if in_body:
        failures = [one for one in failures if one.code != "shrunk"]
    earned = dict.fromkeys(RUBRIC, 1.0) | {_part_of(name): 0.0 for name in wrong}
    earned["arguments"] = sum(arguments.get(name) is True for name in ARGUMENTS) / len(ARGUMENTS)
    earned["names"] = named
    if not any(earned[part] for part in OWN):
        earned = {}
    diagnoses = [*failures, *in_body, *in_head, *in_arguments, *in_names]
    return _score(earned, diagnoses, finished)


def _score(earned: dict[str, float], diagnoses: list[Diagnosis], finished: bool = True) -> Score:
    parts = tuple(
        Part(name, title, math.floor(earned.get(name, 0.0) * most / STEP + 1e-9) * STEP, most)
        for name, (title, most) in RUBRIC.items()
    )
    return Score("vgg16", TITLE, parts, most_telling_first(diagnoses), finished)


def _failures(readings: dict[str, Reading]) -> list[Diagnosis]:
    """Why calls gave no model, each reason once."""
    failures: dict[str, Diagnosis] = {}
    for reading in readings.values():
        if diagnosis := explain(reading):
            failures.setdefault(diagnosis.code, diagnosis)
    return list(failures.values())


def _asked(reading: Reading) -> list[Layer]:
    """The network that a call asked for."""
    asked = {"pooling": "max", "classes": 1000} | reading.asked
    return body() + tail(asked["include_top"], asked["pooling"], asked["classes"])


def _judge_body(models: dict[str, Reading], proven: set[str], seed: int) -> tuple[list, set]:
    blocks = {name: split(models[name].layers)[0] for name in READ_FIRST if name in models}
    # A global maximum can't see that the last max pooling is missing: it proves no blocks.
    right = [body(), *(found for name, found in blocks.items() if name in proven - {"max"})]
    for name, found in blocks.items():
        if not any(same(found, one) for one in right):
            return compare_body(found, models[name].call, models[name].params, _part_of)
    without_head = [reading for name, reading in models.items() if name != "top"]
    if doubt := _disproved(without_head or models.values(), "block1", seed):
        return [doubt], {layer.name for layer in body()}
    return [], set()


def _disproved(readings, part: str, seed: int) -> Diagnosis | None:
    """Layers that read right and compute something else."""
    for reading in readings:
        if reading.has_asked_shape and same(reading.layers, _asked(reading)):
            distance = reading.distance(_asked(reading), seed)
            if distance < TOLERANCE:
                continue
            code = "numbers" if math.isfinite(distance) else "no_numbers"
            return diagnose(code, part, call=reading.call, worst=distance)
    return None


def _judge_head(
    models: dict[str, Reading], proven: set[str], in_body: list, seed: int
) -> tuple[list[Diagnosis], set[str]]:
    every = {layer.name for layer in head(1)}
    if "top" in proven:
        return [], set()
    if "top" not in models:
        return [], every
    reading = models["top"]
    _, found = split(reading.layers)
    dense = [layer for layer in found if layer.kind == "dense"]
    if not dense:  # told as an argument without effect
        return [], every
    # A hard-coded number of classes is told as an argument without effect, too.
    classes = dict(dense[-1].settings)["units"]
    total = reading.outputs.sum() if reading.outputs is not None else None
    proof = "" if total is None else f"，一張影像的輸出加起來是 {total:.4g}，不是 1"
    diagnoses, wrong = compare(head(classes), found, _part_of, proof)
    if not (diagnoses or in_body) and (doubt := _disproved([reading], "dense", seed)):
        return [doubt], every
    return diagnoses, wrong


def _judge_arguments(models: dict[str, Reading], proven: set[str]) -> Iterator[tuple]:
    """(argument, True or a diagnosis) for each argument that the models allow to judge."""
    without = [reading for name, reading in models.items() if name != "top"]
    tails = {name: split(reading.layers)[1] for name, reading in models.items()}
    top_left = [r for r in without if any(layer.kind == "dense" for layer in split(r.layers)[1])]
    if top_left:
        yield "include_top", _top_not_removed(top_left[0])
    elif "top" in models:
        last = tails["top"][-1:]
        has_head = bool(last) and last[0].kind == "dense"
        yield "include_top", has_head or _argument("include_top", models["top"], "include_top")
        if has_head:
            units = dict(last[0].settings)["units"]
            right = units == models["top"].asked["classes"] or last[0].name in ("fc1", "fc2")
            yield "classes", right or _argument("classes", models["top"], "classes", found=units)
    if "max" in models:
        reading = models["max"]
        code = "sequential" if reading.sequential else "input_tensor"
        yield "input_tensor", reading.tied or diagnose(code, "arguments")
    free = [
        r for r in models.values() if r.asked.get("input_shape") and not r.asked["input_tensor"]
    ]
    other = [reading for reading in free if not reading.has_asked_shape]
    if free:
        yield (
            "input_shape",
            not other
            or _argument("input_shape", other[0], "input_shape", found=size(other[0].input_shape)),
        )
    if top_left:
        return
    pooled = [name for name in ("avg", "max", "map") if name in models]
    wrong = [
        name
        for name in pooled
        if name not in proven
        and not same(tails[name], tail(False, models[name].asked["pooling"], 0))
    ]
    if pooled:
        yield (
            "pooling",
            not wrong
            or _argument(
                "pooling",
                models[wrong[0]],
                "pooling",
                found="、".join(map(described, tails[wrong[0]])) or "無",
            ),
        )
    if "default" in models and not wrong:
        reading = models["default"]
        right = reading.input_shape in ((224, 224, 3), (224, 224, 1))
        # Another spelling of the pooling has been proven by numbers where it was run.
        poolings = [tail(False, "max", 0), *([tails["max"]] if "max" in proven else [])]
        right = right and any(same(tails["default"], one) for one in poolings)
        yield "defaults", right or _argument("defaults", reading, "include_top")


def _top_not_removed(reading: Reading) -> Diagnosis:
    _, found = split(reading.layers)
    if any(layer.kind == "flatten" for layer in found):
        return _argument("include_top", reading, "include_top")
    names = listed(layer.name for layer in found if layer.kind == "dense")
    return _argument("softmax_without_top", reading, "include_top", layers=names)


def _argument(code: str, reading: Reading, argument: str, **numbers: object) -> Diagnosis:
    asked = reading.asked.get(argument)
    return diagnose(
        code,
        "arguments",
        call=reading.call,
        asked=size(tuple(asked)) if isinstance(asked, list) else asked,
        shape=size(reading.output_shape),
        input_shape=size(reading.input_shape),
        **numbers,
    )


def _judge_names(models: dict[str, Reading], wrong: set[str]) -> tuple[list[Diagnosis], float]:
    """Names of the layers that are right; a layer that is wrong has been told already."""
    reading = models.get("top") or next(iter(models.values()))
    pairs = [
        (mine.name, theirs.name)
        for mine, theirs in align(_asked(reading), reading.layers)
        if mine and theirs and mine.name and mine.name not in wrong
    ]
    other = [f"`{theirs}` → `{mine}`" for mine, theirs in pairs if mine != theirs]
    if not other:
        return [], float(bool(pairs))
    names = "、".join(other[:3]) + (f" 等 {len(other)} 層" if len(other) > 3 else "")
    return [diagnose("names", "names", names=names)], 1 - len(other) / len(pairs)


def _part_of(name: str) -> str:
    """The rubric's part of an expected layer."""
    if name.startswith("block"):
        return name.split("_")[0]
    return name if name == "predictions" else "dense"


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
