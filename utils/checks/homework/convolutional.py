"""Challenge 4: `to_convolutional(model)`, the dense layers slide over larger images, 3 points.

Simonyan and Zisserman 2015, section 3.2; Sermanet et al. 2014 (arXiv:1312.6229), section 3.5.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.summary import summarize

from ..compare import align, described, named, shown, size
from ..errors import error_text, explain_answer
from ..layers import Layer, expect, ordered, read_layers, read_shape, read_summary
from ..mistakes import Mistake, diagnose, each_once, renamed
from ..network import Network
from ..probe import build, fill, fingerprints, plain_array
from ..reading import TOLERANCE, compute, difference, holds, numbers, read_error
from ..rubric import Rubric, Verdict
from ..task import Function, Json, attempt
from ..weights import seeded_images
from .vgg import WORDS, network

MISTAKES: dict[str, tuple[str, str]] = {
    "still_dense": (
        "{layers}還是 `Dense`：它的權重矩陣只接受一種長度的輸入，影像一變大就接不上。",
        "一個全連接層看的是整張特徵圖，什麼樣的卷積核也剛好看到整張特徵圖？",
    ),
    "pooled_after": (
        "後面多了 {layers}：題目要的是每個位置各一組機率，不是全部平均起來。",
        "論文 3.2 節最後才取平均；這一題停在取平均之前。",
    ),
    "fixed_input": (
        "新模型的輸入還是固定的 {found}。",
        "`keras.Input` 的高和寬可以寫 `None`，通道數則要和原來的模型一樣。",
    ),
    "missing_convolution": (
        "少了 {layers}：block 5 之後只有 {found} 個卷積層。",
        "原來有幾個全連接層，就要有幾個卷積層來代替。",
    ),
    "dense_kernel": (
        "{layers}的卷積核是 {value}；原來的模型在這裡看的是 {map}。",
        "第一個全連接層看的是整張最後的特徵圖，大小從模型讀（不一定是 7 × 7，也不一定是正方形）；"
        "之後的每一個只看一個位置。",
    ),
    "dense_padding": (
        "{layers}的填充 (padding) 是 {value!r}：在原來的尺寸上輸出變成 {shape}，不是一個位置。",
        "全連接層不會看到補上的 0：視窗只在特徵圖裡面滑動。",
    ),
    "dense_filters": (
        "{layers}的 filters 是 {value}，原來的全連接層不是這個寬度。",
        "每個輸出單元變成一個 filter，數目不變；從原來那一層讀 `units`。",
    ),
    "weights_left": (
        "{layers}沒有帶著原來的權重：給同一張影像，新模型算出來的是另一回事。",
        "新建的層是隨機的權重，也別忘了偏差 (bias)。卷積的部分可以直接共用原來的層。",
    ),
    "kernel_order": (
        "{layers}的權重都在，排列的順序卻不對。",
        "`Flatten` 依高、寬、通道的順序攤平；Keras 的卷積核是（高, 寬, 輸入通道, filters）。"
        "一個 `reshape` 就夠，不必 `transpose`。",
    ),
    "unlike_shapes": (
        "{where}給卷積核的權重形狀不對：{error}",
        "卷積核是（高, 寬, 輸入通道, filters）。輸入的通道數和 `model` 一樣；第一個全連接層的高和寬"
        "是 `model` 最後一張特徵圖的，之後的都是 1 × 1。都讀出來，不要寫死。",
    ),
    "output_map": (
        "輸入 {image} 時，輸出的形狀是 {found}，應該是 {right}。",
        "視窗每次滑一格，一共有幾個位置？每個位置一組機率，類別排在最後一軸。",
    ),
    "stops": (
        "輸入 {image} 時，新模型停了下來：{error}",
        "新模型的每一層都要重新接在高和寬不限的輸入後面；舊的模型整個拿來用，還是只接受原來的尺寸。",
    ),
    "windows": (
        "輸入 {image} 時，輸出和逐窗計算的全連接層不同（最大相差 {worst:.3g}）。",
        "先比一層：新模型的 `block5_pool` 和原來一樣嗎？再比 `fc1`。softmax 要在哪一軸上做？",
    ),
}

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
    mistakes=MISTAKES | WORDS,
)
CALL = "to_convolutional(build_vgg('A', input_shape={}))"
# What it costs where a model can't be converted.
SIZES = ("layers", "same", "larger")
FAILED = {"square": SIZES, "oblong": SIZES, "grey": ("free",)}

# A wrong setting of a convolution that replaces a dense layer -> the mistake's code.
CODES = {
    "kernel_size": "dense_kernel",
    "padding": "dense_padding",
    "filters": "dense_filters",
    "activation": "activation",
}


def case_for(seed: int, width: float, classes: int, oblong: tuple[int, int]) -> Json:
    """Models of A, for square, for oblong and for grey images, and a larger image for each.

    All sizes are odd before each of the five poolings.
    """

    def call(height: int, length: int, channels: int = 3) -> Json:
        return {
            "width": width,
            "classes": classes,
            "input_shape": [height, length, channels],
            "larger": [height + 64, length + 32, channels],
        }

    calls = {"square": call(95, 95), "oblong": call(*oblong), "grey": call(63, 95, channels=1)}
    return {"seed": seed, "calls": calls}


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(seed=12, width=1 / 16, classes=13, oblong=(63, 95))


def draw_case(seed: int) -> Json:
    """What the grader tries."""
    drawn = np.random.default_rng(seed)
    width, classes = float(drawn.choice([3 / 64, 5 / 64])), int(drawn.integers(11, 30))
    oblong = ((95, 63), (95, 127), (63, 127))[drawn.integers(3)]
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
        "summary": summary.to_dict(),
        "weights": fingerprints(converted),
        "same": _outputs(converted, asked["input_shape"], seed),
        "larger": _outputs(converted, asked["larger"], seed),
    }


def _outputs(converted: Any, shape: list[int], seed: int) -> Json:
    image = seeded_images(seed, shape)
    told, error = attempt(lambda: plain_array(converted(image, training=False)[0]))
    return {"error": error} if error else told


def _layers(asked: Json) -> tuple[Layer, ...]:
    return network("A", True, asked["classes"], lambda number: round(number * asked["width"]))


class Right:
    """What a call must give: layers, weights and outputs."""

    def __init__(self, asked: Json, seed: int):
        layers, self.asked, self.seed = _layers(asked), asked, seed
        steps = list(compute(layers, asked["input_shape"], seed))
        self.body = layers[:-4]
        self.window = steps[len(self.body) - 1].output.shape[1:3]
        self.head = self._head(layers[-3:])
        sizes = {layer.name: layer.get("kernel_size") for layer in self.head}
        self.weights = {
            step.name: _as_convolution(step.weights, sizes.get(step.name))
            for step in steps
            if step.weights
        }

    def _head(self, dense: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """The convolutions that take the dense layers' places."""
        net = Network()
        x = self.body[-1].path
        for layer in dense:
            window = self.window if layer.name == "fc1" else (1, 1)
            told = {"activation": layer.get("activation"), "name": layer.name}
            x = net.conv(x, layer.get("units"), window, padding="valid", **told)
        return net.layers

    def output(self, shape: list[int]) -> np.ndarray:
        """The dense layers at every window of the last map of an image of that shape."""
        *_, last = compute((*self.body, *self.head), shape, self.seed, self.weights)
        output: np.ndarray = last.output[0, ...]
        return output


