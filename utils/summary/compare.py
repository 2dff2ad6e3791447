"""The first thing in which one summary differs from another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from utils.summary.row import LayerRow

# A wrong setting explains a wrong shape, so it is told first.
SETTINGS_FIRST = ("kind", "kernel_size", "strides", "padding")


@dataclass(frozen=True)
class Difference:
    """The first thing in which a summary differs from the expected one.

    `index` counts rows from 0. `field` is a column or a key of `config`; it is "layer" where one
    of the two summaries has no row left, which is then None.
    """

    index: int
    layer: str
    field: str
    mine: Any
    expected: Any

    def __str__(self) -> str:
        place = f"Row {self.index + 1}"
        if self.field == "layer" and self.mine is None:
            return f"{place}: the model ends where {self.expected!r} is expected."
        if self.field == "layer":
            return f"{place}: {self.mine!r} comes after the expected end."
        return (
            f"{place}, {self.layer!r}: {self.field} is {self.mine!r}, expected {self.expected!r}."
        )


def first_difference(mine: Sequence[LayerRow], expected: Sequence[LayerRow]) -> Difference | None:
    """Compare rows: structure from the first row to the last, and only where it agrees, names."""
    return next(_structural(mine, expected), None) or next(_nominal(mine, expected), None)


def _structural(mine: Sequence[LayerRow], expected: Sequence[LayerRow]) -> Iterator[Difference]:
    columns = zip(_structures(mine), _structures(expected), strict=False)
    for index, (values, wanted) in enumerate(columns):
        for field in values | wanted:
            if values.get(field) != wanted.get(field):
                pair = values.get(field), wanted.get(field)
                if field == "inputs":
                    pair = mine[index].inputs, expected[index].inputs
                yield Difference(index, mine[index].name, field, *pair)
    index = min(len(mine), len(expected))
    for row in mine[index:]:
        yield Difference(index, row.name, "layer", row.name, None)
    for row in expected[index:]:
        yield Difference(index, row.name, "layer", None, row.name)


def _structures(rows: Sequence[LayerRow]) -> Iterator[dict[str, Any]]:
    """Yield what a row is but for names: settings one by one, inputs by their place."""
    places = {row.name: index for index, row in enumerate(rows)}
    for row in rows:
        settings = {field: getattr(row, field) for field in SETTINGS_FIRST}
        inputs = tuple(places.get(name) for name in row.inputs)
        columns = {**settings, **row.config, **vars(row), "inputs": inputs}
        yield {field: columns[field] for field in columns if field not in ("name", "config")}


def _nominal(mine: Sequence[LayerRow], expected: Sequence[LayerRow]) -> Iterator[Difference]:
    for index, (row, other) in enumerate(zip(mine, expected, strict=False)):
        if row.name != other.name and not (is_numbered(row) and is_numbered(other)):
            yield Difference(index, row.name, "name", row.name, other.name)


def is_numbered(row: LayerRow) -> bool:
    """Tell whether Keras chose a layer's name: the kind in snake case, with a number or without."""
    words = re.sub(r"(?<=.)([A-Z][a-z]+)", r"_\1", row.kind)
    kind = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", words).lower()
    return re.fullmatch(rf"(.*/)?{re.escape(kind)}(_\d+)?(#\d+)?", row.name) is not None
