"""How a chain of layers differs from the one expected, as diagnoses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from .layers import Layer, Pair, align, same
from .mistakes import diagnose
from .score import Diagnosis
from .vgg import FAMILY, body

PartOf = Callable[[str], str]  # the rubric's part of an expected layer's name
Verdict = tuple[list[Diagnosis], set[str]]  # and the names of the expected layers that are wrong

# A layer's wrong setting -> the mistake's code.
CODES = {
    **{("conv", field): field for field in ("filters", "kernel_size", "strides", "padding")},
    **{("pool", field): "pool_size" for field in ("pool_size", "strides", "padding")},
    ("conv", "activation"): "activation",
    ("conv", "shared"): "shared_layer",
    ("dense", "shared"): "shared_layer",
    ("dense", "activation"): "activation",
    ("dense", "units"): "units",
    ("pool", "mode"): "pool_kind",
    ("lrn", "numbers"): "lrn_numbers",
}


def compare(
    expected: Sequence[Layer], found: Sequence[Layer], part_of: PartOf, proof: str = ""
) -> Verdict:
    """What is wrong in `found`: one diagnosis for all layers that share a mistake."""
    pairs = align(expected, found)
    missing = [mine for mine, theirs in pairs if mine and not theirs]
    unlike = [(a, b) for a, b in pairs if a and b and not a.same(b)]
    diagnoses = [
        *_missing(missing, pairs, part_of),
        *_extra(missing, pairs, part_of),
        *_unlike(unlike, part_of, proof),
    ]
    return diagnoses, {a.name for a in missing} | {a.name for a, _ in unlike} | _beside_extra(pairs)


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
        "filters": "、".join(str(dict(block[0].settings).get("filters")) for block in blocks),
    }
    other = [n for n, pair in enumerate(zip(blocks, right, strict=False), 1) if not same(*pair)]
    whole = next((name for name in FAMILY if name != family and same(found, body(name))), None)
    if not whole and other and Counter(map(_meaning, blocks)) == Counter(map(_meaning, right)):
        whole = "block_order"
    if whole:
        wrong = {layer.name for n in other for layer in right[n - 1]}
        return [diagnose(whole, f"block{other[0]}", **numbers)], wrong
    absent = _absent(right, align(body(family), found))
    present = [layer for n, block in enumerate(right, 1) if n not in absent for layer in block]
    diagnoses, wrong = compare(present, found, part_of)
    if absent:
        first = f"`{found[0].name}`" if found else ""
        numbers["missing"] = listed(f"block{n}" for n in absent)
        detached = absent == list(range(1, len(absent) + 1)) and len(absent) < 5
        # The block that was attached to the input is the one to repair.
        told = absent[-1] + 1 if detached else absent[0]
        code = "detached" if detached else "missing_block"
        diagnoses.append(diagnose(code, f"block{told}", first=first, **numbers))
        wrong |= {layer.name for n in {*absent, told} for layer in right[n - 1]}
    return diagnoses, wrong


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


def _beside_extra(pairs: list[Pair]) -> set[str]:
    """Names of the expected layers that an extra layer follows (or comes before, at the start)."""
    names, last = set(), next((mine for mine, _ in pairs if mine), None)
    for mine, _ in pairs:
        last = mine or last
        if mine is None and last:
            names.add(last.name)
    return names


def _missing(missing: list[Layer], pairs: list[Pair], part_of: PartOf) -> Iterator[Diagnosis]:
    """A diagnosis for each block that lacks convolutions, and for each other kind of layer."""
    found = [theirs for _, theirs in pairs if theirs]
    instead = [described(theirs) for mine, theirs in pairs if theirs and not mine]
    groups: dict[str, list[Layer]] = {}
    for layer in missing:
        group = layer.name.split("_")[0] if layer.kind == "conv" else layer.kind
        groups.setdefault(group, []).append(layer)
    for group, layers in groups.items():
        kind = layers[0].kind
        alike = [(a, b) for a, b in pairs if a and b and a.kind == kind]
        if kind == "conv":
            alike = [(a, b) for a, b in alike if a.name.startswith(f"{group}_")]
        yield diagnose(
            f"missing_{kind}",
            part_of(layers[0].name),
            layers=listed(layer.name for layer in layers),
            block=group,
            found=len(alike),
            shape=size(found[-1].output_shape) if found else "",
            instead=f"，換成了 {instead[0]}" if instead else "",
        )


def _extra(missing: list[Layer], pairs: list[Pair], part_of: PartOf) -> Iterator[Diagnosis]:
    extra = [theirs for mine, theirs in pairs if theirs and not mine]
    if any(layer.kind == "flatten" for layer in missing):  # told there what replaces it
        extra = [layer for layer in extra if layer.kind != "global"]
    if extra:
        part = part_of(min(_beside_extra(pairs), default=""))
        yield diagnose("extra_layer", part, layers="、".join(map(described, extra[:4])))


def _unlike(unlike: list[tuple[Layer, Layer]], part_of: PartOf, proof: str) -> Iterator[Diagnosis]:
    """A diagnosis for each setting and value; only the first wrong setting of a layer counts."""
    groups: dict[tuple[str, str, object], list[tuple[Layer, Layer]]] = {}
    for mine, theirs in unlike:
        field, value = mine.differences(theirs)[0]
        code = CODES.get((mine.kind, field), "setting")
        if code == "activation" and mine.name == "predictions":
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
    mode = dict(layer.settings).get("mode")
    if mode:
        return f"{'global ' if layer.kind == 'global' else ''}{mode} pooling"
    return f"`{layer.name}`" if layer.settings else f"`{layer.kind}`"


def size(shape: object) -> str:
    """A shape as 14 × 14 × 512."""
    return " × ".join(map(str, shape)) if isinstance(shape, tuple) else str(shape)


def shown(value: object) -> str:
    """A setting's value for reading."""
    return "linear（等於沒有）" if value in (None, "linear") else size(value)
