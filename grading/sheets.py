"""The sheets that were given out: the course's notebooks with checks for points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from utils import checks

from . import intake, restore
from .intake import BrokenNotebook, Cell, Submission

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = 100  # submissions by which the sheet is told


@dataclass(frozen=True)
class Sheet:
    """A notebook as it was given out, and the tasks that it checks for points."""

    path: Path
    content: bytes
    tasks: tuple[str, ...]

    def fits(self, cells: Sequence[Cell]) -> int:
        """How many of its tasks a submission answers: by its checks, else by what it defines."""
        if checked := set(self.tasks) & set(restore.checked(cells)):
            return len(checked)
        of_functions = [checks.TASKS[task] for task in self.tasks if not checks.TASKS[task].alone]
        functions = {task.function for task in of_functions}
        return len(functions & {name for cell in cells for name in restore.binds(cell.source)})


def read(path: Path) -> Sheet:
    """The sheet at `path`. Raises ValueError where there is none, or it can't be graded."""
    content, cells = intake.read_sheet(path)
    tasks = restore.checked(cells)
    if unknown := [task for task in tasks if task not in checks.TASKS]:
        raise ValueError(f"{path} checks {', '.join(unknown)}: no such task in utils.checks")
    of_functions = [checks.TASKS[task] for task in tasks if not checks.TASKS[task].alone]
    lost = restore.untestable(cells, {task.name: task.function for task in of_functions})
    if lost or not tasks:
        raise ValueError(f"{path} has no blank or no check for {', '.join(lost) or 'any task'}")
    return Sheet(path, content, tuple(tasks))


@cache
def known(root: Path = ROOT) -> list[Sheet]:
    """All sheets of the course; a notebook without a task of ours is none."""
    found = []
    for path in sorted(root.glob("*.ipynb")):
        try:
            found.append(read(path))
        except ValueError:
            continue
    return found


def choose(find: Callable[[Path], Sequence[Submission]], root: Path = ROOT) -> Sheet:
    """The sheet that fits most submissions, of which `find` gives those for a sheet.

    Raises ValueError, which asks for the sheet, where none fits any.
    """
    fitting = {}
    for sheet in known(root):
        submissions = find(sheet.path)
        sample = submissions[:: max(1, len(submissions) // SAMPLE)]
        fits = [sheet.fits(cells_of(submission)) for submission in sample]
        fitting[sheet.path.name] = (sum(map(bool, fits)), sum(fits), sheet)
    most = max(fitting.values(), key=lambda told: told[:2], default=None)
    if most is None or not most[0]:
        names = ", ".join(fitting) or "no notebook with checks"
        raise ValueError(
            f"no submission answers a sheet of this course ({names}): "
            "say which was given out, with --release FILE"
        )
    return most[2]


def another(sheet: Sheet, content: bytes) -> Sheet | None:
    """The sheet of the course that a submission answers, where it answers nothing of `sheet`."""
    try:
        cells = intake.read_cells(content)
    except BrokenNotebook:  # which is told where it is graded
        return None
    if sheet.fits(cells):
        return None
    fitting = [other for other in known() if other.fits(cells)]
    return max(fitting, key=lambda other: other.fits(cells), default=None)


def cells_of(submission: Submission) -> list[Cell]:
    """A submission's cells; none where it can't be read, which is told where it is graded."""
    try:
        return intake.read_cells(submission.read())
    except BrokenNotebook:
        return []
