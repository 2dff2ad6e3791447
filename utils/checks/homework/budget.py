"""Challenge 6: `budget_net(input_shape, classes)`, a VGG-style network under a budget, 3 points."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..compare import described, size
from ..errors import doubt, explain
from ..layers import Layer, expect, make
from ..mistakes import Mistake, diagnose, each_once
from ..probe import probe_model_maker
from ..reading import TOLERANCE, Reading, call_text, difference, outputs, read
from ..rubric import Rubric, Verdict
from ..task import Json
from .vgg import block

MOST_PARAMS, MOST_MACS = 50_000, 2_500_000
MOST_UNITS = 2_000  # a network that is run to see whether its layers are what they say
# Blocks of convolutions and a pooling, what makes a vector of the maps, dense layers.
LETTERS = {"conv": "c", "pool": "p", "flatten": "f", "global": "g", "dense": "d"}
ACTIVATIONS = ("relu", "softmax", "linear")  # of dense layers
GRAMMAR = "(c+p){2,5}c*[fg]d+"
# Kinds of layers that VGG has not -> the mistake; a split convolution stands for one.
OTHERS = {
    **dict.fromkeys(("norm", "layer_norm"), "with_norm"),
    **dict.fromkeys(("separable", "depthwise"), "split_convolution"),
}

MISTAKES: dict[str, tuple[str, str]] = {
    "over_params": (
        "參數 {found:,} 個，超過預算的 {most:,} 個；最多的一層是 {largest}，佔了 {share:.0%}。",
        "參數集中在哪種層？全連接層接在多大的特徵圖後面？先縮那裡，不必每層都縮。",
    ),
    "over_macs": (
        "MACs {found:,}，超過預算的 {most:,}；最多的一層是 {largest}，佔了 {share:.0%}。",
        "一層卷積的 MACs 和特徵圖的面積成正比：最貴的層在前面。哪裡可以窄一點，或早一點池化？",
    ),
    "not_vgg": (
        "{layers}不是 VGG 的做法。",
        "只用 3×3、步長 1、`same`、ReLU 的卷積和 2×2 最大池化；"
        "之後接全連接層，或先做 global average pooling。",
    ),
    "with_norm": (
        "多了批次標準化：{layers}。VGG 的時候還沒有它。",
        "它也有參數，推論時也要算。拿掉它，卷積之後直接接 ReLU。",
    ),
    "split_convolution": (
        "{layers}把一個卷積拆成逐通道和逐點兩步：這是後來 MobileNet 的省法，不是 VGG 的做法。",
        "用普通的 `Conv2D`。預算夠不夠，看的是 filters 的個數和池化的位置。",
    ),
    "few_blocks": (
        "只有 {found} 個 block（卷積之後接池化）。",
        "VGG 的想法是疊起來：至少兩個 block，每個 block 至少一個 3×3 卷積。",
    ),
    "budget_output": (
        "輸出的形狀是 {found}，最後的活化函數是 {activation}：應該是 {classes} 類的機率。",
        "最後一層是 `Dense(classes, activation='softmax')`。",
    ),
}

RUBRIC = Rubric(
    "budget",
    "budget_net",
    "挑戰六：預算",
    {
        "params": (f"參數 ≤ {MOST_PARAMS:,}", 0.75),
        "macs": (f"MACs ≤ {MOST_MACS:,}", 0.75),
        "style": ("VGG 的做法", 1.0),
        "arguments": ("輸入、輸出與引數", 0.5),
    },
    own=("style",),
    mistakes=MISTAKES,
)


def case_for(seed: int, shape: list[int], classes: int) -> Json:
    """The digits, for which the budget holds, and other images, for the arguments alone."""
    digits = {"input_shape": [32, 32, 1], "classes": 10}
    other = {"input_shape": shape, "classes": classes}
    return {"seed": seed, "calls": {"digits": digits, "other": other}}


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(seed=14, shape=[95, 63, 3], classes=7)


def draw_case(seed: int) -> Json:
    """What the grader tries."""
    drawn = np.random.default_rng(seed)
    height, width = drawn.choice([63, 95, 127], 2, replace=False).tolist()
    return case_for(seed, [height, width, 3], int(drawn.integers(11, 30)))


def judge(calls: Json, case: Json) -> Verdict:
    """The share of each part that was earned, and what is wrong."""
    earned: dict[str, float] = {}
    diagnoses: list[Mistake] = []
    for name, asked in case["calls"].items():
        text = call_text(RUBRIC.function, asked)
        reading = read(calls.get(name), text, asked, (), case["seed"])
        if failure := explain(reading):
            earned["arguments"] = 0.0
            diagnoses.append(failure)
            continue
        wrong = {"arguments": _judge_arguments(reading)}
        if name == "digits":
            rows = calls[name]["model"]["summary"]["rows"]
            wrong |= _judge_costs(rows) | {"style": _judge_style(reading)}
        shares = {part: float(not told) for part, told in wrong.items()}
        if wrong.get("style") and _has_blocks(reading.layers):
            shares["style"] = 0.5  # of other layers, but stacked as VGG is
        earned |= {part: min(earned.get(part, 1.0), share) for part, share in shares.items()}
        diagnoses += [diagnosis for told in wrong.values() for diagnosis in told]
    return earned, each_once(diagnoses)


def _judge_arguments(reading: Reading) -> list[Mistake]:
    asked, last = reading.asked, dict(reading.layers[-1].settings) if reading.layers else {}
    shape = tuple(asked["input_shape"])
    if not reading.has_asked_shape:
        shapes = {"asked": size(shape), "found": size(reading.input_shape)}
        return [diagnose("input_shape", "arguments", **shapes)]
    if reading.output_shape == (asked["classes"],) and last.get("activation") == "softmax":
        return []
    told = {"found": size(reading.output_shape), "activation": last.get("activation", "無")}
    return [diagnose("budget_output", "arguments", classes=asked["classes"], **told)]


def _judge_costs(rows: Sequence[Json]) -> dict[str, list[Mistake]]:
    """What exceeds the budget, by the part of the rubric."""
    verdicts = {}
    for part, most in (("params", MOST_PARAMS), ("macs", MOST_MACS)):
        costs = {row["name"]: expect(row.get(part) or 0, int, part) for row in rows}
        largest, total = max(costs, key=costs.__getitem__), sum(costs.values())
        numbers = {"found": total, "most": most, "largest": f"`{largest}`"}
        share = costs[largest] / max(1, total)
        over = [diagnose(f"over_{part}", part, share=share, **numbers)]
        verdicts[part] = over if total > most else []
    return verdicts


def _judge_style(reading: Reading) -> list[Mistake]:
    known = [(layer, _as_in_vgg(layer)) for layer in reading.layers]
    layers = tuple(in_vgg for _, in_vgg in known if in_vgg)
    if other := [layer for layer, in_vgg in known if not in_vgg]:
        code = next(filter(None, (OTHERS.get(layer.kind) for layer in other)), "not_vgg")
        alike = [layer for layer in other if OTHERS.get(layer.kind, "not_vgg") == code]
        told = "、".join(map(_described, alike[:4]))
        return [diagnose(code, "style", layers=told)]
    kinds = "".join(LETTERS[layer.kind] for layer in layers)
    if not re.fullmatch(GRAMMAR, kinds):
        return [diagnose("few_blocks", "style", found=len(re.findall("c+p", kinds)))]
    if sum(map(_width, layers)) > MOST_UNITS or not reading.has_asked_shape:
        return []  # told as a cost, or as an argument
    if reading.outputs is None:
        return [doubt(reading, "style")]
    right = outputs(layers, tuple(reading.asked["input_shape"]), reading.seed)
    fits = right.size == reading.outputs.size
    is_softmax = layers[-1].get("activation") == "softmax"
    worst = difference(reading.outputs, right, is_softmax) if fits else math.inf
    if worst < TOLERANCE:
        return []
    return [diagnose("numbers", "style", call=reading.call, worst=worst)]


def _has_blocks(layers: Sequence[Layer]) -> bool:
    """Whether the kinds of layers stand as in VGG, whatever their settings."""
    letters = LETTERS | dict.fromkeys(("separable", "depthwise"), "c")
    return bool(re.fullmatch(GRAMMAR, "".join(letters.get(layer.kind, "") for layer in layers)))


def _as_in_vgg(layer: Layer) -> Layer | None:
    """The layer of VGG's kinds that a layer is, of whatever width; None for any other."""
    width = _width(layer)
    if layer.kind in ("flatten", "global"):
        return layer
    if layer.shared or type(width) is not int or width < 1:
        return None
    activation = dict(layer.settings).get("activation")
    dense = make("Dense", layer.name, units=width, activation=activation)
    kinds = [*block(1, 1, width), *([dense] if activation in ACTIVATIONS else [])]
    found = next((one for one in kinds if one.same(layer)), None)
    return found and replace(found, path=layer.path, inputs=layer.inputs)


def _width(layer: Layer) -> Any:
    settings = dict(layer.settings)
    return settings.get("filters", settings.get("units", 1))


def _described(layer: Layer) -> str:
    settings = dict(layer.settings)
    told = [
        f"{key}={settings[key]}"
        for key in ("kernel_size", "pool_size", "strides")
        if key in settings
    ]
    return described(layer) + (f"（{', '.join(told)}）" if told else "")


TASKS = (RUBRIC.task(public_case, draw_case, probe_model_maker, judge),)
