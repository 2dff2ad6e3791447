"""Challenge 5: `features(model, names)` and `with_inception(model, width)`, 3 points.

The Inception blocks are 3a and 4a of Szegedy et al. 2015 (arXiv:1409.4842), table 1.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from utils.summary import summarize

from ..compare import named, size
from ..errors import explain_answer
from ..layers import Layer, Shape, expect, read_shape
from ..mistakes import Mistake, diagnose, each_once
from ..network import Network
from ..probe import build, fill, fingerprints, plain_array
from ..reading import TOLERANCE, compute, difference, holds, numbers
from ..rubric import Rubric, Verdict
from ..task import Function, Json, attempt
from ..weights import seeded_images
from .vgg import network

# Block -> filters of 1×1 | 1×1 → 3×3 | 1×1 → 5×5 | pooling → 1×1.
INCEPTION = {
    "block3": ((64,), (96, 128), (16, 32), (32,)),
    "block5": ((192,), (96, 208), (16, 48), (64,)),
}
PATHS = (("1x1",), ("3x3_reduce", "3x3"), ("5x5_reduce", "5x5"), ("project",))

MISTAKES: dict[str, tuple[str, str]] = {
    "features_count": (
        "`{call}` 要 {asked} 層，模型卻有 {found} 個輸出。",
        "`keras.Model(輸入, [輸出, 輸出, ...])`：一個名字一個輸出。",
    ),
    "features_order": (
        "`{call}` 的輸出都對，順序卻和 `names` 不同。",
        "照 `names` 的順序一個一個取 `get_layer(name).output`，不要照模型裡的順序。",
    ),
    "features_numbers": (
        "`{call}` 的 {layers}和原來的模型在這一層算出的不同（形狀 {shape}）。",
        "要的是那一層的「輸出」：經過活化函數、池化之前。也別重新建層，新建的層是隨機的權重。",
    ),
    "features_copied": (
        "`features` 的數值都對，但模型的權重是複製出來的，沒有和原來的模型共用。",
        "從 `model.input` 到 `get_layer(name).output` 直接包成 `keras.Model`，就會共用同樣的層。",
    ),
    "no_inception": (
        "{layers}裡沒有 Inception 區塊（名字結尾是 `_inception` 的那一層）。",
        "走到這個 block 的第一個卷積時，改接 `inception(x, block, width)`。",
    ),
    "extra_inception": (
        "Inception 區塊多了：{layers}。",
        "一個 block 只換成一個 Inception 區塊，而且只換題目說的兩個 block。",
    ),
    "convolutions_left": (
        "{layers}還在：Inception 區塊應該取代它們，不是接在旁邊或後面。",
        "這個 block 的卷積層一個也不留，只留池化層。",
    ),
    "layers_lost": (
        "{layers}不見了：除了換掉的卷積，其他層都要照抄。",
        "尤其是池化層：它的名字也以 block 開頭，但是不換。",
    ),
    "inception_width": (
        "{layers}的輸出有 {found} 個通道，應該有 {right} 個。",
        "把 `with_inception` 拿到的 `width` 傳給 `inception`，骨幹其他部分本來就是這個寬度。",
    ),
    "unlike_shapes": (
        "{where}把權重交給形狀不同的層：{error}",
        "前面少抄或多接了一層，後面的形狀就跟著變。印出這裡的 `x.shape`，和 `layer.input.shape` "
        "比：從哪一層開始不一樣？",
    ),
    "weights_lost": (
        "{layers}的權重和原來的模型不同：骨幹應該帶著它學到的東西。",
        "建了新的層，還要把舊的權重搬過去；題目給的 `copied` 兩件事一起做。",
    ),
    "inception_numbers": (
        "層都在，但是給定同樣的權重與影像，`{call}` 的輸出（{shape} 個數）和預期不同。",
        "看看每一層接的是誰：Inception 接在前一個池化之後，這個 block 的池化接在 Inception 之後。",
    ),
}

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
    mistakes=MISTAKES,
)

HALVES = ((1, 3), (3, 5))  # from which blocks the convolutions are that are asked for


def case_for(seed: int, classes: int, other: int, names: list[str]) -> Json:
    """Several features and a single one of D, and Inception blocks in E.

    The first name's layer stands below the second one's, so that the order of the names is neither
    the model's nor the alphabet's. Widths divide every filter evenly.
    """
    small = {"width": 1 / 16, "classes": classes}
    grey, colour = [63, other, 1], [other, 63, 3]
    return {
        "seed": seed,
        "calls": {
            "several": small | {"config": "D", "input_shape": colour, "names": names},
            "one": small | {"config": "D", "input_shape": grey, "names": names[:1]},
            "inception": small
            | {"config": "E", "input_shape": colour, "function": "with_inception"},
        },
    }


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(13, 17, 64, ["block5_pool", "block2_conv2", "block4_conv3", "fc1"])


def draw_case(seed: int) -> Json:
    """What the grader tries."""
    drawn = np.random.default_rng(seed)
    convolutions = [f"block{drawn.integers(*ends)}_conv{drawn.integers(1, 3)}" for ends in HALVES]
    names = [f"block{drawn.integers(4, 6)}_pool", *convolutions, str(drawn.choice(["fc1", "fc2"]))]
    return case_for(seed, int(drawn.integers(11, 30)), int(drawn.integers(64, 80)), names)


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
    fill(made, seed)  # drawn anew, those of the new blocks too
    image = seeded_images(seed, asked["input_shape"])
    return {
        "shapes": {row["name"].rpartition("/")[2]: row["output_shape"] for row in rows},
        "weights": weights,
        "output": plain_array(made(image, training=False)[0]),
    }


def _layers(asked: Json) -> tuple[Layer, ...]:
    width = asked["width"]
    return network(asked["config"], True, asked["classes"], lambda number: round(number * width))


def judge(calls: Json, case: Json) -> Verdict:
    """The share of each part that was earned, and what is wrong."""
    diagnoses: list[Mistake] = []
    shares: dict[str, list[float]] = {part: [] for part in RUBRIC.parts}
    failed: Counter[str] = Counter()
    for name, asked in case["calls"].items():
        function = asked.get("function", RUBRIC.function)
        parts, judge_call = JUDGES[function]
        if name not in calls:
            failed.update(parts)
            diagnoses.append(diagnose("missing", parts[0], function=function))
            continue
        told = expect(calls[name], dict, "call")
        if failure := explain_answer(told, _call(asked)):
            failed.update(parts)
            diagnoses.append(failure._replace(part=parts[0]))
            continue
        earned, wrong = judge_call(told, asked, case["seed"])
        diagnoses += wrong
        for part in parts:
            shares[part].append(earned.get(part, 0.0))
    # A call that fails costs its share.
    return {
        part: min(each) * len(each) / (len(each) + failed[part]) if each else 0.0
        for part, each in shares.items()
    }, each_once(diagnoses)


def _call(asked: Json) -> str:
    if "names" in asked:
        return f"features(model, {asked['names']})"
    return f"with_inception(model, width={asked['width']})"


def _read(told: object) -> tuple[Shape, np.ndarray | None]:
    """Shape and values of an array that the probe told."""
    told = expect(told, dict, "array")
    return read_shape(told, "shape"), numbers(told.get("values"))


def _is(told: object, right: np.ndarray, probabilities: bool = False) -> bool:
    shape, values = _read(told)
    if shape != right.shape or values is None or values.size != right.size:
        return False
    return difference(values, right, probabilities) < TOLERANCE


def _judge_features(told: Json, asked: Json, seed: int) -> Verdict:
    call, names = _call(asked), asked["names"]
    steps = compute(_layers(asked), asked["input_shape"], seed)
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
    proven = _is(told.get("output"), right, probabilities=True)
    numbers = []
    if not proven and not replaced and not kept:
        shape = size(_read(told["output"])[0])
        numbers = [diagnose("inception_numbers", "numbers", call=_call(asked), shape=shape)]
    shares = {"replaced": float(not replaced), "kept": float(not kept), "numbers": float(proven)}
    return shares, [*replaced, *kept, *numbers]


def _judge_replaced(found: dict[str, Shape], asked: Json) -> list[Mistake]:
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


def _judge_kept(found: dict[str, Shape], prints: Json, asked: Json, seed: int) -> list[Mistake]:
    """What is wrong with the other layers and their weights."""
    steps = compute(_layers(asked), asked["input_shape"], seed)
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
    """What the network with Inception blocks gives for the weights of its places."""
    *_, last = compute(_with_inception(asked), asked["input_shape"], seed)
    output: np.ndarray = last.output[0, ...]
    return output


def _with_inception(asked: Json) -> tuple[Layer, ...]:
    """The network, with an Inception block for the convolutions of two of its blocks."""
    net, x = Network(), Network.image
    for layer in _layers(asked):
        block = layer.name.partition("_")[0]
        if block not in INCEPTION or layer.kind == "pool":
            x = net.copy(layer, x)
        elif layer.name.endswith("conv1"):
            x = _add_inception(net, x, block, asked["width"])
    return net.layers


def _add_inception(net: Network, x: str, block: str, width: float) -> str:
    """An Inception block: its four paths, and their concatenation."""
    ends = []
    for names, widths in zip(PATHS, INCEPTION[block], strict=True):
        end = net.max_pool(x, 3, strides=1, padding="same") if names == ("project",) else x
        for name, filters in zip(names, widths, strict=True):
            size = {"3x3": 3, "5x5": 5}.get(name, 1)
            named = f"{block}_{name}"
            end = net.conv(end, round(filters * width), size, activation="relu", name=named)
        ends.append(end)
    return net.add("Concatenate", *ends, name=f"{block}_inception")


# Function -> the parts that it can earn, and how one call is judged.
JUDGES = {
    "features": (("features", "shared"), _judge_features),
    "with_inception": (("replaced", "kept", "numbers"), _judge_inception),
}

TASKS = (RUBRIC.task(public_case, draw_case, look, judge, more=("with_inception",)),)
