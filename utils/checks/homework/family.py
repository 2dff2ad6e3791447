"""Challenge 2: `build_vgg(config, …)`, all six columns of VGG's table 1 at any width, 4 points."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..compare import align, compare, described, size
from ..errors import doubt, explain
from ..layers import Layer, expect, same
from ..mistakes import Mistake, diagnose, each_once, renamed
from ..probe import plain_numbers, probe_model_maker
from ..reading import TOLERANCE, Reading, call_text, difference, numbers, read
from ..rubric import Rubric, Verdict
from ..task import Function, Json
from ..weights import seeded_images
from .vgg import COLUMNS, LRN, WORDS, network, parameters

MISTAKES: dict[str, tuple[str, str]] = {
    "config_ignored": (
        "`config` 沒有作用：六種設定拿到的都是同一個網路，設定 {network}。",
        "網路的樣子要從設定表裡 `config` 那一列讀出來，不要寫死。",
    ),
    "other_config": (
        "`{call}` 給的是設定 {network}：卷積層共 {params:,} 個參數，"
        "設定 {config} 應該有 {right:,} 個。",
        "把論文表 1 的這兩欄並排，一層一層比：差在哪一層？是有沒有那一層，還是卷積核的大小？",
    ),
    "lrn_place": (
        "設定 {config} 的 LRN 接錯了地方：它在 {after} 之後。",
        "對照論文表 1 的 A-LRN：LRN 在第幾個卷積之後、在池化之前還是之後？",
    ),
    "lrn_numbers": (
        "{layers}的數值和論文的 LRN 不同。",
        "直接用題目給的 `lrn`。自己寫的話，回頭看 Day017：k、n、α、β 各是多少？"
        "TensorFlow 的 `depth_radius` 和 n 是同一件事嗎？",
    ),
    "lrn_replaced": (
        "{layers}是{value}，不是 LRN。",
        "批次標準化看一整批圖的同一個通道；LRN 看同一個位置、鄰近的幾個通道。題目已經給了 `lrn`。",
    ),
    "missing_lrn": (
        "設定 A-LRN 少了 {layers}。",
        "論文表 1 的 A-LRN 比 A 多的就是這一層。",
    ),
    "width_ignored": (
        "`width` 沒有作用：`{call}` 的{what}依序是 {widths}。",
        "每個卷積層（和寬的全連接層）的寬度都要乘上 `width`，再取整數。",
    ),
    "width_head": (
        "`{call}` 的全連接層寬度是 {units}：`width` 只乘進了卷積層。",
        "除了最後的 `predictions`，每一層的寬度都要乘上 `width`。",
    ),
    "width_rounded": (
        "`{call}` 的{what}依序是 {widths}：乘上 `width` 之後，小數沒有照題目取整數。",
        "捨去、進位、四捨五入是三種取法；題目要的是哪一種？",
    ),
}

# What stands where the normalisation of the paper should -> what it is called.
NORMALISATIONS = {"norm": "批次標準化 (BN)", "layer_norm": "層標準化 (LN)"}
CODES: dict[tuple[str, ...], str] = {
    ("lrn", "missing"): "missing_lrn",
    ("lrn", "depth_radius"): "lrn_numbers",
    **{("lrn", f"depth_radius={told}"): "lrn_replaced" for told in NORMALISATIONS.values()},
}

RUBRIC = Rubric(
    "family",
    "build_vgg",
    "挑戰二：VGG 家族",
    {
        **{config: (f"設定 {config}", 0.5) for config in COLUMNS},
        "head": ("分類器", 0.25),
        "arguments": ("引數", 0.5),
        "names": ("層的名字", 0.25),
    },
    own=tuple(COLUMNS),
    mistakes=MISTAKES | WORDS,
)

# How a width is scaled: as asked (None), or by one of the mistakes that can be made, whose codes
# these are up to the colon.
SCALES: dict[str | None, Callable[[float, int], int]] = {
    None: lambda width, number: round(number * width),
    "width_ignored": lambda width, number: number,
    "width_rounded:down": lambda width, number: math.floor(number * width),
    "width_rounded:up": lambda width, number: math.ceil(number * width),
}
# Each rounds every width of the paper otherwise than the others: one up, the other down.
WIDTHS = ((0.0461, 0.0474), (0.062, 0.063), (0.0773, 0.0787))
# Odd before each of five poolings, so that a padding shows behind any of them.
ODD = (63, 95)


@dataclass(frozen=True)
class Built:
    """The model of one call: its blocks, and of which column and with which scale they are."""

    reading: Reading
    blocks: tuple[Layer, ...]
    column: str | None  # None: of no column
    scale: str | None
    is_lrn: bool | None = None  # whether the layer named so normalises as the paper; None: unknown
    is_early: bool = False  # whether it stands before the ReLU
    is_sketch: bool = False  # Keras has refused it as a whole

    @property
    def config(self) -> str:
        """The column that was asked for."""
        return str(self.reading.asked["config"])

    @property
    def dense(self) -> list[Layer]:
        """The dense layers."""
        return [layer for layer in self.reading.tail if layer.kind == "dense"]

    @property
    def proven(self) -> bool:
        """Whether the numbers prove that the model is right, however it is written."""
        return self.reading.proven and self.is_lrn is not False and not self.is_early

    def right(
        self, scale: str | None = None, column: str = "", classes: int = 0
    ) -> tuple[Layer, ...]:
        """The layers of a column, by default the one asked for; with the head for some classes."""
        scaled = partial(SCALES[scale], self.reading.asked.get("width", 1.0))
        return network(column or self.config, classes > 0, classes, scaled)


def case_for(seed: int, widths: tuple[float, float], classes: int, odd: int, other: int) -> Json:
    """A call for each configuration, half of them with the head, and one with the defaults.

    Each of the two widths is asked for with the head and without it.
    """
    kinds = [(top, width) for top in (True, False) for width in widths] * 2
    drawn = np.random.default_rng(seed).permutation([*kinds[:4], kinds[0], kinds[3]]).tolist()
    calls = {
        config: {
            "config": config,
            "include_top": bool(top),
            "input_shape": [odd, other, 3] if top else [other, odd, 1],
            "classes": classes,
            "width": width,
        }
        for config, (top, width) in zip(COLUMNS, drawn, strict=True)
    }
    return {"seed": seed, "calls": calls | {"default": {"config": "D", "include_top": False}}}


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(seed=4, widths=WIDTHS[0], classes=13, odd=63, other=70)


def draw_case(seed: int) -> Json:
    """What the grader tries."""
    drawn = np.random.default_rng(seed)
    odd, other, classes = (
        int(each) for each in (drawn.choice(ODD), drawn.integers(64, 80), drawn.integers(11, 30))
    )
    return case_for(seed, WIDTHS[drawn.integers(len(WIDTHS))], classes, odd, other)


def look(function: Function, asked: Json, seed: int) -> Json:
    """Build one network; what its normalisation makes of large values is written down, too."""

    def normalised(model: Any) -> Json:
        return {"lrn": plain_numbers(model.get_layer(LRN)(_bright(seed)))}

    also = normalised if asked["config"] == "A-LRN" else None
    return probe_model_maker(function, asked, seed, also)


def _normalised(seed: int) -> np.ndarray:
    from ..reference import lrn  # as in reading.outputs

    right: np.ndarray = lrn(_bright(seed))
    return right


def _bright(seed: int) -> np.ndarray:
    """Values so large that every constant of the normalisation shows."""
    return seeded_images(seed, (1, 1, 16)) * 100


def judge(calls: Json, case: Json) -> Verdict:
    """The share of each part that was earned, and what is wrong."""
    models: dict[str, Built] = {}
    sketches: dict[str, Built] = {}
    failures: list[Mistake] = []
    for name, asked in case["calls"].items():
        given: Json = {"classes": 1000, "width": 1.0} | asked
        scaled = partial(SCALES[None], given["width"])
        expected = network(given["config"], given["include_top"], given["classes"], scaled)
        text, answer = call_text(RUBRIC.function, asked), expect(calls.get(name), dict, "call")
        reading = read(answer, text, asked, expected, case["seed"])
        if failure := explain(reading):
            failures.append(failure)
            if "sketch" in answer:
                told = {"model": answer["sketch"], "unknown": []}
                sketch = read(told, text, asked, expected, case["seed"])
                sketches[name] = replace(_built(sketch, None, case["seed"]), is_sketch=True)
        else:
            models[name] = _built(reading, calls[name]["model"].get("lrn"), case["seed"])
    every = sketches | models
    wrong = {name: _judge_blocks(every[name]) for name in COLUMNS if name in every}
    in_head = _judge_head(every)
    in_arguments, in_names = _judge_arguments(models), _judge_names(models)
    earned = {config: float(not diagnoses) for config, diagnoses in wrong.items()}
    earned |= {"head": in_head[0], "arguments": in_arguments[0], "names": in_names[0]}
    columns = {every[config].column for config in wrong}
    if len(wrong) == len(COLUMNS) and len(columns) == 1 and None not in columns:
        ignored = diagnose("config_ignored", "arguments", network=columns.pop())
        return earned | {"arguments": 0.0}, [ignored, *in_head[1], *in_names[1]]
    in_blocks = [diagnosis for diagnoses in wrong.values() for diagnosis in diagnoses]
    others = [diagnosis for diagnosis in in_blocks if diagnosis.code == "other_config"]
    rest = each_once([*failures, *in_blocks, *in_head[1], *in_arguments[1], *in_names[1]])
    return earned, [*others, *rest]


def _built(reading: Reading, normalised: object, seed: int) -> Built:
    blocks, is_lrn = reading.blocks, None
    is_early = False
    if reading.asked["config"] == "A-LRN":
        values, right = numbers(normalised), _normalised(seed)
        if values is not None:
            is_lrn = values.size == right.size and difference(values, right) < TOLERANCE
            is_early = _follows_no_relu(blocks)
        (right_one,) = (layer for layer in network("A-LRN", False, 0) if layer.kind == "lrn")
        settings = (("depth_radius", "?"),) if is_lrn is False else right_one.settings
        others = [layer for layer in blocks if layer.kind in NORMALISATIONS]
        if len(others) == 1 and not any(map(_may_normalise, set(blocks) - {*others})):
            told = (("depth_radius", NORMALISATIONS[others[0].kind]),)
            blocks = tuple(
                replace(layer, kind="lrn", settings=told) if layer in others else layer
                for layer in blocks
            )
        blocks = tuple(
            replace(layer, kind="lrn", settings=settings) if _may_normalise(layer) else layer
            for layer in blocks
        )
    built = Built(reading, blocks, None, None, is_lrn, is_early)
    for scale in SCALES:
        for column in (built.config, *COLUMNS):
            if same(blocks, built.right(scale, column)):
                return replace(built, column=column, scale=scale)
    return built


def _follows_no_relu(blocks: Sequence[Layer]) -> bool:
    """Whether the layer named so is right behind a convolution, which it has joined if it could.

    The numbers hardly tell: of small values, what normalises only scales.
    """
    linear = [
        one.path for one in blocks if one.kind == "conv" and one.get("activation") == "linear"
    ]
    found = next((layer for layer in blocks if layer.name == LRN), None)
    return found is None or found.inputs[0] in linear


def _may_normalise(layer: Layer) -> bool:
    return layer.name == LRN or layer.kind in ("activation", "Lambda")


def _judge_blocks(built: Built) -> list[Mistake]:
    reading, config, right = built.reading, built.config, built.right()
    if config == "A-LRN" and (misplaced := _misplaced(built, right)):
        return [misplaced]
    if built.proven:
        return []
    if built.column == config:  # a width that is scaled otherwise is told as an argument
        layers = (*built.blocks, *reading.tail)
        if not built.is_sketch and reading.has_asked_shape and same(layers, reading.expected):
            return [doubt(reading, config)]
        return []
    channels = reading.asked["input_shape"][-1]  # what the model itself has may be no number
    if built.column and (params := parameters(built.blocks, channels)) != (
        asked := parameters(built.right(built.scale), channels)
    ):
        told = {"call": reading.call, "config": config, "network": built.column}
        return [diagnose("other_config", config, params=params, right=asked, **told)]
    return compare(right, built.blocks, lambda _: config, own=CODES)[0]


def _misplaced(built: Built, right: tuple[Layer, ...]) -> Mistake | None:
    """Told of a normalisation elsewhere; numbers hardly tell it from one next to a max pooling."""
    place = next((n for n, layer in enumerate(built.blocks) if layer.kind == "lrn"), 1)
    others = [[layer for layer in chain if layer.kind != "lrn"] for chain in (built.blocks, right)]
    if place == 1 or len(built.blocks) != len(right):
        return None
    if not all(mine.same(theirs) for theirs, mine in zip(*others, strict=True)):
        return None
    after = f"`{built.blocks[place - 1].name}`" if place else "輸入"
    return diagnose("lrn_place", built.config, config=built.config, after=after)


def _judge_head(models: dict[str, Built]) -> tuple[float, list[Mistake]]:
    with_head = [built for built in models.values() if built.dense]
    diagnoses = []
    for built in with_head:
        reading, classes = built.reading, built.dense[-1].get("units")
        tails = {
            scale: [one for one in built.right(scale, classes=classes) if one.kind in HEAD]
            for scale in SCALES
        }
        found = next((scale for scale in tails if same(reading.tail, tails[scale])), "none")
        if built.proven or found in (None, built.scale):  # told as an argument
            continue
        if found == "width_ignored":
            units = built.dense[0].get("units")
            diagnoses.append(diagnose("width_head", "head", call=reading.call, units=units))
            continue
        if found != "none":
            diagnoses.append(_scaled(built, found, "head", "全連接層寬度", built.dense[:-1]))
            continue
        diagnoses += compare(tails[built.scale], reading.tail, lambda _: "head", reading.proof)[0]
    return float(bool(with_head) and not diagnoses), diagnoses


HEAD = ("flatten", "dense")


def _judge_arguments(models: dict[str, Built]) -> tuple[float, list[Mistake]]:
    """An argument is right where a call shows that it works, and none the contrary."""
    diagnoses: list[Mistake] = []
    right = 0
    for judge_argument in ARGUMENTS:
        verdicts = [verdict for one in models.values() if (verdict := judge_argument(one))]
        wrong = [verdict for verdict in verdicts if isinstance(verdict, Mistake)]
        diagnoses += wrong[:1]
        right += bool(verdicts) and not wrong
    return right / len(ARGUMENTS), diagnoses


def _include_top(built: Built) -> bool | Mistake:
    reading, asked = built.reading, built.reading.asked["include_top"]
    if asked != bool(built.dense):
        shape = size(reading.output_shape)
        return diagnose("include_top", "arguments", asked=asked, shape=shape)
    if asked or not reading.tail or reading.proven:
        return True
    return diagnose("extra_layer", "arguments", layers="、".join(map(described, reading.tail)))


def _input_shape(built: Built) -> bool | Mistake:
    asked, found = tuple(built.reading.asked.get("input_shape", (224, 224, 3))), built.reading
    return found.input_shape == asked or diagnose(
        "input_shape", "arguments", asked=size(asked), found=size(found.input_shape)
    )


def _classes(built: Built) -> bool | Mistake | None:
    if not built.dense:
        return None
    asked, found = built.reading.asked.get("classes", 1000), built.dense[-1].get("units")
    return found == asked or diagnose("classes", "arguments", asked=asked, found=found)


def _width(built: Built) -> bool | Mistake | None:
    if "width" not in built.reading.asked or not (built.column or built.proven):
        return None
    if built.proven or not built.scale:
        return True
    convolutions = [layer for layer in built.blocks if layer.kind == "conv"]
    return _scaled(built, built.scale, "arguments", " filters ", convolutions)


def _scaled(built: Built, scale: str, part: str, what: str, layers: Sequence[Layer]) -> Mistake:
    """Told of layers whose widths are scaled otherwise than asked for."""
    widths = "、".join(str(layer.get("filters") or layer.get("units")) for layer in layers)
    code = scale.partition(":")[0]
    return diagnose(code, part, call=built.reading.call, what=what, widths=widths)


ARGUMENTS = (_include_top, _input_shape, _classes, _width)


def _judge_names(models: dict[str, Built]) -> tuple[float, list[Mistake]]:
    pairs = [
        (mine.name, theirs.name)
        for built in models.values()
        for mine, theirs in align(built.reading.expected, (*built.blocks, *built.reading.tail))
        if mine and theirs and (mine.kind != "lrn" or mine.same(theirs))
    ]
    diagnoses = renamed(list(dict.fromkeys(pairs)), "names")
    return float(bool(pairs) and not diagnoses), diagnoses


TASKS = (RUBRIC.task(public_case, draw_case, look, judge),)
