"""The homework, `VGG16(include_top, input_tensor, input_shape, pooling, classes)`, 10 points.

The challenge's VGG19 takes the same arguments and has the same judge, with 4 points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ..compare import PartOf, Verdict, align, compare, described, listed, named, size
from ..errors import doubt, explain
from ..layers import Layer, expect, same
from ..mistakes import FAILURES, Mistake, diagnose, renamed
from ..pieces import check_piece, judge_piece, judge_pieces, read_piece
from ..probe import probe_model_maker
from ..reading import Reading, call_text, read
from ..rubric import Rubric, is_shown
from ..rubric import Verdict as Earned
from ..score import Score
from ..task import Json
from .vgg import FAMILY, MISTAKES, block, body, compare_body, head, network, tail

TITLES = {
    **{f"block{n}": f"block{n}" for n in range(1, 6)},
    "dense": "全連接層",
    "predictions": "輸出層",
    "arguments": "引數",
    "names": "層的名字",
}


# What VGG19 alone is told.
VGG16_AGAIN = {
    "vgg16": (
        "這還是 VGG16：`{call}` 有 {convs} 個卷積層、{params:,} 個參數，"
        "各 block 的卷積數是 {blocks}。",
        "VGG19 的數字也是有權重的層數。和 VGG16 比，多出來的分在哪幾個 block？對一次論文表 1。",
    ),
}


def _rubric(
    family: str,
    title: str,
    points: tuple[float, ...],
    own: tuple[str, ...],
    mistakes: Mapping[str, tuple[str, str]],
) -> Rubric:
    """The rubric of VGG16 or VGG19, with the points of its parts in the order of `TITLES`."""
    parts = {name: (TITLES[name], most) for name, most in zip(TITLES, points, strict=True)}
    return Rubric(family, family.upper(), title, parts, own, mistakes)


# The sheet gives the homework's first two blocks; the challenge starts from the homework's answer.
HOMEWORK = _rubric(
    "vgg16",
    "VGG16 作業",
    (0.25, 0.25, 1.75, 1.75, 1.75, 1.25, 1.0, 1.5, 0.5),
    own=("block3", "block4", "block5", "dense", "predictions"),
    mistakes=MISTAKES,
)
CHALLENGE = _rubric(
    "vgg19",
    "挑戰一：VGG19",
    (0.25, 0.25, 0.75, 0.75, 0.75, 0.25, 0.25, 0.5, 0.25),
    own=("block3", "block4", "block5"),
    mistakes=VGG16_AGAIN | {code: text for code, text in MISTAKES.items() if code != "vgg19"},
)

# Of the sheet's first line, what no call of a case leaves to the function.
DEFAULTS = {"include_top": True, "classes": 1000}

Models = dict[str, Reading]  # by the call's name; of the pieces, by the function's
Judged = bool | Mistake | None  # of an argument: True: right; None: nothing to judge it by

# Calls from which the blocks are read when no numbers prove them: the default one first, because
# its totals are the paper's and its 224 pixels leave room for a network that shrinks too fast.
READ_FIRST = ("default", "avg", "max", "map", "top")


# The image of each call. One side is odd before each of the five poolings, so that padding one is
# seen wherever it is done; more than one place is left, which tells flattening from pooling. The
# larger ones leave room for a pooling too many. Grading waits for each pixel; what is right is
# computed once for both in colour, once for both in grey.
SHAPES = {"top": (64, 95, 3), "avg": (63, 64, 1), "max": (64, 95, 3), "map": (63, 64, 1)}


def case_for(seed: int, classes: int) -> Json:
    """Five calls, a name each: with the head, with each pooling, and with the defaults.

    One gives a tensor. Where no model shows them, the pieces that students write on the way are
    looked at, too.
    """

    def call(name: str, include_top: bool, pooling: str | None, tensor: bool = False) -> Json:
        return {
            "include_top": include_top,
            "input_tensor": True if tensor else None,
            "input_shape": list(SHAPES[name]),
            "pooling": pooling,
            "classes": classes,
        }

    return {
        "seed": seed,
        "calls": {
            "top": call("top", True, "avg"),
            "avg": call("avg", False, "avg"),
            "max": call("max", False, "max"),
            "map": call("map", False, None, tensor=True),
            "default": {"include_top": False},
        },
        "pieces": {
            **{f"block{n}": _piece_case(n) for n in range(1, 6)},
            "head": {"input_shape": [2, 1, 512], "arguments": [classes], "of": "top"},
        },
    }


def _piece_case(number: int) -> Json:
    """What block `number` reads: as many channels as the block before gives."""
    channels = FAMILY["vgg16"][number - 2][1] if number > 1 else 3
    return {"input_shape": [15, 13, channels], "arguments": []}


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(16, 13)


def draw_case(seed: int) -> Json:
    """What the grader tries: other classes, weights and images.

    The sizes stay, for with others a mistake might be seen in one case and not in another.
    """
    classes = int(np.random.default_rng(seed).integers(14, 40))
    return case_for(seed, classes)


def judge(rubric: Rubric, calls: Json, case: Json) -> Earned:
    """The share of each part that was earned, and what is wrong."""
    models: Models = {}
    failures: Models = {}
    sketches: Models = {}  # what stands in a function that gives no model; it shows no argument
    for name, asked in case["calls"].items():
        network, text = _network(asked, rubric.name), call_text(rubric.function, asked)
        answer = expect(calls.get(name), dict, "call")
        reading = read(answer, text, asked, network, case["seed"])
        (failures if explain(reading) else models)[name] = reading
        if "sketch" in answer:
            sketch = {"model": answer["sketch"], "unknown": []}
            sketches[name] = read(sketch, text, {}, network, case["seed"])
    pieces = _read_pieces(rubric.name, calls, case, models)
    shown = models
    if not models and sketches and not pieces.keys() & {*rubric.own, "head"}:
        shown, pieces = sketches, {}  # it was written without the sheet's pieces
    in_blocks, wrong = _judge_blocks(shown, rubric.name)
    in_head, wrong_head = _judge_head(shown, blocks_right=not wrong)
    in_pieces, right = _judge_pieces(pieces)
    wrong = (wrong | wrong_head) - right
    in_arguments, arguments = _judge_arguments(models)
    in_names, names = _judge_names(shown, pieces, wrong)
    earned = dict.fromkeys(rubric.parts, 1.0) | {_part_of(name): 0.0 for name in wrong}
    earned |= {"arguments": arguments, "names": names}
    why = list(filter(None, map(explain, failures.values())))
    if shown is sketches:  # where the second layer of a name has a number
        in_names = []
    told = [*in_blocks, *in_head, *in_pieces, *in_arguments, *in_names]
    if any(mistake.part.startswith("block") for mistake in told):  # a shrunk map follows from it
        shrunk = [mistake for mistake in why if mistake.code == "shrunk"]
        why = [mistake for mistake in why if mistake not in shrunk]
        calls_failed = listed(dict(mistake.numbers)["call"] for mistake in shrunk)
        told += [diagnose("unseen", "", calls=calls_failed)] * bool(shrunk)
    return earned, _once([*why, *told])


def _once(mistakes: Sequence[Mistake]) -> list[Mistake]:
    """Each mistake once, and what stops several calls at one place, too."""
    told: dict[object, Mistake] = {}
    for mistake in mistakes:
        where = dict(mistake.numbers).get("where", mistake.part)
        stops = mistake.code if mistake.code == "unfinished" else (mistake.code, where)
        told.setdefault(stops if mistake.code in FAILURES else mistake, mistake)
    return list(told.values())


def _read_pieces(family: str, calls: Json, case: Json, models: Models) -> Models:
    """What the student wrote on the way, where no model shows it.

    A blank among it is told where the model stops at it. What takes other arguments is no piece.
    """
    pieces = {}
    for name, asked in case["pieces"].items():
        if name in calls and not is_shown(asked, models):
            reading = read_piece(
                name, calls[name], _piece(name, family, asked), asked, case["seed"]
            )
            error = reading.error or {"type": "", "line": 0}
            if error["type"] != "NotImplementedError" and error["line"] is not None:
                pieces[name] = reading
    return pieces


def _piece(name: str, family: str, asked: Json) -> tuple[Layer, ...]:
    if name == "head":
        return head(*asked["arguments"])
    number = int(name.removeprefix("block"))
    return block(number, *FAMILY[family][number - 1])


def _judge_pieces(pieces: Models) -> Verdict:
    """What is wrong with the pieces, and which of their layers are right."""
    blocks = {name: reading for name, reading in pieces.items() if name != "head"}
    mistakes, wrong = judge_pieces(blocks, _part_of)
    if "head" in pieces:
        in_head, wrong_head = _judge_classifier(pieces["head"], "dense", _part_of)
        mistakes, wrong = [*mistakes, *in_head], wrong | wrong_head
    return mistakes, {one.name for reading in pieces.values() for one in reading.expected} - wrong


def _judge_classifier(reading: Reading, part: str = "", part_of: PartOf = str) -> Verdict:
    """As any piece; that it ignores its number of classes costs no layer of it."""
    (asked,) = reading.asked["arguments"]
    dense = [layer for layer in reading.layers if layer.kind == "dense"]
    units = dense[-1].get("units") if len(dense) > 2 else asked
    found, wrong = judge_piece(replace(reading, expected=head(units)), part, part_of)
    if units != asked:
        found = [*found, _told("fixed_classes", layers=named([dense[-1].name]), value=units)]
    return found, wrong


def _judge_blocks(models: Models, family: str) -> Verdict:
    readings = [models[name] for name in READ_FIRST if name in models]
    # A global maximum can't see that the last max pooling is missing: it proves no blocks.
    proven = [r.blocks for r in readings if r.proven and r is not models.get("max")]
    for reading in readings:
        blocks, _ = _cut(reading, models)
        if not any(same(blocks, right) for right in [body(family), *proven]):
            return compare_body(blocks, reading.call, reading.params, _part_of, family)
    if not readings:
        return [], {layer.name for layer in body(family)}
    without_head = [reading for reading in readings if reading is not models.get("top")]
    doubt = next(filter(None, (_doubt(r, "block1") for r in without_head or readings)), None)
    return ([doubt], {layer.name for layer in body(family)}) if doubt else ([], set())


def _cut(reading: Reading, models: Models) -> tuple[Sequence[Layer], Sequence[Layer]]:
    """The blocks, and what follows them: all behind those that the map of another call proves."""
    whole = models.get("map")
    if whole and whole.proven:
        cut = len(whole.layers)
        if same(reading.layers[:cut], whole.layers):
            return reading.layers[:cut], reading.layers[cut:]
    return reading.blocks, reading.tail


def _judge_head(models: Models, blocks_right: bool) -> Verdict:
    every = {layer.name for layer in head(1)}
    reading = models.get("top")
    if reading is None:
        return [], every
    if reading.proven:
        return [], set()
    _, found = _cut(reading, models)
    dense = [layer for layer in found if layer.kind == "dense"]
    if not dense:  # told as an argument without effect
        return [], every
    # A number of classes that is not the one asked for is told as an argument without effect, too.
    expected = head(dense[-1].get("units"))
    diagnoses, wrong = compare(expected, found, _part_of, reading.proof)
    if blocks_right and not diagnoses and (doubt := _doubt(reading, "dense")):
        return [doubt], every
    return diagnoses, wrong


def _doubt(reading: Reading, part: str) -> Mistake | None:
    """Told of layers that read right and compute something else."""
    if reading.proven or not reading.has_asked_shape or not same(reading.layers, reading.expected):
        return None
    return doubt(reading, part)


def _judge_names(models: Models, pieces: Models, wrong: set[str]) -> tuple[list[Mistake], float]:
    """Names of the layers that are right; a layer that is wrong has been told already."""
    shown = [models["top"]] if "top" in models else list(models.values())[:1]
    pairs = [
        (mine.name, theirs.name)
        for reading in (*shown, *pieces.values())
        for mine, theirs in align(reading.expected, reading.layers)
        if mine and theirs and mine.kind != "global" and mine.name not in wrong
    ]
    right = [mine == theirs for mine, theirs in pairs]
    return renamed(pairs, "names"), sum(right) / max(1, len(right))


def _part_of(name: str) -> str:
    """The rubric's part of an expected layer."""
    if name.startswith("block"):
        return name.split("_")[0]
    return name if name == "predictions" else "dense"


