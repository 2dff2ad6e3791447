"""What a lesson says of itself in its header, under `course`: all that others need to know of it.

`order` is its place among the notebooks and `start` marks the one that is opened first. `seconds`
is about how long its longest run takes, by which the tests are ordered. `compared` are the editions
that nbval executes and compares; an edition that trains too long for that is run under one of the
`profiles`: parameters, as JSON, for an `edition`, and a text that some output then `shows`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci import ROOT

PLACES = {"sheet": "{}.ipynb", "solution": "solutions/{}.ipynb"}


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


def lessons(root: Path = ROOT) -> list[Lesson]:
    """The lessons below `root` in their order. Raises ValueError for a header that tells less."""
    return sorted(map(_read, (root / "lessons").glob("*.md")), key=lambda lesson: lesson.order)


def _read(path: Path) -> Lesson:
    import yaml  # now, and not at the top: `course.py test --help` works where nothing is installed

    _, header, _ = path.read_text("utf-8").split("---\n", 2)
    try:
        told = yaml.safe_load(header)["course"]
        profiles = {
            name: Profile(
                PLACES[of["edition"]].format(path.stem), json.loads(of["parameters"]), of["shows"]
            )
            for name, of in told.get("profiles", {}).items()
        }
        compared = tuple(told["compared"])
        start = bool(told.get("start"))
        return Lesson(path.stem, told["order"], told["seconds"], compared, profiles, start)
    except KeyError as missing:
        raise ValueError(f"{path.name}: the header lacks {missing}, see ci/lessons.py") from None
