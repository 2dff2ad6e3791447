"""Challenge 3: `carry_over(shallow, deep)`, a deeper net starts from a shallower one, 3 points.

Simonyan and Zisserman 2015, section 3.1: the first four convolutional and the three dense layers.
"""

from __future__ import annotations

import numpy as np

from ..compare import listed, named
from ..errors import explain_answer
from ..layers import Layer, expect
from ..mistakes import Mistake, diagnose, each_once
from ..probe import build, fill, fingerprints
from ..reading import compute, holds
from ..rubric import Rubric, Verdict
from ..task import Function, Json, attempt
from .vgg import network

CONVOLUTIONS = ("block1_conv1", "block2_conv1", "block3_conv1", "block3_conv2")
DENSE = ("fc1", "fc2", "predictions")
COPIED = (*CONVOLUTIONS, *DENSE)

MISTAKES: dict[str, tuple[str, str]] = {
    "nothing_copied": (
        "`{call}` 執行完，`deep` 的權重一個也沒有變。",
        "`layer.get_weights()` 拿到的是副本；要寫進另一層，用那一層的 `set_weights(...)`。",
    ),
    "reversed": (
        "方向反了：執行完之後，`shallow` 的 {layers}變成了 `deep` 的權重。",
        "訓練好的是淺的網路，要被初始化的是深的網路：誰讀、誰寫？",
    ),
    "shallow_changed": (
        "`shallow` 的 {layers}被改掉了：它只是來源，權重應該維持原樣。",
        "只對 `deep` 的層呼叫 `set_weights`。",
    ),
    "unlike_shapes": (
        "{where}把權重交給形狀不同的層：{error}",
        "把兩邊的形狀印出來比：深度不同的兩個網路，第 n 個卷積層不一定是同一層，"
        "用名字找才不會錯開。",
    ),
    "not_copied": (
        "`deep` 的 {layers}還是自己原來的權重，沒有從 `shallow` 搬過來。",
        "論文 3.1 節：前幾個卷積層，還有哪幾個全連接層？數一數你搬了幾層。",
    ),
    "half_copied": (
        "`deep` 的 {layers}只搬了一半：卷積核（或權重矩陣）與偏差 (bias) 之中，有一個還是原來的。",
        "每一層有兩個陣列；`get_weights()` 把兩個一起給你。",
    ),
    "altered": (
        "`deep` 的 {layers}被改了，但不是 `shallow` 裡任何一層的權重。",
        "搬過去就好，不要乘上任何數，也不要重新抽亂數。",
    ),
    "too_many": (
        "搬太多了：`deep` 的 {layers}也變成 `shallow` 的權重。",
        "論文 3.1 節只搬「前四個」卷積層，中間其他層維持隨機的起點。有同名的層，不代表都要搬。",
    ),
    "wrong_list": (
        "傳回的是 {found}，和實際應該搬的 {count} 層不同。",
        "傳回一個 list，裡面是每一個被複製的層的名字（字串），照 `shallow` 裡的順序。",
    ),
}

RUBRIC = Rubric(
    "carry_over",
    "carry_over",
    "挑戰三：搬運權重",
    {
        "convolutions": ("前四個卷積層", 1.0),
        "dense": ("三個全連接層", 0.75),
        "others": ("其他的層不動", 0.75),
        "list": ("傳回的名字", 0.5),
    },
    own=("convolutions", "dense"),
    mistakes=MISTAKES,
)

Weights = dict[str, tuple[np.ndarray, ...]]  # kernel and bias, by the layer's name
# What a layer of the deep net may hold instead of the weights of one layer of the shallow net.
KEPT, HALF, ALTERED = "", "half_copied", "altered"


def case_for(seed: int, width: float, classes: int) -> Json:
    """Into three deeper networks, from A: the least deep, one of other kernels, the deepest."""
    nets = {"width": width, "classes": classes}
    shapes = {"B": [63, 35, 1], "C": [35, 63, 3], "E": [35, 63, 3]}
    calls = {deep: nets | {"deep": deep, "input_shape": shape} for deep, shape in shapes.items()}
    return {"seed": seed, "calls": calls}


def public_case() -> Json:
    """What a student's notebook tries."""
    return case_for(seed=11, width=1 / 16, classes=13)


def draw_case(seed: int) -> Json:
    """What the grader tries."""
    drawn = np.random.default_rng(seed)
    width, classes = float(drawn.choice([3 / 32, 5 / 64])), int(drawn.integers(11, 30))
    return case_for(seed, width, classes)