def _network(asked: Json, family: str = "vgg16") -> tuple[Layer, ...]:
    """The layers that a call asks for."""
    given: Json = {"pooling": "max", "classes": 1000} | asked
    config = {"vgg16": "D", "vgg19": "E"}[family]
    top, classes = given["include_top"], given["classes"]
    return network(config, top, classes, pooling=given["pooling"])


def _judge_arguments(models: Models) -> tuple[list[Mistake], float]:
    """Whether each argument does what it says: what is wrong, and the share that is right."""
    verdicts = {name: judge_one(models) for name, judge_one in ARGUMENTS.items()}
    wrong = {name: verdict for name, verdict in verdicts.items() if isinstance(verdict, Mistake)}
    unknown = {name for reading in models.values() for name in reading.unknown}
    diagnoses = [diagnosis for name, diagnosis in wrong.items() if name not in unknown]
    if unknown:
        diagnoses.append(_told("signature", arguments=listed(sorted(unknown))))
    return diagnoses, sum(verdict is True for verdict in verdicts.values()) / len(ARGUMENTS)


def _include_top(models: Models) -> Judged:
    if reading := _with_head_left(models):
        if any(layer.kind == "flatten" for layer in reading.tail):
            return _told("include_top", reading, asked=False)
        left = listed(layer.name for layer in reading.tail if layer.kind == "dense")
        return _told("softmax_without_top", layers=left)
    if "top" in models and not _has_dense(models["top"]):
        return _told("include_top", models["top"], asked=True)
    return True if "top" in models and len(models) > 1 else None


