"""The names that a lecture's cells bind, each once: so any cell can be run again at any time."""

from __future__ import annotations

import symtable
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

THROWN_AWAY = {"_"}


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell binds for all cells, and those that it takes from others.

    An import, a loop and `del` bind, too; a comprehension's variables are its own.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    code = TransformerManager().transform_cell(source)  # without magics, which are no Python
    top = symtable.symtable(code, "cell", "exec")
    bound, taken, tables = set(), set(), [top]
    for table in tables:
        tables += table.get_children()
        for symbol in table.get_symbols():
            is_global = table is top or symbol.is_declared_global()
            if is_global and (symbol.is_assigned() or symbol.is_imported()):
                bound.add(symbol.get_name())
            if symbol.is_referenced() and (table is top or symbol.is_global()):
                taken.add(symbol.get_name())
    return bound, taken - bound


def bound_again(cells: Sequence[NotebookNode]) -> Iterator[str]:
    """Each name that a cell binds though one above it does, with the beginnings of both cells."""
    first: dict[str, str] = {}
    for number, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        place = f"cell {number} ({cell.source.strip().splitlines()[0]})"
        for name in sorted(names(cell.source)[0] - THROWN_AWAY):
            if name in first:
                yield f"{place} binds {name!r}, as does {first[name]}"
            first.setdefault(name, place)
