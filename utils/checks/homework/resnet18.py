"""The challenge `ResNet18(input_shape, include_top, classes)`, 10 points.

Source: He et al. 2016 (arXiv:1512.03385), table 1 and section 3.3; projections as in its option B.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np

from ..layers import Layer
from ..mistakes import Mistake, diagnose
from ..models import ModelTask, is_piece
from ..network import Network
from ..pieces import check_piece, judge_piece
from ..reading import Reading
from ..rubric import Rubric
from ..score import Score
from ..task import Json

STAGES = ((2, 64), (2, 128), (2, 256), (2, 512))  # blocks and width of conv2_x to conv5_x
OTHER_STAGES = {"resnet34": [3, 4, 6, 3]}
ODD = (65, 97)  # odd wherever the maps are halved

MISTAKES: dict[str, tuple[str, str]] = {
    "resnet34": (
        "這不是 ResNet-18，是 ResNet-34：`{call}` 有 {convs} 個卷積層、{params:,} 個參數，"
        "各階段的區塊數是 {blocks}。",
        "名字裡的數字是最長的一條路上有權重的層數：`conv1`、每個區塊兩層、最後的全連接層。",
    ),
    "no_skip": (
        "`{call}` 裡沒有任何相加：{convs} 個卷積層、{params:,} 個參數，這是普通 (plain) 的網路。",
        "殘差區塊的輸出是 F(x) + x。加號在哪一步？",
    ),
    "blocks": (
        "各階段的區塊數是 {blocks}（共 {convs} 個卷積層、{params:,} 個參數），和論文表 1 不同。",
        "看論文表 1「18-layer」那一欄：四個階段各有幾個區塊？寫了卻少一塊的話，"
        "看看區塊的輸出有沒有存回 `x`。",
    ),
    "widths": (
        "各階段的寬度 (filters) 是 {widths}，`{call}` 有 {params:,} 個參數。",
        "高和寬每減半一次，通道數就加倍。對照題目的 `STAGES`。",
    ),
    "pre_activation": (
        "{layer} 先做 BN 與 ReLU 才卷積：這是 2016 年的 pre-activation，不是 2015 年論文的區塊。",
        "這份挑戰照 2015 年的順序：卷積、BN、ReLU、卷積、BN、相加、ReLU。",
    ),
    "concatenated": (
        "{layers}把兩條路串接在一起 (concatenate)，輸出是 {shape}；殘差是相加，通道數不變。",
        "串接是 Inception 的做法。這裡要的是對應的位置、對應的通道各自相加。",
    ),
    "not_added": (
        "{layers}對兩條路做的是 {value}，不是相加。",
        "公式是 F(x) + x。試一個數字：F(x) 是 0 的時候，輸出應該是什麼？",
    ),
    "skip_source": (
        "捷徑接錯了地方：{layers}加的是 {found}，應該加 {right}。形狀和參數都看不出這個錯。",
        "捷徑要繞過整個區塊的兩個卷積。記住輸入的那一行，放在第一個卷積之前還是之後？",
    ),
    "scaled_skip": (
        "相加的兩條路被乘上了別的數（{layers}）。",
        "捷徑要原封不動，主路也不用打折。",
    ),
    "stride_place": (
        "縮小的地方不對：{layers}的步長是 {value}，輸出是 {shape}。",
        "除了 conv2_x，每個階段由第一個區塊的第一個卷積把高和寬減半；先縮小再算，比較省。",
    ),
    "bn_after_add": (
        "批次標準化放錯了地方，多在這裡：{layers}。",
        "捷徑要原封不動地傳過去。BN 應該在主路上，緊跟著每一個卷積。",
    ),
    "bn_order": (
        "{layers}後面先過了 {value}，才做批次標準化（或根本沒有）。",
        "論文 3.4 節：BN 在卷積之後、活化函數**之前**。",
    ),
    "missing_bn": (
        "少了批次標準化：{layers}。",
        "每一個卷積後面都有一個 BN，包括 `conv1`，也包括相加之前的那一個。",
    ),
    "relu_before_add": (
        "主路在相加之前多過了一次 ReLU（{layers}），所以 F(x) 只能是 0 或正的。",
        "第二個 BN 之後緊接著的是什麼？最後的 ReLU 在相加之前還是之後？",
    ),
    "missing_relu": (
        "{layers}之後少了 ReLU。",
        "一個區塊有兩個 ReLU：一個在兩層卷積之間，一個在哪裡？",
    ),
    "no_projection": (
        "形狀改變的區塊，捷徑沒有投影：少了 {layers}。",
        "論文的選項 B：形狀會變的時候，捷徑走一層 1×1 卷積（同樣的步長、同樣的 filters）和 BN。",
    ),
    "projected_always": (
        "題目沒有的卷積：{layers}。形狀沒有改變的區塊也加了投影嗎？",
        "投影只在形狀會變時才需要（到處都加是論文的選項 C）。寫出「形狀會變」的兩個條件。",
    ),
    "projection_pooled": (
        "投影 {layers}自己沒有照著縮小（步長是 {value}）。",
        "投影自己就有步長：1×1 卷積隔一格看一格。",
    ),
    "projection_kernel": (
        "投影 {layers}的卷積核是 {value}（{params:,} 個參數）；投影只混合通道，不看鄰居。",
        "要看鄰居的是主路。不看鄰居的卷積，卷積核是多大？",
    ),
    "projection_bn": (
        "投影後面少了批次標準化：{layers}。",
        "論文 3.4 節：每一個卷積之後、活化函數之前都有 BN，捷徑上的卷積也是。",
    ),
    "projection_relu": (
        "捷徑在相加之前過了 {value}（{layers}）。",
        "捷徑上只有 1×1 卷積與 BN。相加之後才過 ReLU。",
    ),
    "missing_gap": (
        "全連接層之前少了全域平均池化 {layers}{instead}。",
        "每個通道先取平均，變成一個數字，再接全連接層。",
    ),
    "head_pool": (
        "全連接層之前用的是 global {value} pooling，和論文不同。",
        "論文表 1 的最後一列寫著哪一種 pool？",
    ),
    "pooled_features": (
        "多了 {layers}：`include_top=False` 時要的是特徵圖，這裡已經不是了。",
        "題目要的是 conv5_x 的特徵圖。全域平均池化屬於分類器，放進 `if include_top:` 裡面。",
    ),
    # What is said of any network, in the words of this one.
    "unlike_branches": (
        "{where}兩條路的形狀不同，加不起來：{error}",
        "把主路和捷徑在相加之前的形狀各印一次，比較高、寬、通道數。步長或通道數改變的區塊，"
        "捷徑要跟著走一樣的改變，而且要從還沒改寫過的輸入出發。",
    ),
    "missing_pool": (
        "第一個卷積之後少了 {layers}：參數看不出來，但最後的特徵圖是 {shape}。",
        "224 走到最後是 7：一共減半幾次？數一數你有幾個步長 2。",
    ),
    "pool_size": (
        "{layers}的 `{field}` 是 {value}，輸出是 {shape}，和論文不同。",
        "論文的這一層是 3×3、步長 2，視窗會重疊；VGG 的才是 2×2。",
    ),
    "bias": (
        "{layers}有偏差 (bias)。",
        "BN 會減掉平均，前面的偏差也一起被減掉。卷積有一個引數可以關掉它。",
    ),
}

CODES: dict[tuple[str, ...], str] = {
    **{("main", "conv", "strides"): "stride_place", ("conv", "activation"): "bn_order"},
    **{("norm", "missing"): "missing_bn", ("norm", "extra"): "bn_after_add"},
    **dict.fromkeys(
        [("norm", "activation=linear"), ("merge", "activation=linear")], "missing_relu"
    ),
    ("main", "norm", "activation=relu"): "relu_before_add",
    ("shortcut", "norm", "activation"): "projection_relu",
    ("shortcut", "norm", "missing"): "projection_bn",
    ("shortcut", "conv", "missing"): "no_projection",
    ("shortcut", "conv", "strides"): "projection_pooled",
    ("shortcut", "conv", "kernel_size"): "projection_kernel",
    **{("conv", "extra"): "projected_always", ("Multiply", "extra"): "scaled_skip"},
    **{("merge", "inputs"): "skip_source", ("merge", "mode"): "not_added"},
    ("merge", "mode=concatenate"): "concatenated",
    **{("global", "missing"): "missing_gap", ("global", "mode"): "head_pool"},
    **dict.fromkeys([("global", "extra"), ("shortcut", "activation", "extra")], "pooled_features"),
}
FOLLOWS = {
    "skip_source": ("no_projection", "missing_relu", "extra_layer"),
    "signature": ("pooled_features", "missing_gap", "missing_dense"),
    "concatenated": ("projected_always", "bn_after_add"),
    "stride_place": ("projected_always", "projection_pooled", "bn_after_add"),
    "projected_always": ("bn_after_add",),
    "no_projection": ("projection_bn", "extra_layer"),
    "projection_pooled": ("extra_layer",),
    "bn_after_add": ("missing_bn", "missing_relu"),
    "missing_bn": ("bn_order", "projection_bn"),
    "bn_order": ("missing_relu",),
    "relu_before_add": ("missing_relu",),
    "missing_gap": ("extra_layer",),
    "include_top": ("pooled_features", "missing_gap", "missing_dense"),
}

RUBRIC = Rubric(
    "resnet18",
    "ResNet18",
    "挑戰：ResNet-18",
    {
        "stem": ("開頭：conv1、pool1", 1.0),
        "main": ("主路：卷積、BN、ReLU、步長", 3.0),
        "shortcut": ("捷徑與相加", 4.0),
        "head": ("分類器", 1.0),
        "arguments": ("引數", 1.0),
    },
    own=("main", "shortcut"),
    mistakes=MISTAKES,
)


def _add_block(net: Network, x: str, filters: int, strides: int, channels: int, name: str) -> str:
    """A basic block, figure 5 left; with a projection where the shape changes."""
    y = net.conv(x, filters, 3, strides, use_bias=False, name=f"{name}_conv1")
    y = net.activation(net.norm(y, name=f"{name}_bn1"), "relu")
    y = net.conv(y, filters, 3, use_bias=False, name=f"{name}_conv2")
    y = net.norm(y, name=f"{name}_bn2")
    if strides > 1 or channels != filters:
        x = net.conv(x, filters, 1, strides, use_bias=False, name=f"{name}_proj")
        x = net.norm(x, name=f"{name}_proj_bn")
    return net.activation(net.add("Add", y, x, name=f"{name}_add"), "relu")


def network(include_top: bool, classes: int, zeros: bool = False) -> tuple[Layer, ...]:
    """Column "18-layer" of table 1; the stem padded as by Keras, or with `zeros` on every side."""
    net = Network()
    padding = "valid" if zeros else "same"
    x = net.pad(net.image, 3) if zeros else net.image
    x = net.conv(x, 64, 7, 2, padding, use_bias=False, name="conv1")
    x = net.activation(net.norm(x, name="bn1"), "relu")
    x = net.pad(x, 1) if zeros else x
    x = net.max_pool(x, 3, strides=2, padding=padding, name="pool1")
    channels = 64
    for number, (blocks, filters) in enumerate(STAGES, 2):
        for block in range(1, blocks + 1):
            step = 1 if filters == channels else 2
            x = _add_block(net, x, filters, step, channels, f"conv{number}_{block}")
            channels = filters
    if include_top:
        x = net.add("GlobalAveragePooling2D", x, name="avg_pool")
        net.dense(x, classes, "softmax", name="predictions")
    return net.layers


def networks(asked: Json) -> list[tuple[Layer, ...]]:
    """The network that a call asks for, in either padding; the paper gives none. Or a block."""
    if is_piece(asked):
        net = Network()
        filters, strides = asked["arguments"]
        _add_block(net, net.image, filters, strides, asked["input_shape"][-1], "block")
        return [net.layers]
    told = asked.get("include_top", True), asked.get("classes", 1000)
    return [network(*told, zeros=zeros) for zeros in (False, True)]


def part_of(name: str) -> str:
    """The rubric's part of a layer."""
    if name in ("avg_pool", "predictions"):
        return "head"
    if "_" not in name or name.startswith("zeropadding"):
        return "stem"
    return "shortcut" if name.endswith(("_proj", "_proj_bn", "_add")) else "main"