def look(function: Function, asked: Json, seed: int) -> Json:
    """Copy between networks of known weights, and take fingerprints of what is there afterwards."""
    shallow, deep = (
        build(_layers(config, asked), asked["input_shape"], name=f"vgg_{config}")
        for config in ("A", asked["deep"])
    )
    fill(shallow, seed)
    fill(deep, seed + 1)
    returned, error = attempt(function, shallow, deep)
    names = returned if isinstance(returned, list | tuple) else []
    told = {
        "kind": type(returned).__name__,
        "names": [name[:50] if isinstance(name, str) else "?" for name in names[:50]],
        "shallow": fingerprints(shallow),
        "deep": fingerprints(deep),
    }
    return told | ({"error": error} if error else {})


def _layers(config: str, asked: Json) -> tuple[Layer, ...]:
    return network(config, True, asked["classes"], lambda number: round(number * asked["width"]))


def judge(calls: Json, case: Json) -> Verdict:
    """The share of each part that was earned, and what is wrong."""
    verdicts = [
        _judge(expect(calls.get(name), dict, "call"), asked, case["seed"])
        for name, asked in case["calls"].items()
    ]
    earned = {part: min(one.get(part, 0.0) for one, _ in verdicts) for part in RUBRIC.parts}
    return earned, each_once([diagnosis for _, wrong in verdicts for diagnosis in wrong])


def _judge(told: Json, asked: Json, seed: int) -> Verdict:
    call = f"carry_over(A, {asked['deep']})"
    failure = explain_answer(told, call)
    if failure and "deep" not in told:
        return {}, [failure]
    shallow, deep = _weights("A", asked, seed), _weights(asked["deep"], asked, seed + 1)
    found = {who: expect(told.get(who), dict, who, most=100) for who in ("shallow", "deep")}
    changed = [name for name in shallow if not holds(found["shallow"].get(name), shallow[name])]
    sources = {name: _source(found["deep"].get(name), name, shallow, deep) for name in deep}
    beside = [name for name, source in sources.items() if name not in COPIED and source != KEPT]
    if changed:
        back = all(n in deep and holds(found["shallow"][n], deep[n]) for n in changed)
        code = "reversed" if back else "shallow_changed"
        wrong = [*filter(None, [failure]), diagnose(code, "others", layers=named(changed))]
    elif failure:
        wrong = [failure]  # of which it comes that layers were not reached
    elif set(sources.values()) == {KEPT}:
        wrong = [diagnose("nothing_copied", "convolutions", call=call)]
    else:
        wrong = _wrong_layers(sources)
    names, wrong_list = (0.0, []) if failure else _judge_list(told, call)
    earned = {
        "convolutions": _share(sources, CONVOLUTIONS),
        "dense": _share(sources, DENSE),
        "others": float(not beside and not changed),
        "list": names,
    }
    return earned, [*wrong, *wrong_list]


def _share(sources: dict[str, str], names: tuple[str, ...]) -> float:
    """How many of the layers were copied; one of which only a part was counts half."""
    worth = [{name: 1.0, HALF: 0.5}.get(sources[name], 0.0) for name in names]
    return sum(worth) / len(worth)


def _weights(config: str, asked: Json, seed: int) -> Weights:
    steps = compute(_layers(config, asked), asked["input_shape"], seed)
    return {step.name: step.weights for step in steps if step.weights}


def _source(prints: object, name: str, shallow: Weights, deep: Weights) -> str:
    """The shallow net's layer that a layer has its weights from; KEPT, HALF or ALTERED."""
    if holds(prints, deep[name]):
        return KEPT
    if source := next((other for other in shallow if holds(prints, shallow[other])), None):
        return source
    kernel, bias = deep[name]
    if name in shallow and (
        holds(prints, (shallow[name][0], bias)) or holds(prints, (kernel, shallow[name][1]))
    ):
        return HALF
    return ALTERED


def _wrong_layers(sources: dict[str, str]) -> list[Mistake]:
    """A diagnosis for each kind of mistake and the layers that share it."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, source in sources.items():
        if name not in COPIED and source != KEPT:
            groups.setdefault(("too_many", "others"), []).append(name)
        elif name in COPIED and source != name:
            code = {KEPT: "not_copied", HALF: HALF}.get(source, ALTERED)
            part = "convolutions" if name in CONVOLUTIONS else "dense"
            groups.setdefault((code, part), []).append(name)
    return [diagnose(code, part, layers=named(names)) for (code, part), names in groups.items()]


def _judge_list(told: Json, call: str) -> tuple[float, list[Mistake]]:
    returned = expect(told.get("kind"), str, "kind", most=100)
    names = [
        expect(name, str, "name", most=50)
        for name in expect(told.get("names"), list, "names", most=50)
    ]
    if returned == "NoneType":
        return 0.0, [diagnose("returns_none", "list", call=call)]
    if sorted(names) == sorted(COPIED):
        return 1.0, []
    found = listed(names) if names else f"`{returned}`"
    return 0.0, [diagnose("wrong_list", "list", found=found, count=len(COPIED))]


TASKS = (RUBRIC.task(public_case, draw_case, look, judge),)
