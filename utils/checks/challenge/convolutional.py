"""Challenge 4: `to_convolutional(model)`, the dense layers slide over larger images, 3 points.

Simonyan and Zisserman 2015, section 3.2; Sermanet et al. 2014 (arXiv:1312.6229), section 3.5.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.summary import summarize

from ..errors import error_text, explain_answer
from ..judge import described, named, shown, size
from ..layers import Layer, align, expect, make, read_chain, read_shape
from ..mistakes import diagnose, renamed
from ..probe import build, fill, fingerprints, plain_array
from ..reading import TOLERANCE, difference, holds, numbers, read_error
from ..reference import conv2d, seeded_images, weight_source
from ..rubric import Rubric, Verdict, each_once
from ..score import Diagnosis
from ..task import Function, Json, attempt
from ..vgg import COMPUTE, network, run

RUBRIC = Rubric(
    "convolutional",
    "to_convolutional",
    "挑戰四：全卷積",
    {
        "layers": ("全連接層換成卷積", 0.75),
        "free": ("輸入大小不限", 0.5),
        "same": ("原尺寸：輸出相同", 0.75),
        "larger": ("大圖：逐窗相同", 0.75),
        "names": ("層的名字", 0.25),
    },
    own=("layers", "free", "same", "larger"),
)
CALL = "to_convolutional(model)"

# A wrong setting of a convolution that replaces a dense layer -> the mistake's code.
CODES = {
    "kernel_size": "dense_kernel",
    "padding": "dense_padding",
    "filters": "dense_filters",
    "activation": "activation",
}


def case_for(seed: int, width: float, classes: int, oblong: tuple[int, int]) -> Json:
    """Two models of A, for square and for oblong images, and a larger image for each."""

    def call(height: int, length: int) -> Json:
        return {
            "width": width,
            "classes": classes,
            "input_shape": [height, length, 3],
            "larger": [height + 64, length + 32, 3],
        }

    return {"seed": seed, "calls": {"square": call(64, 64), "oblong": call(*oblong)}}


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(seed=12, width=1 / 16, classes=10, oblong=(64, 96))


def draw_case(seed: int) -> Json:
    """What the grader tries."""
    drawn = np.random.default_rng(seed)
    width, classes = float(drawn.choice([3 / 64, 5 / 64])), int(drawn.integers(11, 30))
    oblong = ((96, 64), (32, 96), (96, 32))[drawn.integers(3)]
    return case_for(seed, width, classes, oblong)


def look(function: Function, asked: Json, seed: int) -> Json:
    """Convert a model of known weights, and run what came back on two sizes of images."""
    import keras

    model = build(_layers(asked), asked["input_shape"], name="vgg_A")
    fill(model, seed)
    converted, error = attempt(function, model)
    if error:
        return {"error": error}
    if not isinstance(converted, keras.Model):
        return {"returned": type(converted).__name__}
    told, error = attempt(_describe, converted, asked, seed)
    return {"unreadable": error} if error else told


def _describe(converted: Any, asked: Json, seed: int) -> Json:
    summary, error = attempt(summarize, converted, tuple(asked["input_shape"]))
    if error:  # its input may have another size, and no other
        summary = summarize(converted)
    return {
        "input_shape": list(converted.inputs[0].shape[1:]),
        "rows": summary.to_dict()["rows"],
        "weights": fingerprints(converted),
        "same": _outputs(converted, asked["input_shape"], seed),
        "larger": _outputs(converted, asked["larger"], seed),
    }


def _outputs(converted: Any, shape: list[int], seed: int) -> Json:
    image = seeded_images(seed, shape)
    told, error = attempt(lambda: plain_array(converted(image, training=False)[0]))
    return {"error": error} if error else told


def _layers(asked: Json) -> list[Layer]:
    return network("A", True, asked["classes"], lambda number: round(number * asked["width"]))


class Right:
    """What a call must give: layers, weights and outputs."""

    def __init__(self, asked: Json, seed: int):
        layers, self.asked, self.seed = _layers(asked), asked, seed
        steps = list(run(layers, seeded_images(seed, asked["input_shape"]), weight_source(seed)))
        self.body = layers[:-4]
        self.weights = {step.name: step.weights for step in steps if step.weights}
        self.window = steps[len(self.body) - 1].output.shape[1:3]
        self.head = [self._convolution(layer) for layer in layers[-3:]]

    def _convolution(self, dense: Layer) -> Layer:
        """The convolution that takes a dense layer's place."""
        settings = dict(dense.settings)
        window = self.window if dense.name == "fc1" else (1, 1)
        options = {"kernel_size": window, "strides": (1, 1), "padding": "valid"}
        options |= {"filters": settings["units"], "activation": settings["activation"]}
        return make("Conv2D", dense.name, **options)

    def output(self, shape: list[int]) -> np.ndarray:
        """The dense layers at every window of the last map of an image of that shape."""
        image = seeded_images(self.seed, shape)
        *_, last = run(self.body, image, weight_source(self.seed))
        x = last.output
        for layer in self.head:
            settings, (kernel, bias) = dict(layer.settings), self.weights[layer.name]
            kernel = kernel.reshape(*settings["kernel_size"], -1, settings["filters"])
            x = COMPUTE[settings["activation"]](conv2d(x, kernel, bias, "valid"))
        return x[0, ...]


