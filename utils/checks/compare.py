"""How a network differs from the one expected: which layers, which settings, which wiring."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType

from .layers import INPUT, Layer, ordered
from .mistakes import Mistake, diagnose

PartOf = Callable[[str], str]  # the rubric's part of an expected layer's name
Verdict = tuple[list[Mistake], set[str]]  # and the names of the expected layers that are wrong
Pair = tuple[Layer | None, Layer | None]  # an expected layer and one found

Codes = Mapping[tuple[str, ...], str]

CONVOLUTIONS = ("conv", "depthwise", "separable")

# What is wrong with a kind of layer -> the mistake's code. A room adds its own, with the rubric's
# part before the kind where it speaks of one part alone.
CODES: dict[tuple[str, ...], str] = {
    **{
        (kind, field): field
        for kind in CONVOLUTIONS
        for field in ("filters", "kernel_size", "strides", "padding")
    },
    **{(kind, "use_bias"): "bias" for kind in CONVOLUTIONS},
    **{(kind, "missing"): "missing_conv" for kind in CONVOLUTIONS},
    **{("pool", field): "pool_size" for field in ("pool_size", "strides", "padding")},
    **{(kind, "activation"): "activation" for kind in (*CONVOLUTIONS, "dense", "norm", "merge")},
    **{(kind, "shared"): "shared_layer" for kind in (*CONVOLUTIONS, "dense", "norm")},
    **{(kind, "missing"): f"missing_{kind}" for kind in ("pool", "flatten", "dense")},
    ("dense", "units"): "units",
    ("pool", "mode"): "pool_kind",
    ("merge", "mode"): "merge_kind",
}
OTHERWISE = {"missing": "missing_layer", "extra": "extra_layer", "inputs": "wiring"}


def code_of(codes: Codes, part: str, kind: str, what: str, value: object = None) -> str:
    """The code of what is wrong with a layer: of its part before others, of that value before any.

    A value stands behind an equals sign, as in ("norm", "activation=relu").
    """
    exactly = f"{what}={value}"
    keys: list[tuple[str, ...]] = [(part, kind, exactly), (part, kind, what)]
    keys += [(kind, exactly), (kind, what)]
    return next((codes[key] for key in keys if key in codes), OTHERWISE.get(what, "setting"))


def compare(
    expected: Sequence[Layer],
    found: Sequence[Layer],
    part_of: PartOf,
    proof: str = "",
    own: Codes = MappingProxyType({}),
) -> Verdict:
    """What is wrong in `found`: one mistake for all layers that share it."""
    pairs = align(ordered(expected), ordered(_set_aside(expected, found)))
    missing = [mine for mine, theirs in pairs if mine and not theirs]
    unlike = [(a, b) for a, b in pairs if a and b and not a.same(b)]
    crossed = _crossed(pairs)
    last, codes = expected[-1].name if expected else "", CODES | dict(own)
    mistakes = [
        *_missing(missing, pairs, part_of, codes),
        *_extra(missing, pairs, part_of, codes),
        *_unlike(unlike, part_of, codes, last, proof),
        *_wiring(crossed, part_of, codes),
    ]
    wrong = {a.name for a in missing} | {a.name for a, _ in unlike} | _beside_extra(pairs)
    return mistakes, wrong | {a.name for a, *_ in crossed}


def _set_aside(expected: Sequence[Layer], found: Sequence[Layer]) -> list[Layer]:
    """The layers found, where an activation has passed down through kinds that are not expected.

    Convolution, normalisation, ReLU is a convolution with ReLU and a normalisation too many: no
    layer lacks an activation there.
    """
    kinds = {layer.kind for layer in expected}
    layers: dict[str, Layer] = {}
    passed: dict[str, str] = {}
    for layer in found:
        layer = replace(layer, inputs=tuple(passed.get(path, path) for path in layer.inputs))
        layers[layer.path] = layer
        activation = layer.get("activation")
        alone = layer.kind == "activation"  # and right below is what is passed
        first = below = layers.get(layer.inputs[0], layer) if alone else layer
        while below.kind not in kinds and len(below.inputs) == 1 and below.inputs[0] in layers:
            below = layers[below.inputs[0]]
        if activation in (None, "linear") or below is first or below.get("activation") != "linear":
            continue
        layers[below.path] = below.having(activation=activation)
        if alone:
            passed[layer.path] = layer.inputs[0]
            del layers[layer.path]
        else:
            layers[layer.path] = layer.having(activation="linear")
    return list(layers.values())


def align(expected: Sequence[Layer], found: Sequence[Layer]) -> list[Pair]:
    """Pairs (expected, found) of the cheapest edit from one sequence to the other.

    A layer without a partner is paired with None. Only layers of one kind become partners, and
    would rather do so with a wrong setting or name than stay alone.
    """
    rows, columns = len(expected), len(found)
    # From a place in both to the end: the cost, and how far the first step goes in each.
    cheapest = {(rows, columns): (0.0, 0, 0)}
    for i in range(rows, -1, -1):
        for j in range(columns, -1, -1):
            steps = []
            if i < rows and j < columns and expected[i].kind == found[j].kind:
                unlike = min(1.5, 0.3 * len(expected[i].differences(found[j])))
                unlike += 0.2 * (expected[i].name != found[j].name)
                steps.append((unlike + cheapest[i + 1, j + 1][0], 1, 1))
            if i < rows:
                steps.append((_alone(expected[i]) + cheapest[i + 1, j][0], 1, 0))
            if j < columns:
                steps.append((_alone(found[j]) + cheapest[i, j + 1][0], 0, 1))
            if steps:
                cheapest[i, j] = min(steps)
    pairs, i, j = [], 0, 0
    while (step := cheapest[i, j][1:]) != (0, 0):
        ours, theirs = step
        pairs.append((expected[i] if ours else None, found[j] if theirs else None))
        i, j = i + ours, j + theirs
    return pairs


def _alone(layer: Layer) -> float:
    """What it costs that a layer has no partner: where branches meet is the frame of the rest."""
    return 1.5 if layer.kind == "merge" else 1.0


Crossed = tuple[Layer, Layer, list[str], list[str]]  # with what is read, and what should be


def _crossed(pairs: Sequence[Pair]) -> list[Crossed]:
    """Pairs whose inputs are not partners, with the inputs found and those expected there.

    What stands between, missing or too many, is told as such and passed over here.
    """
    partner = {INPUT: INPUT} | {a.path: b.path for a, b in pairs if a and b}
    ours = {a.path: a for a, _ in pairs if a}
    theirs = {b.path: b for _, b in pairs if b}
    known = set(partner.values())
    crossed = []
    for mine, other in pairs:
        if mine is None or other is None:
            continue
        right = [partner.get(path, "?") for path in _sources(mine, ours, partner)]
        found = _sources(other, theirs, known)
        if mine.commutes:
            right, found = sorted(right), sorted(found)
        if len(found) < len(right) and not partner.keys() >= set(mine.inputs):
            continue  # told as missing: a whole branch
        if found != right and "?" not in right and known.issuperset(found):
            wrong = [path for path in found if path not in right] or found
            crossed.append((mine, other, wrong, [path for path in right if path not in found]))
    return crossed


def _sources(layer: Layer, layers: Mapping[str, Layer], known: Container[str]) -> list[str]:
    """What a layer reads, past all that has no partner."""
    reached = []
    for path in layer.inputs:
        while path not in known and path in layers and len(layers[path].inputs) == 1:
            (path,) = layers[path].inputs
        reached.append(path)
    return reached


def _wiring(crossed: Iterable[Crossed], part_of: PartOf, codes: Codes) -> Iterator[Mistake]:
    for mine, other, found, right in crossed:
        part = part_of(mine.name)
        yield diagnose(
            code_of(codes, part, mine.kind, "inputs"),
            part,
            layers=named([other.name]),
            found=listed(map(called, found)),
            right=listed(map(called, right)),
        )


def called(path: str) -> str:
    """What a student calls a layer's output."""
    return path.rpartition("/")[2] or "輸入"


