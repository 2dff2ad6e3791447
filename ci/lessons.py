"""Where the lessons are, and what each says of itself in its header, under `course`.

`lessons/NAME.md` becomes `NAME.ipynb`, also where NAME is one below a folder: `reading/vgg`.

`order` is its place among the notebooks and `start` marks the one that is opened first. `seconds`
is about how long its longest run takes, by which the tests are ordered. `compared` are the editions
that nbval executes and compares; an edition that trains too long for that is run under one of the
`profiles`: parameters, as JSON, for an `edition`, and a text that some output then `shows`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci import ROOT
from course import NOTEBOOKS

PLACES = {"sheet": "{}.ipynb", "solution": "solutions/{}.ipynb"}
# The lessons' files, a pattern for each place where notebooks are.
FILES = tuple(f"lessons/{pattern.replace('.ipynb', '.md')}" for pattern in NOTEBOOKS)
CORE = "Day017_reading"  # the lecture
DEPTH = "reading/"  # how the names of its depth begin


@dataclass(frozen=True)
class Profile:
    """A notebook, its parameters, and a text that some output has to show."""

    notebook: str
    parameters: Mapping[str, Any]
    shows: str


@dataclass(frozen=True)
class Lesson:
    """A lesson's name, and what its header tells."""

    name: str
    order: int
    seconds: int
    compared: tuple[str, ...]
    profiles: Mapping[str, Profile]
    start: bool = False

    def notebook(self, edition: str) -> str:
        """The path of an edition below the repository's root."""
        return PLACES[edition].format(self.name)


def sources(root: Path = ROOT) -> dict[str, Path]:
    """The lessons' files below `root`, by name."""
    return {name_of(path): path for each in FILES for path in sorted(root.glob(each))}


def for_readers(source: str) -> str:
    """A lesson's text without the comments that are the formatter's business."""
    return re.sub(r"[ \t]*# fmt: skip$", "", source, flags=re.MULTILINE)


def name_of(path: Path) -> str:
    """A lesson's name, from the path of its file."""
    folder = next(above for above in path.parents if above.name == "lessons")
    return path.relative_to(folder).with_suffix("").as_posix()


def lectures(root: Path = ROOT) -> dict[str, Path]:
    """The files of the lecture's core and depth, by name."""
    return {name: path for name, path in sources(root).items() if is_lecture(name)}


def is_lecture(name: str) -> bool:
    """Whether a lesson is read, and not solved."""
    return name == CORE or name.startswith(DEPTH)


def lessons(root: Path = ROOT) -> list[Lesson]:
    """The lessons below `root` in their order. Raises ValueError for a header that tells less."""
    told = (_read(name, path) for name, path in sources(root).items())
    return sorted(told, key=lambda lesson: lesson.order)


def _read(name: str, path: Path) -> Lesson:
    import yaml  # now, and not at the top: `course.py test --help` works where nothing is installed

    _, header, _ = path.read_text("utf-8").split("---\n", 2)
    try:
        told = yaml.safe_load(header)["course"]
        profiles = {
            profile: Profile(
                PLACES[of["edition"]].format(name), json.loads(of["parameters"]), of["shows"]
            )
            for profile, of in told.get("profiles", {}).items()
        }
        compared = tuple(told["compared"])
        start = bool(told.get("start"))
        return Lesson(name, told["order"], told["seconds"], compared, profiles, start)
    except KeyError as missing:
        raise ValueError(f"{name}.md: the header lacks {missing}, see ci/lessons.py") from None