def _input_tensor(models: Models) -> Judged:
    if "map" not in models:
        return None
    code = "sequential" if models["map"].sequential else "input_tensor"
    return models["map"].tied or _told(code)


def _input_shape(models: Models) -> Judged:
    shaped = [models[name] for name in ("top", "avg", "max") if name in models]
    for reading in shaped:
        if not reading.has_asked_shape:
            asked, found = reading.asked["input_shape"], reading.input_shape
            return _told("input_shape", asked=size(tuple(asked)), found=size(found))
    return True if shaped else None


def _pooling(models: Models) -> Judged:
    if _with_head_left(models):
        return None
    for reading in [models[name] for name in ("avg", "max", "map") if name in models]:
        pooling = reading.asked["pooling"]
        _, pooled = _cut(reading, models)
        if not reading.proven and not same(pooled, tail(False, pooling, 0)):
            found = "、".join(map(described, pooled)) or "無"
            return _told("pooling", reading, asked=pooling, found=found)
    return True if {"avg", "max"} <= models.keys() else None


def _classes(models: Models) -> Judged:
    if "top" not in models or not _has_dense(models["top"]):
        return None
    reading, asked = models["top"], models["top"].asked["classes"]
    dense = [layer for layer in reading.tail if layer.kind == "dense"]
    found = dense[-1].get("units")
    if found != asked and len(dense) < 3:  # the last layer itself is missing, and told
        return True
    return found == asked or _told("classes", asked=asked, found=found)