def _beside_extra(pairs: list[Pair]) -> set[str]:
    """Names of the expected layers at whose place extra layers stand.

    They replace what is missing there; else they belong to the layer before, or to the one after
    where that alone is of their kind or wrong itself.
    """
    names: set[str] = set()
    runs = [list(run) for _, run in groupby(pairs, lambda pair: None in pair)]
    for before, run, after in zip([[], *runs], runs, [*runs[1:], []], strict=False):
        if extra := [theirs for mine, theirs in run if theirs and not mine]:
            beside = [(a, b) for a, b in (*before[-1:], *after[:1]) if a and b]
            fitting = [(a, b) for a, b in beside if a.kind == extra[0].kind or not a.same(b)]
            missing = {mine.name for mine, _ in run if mine}
            names |= missing or {mine.name for mine, _ in (fitting or beside)[:1]}
    return names


def _missing(
    missing: list[Layer], pairs: list[Pair], part_of: PartOf, codes: Codes
) -> Iterator[Mistake]:
    """A mistake for each block that lacks convolutions, and for each other kind in a part."""
    maps = [theirs for _, theirs in pairs if theirs and len(theirs.output_shape) == 3]
    instead = [described(theirs) for mine, theirs in pairs if theirs and not mine]
    groups: dict[tuple[str, str], list[Layer]] = {}
    for layer in missing:
        block = layer.name.rpartition("_")[0] if layer.kind == "conv" else ""
        code = code_of(codes, part_of(layer.name), layer.kind, "missing")
        groups.setdefault((code, block), []).append(layer)
    for (code, group), layers in groups.items():
        kind = layers[0].kind
        alike = [(a, b) for a, b in pairs if a and b and a.kind == kind]
        if kind == "conv":
            alike = [(a, b) for a, b in alike if a.name.startswith(f"{group}_")]
        yield diagnose(
            code,
            part_of(layers[0].name),
            layers=listed(layer.name for layer in layers),
            block=group,
            found=len(alike),
            shape=size(maps[-1].output_shape) if maps else "",
            instead=f"，換成了 {instead[0]}" if instead else "",
        )