def whole(reading: Reading) -> Mistake | None:
    """Told of another network: other blocks or widths, no sums, or normalised before."""
    sums = [layer for layer in reading.layers if layer.kind == "merge"]
    stages = Counter(layer.output_shape[-1] for layer in sums)
    convs = sum(layer.kind == "conv" for layer in reading.layers)
    told = {"call": reading.call, "params": reading.params, "convs": convs}
    told |= {"blocks": "、".join(map(str, stages.values())) or "0"}
    told |= {"widths": "、".join(map(str, stages))}
    if not sums:
        return diagnose("no_skip" if convs > 16 else "blocks", "shortcut", **told)
    if any(layer.get("mode") == "concatenate" for layer in sums):
        return None
    counts, right = list(stages.values()), {filters: blocks for blocks, filters in STAGES}
    if len(sums) != sum(right.values()):
        known = (name for name, blocks in OTHER_STAGES.items() if blocks == counts)
        return diagnose(next(known, "blocks"), "main", **told)
    if stages != right:
        return diagnose("widths", "main", **told)
    before = {path for layer in sums for path in layer.inputs}
    kinds = {layer.path: layer.kind for layer in reading.layers}
    for layer in reading.layers:
        (source, *_) = layer.inputs
        if layer.kind == "norm" and kinds.get(source) in ("merge", "pool") and source in before:
            return diagnose("pre_activation", "main", layer=f"`{layer.name}`")
    return None


