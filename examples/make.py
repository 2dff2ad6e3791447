"""Makes `examples/submissions/` anew from the lesson: `python -m examples.make`.

A folder a student, as a class hands them in: solved, blank, three mistakes, a cut-off file.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ci.editions import editions

HERE = Path(__file__).resolve().parent
SUBMISSIONS = HERE / "submissions"
SUMS = HERE / "SHA256SUMS"  # grading runs these files also where it has no sandbox
LESSON = HERE.parent / "lessons" / "Day018_vgg16.md"

# What a student wrote differently from the solution: cell -> (pattern, what they wrote).
VGG13 = {
    f"block{n}": (rf".*block{n}_conv3.*\n", "")  # two convolutions in every block
    for n in (3, 4, 5)
}
RELU_LAST = {"head": (r'activation="softmax"', 'activation="relu"')}
NO_LAST_POOL = {"block5": (r"    return layers.MaxPooling2D.*", "    return x")}

# student: their changes to the solution; None handed in the sheet as it was.
STUDENTS = {
    "b11902011": {},
    "b11902024": None,
    "b11902037": VGG13,
    "b11902042": RELU_LAST,
    "b11902058": NO_LAST_POOL,
}
CUT_OFF = "b11902066"


def make(folder: Path, lesson: Path = LESSON) -> None:
    """Write the submissions below `folder`, none of them run."""
    sheet, solved = editions(lesson).values()
    answers = {cell.id: cell.source for cell in solved.cells}
    for student, changes in STUDENTS.items():
        filled = sheet if changes is None else fill(sheet, answers, changes)
        write(folder / student / f"{lesson.stem}.ipynb", nbformat.writes(filled) + "\n")
    half = nbformat.writes(sheet)
    write(folder / CUT_OFF / f"{lesson.stem}.ipynb", half[: len(half) // 2])


def fill(
    sheet: NotebookNode, answers: dict[str, str], changes: dict[str, tuple[str, str]]
) -> NotebookNode:
    """The sheet with the solution's answers, changed. Raises ValueError where a change fits not."""
    filled = nbformat.from_dict(sheet)
    for cell in filled.cells:
        if not cell.metadata.get("nbgrader", {}).get("solution"):
            continue
        cell.source = re.sub(r".*### (BEGIN|END) SOLUTION\n?", "", answers[cell.id]).rstrip()
        if cell.id in changes:
            cell.source, count = re.subn(*changes[cell.id], cell.source)
            if not count:
                raise ValueError(f"{changes[cell.id][0]!r} is not in the solution of {cell.id}")
    return filled


def sums(folder: Path) -> str:
    """The notebooks' digests, as `sha256sum` writes them: these files are ours and do no harm."""
    students = {*STUDENTS, CUT_OFF}  # and not what JupyterLab keeps beside what it opens
    paths = sorted(path for path in folder.rglob("*.ipynb") if path.parent.name in students)
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    return "".join(
        f"{digest}  {p.relative_to(folder).as_posix()}\n" for p, digest in digests.items()
    )


def write(path: Path, text: str) -> None:
    """Write `text` the same on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    shutil.rmtree(SUBMISSIONS, ignore_errors=True)
    make(SUBMISSIONS)
    write(SUMS, sums(HERE))
