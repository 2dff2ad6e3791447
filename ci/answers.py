"""Takes the answers to the tasks out of the lessons: the one place where a right answer stands.

An answer is the solution's code and, of the cells before the check, the definitions and imports
that it needs.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from unittest import mock

from IPython.core.inputtransformer2 import TransformerManager

from ci import ROOT
from ci.editions import BuildError, read, solved_edition, student_edition
from ci.lessons import is_lecture, sources
from utils.checks import TASKS, reference, stored
from utils.checks.layers import Layer
from utils.checks.stand_ins import FILE, functions, packed
from utils.checks.weights import Array

MARKS = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)


def answers(lesson: str = "", root: Path = ROOT, solved: bool = True) -> dict[str, str]:
    """Each task's right answer as source that stands alone, from one lesson or from all.

    Its blank, where it is not to be `solved`. Raises BuildError, which names lesson and task, where
    the cells before a check do not suffice.
    """
    found = {}
    for name, path in sources(root).items():
        if (lesson and name != lesson) or is_lecture(name):
            continue
        for task, cells in _checked(path, path.read_text("utf-8"), solved):
            if task in TASKS and not TASKS[task].alone:
                try:
                    found[task] = needed(cells, (TASKS[task].function, *TASKS[task].more))
                except (ValueError, SyntaxError) as problem:
                    raise BuildError(f"lessons/{name}.md, {task}: {problem}") from problem
    return found


def write(root: Path = ROOT) -> None:
    """Write the answers where notebooks take them from, and what they compute in public cases."""
    path = root / FILE.relative_to(ROOT)
    path.parent.mkdir(parents=True, exist_ok=True)
    found = answers(root=root)
    path.write_bytes(packed(found))
    stored.write(root / stored.FILE.relative_to(ROOT), compared_with(found))


def compared_with(sources: Mapping[str, str]) -> dict[str, Array]:
    """The outputs that the checks of these right answers compare with, by their key."""
    found = {}

    def noted(layers: tuple[Layer, ...], shape: tuple[int, ...], seed: int) -> Array:
        return found.setdefault(
            stored.key(layers, shape, seed), reference.computed(layers, shape, seed)
        )

    with mock.patch.object(reference, "outputs", noted):
        for name, source in sources.items():
            task = TASKS[name]
            task.check(*functions(name, source, (task.function, *task.more)))
    return found


@cache
def _checked(lesson: Path, text: str, solved: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Each task that a lesson of this text checks for points, with the code before its check."""
    found = []
    before: tuple[str, ...] = ()
    for cell in (solved_edition if solved else student_edition)(read(lesson)).cells:
        if cell.cell_type != "code":
            continue
        told = cell.metadata.get("nbgrader", {})
        if told.get("grade"):
            found.append((told["grade_id"], before))
        before = (*before, MARKS.sub("", cell.source))
    return found


def needed(cells: Iterable[str], names: Iterable[str]) -> str:
    """The statements that define `names`, and what these use, in their order.

    A function uses the last definition of a name, any other statement the last one above it. Raises
    ValueError for a name that no cell defines.
    """
    pieces = [piece for cell in cells for piece in _definitions(cell)]
    taken: set[int] = set()
    waiting = [(name, len(pieces)) for name in names]
    while waiting:
        name, place = waiting.pop()
        defined = [i for i, piece in enumerate(pieces[:place]) if name in _bound(piece[0])]
        if not defined:
            raise ValueError(f"no cell before the check defines {name!r}")
        if (last := defined[-1]) not in taken:
            taken.add(last)
            statement, source = pieces[last]
            later = isinstance(statement, ast.FunctionDef | ast.ClassDef)
            used = _used(source) - set(dir(builtins))
            waiting += [(name, len(pieces) if later else last) for name in used]
    return "\n\n".join(pieces[place][1] for place in sorted(taken)) + "\n"


@cache
def _definitions(cell: str) -> list[tuple[ast.stmt, str]]:
    """A cell's definitions, imports and assignments, with their source."""
    found = []
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    code = TransformerManager().transform_cell(cell)  # without magics, which are no Python
    for statement in ast.parse(code).body:
        if isinstance(statement, kinds):
            decorators = getattr(statement, "decorator_list", [])
            first = min(each.lineno for each in (statement, *decorators))
            above = code.splitlines()[first - 1 : statement.lineno - 1]
            source = ast.get_source_segment(code, statement) or ""
            found.append((statement, "\n".join([*above, source])))
    return found


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
