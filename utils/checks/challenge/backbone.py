"""Challenge 5: `features(model, names)` and `with_inception(model, width)`, 3 points.

The Inception blocks are 3a and 4a of Szegedy et al. 2015 (arXiv:1409.4842), table 1.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from utils.summary import summarize

from ..errors import explain_answer
from ..judge import named, size
from ..layers import Layer, Shape, expect, make, read_shape
from ..mistakes import diagnose
from ..probe import build, fill, fingerprints, leaves, plain_array
from ..reading import TOLERANCE, difference, holds, numbers
from ..reference import max_pool_3x3, seeded_images, weight_source
from ..rubric import Rubric, Verdict, each_once
from ..score import Diagnosis
from ..task import Function, Json, attempt
from ..vgg import network, run

# Block -> filters of 1×1 | 1×1 → 3×3 | 1×1 → 5×5 | pooling → 1×1.
INCEPTION = {
    "block3": ((64,), (96, 128), (16, 32), (32,)),
    "block5": ((192,), (96, 208), (16, 48), (64,)),
}
PATHS = (("1x1",), ("3x3_reduce", "3x3"), ("5x5_reduce", "5x5"), ("project",))

RUBRIC = Rubric(
    "backbone",
    "features",
    "挑戰五：當別人的骨幹",
    {
        "features": ("取出特徵", 0.75),
        "shared": ("順序，共用權重", 0.5),
        "replaced": ("換成 Inception", 0.75),
        "kept": ("其他層與權重", 0.5),
        "numbers": ("接法：輸出的數值", 0.5),
    },
    own=("features", "replaced"),
)


def case_for(seed: int, config: str, width: float, names: list[str]) -> Json:
    """Several features, a single one, and Inception blocks; widths divide every filter evenly."""
    model = {"config": config, "width": width, "classes": 10, "input_shape": [64, 32, 3]}
    return {
        "seed": seed,
        "calls": {
            "several": model | {"names": names},
            "one": model | {"names": names[:1]},
            "inception": model | {"function": "with_inception"},
        },
    }


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(13, "D", 1 / 16, ["block5_pool", "block2_conv2", "block4_conv3", "fc1"])


def draw_case(seed: int) -> Json:
    """What the grader tries."""
    drawn = np.random.default_rng(seed)
    layers = [layer.name for layer in network("D", True, 10) if layer.name != "flatten"]
    names = drawn.permutation(layers)[:5].tolist()
    return case_for(seed, str(drawn.choice(["D", "E"])), 1 / 16, names)


def look(function: Function, asked: Json, seed: int) -> Json:
    """Call one of the two functions on a model of known weights, and look at what came back."""
    model = build(_layers(asked), asked["input_shape"], name=f"vgg_{asked['config']}")
    fill(model, seed)
    if asked.get("function") == "with_inception":
        return _look_at_inception(function, model, asked, seed)
    return _look_at_features(function, model, asked, seed)


def _look_at_features(function: Function, model: Any, asked: Json, seed: int) -> Json:
    import keras

    made, error = attempt(function, model, list(asked["names"]))
    if error:
        return {"error": error}
    if not isinstance(made, keras.Model):
        return {"returned": type(made).__name__}
    told, error = attempt(_describe_features, made, model, asked, seed)
    return {"unreadable": error} if error else told


def _describe_features(made: Any, model: Any, asked: Json, seed: int) -> Json:
    outputs = made(seeded_images(seed, asked["input_shape"]), training=False)
    outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    own = {id(weight) for weight in model.weights}
    return {
        "outputs": [plain_array(each[0]) for each in outputs[: len(asked["names"]) + 1]],
        "count": len(outputs),
        "shared": all(id(weight) in own for weight in made.weights),
    }


def _look_at_inception(function: Function, model: Any, asked: Json, seed: int) -> Json:
    import keras

    made, error = attempt(function, model, width=asked["width"])
    if error:
        return {"error": error}
    if not isinstance(made, keras.Model):
        return {"returned": type(made).__name__}
    told, error = attempt(_describe_inception, made, asked, seed)
    return {"unreadable": error} if error else told


def _describe_inception(made: Any, asked: Json, seed: int) -> Json:
    rows = summarize(made, tuple(asked["input_shape"])).to_dict()["rows"]
    weights = fingerprints(made)
    for layer in leaves(made):  # drawn anew by the layer's name, whatever the order of the layers
        draw = weight_source(_seed_of(layer.name, seed))
        for weight in layer.weights:
            weight.assign(draw(weight.shape))
    image = seeded_images(seed, asked["input_shape"])
    return {
        "shapes": {row["name"].rpartition("/")[2]: row["output_shape"] for row in rows},
        "weights": weights,
        "output": plain_array(made(image, training=False)[0]),
    }


def _seed_of(name: str, seed: int) -> int:
    return zlib.crc32(f"{name} {seed}".encode())


def _layers(asked: Json) -> list[Layer]:
    width = asked["width"]
    return network(asked["config"], True, asked["classes"], lambda number: round(number * width))


def judge(calls: Json, case: Json) -> Verdict:
    """The share of each part that was earned, and what is wrong."""
    seed, earned = case["seed"], dict.fromkeys(RUBRIC.parts, 1.0)
    diagnoses: list[Diagnosis] = []
    for name, asked in case["calls"].items():
        function = asked.get("function", RUBRIC.function)
        parts, judge_call = JUDGES[function]
        if name not in calls:
            verdict: Verdict = {}, [diagnose("missing", parts[0], function=function)]
        else:
            told = expect(calls[name], dict, "call")
            failure = explain_answer(told, _call(asked))
            verdict = ({}, [failure]) if failure else judge_call(told, asked, seed)
        shares, wrong = verdict
        earned |= {part: min(earned[part], shares.get(part, 0.0)) for part in parts}
        diagnoses += wrong
    return earned, each_once(diagnoses)


def _call(asked: Json) -> str:
    if "names" in asked:
        return f"features(model, {asked['names']})"
    return f"with_inception(model, width={asked['width']})"


def _read(told: object) -> tuple[Shape, np.ndarray | None]:
    """Shape and values of an array that the probe told."""
    told = expect(told, dict, "array")
    return read_shape(told, "shape"), numbers(told.get("values"))


def _is(told: object, right: np.ndarray) -> bool:
    shape, values = _read(told)
    if shape != right.shape or values is None or values.size != right.size:
        return False
    return difference(values, right) < TOLERANCE


def _judge_features(told: Json, asked: Json, seed: int) -> Verdict:
    call, names = _call(asked), asked["names"]
    steps = run(_layers(asked), seeded_images(seed, asked["input_shape"]), weight_source(seed))
    right = {step.name: step.output[0] for step in steps}
    outputs = expect(told.get("outputs"), list, "outputs", most=len(names) + 1)
    if len(outputs) != len(names):
        found = expect(told.get("count"), int, "count")
        return {}, [
            diagnose("features_count", "features", call=call, asked=len(names), found=found)
        ]
    wrong = [n for n, name in enumerate(names) if not _is(outputs[n], right[name])]
    if wrong and all(any(_is(each, right[name]) for each in outputs) for name in names):
        return {"features": 1.0}, [diagnose("features_order", "shared", call=call)]
    if wrong:
        layers, shape = named(names[n] for n in wrong), size(_read(outputs[wrong[0]])[0])
        numbers = {"call": call, "layers": layers, "shape": shape}
        return {}, [diagnose("features_numbers", "features", **numbers)]
    if told.get("shared") is not True:
        return {"features": 1.0}, [diagnose("features_copied", "shared")]
    return {"features": 1.0, "shared": 1.0}, []


def _judge_inception(told: Json, asked: Json, seed: int) -> Verdict:
    shapes = expect(told.get("shapes"), dict, "shapes", most=300)
    found = {name: read_shape(shapes, name) for name in shapes}
    replaced = _judge_replaced(found, asked)
    kept = _judge_kept(found, expect(told.get("weights"), dict, "weights", most=200), asked, seed)
    right = _output(asked, seed)
    proven = _is(told.get("output"), right)
    numbers = []
    if not proven and not replaced and not kept:
        shape = size(_read(told["output"])[0])
        numbers = [diagnose("inception_numbers", "numbers", call=_call(asked), shape=shape)]
    shares = {"replaced": float(not replaced), "kept": float(not kept), "numbers": float(proven)}
    return shares, [*replaced, *kept, *numbers]


def _judge_replaced(found: dict[str, Shape], asked: Json) -> list[Diagnosis]:
    """What is wrong with the two blocks that get an Inception block."""
    blocks = {block: found.get(f"{block}_inception") for block in INCEPTION}
    convolutions = [
        layer.name
        for layer in _layers(asked)
        if layer.kind == "conv" and layer.name.partition("_")[0] in INCEPTION
    ]
    diagnoses = []
    if lost := [block for block, shape in blocks.items() if shape is None]:
        diagnoses.append(diagnose("no_inception", "replaced", layers=named(lost)))
    if left := [name for name in convolutions if name in found]:
        diagnoses.append(diagnose("convolutions_left", "replaced", layers=named(left)))
    extra = [name for name in found if name.endswith("_inception") and name[:-10] not in blocks]
    if extra:
        diagnoses.append(diagnose("extra_inception", "replaced", layers=named(extra)))
    for block, shape in blocks.items():
        right = sum(round(path[-1] * asked["width"]) for path in INCEPTION[block])
        if shape and shape[-1] != right and not diagnoses:
            numbers = {"found": shape[-1], "right": right}
            diagnoses.append(
                diagnose("inception_width", "replaced", layers=named([block]), **numbers)
            )
    return diagnoses


def _judge_kept(found: dict[str, Shape], prints: Json, asked: Json, seed: int) -> list[Diagnosis]:
    """What is wrong with the other layers and their weights."""
    steps = run(_layers(asked), seeded_images(seed, asked["input_shape"]), weight_source(seed))
    others = {
        step.name: step.weights
        for step in steps
        if step.name.partition("_")[0] not in INCEPTION or step.name.endswith("pool")
    }
    if lost := [name for name in others if name not in found]:
        return [diagnose("layers_lost", "kept", layers=named(lost))]
    new = [name for name, own in others.items() if own and not holds(prints.get(name, []), own)]
    return [diagnose("weights_lost", "kept", layers=named(new))] if new else []


def _output(asked: Json, seed: int) -> np.ndarray:
    """What the network with Inception blocks gives, for weights drawn by the layers' names."""
    x = seeded_images(seed, asked["input_shape"])

    def apply(layer: Layer, x: np.ndarray) -> np.ndarray:
        (step,) = run([layer], x, weight_source(_seed_of(layer.name, seed)))
        return step.output

    for layer in _layers(asked):
        block = layer.name.partition("_")[0]
        if block not in INCEPTION or layer.kind == "pool":
            x = apply(layer, x)
        elif layer.name.endswith("conv1"):
            given = [x, x, x, max_pool_3x3(x)]
            for path, one in enumerate(_inception(block, asked["width"])):
                for convolution in one:
                    given[path] = apply(convolution, given[path])
            x = np.concatenate(given, axis=-1)
    return x[0, ...]


def _inception(block: str, width: float) -> list[list[Layer]]:
    """The convolutions of each path of an Inception block."""
    options = {"strides": (1, 1), "padding": "same", "activation": "relu"}
    return [
        [
            make(
                "Conv2D",
                f"{block}_{name}",
                filters=round(filters * width),
                kernel_size=(int(name[0]),) * 2 if name[0] in "35" and "_" not in name else (1, 1),
                **options,
            )
            for name, filters in zip(names, widths, strict=True)
        ]
        for names, widths in zip(PATHS, INCEPTION[block], strict=True)
    ]


# Function -> the parts that it can earn, and how one call is judged.
JUDGES = {
    "features": (("features", "shared"), _judge_features),
    "with_inception": (("replaced", "kept", "numbers"), _judge_inception),
}

TASK = RUBRIC.task(public_case, draw_case, look, judge, more=("with_inception",))