def judge(calls: Json, case: Json) -> Verdict:
    """The share of each part that was earned, and what is wrong."""
    verdicts = [
        _judge(expect(calls.get(name), dict, "call"), Right(asked, case["seed"]))
        for name, asked in case["calls"].items()
    ]
    earned = {part: min(one.get(part, 0.0) for one, _ in verdicts) for part in RUBRIC.parts}
    return earned, each_once([diagnosis for _, wrong in verdicts for diagnosis in wrong])


def _judge(told: Json, right: Right) -> Verdict:
    if failure := explain_answer(told, CALL):
        return {}, [failure]
    layers = read_chain(told.get("rows"))
    last_pool = max((n for n, layer in enumerate(layers) if layer.kind == "pool"), default=-1)
    head = layers[last_pool + 1 :]
    free, fixed = _judge_input(told)
    same, wrong_same = _judge_output(told, right, "same")
    larger, wrong_larger = _judge_output(told, right, "larger") if free else (False, [])
    wrong_layers = [] if same else _judge_layers(head, right)
    wrong_weights = [] if same or wrong_layers else _judge_weights(told, layers, right)
    pairs = [
        (mine.name, theirs.name)
        for mine, theirs in align([*right.body, *right.head], layers)
        if mine and theirs
    ]
    names = renamed(pairs, "names")
    reasons = [*wrong_layers, *wrong_weights, *fixed]
    earned = {
        "layers": float(not wrong_layers),
        "free": float(free),
        "same": float(same),
        "larger": float(larger),
        "names": float(bool(pairs) and not names),
    }
    # Numbers that differ for a reason that was told need no telling.
    return earned, [*reasons, *([] if reasons else wrong_same or wrong_larger), *names]


def _judge_input(told: Json) -> tuple[bool, list[Diagnosis]]:
    shape = read_shape(told, "input_shape")
    if shape[:2] == (None, None):
        return True, []
    return False, [diagnose("fixed_input", "free", found=size(shape))]


def _judge_output(told: Json, right: Right, part: str) -> tuple[bool, list[Diagnosis]]:
    asked = right.asked["larger" if part == "larger" else "input_shape"]
    output, expected = expect(told.get(part), dict, part), right.output(asked)
    image = size(tuple(asked))
    if "error" in output:
        error = error_text(read_error(output["error"]))
        return False, [diagnose("stops", part, image=image, error=error)]
    shape = read_shape(output, "shape")
    values = numbers(output.get("values"))
    if shape != expected.shape or values is None or values.size != expected.size:
        shapes = {"found": size(shape), "right": size(expected.shape)}
        return False, [diagnose("output_map", part, image=image, **shapes)]
    worst = difference(values, expected, probabilities=True)
    if worst < TOLERANCE:
        return True, []
    return False, [diagnose("windows", part, image=image, worst=worst)]


def _judge_layers(head: tuple[Layer, ...], right: Right) -> list[Diagnosis]:
    """What is wrong with the layers after the last pooling."""
    if dense := [layer.name for layer in head if layer.kind == "dense"]:
        return [diagnose("still_dense", "layers", layers=named(dense))]
    if pools := [described(layer) for layer in head if layer.kind == "global"]:
        return [diagnose("pooled_after", "layers", layers="、".join(pools))]
    pairs = align(right.head, head)
    if missing := [mine for mine, theirs in pairs if mine and not theirs]:
        found = sum(layer.kind == "conv" for layer in head)
        return [
            diagnose(
                "missing_convolution",
                "layers",
                layers=named(layer.name for layer in missing),
                found=found,
            )
        ]
    diagnoses = []
    for mine, theirs in pairs:
        if mine and theirs and not mine.same(theirs):
            diagnoses += _judge_convolution(mine, theirs, right)
    return each_once(diagnoses)


def _judge_convolution(mine: Layer, theirs: Layer, right: Right) -> list[Diagnosis]:
    field, value = mine.differences(theirs)[0]
    if field == "padding" and dict(mine.settings)["kernel_size"] == (1, 1):
        return []  # one pixel needs no padding
    code = CODES.get(field, "setting")
    if code == "activation" and mine.name == "predictions":
        code = "last_activation"
    window = dict(mine.settings)["kernel_size"]
    seen = "一個位置" if window == (1, 1) else f"整張 {size(window)} 的特徵圖"
    told = {"field": field, "value": shown(value) if code != "dense_padding" else value}
    told |= {"shape": size(theirs.output_shape), "map": seen, "proof": ""}
    return [diagnose(code, "layers", layers=named([mine.name]), **told)]


def _judge_weights(told: Json, layers: tuple[Layer, ...], right: Right) -> list[Diagnosis]:
    """The layers that do not hold the weights that they should."""
    found = expect(told.get("weights"), dict, "weights", most=100)
    left: list[Layer] = []
    mixed: list[Layer] = []
    for mine, theirs in align([*right.body, *right.head], layers):
        if mine is None or theirs is None or mine.name not in right.weights:
            continue
        prints, weights = found.get(theirs.name, []), right.weights[mine.name]
        if holds(prints, weights):
            continue
        (mixed if holds(prints, weights, in_any_order=True) else left).append(mine)
    codes = (("kernel_order", mixed), ("weights_left", left))
    return [
        diagnose(code, "same", layers=named(layer.name for layer in some))
        for code, some in codes
        if some
    ]


TASK = RUBRIC.task(public_case, draw_case, look, judge)
