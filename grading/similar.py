"""Finds pairs of submissions that are suspiciously alike: a list to look at, never a mark.

Trees are compared, not text: names that the student chose, comments and layout do not count. What
the release gave is taken out, and what many of the class wrote counts for nothing, for a homework
has few right answers: two are alike by what hardly anybody else has.
"""

from __future__ import annotations

import ast
import zlib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy import sparse

from utils.checks.syntax import tree_of

from .intake import Cell
from .restore import normal_source, without_magics

LENGTH = 8  # nodes of a tree in a row that are compared at once
COMMON = 0.1  # what a larger part of the class has is common
RARE = 3  # but never what only so many have
LEAST = 12  # so many rare pieces two must share
THRESHOLD = 0.5
MOST_PAIRS = 200
MOST_NODES = 20_000  # of a cell
CHUNK = 500  # rows that are compared with all others at once


@dataclass(frozen=True)
class Pair:
    """Two submissions by their index; `similarity` from 0 to 1, `shared` rare pieces."""

    first: int
    second: int
    similarity: float
    shared: int


def pairs(submissions: Iterable[Sequence[Cell]], release: Sequence[Cell]) -> list[Pair]:
    """The pairs that are most alike, the most alike first; at most MOST_PAIRS."""
    given, released = {normal_source(cell.source) for cell in release}, pieces(release)
    rare = _rare([_array(pieces(cells, given) - released) for cells in submissions])
    found = [pair for first in range(0, rare.shape[0], CHUNK) for pair in _alike(rare, first)]
    return sorted(found, key=lambda pair: (-pair.similarity, -pair.shared))[:MOST_PAIRS]


def pieces(cells: Iterable[Cell], given: Container[str] = frozenset()) -> set[int]:
    """Hashes of every LENGTH nodes in a row of the trees of `cells` that are not `given`."""
    found: set[int] = set()
    for cell in cells:
        if normal_source(cell.source) in given:
            continue
        tree = tree_of(without_magics(cell.source))
        nodes = list(islice(_nodes(tree), MOST_NODES)) if tree else []
        rows = zip(*(nodes[start:] for start in range(LENGTH)), strict=False)
        found.update(zlib.crc32("\n".join(row).encode("utf-8", "replace")) for row in rows)
    return found


def _nodes(tree: ast.AST) -> Iterator[str]:
    """The tree's nodes in order, without the names that a student may choose."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Attribute):
            yield f".{node.attr}"
        elif isinstance(node, ast.keyword):
            yield f"{node.arg}="
        elif isinstance(node, ast.Constant):
            yield repr(node.value)[:50]
        elif not isinstance(node, ast.expr_context):
            yield type(node).__name__
        waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _array(found: set[int]) -> np.ndarray:
    return np.fromiter(found, np.uint32, len(found))


def _rare(found: Sequence[np.ndarray]) -> sparse.csr_array:
    """A row a submission and a column a piece: 1 where it has one that is not common."""
    lengths = [len(each) for each in found]
    names, columns = np.unique(
        np.concatenate([*found, np.empty(0, np.uint32)]), return_inverse=True
    )
    table = sparse.csr_array(
        (np.ones(len(columns), np.int32), columns, np.cumsum([0, *lengths])),
        shape=(len(found), len(names)),
    )
    counts = table.sum(axis=0)
    return table[:, counts <= max(RARE, COMMON * len(found))]


def _alike(rare: sparse.csr_array, first: int) -> Iterator[Pair]:
    """Pairs of a row of the chunk from `first` with a later row; similarity is shared / all."""
    sizes = rare.sum(axis=1)
    shared = sparse.coo_array(rare[first : first + CHUNK] @ rare.T)
    rows, columns, counts = shared.row + first, shared.col, shared.data
    similarity = counts / (sizes[rows] + sizes[columns] - counts)
    kept = (rows < columns) & (counts >= LEAST) & (similarity >= THRESHOLD)
    for row, column, value, count in zip(
        rows[kept], columns[kept], similarity[kept], counts[kept], strict=True
    ):
        yield Pair(int(row), int(column), round(float(value), 3), int(count))
