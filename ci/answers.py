"""Takes the answers to the tasks out of the lessons: the one place where a right answer stands.

An answer is the solution's code and, of the cells before the check, the definitions and imports
that it needs.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

from ci import ROOT
from ci.editions import editions
from utils.checks import TASKS
from utils.checks.stand_ins import FILE, packed

MARKS = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)


def answers(lesson: str = "*", root: Path = ROOT) -> dict[str, str]:
    """Each task's right answer as source that stands alone, from one lesson or from all."""
    found = {}
    for path in sorted((root / "lessons").glob(f"{lesson}.md")):
        *_, solved = editions(path).values()
        for task, cells in _checked(solved):
            if task in TASKS and not TASKS[task].alone:
                found[task] = needed(cells, (TASKS[task].function, *TASKS[task].more))
    return found


def write(root: Path = ROOT) -> None:
    """Write the answers where notebooks take them from."""
    (root / FILE.relative_to(ROOT)).write_bytes(packed(answers(root=root)))


def _checked(notebook: NotebookNode) -> Iterator[tuple[str, list[str]]]:
    """Each task that a notebook checks for points, with the code before its check."""
    before: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        told = cell.metadata.get("nbgrader", {})
        if told.get("grade"):
            yield told["grade_id"], list(before)
        before.append(MARKS.sub("", cell.source))


def needed(cells: Iterable[str], names: Iterable[str]) -> str:
    """The statements that define `names`, and what these use, in their order.

    Raises ValueError for a name that no cell defines.
    """
    pieces = [
        (_bound(statement), ast.get_source_segment(cell, statement) or "")
        for cell in cells
        for statement in _definitions(cell)
    ]
    wanted, taken = set(names), []
    if lacking := wanted - {name for bound, _ in pieces for name in bound}:
        raise ValueError(f"no cell before the check defines {', '.join(sorted(lacking))}")
    for bound, source in reversed(pieces):
        if bound & wanted:
            wanted = (wanted - bound) | _used(source)
            taken.append(source)
    return "\n\n".join(reversed(taken)) + "\n"


def _definitions(cell: str) -> list[ast.stmt]:
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign)
    return [statement for statement in ast.parse(cell).body if isinstance(statement, kinds)]


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def _used(source: str) -> set[str]:
    """The names that a statement looks up outside itself, in its functions too."""
    tables, found = [symtable.symtable(source, "<statement>", "exec")], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        is_top = table.get_type() == "module"
        found |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (is_top or symbol.is_global())
        }
    return found
