"""The VGG family as data, and how the body of one of its networks is judged.

Source: Simonyan and Zisserman 2015 (arXiv:1409.1556), table 1; layer names as in Keras.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import prod

from ..compare import Pair, PartOf, Verdict, align, compare, listed
from ..layers import Layer, same
from ..mistakes import diagnose
from ..network import Network

# A block is (convolutions, filters); configurations A, B, D and E of the paper.
FAMILY = {
    "vgg11": ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)),
    "vgg13": ((2, 64), (2, 128), (2, 256), (2, 512), (2, 512)),
    "vgg16": ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    "vgg19": ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
}
COLUMNS = {
    "A": "vgg11",
    "A-LRN": "vgg11",
    "B": "vgg13",
    "C": "vgg16",
    "D": "vgg16",
    "E": "vgg19",
}
LRN = "block1_lrn"
Scale = Callable[[int], int]  # a width of the paper's -> the width asked for
POOLING = {"max": "GlobalMaxPooling2D", "avg": "GlobalAveragePooling2D"}

# Also for whoever hands in one network of the family for another.
OTHER_NETWORK = (
    "這不是 {asked}：`{call}` 有 {convs} 個卷積層、{params:,} 個參數，"
    "各 block 的卷積數是 {blocks}，也就是 %s。",
    "名字裡的數字是有權重的層數，全連接層佔了其中 3 層。那麼卷積層該有幾層？再對一次論文表 1。",
)
# What can be wrong with five blocks.
BLOCKS: dict[str, tuple[str, str]] = {
    **{
        name: (OTHER_NETWORK[0] % name.upper(), OTHER_NETWORK[1])
        for name in ("vgg11", "vgg13", "vgg19")
    },
    "block_order": (
        "五個 block 都在，但是順序不對：各 block 的 filters 依序是 {filters}。",
        "越往後，特徵圖越小、通道越多。看看每個 block 接的 `x` 是不是前一個 block 的輸出。",
    ),
    "detached": (
        "掉出圖外的有 {missing}：模型的輸入直接接到 {first}，`{call}` 只剩 {params:,} 個參數。",
        "後面的 block 接回了輸入張量。每一層括號裡接的應該是前一層的輸出，"
        "一路用同一個 `x` 最不容易錯。",
    ),
    "missing_block": (
        "模型裡沒有 {missing}：`{call}` 只有 {convs} 個卷積層、{params:,} 個參數。",
        "可能還沒寫，也可能寫了卻沒有接上：新一層的輸出要存回 `x`，下一層才接得到它。",
    ),
    "each_block": (
        "每個 block 的卷積數都差一個：`{call}` 各 block 的卷積數是 {blocks}。",
        "差得一樣多，錯的多半是同一個迴圈。數一數 `range(...)` 會跑幾次：頭尾各算不算？",
    ),
}
# What is said of any network, in the words of this family.
WORDS: dict[str, tuple[str, str]] = {
    "duplicate_names": (
        "兩個層用了同一個名字，模型建不起來：{error}",
        "每一層的 `name` 必須不同：複製貼上之後，block 與 conv 的號碼都改了嗎？"
        "同一個 block 是不是接了兩次？",
    ),
    "shrunk": (
        "特徵圖在半路就縮到沒有了，{where}停下來：{error}",
        "VGG 的卷積層不改變高和寬，只有池化層讓它減半。看看是哪個設定讓卷積後的圖變小："
        "填充？步長（`Conv2D` 的第三個位置）？池化是不是太多次？",
    ),
    "missing_pool": (
        "少了 {layers}：這個 block 之後高和寬沒有減半，最後的特徵圖是 {shape}。",
        "參數總數看不出這個錯（池化層沒有參數），要看 `summary()` 的輸出形狀。"
        "每個 block 用什麼收尾？",
    ),
    "missing_conv": (
        "{block} 只有 {found} 個卷積層，比設定表少。",
        "數一數設定表裡這個 block 有幾個卷積。",
    ),
    "missing_flatten": (
        "全連接層之前少了 `flatten`{instead}。",
        "block 5 的輸出是高 × 寬 × 通道的特徵圖；VGG 把它整個攤平，沒有先取平均或最大值。",
    ),
    "missing_dense": (
        "少了全連接層 {layers}：分類器 (head) 裡只有 {found} 個 `Dense`。",
        "論文表 1 的最下面列出了全連接層，數數看有幾個。",
    ),
    "extra_layer": (
        "多了設定表裡沒有的層：{layers}。",
        "只留設定表裡有的層。論文發表時還沒有批次標準化 (batch normalization)；"
        "多出的卷積或池化也要拿掉。",
    ),
    "filters": (
        "{layers}的 filters 是 {value}（輸出 {shape}、{params:,} 個參數），和設定表不同。",
        "同一個 block 裡每個卷積的 filters 都一樣；對照設定表裡這個 block 的數字。",
    ),
    "kernel_size": (
        "{layers}的卷積核是 {value}（{params:,} 個參數），和論文不同。",
        "VGG 的主張就是「只用一種小卷積核，靠疊深來擴大感受野」。是哪一種大小？"
        "（家族裡只有設定 C 有例外。）",
    ),
    "strides": (
        "{layers}的步長 (strides) 是 {value}，輸出變成 {shape}。",
        "VGG 的卷積一次走一格，縮小特徵圖是池化層的事。`Conv2D` 的第三個位置是步長："
        "卷積核的兩邊要寫成一組，`(3, 3)`。",
    ),
    "padding": (
        "{layers}的填充 (padding) 是 {value!r}，輸出是 {shape}。",
        "參數總數看不出這個錯，要看輸出形狀：卷積之後，高和寬應該和卷積之前一樣。",
    ),
    "activation": (
        "{layers}的活化函數是 {value}。",
        "中間各層用哪一種活化函數？`linear` 等於沒有，疊再多層也只等於一層；"
        "給出機率的那一種只用在最後；`class` 開頭的是類別，少了一對括號。",
    ),
    "pool_kind": (
        "{layers}用的是 {value} pooling，和論文不同。",
        "論文在每個 block 之後取的是視窗裡的哪一個值？",
    ),
    "pool_size": (
        "{layers}的 `{field}` 是 {value}，輸出是 {shape}。",
        "每經過一次池化，高和寬要恰好減半，視窗不重疊。",
    ),
    "units": (
        "{layers}的寬度是 {value}（{params:,} 個參數），和論文不同。",
        "論文表 1 的最下面寫著 FC 和一個數字：它佔了 VGG 大部分的參數。",
    ),
    "fixed_classes": (
        "{layers}的寬度寫死成 {value}，沒有用引數 `classes`。",
        "最後一層有幾個單元，由呼叫的人決定。",
    ),
    "softmax_without_top": (
        "`include_top=False` 時模型最後還有 {layers}：拿掉分類器後應該留下特徵，不是機率。",
        "不含頂層的模型是給別的網路當骨幹 (backbone) 用的，blocks 之後只能有 pooling。",
    ),
    "pooling": (
        "`pooling={asked!r}` 沒有照做：`{call}` 的輸出是 {shape}，block 5 之後接的層：{found}。",
        "三種情形：`'max'` 與 `'avg'` 各接一種 global pooling，`None` 保留整張特徵圖。",
    ),
    "names": (
        "層的名字和題目不同：{names}。模型能用，但後面幾天的課要靠名字找到這些層。",
        "照題目的規則命名：從 `block1_conv1` 到 `block5_pool`，再來是 `flatten`、`fc1`、`fc2`、"
        "`predictions`。",
    ),
}
MISTAKES = BLOCKS | WORDS


def network(
    config: str,
    include_top: bool,
    classes: int,
    scale: Scale = int,
    pooling: str | None = None,
) -> tuple[Layer, ...]:
    """A column of the paper's table 1, its widths scaled; without the head it ends at the pooling.

    C's third convolutions see single pixels; A-LRN normalises after the first convolution.
    """
    net = Network()
    x = net.image
    for number, (convs, filters) in enumerate(FAMILY[COLUMNS[config]], 1):
        sizes = [1 if config == "C" and index == 3 else 3 for index in range(1, convs + 1)]
        x = _add_block(net, x, number, sizes, scale(filters), config == "A-LRN" and number == 1)
    _add_tail(net, x, include_top, classes, scale, pooling)
    return net.layers


def block(number: int, convs: int, filters: int) -> tuple[Layer, ...]:
    """Block `number`: 3 × 3 convolutions with ReLU, then 2 × 2 max pooling."""
    net = Network()
    _add_block(net, net.image, number, [3] * convs, filters)
    return net.layers


def tail(include_top: bool, pooling: str | None, classes: int) -> tuple[Layer, ...]:
    """What follows the blocks: the head, a global pooling, or nothing."""
    net = Network()
    _add_tail(net, net.image, include_top, classes, int, pooling)
    return net.layers


def body(family: str) -> tuple[Layer, ...]:
    """The five blocks."""
    config = next(config for config, name in COLUMNS.items() if name == family and config != "C")
    return network(config, False, 0)


def _longer(family: str, by: int) -> tuple[Layer, ...]:
    """The five blocks with so many convolutions more in each."""
    net = Network()
    x = net.image
    for number, (convs, filters) in enumerate(FAMILY[family], 1):
        x = _add_block(net, x, number, [3] * (convs + by), filters)
    return net.layers


def head(classes: int) -> tuple[Layer, ...]:
    """The classifier after the last block."""
    return tail(True, None, classes)


def _add_block(
    net: Network, x: str, number: int, sizes: Sequence[int], filters: int, lrn: bool = False
) -> str:
    for index, size in enumerate(sizes, 1):
        x = net.conv(x, filters, size, activation="relu", name=f"block{number}_conv{index}")
    if lrn:
        x = net.add("LRN", x, name=LRN, depth_radius=2, bias=2, alpha=1e-4, beta=0.75)
    return net.max_pool(x, name=f"block{number}_pool")


def _add_tail(
    net: Network, x: str, include_top: bool, classes: int, scale: Scale, pooling: str | None
) -> None:
    if include_top:
        x = net.add("Flatten", x, name="flatten")
        for name in ("fc1", "fc2"):
            x = net.dense(x, scale(4096), "relu", name=name)
        net.dense(x, classes, "softmax", name="predictions")
    elif pooling:
        net.add(POOLING[pooling], x)


def parameters(layers: Sequence[Layer], channels: int) -> int:
    """Weights and biases of convolutions on an image with so many channels."""
    total = 0
    for layer in layers:
        if layer.kind == "conv":
            total += (prod(layer.get("kernel_size")) * channels + 1) * layer.get("filters")
            channels = layer.get("filters")
    return total


def compare_body(
    found: Sequence[Layer], call: str, params: int, part_of: PartOf, family: str = "vgg16"
) -> Verdict:
    """As `compare` for the five blocks, where the mistake may be a whole other network."""
    blocks, right = _blocks(found), _blocks(body(family))
    convs = [sum(layer.kind == "conv" for layer in block) for block in blocks]
    numbers = {
        "call": call,
        "asked": family.upper(),
        "params": params,
        "convs": sum(convs),
        "blocks": "、".join(map(str, convs)),
        "filters": "、".join(str(block[0].get("filters")) for block in blocks),
    }
    other = [n for n, pair in enumerate(zip(blocks, right, strict=False), 1) if not same(*pair)]
    whole = next((name for name in FAMILY if name != family and same(found, body(name))), None)
    if not whole and any(same(found, _longer(family, by)) for by in (-1, 1)):
        whole = "each_block"
    if not whole and other and Counter(map(_meaning, blocks)) == Counter(map(_meaning, right)):
        whole = "block_order"
    if whole:
        wrong = {layer.name for n in other for layer in right[n - 1]}
        return [diagnose(whole, f"block{other[0]}", **numbers)], wrong
    absent = _absent(right, align(body(family), found))
    present = [layer for n, block in enumerate(right, 1) if n not in absent for layer in block]
    mistakes, wrong = compare(present, found, part_of)
    if absent:
        first = f"`{found[0].name}`" if found else ""
        numbers["missing"] = listed(f"block{n}" for n in absent)
        detached = absent == list(range(1, len(absent) + 1)) and len(absent) < 5
        # The block that was attached to the input is the one to repair.
        told = absent[-1] + 1 if detached else absent[0]
        code = "detached" if detached else "missing_block"
        mistakes.append(diagnose(code, f"block{told}", first=first, **numbers))
        wrong |= {layer.name for n in {*absent, told} for layer in right[n - 1]}
    return mistakes, wrong


def _meaning(layers: Sequence[Layer]) -> tuple[object, ...]:
    """What a chain computes, for counting."""
    return tuple((layer.kind, layer.settings, layer.shared) for layer in layers)


def _blocks(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Cut after each pooling."""
    blocks: list[list[Layer]] = [[]]
    for layer in layers:
        blocks[-1].append(layer)
        if layer.kind == "pool":
            blocks.append([])
    return [block for block in blocks if block]


def _absent(right: list[list[Layer]], pairs: list[Pair]) -> list[int]:
    """Numbers of the blocks of which no layer was found."""
    there = {mine.name for mine, theirs in pairs if mine and theirs}
    return [n for n, block in enumerate(right, 1) if not there & {layer.name for layer in block}]
