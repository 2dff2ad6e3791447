"""How a chain of layers differs from the one expected, as diagnoses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from .layers import TAIL, Layer, align
from .mistakes import diagnose
from .score import Diagnosis
from .vgg import FAMILY, body

# A wrong setting of a layer -> the mistake's code.
SETTINGS = {
    ("pool", "mode"): "pool_kind",
    ("pool", "pool_size"): "pool_size",
    ("pool", "strides"): "pool_size",
    ("pool", "padding"): "pool_size",
}
KNOWN = ("filters", "kernel_size", "strides", "padding", "activation", "units")


def split(layers: Sequence[Layer]) -> tuple[list[Layer], list[Layer]]:
    """The blocks of a network and what follows them."""
    cut = next((i for i, layer in enumerate(layers) if layer.kind in TAIL), len(layers))
    return list(layers[:cut]), list(layers[cut:])


def compare(
    expected: Sequence[Layer],
    found: Sequence[Layer],
    call: str,
    part_of: Callable[[str], str],
    proof: str = "",
) -> tuple[list[Diagnosis], set[str]]:
    """What is wrong in `found`, and the names of the expected layers that are not as they should.

    One diagnosis for all layers that share a mistake.
    """
    pairs = align(expected, found)
    missing = [mine for mine, theirs in pairs if theirs is None]
    extra = [theirs for mine, theirs in pairs if mine is None]
    wrong = {mine.name for mine in missing} | _beside_extra(pairs)
    diagnoses = [*_missing(missing, extra, found, part_of), *_extra(missing, extra, pairs, part_of)]
    groups: dict[tuple, list[tuple[Layer, Layer]]] = {}
    for mine, theirs in pairs:
        if mine is None or theirs is None or mine.same(theirs):
            continue
        wrong.add(mine.name)
        field, value = mine.differences(theirs)[0]
        code = SETTINGS.get((mine.kind, field), field if field in KNOWN else "setting")
        if code == "activation" and mine.name == "predictions":
            code = "last_activation"
        groups.setdefault((code, field, value), []).append((mine, theirs))
    for (code, field, value), group in groups.items():
        mine, theirs = group[0]
        diagnoses.append(
            diagnose(
                code,
                part_of(mine.name),
                layers=listed(mine.name for mine, _ in group),
                layer=mine.name,
                field=field,
                value=shown(value),
                shape=size(theirs.output_shape),
                params=theirs.params,
                proof=proof,
            )
        )
    return diagnoses, wrong


def compare_body(
    found: list[Layer], call: str, params: int, part_of: Callable[[str], str]
) -> tuple[list[Diagnosis], set[str]]:
    """As `compare` for the five blocks, where the mistake may be a whole other network."""
    expected = body()
    blocks, right = _blocks(found), _blocks(expected)
    numbers = {
        "call": call,
        "params": params,
        "convs": sum(layer.kind == "conv" for layer in found),
        "blocks": "、".join(str(sum(layer.kind == "conv" for layer in b)) for b in blocks),
        "filters": "、".join(str(dict(b[0].settings).get("filters")) for b in blocks),
    }
    differing = [
        n for n, (a, b) in enumerate(zip(blocks, right, strict=False), 1) if not same(a, b)
    ]
    for family in FAMILY:
        if family != "vgg16" and same(found, body(family)):
            wrong = {layer.name for n in differing for layer in right[n - 1]}
            return [diagnose(family, f"block{differing[-1]}", **numbers)], wrong
    if len(blocks) == 5 and differing and all(any(same(a, b) for b in blocks) for a in right):
        wrong = {layer.name for n in differing for layer in right[n - 1]}
        return [diagnose("block_order", f"block{differing[0]}", **numbers)], wrong
    absent = _absent(right, align(expected, found))
    present = [layer for n, block in enumerate(right, 1) if n not in absent for layer in block]
    diagnoses, wrong = compare(present, found, call, part_of)
    if absent:
        detached = absent == list(range(1, len(absent) + 1)) and len(absent) < 5
        first = found[0].name if found else ""
        names = listed(f"block{n}" for n in absent)
        code = "detached" if detached else "missing_block"
        part = f"block{absent[-1] + 1 if detached else absent[0]}"
        diagnoses.append(diagnose(code, part, missing=names, first=first, **numbers))
        wrong |= {layer.name for n in absent for layer in right[n - 1]}
        # The block that was attached to the input is the one to repair.
        wrong |= {layer.name for layer in right[absent[-1]]} if detached else set()
    return diagnoses, wrong


def same(left: Sequence[Layer], right: Sequence[Layer]) -> bool:
    """Whether two chains compute the same, whatever the names."""
    return len(left) == len(right) and all(a.same(b) for a, b in zip(left, right, strict=True))


def _blocks(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Cut after each pooling."""
    blocks: list[list[Layer]] = [[]]
    for layer in layers:
        blocks[-1].append(layer)
        if layer.kind == "pool":
            blocks.append([])
    return [block for block in blocks if block]


def _absent(right: list[list[Layer]], pairs: list[tuple]) -> list[int]:
    """Numbers of the blocks of which no layer was found."""
    there = {mine.name for mine, theirs in pairs if mine and theirs}
    return [n for n, block in enumerate(right, 1) if not there & {layer.name for layer in block}]


def _beside_extra(pairs: list[tuple]) -> set[str]:
    """Names of the expected layers that an extra layer follows (or comes before, at the start)."""
    names, last = set(), next((mine for mine, _ in pairs if mine), None)
    for mine, _ in pairs:
        last = mine or last
        if mine is None and last:
            names.add(last.name)
    return names


def _missing(
    missing: list[Layer], extra: list[Layer], found: Sequence[Layer], part_of: Callable
) -> Iterable[Diagnosis]:
    by_kind: dict[str, list[Layer]] = {}
    for layer in missing:
        key = layer.name.split("_")[0] if layer.kind == "conv" else layer.kind
        by_kind.setdefault(key, []).append(layer)
    for key, layers in by_kind.items():
        kind = layers[0].kind
        of_block = [layer for layer in found if kind != "conv" or layer.name.startswith(f"{key}_")]
        instead = listed(layer.name for layer in extra if layer.kind == "global")
        yield diagnose(
            f"missing_{kind}",
            part_of(layers[0].name),
            layers=listed(layer.name for layer in layers),
            block=key,
            found=sum(layer.kind == kind for layer in of_block),
            shape=size(found[-1].output_shape) if found else "",
            instead=f"，換成了 {instead}" if instead else "",
        )


def _extra(
    missing: list[Layer], extra: list[Layer], pairs: list[tuple], part_of: Callable
) -> Iterable[Diagnosis]:
    flatten_replaced = any(layer.kind == "flatten" for layer in missing)
    told = [layer for layer in extra if not (flatten_replaced and layer.kind == "global")]
    if told:
        part = part_of(min(_beside_extra(pairs), default=""))
        yield diagnose(
            "extra_layer", part, layers=listed(f"{one.name} ({one.kind})" for one in told)
        )


def listed(names: Iterable[str]) -> str:
    """A few names in full, many by the first and their number."""
    names = [f"`{name}`" for name in names]
    return "、".join(names) if len(names) <= 4 else f"{names[0]} 等 {len(names)} 層"


def size(shape: object) -> str:
    """A shape as 14 × 14 × 512."""
    return " × ".join(map(str, shape)) if isinstance(shape, tuple) else str(shape)


def shown(value: object) -> str:
    """A setting's value for reading."""
    if value in (None, "linear"):
        return "沒有（linear）"
    return size(value)