def _extra(
    missing: list[Layer], pairs: list[Pair], part_of: PartOf, codes: Codes
) -> Iterator[Mistake]:
    extra = [theirs for mine, theirs in pairs if theirs and not mine]
    if any(layer.kind == "flatten" for layer in missing):  # told there what replaces it
        extra = [layer for layer in extra if layer.kind != "global"]
    if extra:
        part = part_of(min(_beside_extra(pairs), default=""))
        code = code_of(codes, part, extra[0].kind, "extra")
        more = f" 等 {len(extra)} 層" if len(extra) > 4 else ""
        names = {theirs.path: mine.name for mine, theirs in pairs if mine and theirs}
        placed = [_placed(layer, names) for layer in extra[:4]]
        yield diagnose(code, part, layers="、".join(placed) + more)


def _placed(layer: Layer, names: Mapping[str, str]) -> str:
    """A layer too many, and after which of the expected ones it stands; the input has no name."""
    source = layer.inputs[0]
    if source == INPUT:
        return f"{described(layer)}（接在輸入之後）"
    return described(layer) + (f"（接在 `{names[source]}` 之後）" if source in names else "")


def _unlike(
    unlike: list[tuple[Layer, Layer]], part_of: PartOf, codes: Codes, last: str, proof: str
) -> Iterator[Mistake]:
    """A mistake for each setting and value; only the first wrong setting of a layer counts."""
    groups: dict[tuple[str, str, object], list[tuple[Layer, Layer]]] = {}
    for mine, theirs in unlike:
        field, value = mine.differences(theirs)[0]
        code = code_of(codes, part_of(mine.name), mine.kind, field, value)
        if code == "activation" and mine.kind == "dense" and mine.name == last:
            code = "last_activation"
        groups.setdefault((code, field, value), []).append((mine, theirs))
    for (code, field, value), group in groups.items():
        mine, theirs = group[0]
        yield diagnose(
            code,
            part_of(mine.name),
            layers=named(mine.name for mine, _ in group),
            field=field,
            value=shown(value),
            shape=size(theirs.output_shape),
            params=theirs.params,
            proof=proof,
        )


def listed(names: Iterable[str]) -> str:
    """A few names in full, many by the first and their number."""
    names = [f"`{name}`" for name in names]
    return "、".join(names) if len(names) <= 4 else f"{names[0]} 等 {len(names)} 層"


def named(names: Iterable[str]) -> str:
    """As `listed`, with a blank between a name and the word that follows."""
    text = listed(names)
    return text + " " * text.endswith("`")


def described(layer: Layer) -> str:
    """A layer by what it does: the name that Keras numbers itself says nothing."""
    if layer.kind in ("pool", "global"):
        return f"{'global ' if layer.kind == 'global' else ''}{layer.get('mode')} pooling"
    return f"`{layer.name}`" if layer.settings else f"`{layer.kind}`"


def size(shape: object) -> str:
    """A shape as 14 × 14 × 512."""
    return " × ".join(map(str, shape)) if isinstance(shape, tuple) else str(shape)


def shown(value: object) -> str:
    """A setting's value for reading."""
    return "linear（等於沒有）" if value in (None, "linear") else size(value)