# A block that leaves the shape as it is, and one that changes it.
BLOCKS = {
    name: {"function": "basic_block", "input_shape": [9, 6, 8], "arguments": arguments}
    for name, arguments in (("same", [8, 1]), ("other", [16, 2]))
}


def case_for(seed: int, sizes: tuple[int, int], classes: int) -> Json:
    """With the head in colour, without it in grey, and with the defaults; and two blocks."""
    height, width = sizes
    top = {"input_shape": [height, width, 3], "include_top": True, "classes": classes}
    maps = {"input_shape": [width, height, 1], "include_top": False, "classes": classes}
    calls = {"top": top, "map": maps, "default": {}}
    return {"seed": seed, "calls": calls | BLOCKS}


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(seed=18, sizes=(65, 50), classes=23)


def draw_case(seed: int) -> Json:
    """What the grader tries."""
    drawn = np.random.default_rng(seed)
    sizes = int(drawn.choice(ODD)), int(drawn.integers(42, 80))
    return case_for(seed, sizes, int(drawn.integers(11, 40)))


def check_block(function: object) -> Score:
    """Check `basic_block(x, filters, strides, name)`, once where the shape changes, else not."""
    scores, judge = [], partial(judge_piece, codes=CODES)
    for seed, asked in enumerate(BLOCKS.values()):
        (expected,), case = networks(asked), asked | {"seed": seed}
        title = "小檢查：殘差區塊"
        scores.append(
            check_piece("basic_block", title, function, expected, case, MISTAKES, judge, False)
        )
    return next((score for score in scores if score.points < score.max_points), scores[-1])


PIECES = {"basic_block": check_block}
TASKS = (
    ModelTask(RUBRIC, networks, part_of, CODES, FOLLOWS, whole, (224, 224, 3)).task(
        public_case, draw_case
    ),
)
