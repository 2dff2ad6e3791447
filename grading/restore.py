"""Puts the release's own cells back around the student's, and the probes among them.

A submission is read in one of three ways:

*aligned*: the cell that the task gave for the answer is there. Cells stand in the release's order,
each followed by what the student added after it; nothing runs that comes later than the last check.

*by name*: ids and metadata are lost, or the answer's cell is blank and the answer stands elsewhere.
What the release gives before its last check runs first, then all of the student's code, and the
function is found by its name.

*answers alone*: the answers of a self-check are values; only the student's cells that set them run.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from utils.checks.syntax import tree_of

from .intake import Cell

# Tag of a release's cell that no answer needs: training, pictures, demonstrations.
SKIP = "skip-grading"
# Magics of a whole cell that change nothing of what it does, and hide the lines where it fails.
WATCHED = re.compile(r"\A(\s*)%%(?:time|capture)\b.*")


@dataclass(frozen=True)
class Step:
    """A cell to run: `given` by the release, the student's `own`, or the `probe` of a task."""

    kind: str
    source: str = ""
    number: int | None = None  # counts the code cells of the student's own notebook
    task: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """Steps that lead to a probe for each of `tasks`, and per task what to tell the instructor."""

    steps: tuple[Step, ...]
    tasks: tuple[str, ...]
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of all that is run, in its order: equal code has an equal one, any change another."""
        run = [(step.kind, step.source, step.task, step.tags) for step in self.steps]
        return hashlib.sha256(json.dumps(run).encode()).hexdigest()


def readings(
    student: Sequence[Cell],
    release: Sequence[Cell],
    functions: Mapping[str, str],
    values: Mapping[str, str] | None = None,
) -> Iterator[Reading]:
    """The ways to read a submission, most trustworthy first.

    `functions` maps task to function, `values` the tasks whose answer is a value to its name. A
    task is in two when its answer may stand in either place: take the first that is an answer.
    """
    sheet = _Sheet(student, release)
    first = {task: f for task, f in functions.items() if sheet.is_aligned(f)}
    if first:
        yield _aligned(sheet, first)
    second = {task: f for task, f in functions.items() if task not in first or sheet.elsewhere(f)}
    if second:
        yield _by_name(sheet, second)
    if values:
        yield _answers_alone(sheet, values)


def checked(release: Sequence[Cell]) -> list[str]:
    """The tasks that `release` checks for points, in its order."""
    return [task for cell in release if (task := _check_of(cell))]


def asked(release: Sequence[Cell]) -> dict[str, set[str]]:
    """By a task's name, what the blanks before its check define: the function and its pieces."""
    found: dict[str, set[str]] = {}
    names: set[str] = set()
    for cell in release:
        if _is_blank(cell):
            names |= binds(cell.source)
        elif task := _check_of(cell):
            found[task], names = names, set()
    return found


def untestable(release: Sequence[Cell], functions: Mapping[str, str]) -> list[str]:
    """The tasks for which `release` has no answer cell or no check cell."""
    sheet, checks = _Sheet((), release), checked(release)
    return [t for t, f in functions.items() if t not in checks or sheet.blank_of(f) is None]


class _Sheet:
    """A student's cells beside the release's: which is which."""

    def __init__(self, student: Sequence[Cell], release: Sequence[Cell]):
        self.student, self.release = student, release
        self.text = [normal_source(cell.source) for cell in student]
        self.release_text = [normal_source(cell.source) for cell in release]
        self.partner = [self._partner(index) for index in range(len(student))]

    def _partner(self, index: int) -> int | None:
        """The release's cell that a student's cell was: by grade_id, else by id, else by source."""
        cell, text = self.student[index], self.text[index]
        for key, known in (
            (cell.grade_id, [other.grade_id for other in self.release]),
            (cell.cell_id, [other.cell_id for other in self.release]),
            (text, self.release_text),
        ):
            if key and key in known:
                break
        else:
            return None
        partner = known.index(key)
        original = self.release_text[partner]
        # A given cell that was copied, metadata and all, and then changed is the student's own.
        is_changed_copy = text != original and original in self.text
        return None if is_changed_copy and not _is_blank(self.release[partner]) else partner

    def is_untouched(self, index: int) -> bool:
        """Whether a student's cell is as the release gave it."""
        return self.text[index] in self.release_text

    def versions(self, blank: int) -> list[int]:
        """The student's cells for a blank of the release; untouched only if no other is there."""
        found = [index for index, partner in enumerate(self.partner) if partner == blank]
        return [index for index in found if not self.is_untouched(index)] or found

    def blank_of(self, function: str) -> int | None:
        """The release's cell that gives the blank for `function`."""
        blanks = (
            index
            for index, cell in enumerate(self.release)
            if _is_blank(cell) and function in binds(cell.source)
        )
        return next(blanks, None)

    def answers(self, function: str) -> list[int]:
        """The student's cells that stand for the blank of `function`."""
        blank = self.blank_of(function)
        return [] if blank is None else self.versions(blank)

    def elsewhere(self, function: str) -> list[int]:
        """The student's cells that define `function` outside the blank for it."""
        blank = self.blank_of(function)
        return [
            index
            for index, cell in enumerate(self.student)
            if not self.is_untouched(index)
            and (blank is None or self.partner[index] != blank)
            and function in binds(cell.source)
        ]

    def turned_into_text(self, task: str) -> list[int]:
        """The student's cells of an answer to `task` that were handed in as text."""
        names = asked(self.release).get(task, set())
        cells = enumerate(self.student)
        return [i for i, cell in cells if cell.kind != "code" and names & binds(cell.source)]

    def is_aligned(self, function: str) -> bool:
        """Whether the answer's own cell is there; an untouched one counts if there is no other."""
        answers = self.answers(function)
        is_filled = any(not self.is_untouched(index) for index in answers)
        return bool(answers) and (is_filled or not self.elsewhere(function))

    def own(self, index: int) -> Step:
        """A student's cell as a step; a magic that times it, or hides its output, is left out."""
        cell = self.student[index]
        return Step("own", WATCHED.sub(r"\1#", cell.source), cell.number)


