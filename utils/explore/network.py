"""The architecture sheet of a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from utils.explore.page import Page, page
from utils.explore.still import BLUE, INK, WIDTH, Still
from utils.summary import LayerRow, ModelSummary
from utils.summary.compare import is_numbered

# What papers' drawings leave out: it stands in the box of the layer before it.
RIDES_ALONG = (
    *("BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization"),
    *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Dropout", "Flatten"),
)
LOOKS = (("Conv", "convolution"), ("Pooling", "pooling"), ("Subsampling", "pooling"))
DENSE = ("Dense", "RBF")


def architecture(summary: ModelSummary) -> Page:
    """Return the page that goes through a network, box by box.

    A box is a layer, with what no drawing shows (activation, normalisation, dropout); or a block:
    all that runs side by side until one tensor is left.
    """
    boxes = [_box(rows) for rows in _boxes(summary.rows)]
    still = _still(summary, boxes)
    return page("architecture", f"{summary.name} 一層一層看", {}, {"boxes": boxes}, still)


def _boxes(rows: Iterable[LayerRow]) -> list[list[LayerRow]]:
    boxes: list[list[LayerRow]] = []
    for rows_together in _narrow(tuple(rows)):
        first = rows_together[0]
        rides = len(rows_together) == 1 and first.kind in RIDES_ALONG
        if rides and boxes and boxes[-1][0].inputs:
            boxes[-1].append(first)
        else:
            boxes.append(rows_together)
    return boxes


def _narrow(rows: tuple[LayerRow, ...]) -> list[list[LayerRow]]:
    """Return runs of rows, each until one output alone, its last row's, is still to be read."""
    read_last = {name: number for number, row in enumerate(rows) for name in row.inputs}
    runs: list[list[LayerRow]] = [[]]
    reach = 0  # the last row that reads what stands before this one
    for number, row in enumerate(rows):
        runs[-1].append(row)
        split = any(isinstance(part, tuple) for part in row.output_shape)
        if reach <= number and not split and number + 1 < len(rows):
            runs.append([])
        reach = max(reach, read_last.get(row.name, 0))
    return runs


def _box(rows: list[LayerRow]) -> dict[str, Any]:
    together = [row for row in rows if row.kind not in RIDES_ALONG] or rows[:1]
    block = len(together) > 1
    main = together[-1]
    kinds = Counter(row.kind for row in (rows if block else rows[1:]))
    inner = "、".join(kind if n == 1 else f"{kind}×{n}" for kind, n in kinds.items())
    macs = [row.macs for row in rows if row.macs is not None]
    return {
        "name": "" if is_numbered(main) else main.name,  # the next run has other numbers
        "kind": f"{len(rows)} 層的區塊" if block else main.kind,
        "look": "block" if block else _look(main.kind),
        "shape": main.output_shape,
        "kernel": None if block else main.kernel_size,
        "strides": None if block else main.strides,
        "params": sum(row.params for row in rows),
        "macs": sum(macs) if len(macs) == len(rows) else None,
        "field": main.receptive_field,
        "inner": inner and ("裡面有 " if block else "後面跟著 ") + inner,
    }


def _look(kind: str) -> str:
    if kind in DENSE:
        return "dense"
    return next((look for part, look in LOOKS if part in kind), "other")


def _still(summary: ModelSummary, boxes: list[dict[str, Any]]) -> Still:
    """The boxes, as high as their maps, with the first and the last shape."""
    shapes = [box["shape"] for box in boxes]
    first, last = ("×".join(map(str, shape)) for shape in (shapes[0], shapes[-1]))
    still = Still(
        200,
        f"{summary.name} 由左到右的 {len(boxes)} 個方塊，高度是特徵圖的邊長：從 {first} 到 {last}；"
        f"參數 {summary.params:,} 個，MACs {summary.macs:,}。",
    )
    sizes = [(shape[0] or 1) if len(shape) > 1 else 1 for shape in shapes]
    slot = (WIDTH - 16) / len(boxes)
    for number, (box, size) in enumerate(zip(boxes, sizes, strict=True)):
        high = 6 + 134 * (size / max(sizes)) ** 0.5
        fill = {"convolution": BLUE, "block": BLUE, "dense": INK}.get(box["look"], "#fff")
        x = 8 + (number + 0.15) * slot
        still.rect(x, 80 - high / 2, 0.7 * slot, high, fill=fill, stroke=INK)
    still.text(8, 186, f"輸入 {first}", text_anchor="start")
    still.text(WIDTH - 8, 186, f"輸出 {last}", text_anchor="end")
    return still