def _defaults(models: Models) -> Judged:
    if "default" not in models or _with_head_left(models):
        return None
    reading = models["default"]
    right: list[Sequence[Layer]] = [tail(False, "max", 0)]
    if "max" in models:  # in whatever spelling; what is wrong with it has been told
        right.append(_cut(models["max"], models)[1])
    pooled = [[(layer.kind, layer.get("mode")) for layer in one] for one in right]
    found = [(layer.kind, layer.get("mode")) for layer in _cut(reading, models)[1]]
    for argument, right_one in DEFAULTS.items():
        if (given := reading.defaults.get(argument, right_one)) != right_one:
            return _told("default_value", argument=argument, found=given, right=right_one)
    shape_right = reading.input_shape in ((224, 224, 3), (224, 224, 1))
    return (shape_right and found in pooled) or _told(
        "defaults", reading, input_shape=size(reading.input_shape)
    )


ARGUMENTS: dict[str, Callable[[Models], Judged]] = {
    "include_top": _include_top,
    "input_tensor": _input_tensor,
    "input_shape": _input_shape,
    "pooling": _pooling,
    "classes": _classes,
    "defaults": _defaults,
}


def _has_dense(reading: Reading) -> bool:
    return any(layer.kind == "dense" for layer in reading.tail)


def _with_head_left(models: Models) -> Reading | None:
    """A model that was to have no head and has one."""
    return next((r for name, r in models.items() if name != "top" and _has_dense(r)), None)


def _told(code: str, reading: Reading | None = None, **numbers: object) -> Mistake:
    if reading:
        numbers |= {"call": reading.call, "shape": size(reading.output_shape)}
    return diagnose(code, "arguments", **numbers)


def check_block(number: int, function: object) -> Score:
    """Check block `number`, a function of the tensor that the block before it gives.

    Raises ValueError for a number that VGG16 does not have.
    """
    if number not in range(1, 6):
        raise ValueError(f"VGG16 has blocks 1 to 5, not {number!r}")
    return _check(f"block{number}", f"小檢查：block {number}", function, number, judge_piece)


def check_head(function: object) -> Score:
    """Check the classifier `head(x, classes)`, a function of the last block's tensor."""
    return _check("head", "小檢查：分類器 (head)", function, 6, _judge_head_alone)


def _judge_head_alone(reading: Reading) -> Verdict:
    """Here a number of classes that is ignored costs the layer, for there are no arguments."""
    found, wrong = _judge_classifier(reading)
    ignored = any(mistake.code == "fixed_classes" for mistake in found)
    return found, wrong | {"predictions"} if ignored else wrong


def _check(
    name: str, title: str, function: object, seed: int, judge_it: Callable[[Reading], Verdict]
) -> Score:
    case = public_case()["pieces"][name] | {"seed": seed}
    expected = _piece(name, "vgg16", case)
    return check_piece(name, title, function, expected, case, MISTAKES, judge_it)


PIECES = {"block": check_block, "head": check_head}
TASKS = tuple(
    rubric.task(
        public_case,
        draw_case,
        probe_model_maker,
        partial(judge, rubric),
    )
    for rubric in (HOMEWORK, CHALLENGE)
)