def _aligned(sheet: _Sheet, functions: Mapping[str, str]) -> Reading:
    steps: list[Step] = []
    for index in range(-1, len(sheet.release)):
        if index >= 0:
            steps += _released(sheet, index, functions)
        steps += [sheet.own(added) for added in _added_after(sheet, index)]
    notes = {}
    for task, function in functions.items():
        answers = sheet.answers(function)
        told = []
        if texts := sheet.turned_into_text(task):
            told.append(f"{_cells(sheet, texts)}交來時是文字格，照題目卷還原成程式格")
        if again := [index for index in sheet.elsewhere(function) if index > answers[-1]]:
            told.append(f"{_cells(sheet, again)}又定義了 {function}，評分的是作答格裡的那一個")
        if told:
            notes[task] = "；".join(told)
        numbers = {sheet.student[index].number for index in answers}
        steps = _probe_before_rebinding(steps, task, function, numbers)
    last = max(index for index, step in enumerate(steps) if step.kind == "probe")
    return Reading(tuple(steps[: last + 1]), tuple(functions), notes)


def _released(sheet: _Sheet, index: int, functions: Mapping[str, str]) -> list[Step]:
    """What stands in the place of the release's cell."""
    cell = sheet.release[index]
    if _is_blank(cell):
        return [sheet.own(version) for version in sheet.versions(index)]
    if task := _check_of(cell):
        return [Step("probe", task=task)] if task in functions else []
    return [] if _is_left_out(cell) else [Step("given", cell.source, tags=cell.tags)]


def _added_after(sheet: _Sheet, index: int) -> list[int]:
    """The cells that the student added between the release's cell at `index` and the next."""
    added, last = [], -1
    for position, partner in enumerate(sheet.partner):
        if partner is not None:
            last = partner
        elif last == index:
            added.append(position)
    return added


def _probe_before_rebinding(
    steps: list[Step], task: str, function: str, answers: set[int]
) -> list[Step]:
    """Move the task's probe before the first cell after the answer that binds the name anew."""
    place = next(i for i, step in enumerate(steps) if step.kind == "probe" and step.task == task)
    answered = max(i for i, step in enumerate(steps) if step.number in answers)
    for i in range(answered + 1, place):
        if steps[i].kind == "own" and function in binds(steps[i].source):
            return [*steps[:i], steps[place], *steps[i:place], *steps[place + 1 :]]
    return steps


def _by_name(sheet: _Sheet, functions: Mapping[str, str]) -> Reading:
    last_check = max(index for index, cell in enumerate(sheet.release) if _check_of(cell))
    given = [
        Step("given", cell.source, tags=cell.tags)
        for cell in sheet.release[:last_check]
        if not (_is_blank(cell) or _is_left_out(cell))
    ]
    own = [
        sheet.own(index)
        for index, partner in enumerate(sheet.partner)
        if not sheet.is_untouched(index)
        and (partner is None or not _is_left_out(sheet.release[partner]))
    ]
    notes = {}
    for task, function in functions.items():
        if places := sheet.elsewhere(function):
            cell = _cells(sheet, places[-1:])
            notes[task] = f"作答格裡沒有 {function}，評分的是{cell}定義的那一個"
    probes = [Step("probe", task=task) for task in functions]
    return Reading((*given, *own, *probes), tuple(functions), notes)


def _answers_alone(sheet: _Sheet, values: Mapping[str, str]) -> Reading:
    names = set(values.values())
    own = [
        sheet.own(index)
        for index, cell in enumerate(sheet.student)
        if not sheet.is_untouched(index) and names & binds(cell.source)
    ]
    return Reading((*own, *(Step("probe", task=task) for task in values)), tuple(values))


def _is_blank(cell: Cell) -> bool:
    return bool(cell.nbgrader.get("solution"))


def _check_of(cell: Cell) -> str | None:
    """The task that a cell of the release checks for points."""
    return cell.grade_id if cell.nbgrader.get("grade") and not _is_blank(cell) else None


def _is_left_out(cell: Cell) -> bool:
    """Whether grading never runs a cell of the release: a check, or what no answer needs."""
    return _check_of(cell) is not None or SKIP in cell.tags


def _cells(sheet: _Sheet, indices: Sequence[int]) -> str:
    return f"第 {'、'.join(str(sheet.student[index].number) for index in indices)} 個程式格"


def normal_source(source: str) -> str:
    """A cell's source without what an editor may change: outer blank lines, blanks at the ends."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def without_magics(source: str) -> str:
    """A cell's source with `pass` for the lines that are IPython's (`%`, `!`)."""
    return re.sub(r"^([ \t]*)[%!].*", r"\1pass", source, flags=re.MULTILINE)


def binds(source: str) -> set[str]:
    """The names that a cell binds at its top level: definitions, imports, assignments.

    Lines for IPython (`%`, `!`) are passed over. A cell with a syntax error can't run: no names.
    """
    tree = tree_of(without_magics(source))
    return bound(tree) if tree else set()


def bound(tree: ast.AST) -> set[str]:
    """The names that a piece of a tree binds where it stands."""
    names: set[str] = set()
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)  # what its body binds is its own
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, ast.Lambda):
            nodes.extend(ast.iter_child_nodes(node))
    return names