def _as_convolution(
    weights: tuple[np.ndarray, ...], size: tuple[int, int] | None
) -> tuple[np.ndarray, ...]:
    """A dense layer's weights as those of a convolution of that size; others as they are."""
    kernel, bias = weights
    return weights if size is None else (kernel.reshape(*size, -1, len(bias)), bias)


def judge(calls: Json, case: Json) -> Verdict:
    """The share of each part that was earned, and what is wrong."""
    verdicts: list[Verdict] = []
    failures: dict[str, Mistake] = {}
    for name, asked in case["calls"].items():
        told = expect(calls.get(name), dict, "call")
        call = CALL.format(tuple(asked["input_shape"]))
        if failure := explain_answer(told, call):
            failures[name] = failure
        else:
            verdicts.append(_judge(told, Right(asked, case["seed"])))
    earned = {part: min((one[part] for one, _ in verdicts), default=0.0) for part in RUBRIC.parts}
    earned |= {part: 0.0 for name in failures for part in FAILED[name]}
    wrong = [mistake for _, mistakes in verdicts for mistake in mistakes]
    return earned, each_once([*failures.values(), *wrong])


def _judge(told: Json, right: Right) -> Verdict:
    layers = tuple(ordered(read_layers(read_summary(told.get("summary")))))
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


def _judge_input(told: Json) -> tuple[bool, list[Mistake]]:
    shape = read_shape(told, "input_shape")
    if shape[:2] == (None, None):
        return True, []
    return False, [diagnose("fixed_input", "free", found=size(shape))]


def _judge_output(told: Json, right: Right, part: str) -> tuple[bool, list[Mistake]]:
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


def _judge_layers(head: tuple[Layer, ...], right: Right) -> list[Mistake]:
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


def _judge_convolution(mine: Layer, theirs: Layer, right: Right) -> list[Mistake]:
    field, value = mine.differences(theirs)[0]
    if field == "padding" and mine.get("kernel_size") == (1, 1):
        return []  # one pixel needs no padding
    code = CODES.get(field, "setting")
    if code == "activation" and mine.name == "predictions":
        code = "last_activation"
    window = mine.get("kernel_size")
    seen = "一個位置" if window == (1, 1) else f"整張 {size(window)} 的特徵圖"
    told = {"field": field, "value": shown(value) if code != "dense_padding" else value}
    told |= {"shape": size(theirs.output_shape), "map": seen, "proof": ""}
    return [diagnose(code, "layers", layers=named([mine.name]), **told)]


def _judge_weights(told: Json, layers: tuple[Layer, ...], right: Right) -> list[Mistake]:
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


TASKS = (RUBRIC.task(public_case, draw_case, look, judge),)
