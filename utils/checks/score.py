"""What a check says: points, where they come from, and which mistake cost the rest."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .render import score_html


@dataclass(frozen=True)
class Diagnosis:
    """One mistake: a stable slug, what proves it, a hint that leaves the work to the student."""

    code: str
    message: str
    hint: str
    part: str


@dataclass(frozen=True)
class Part:
    """One row of the rubric with the points it earned."""

    name: str
    title: str
    points: float
    max_points: float


@dataclass(frozen=True)
class Score:
    """The mark of one task. Its text is the bare points, which nbgrader reads as partial credit.

    `finished` is False while a blank still raises NotImplementedError; `note` is shown at the end;
    `flags` are sentences for the instructor (Chinese) about what costs no points.
    """

    task: str
    title: str
    parts: tuple[Part, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    finished: bool = True
    note: str = ""
    flags: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """What the parts earned together."""
        return float(sum(part.points for part in self.parts))

    @property
    def max_points(self) -> float:
        """What the parts could earn together."""
        return float(sum(part.max_points for part in self.parts))

    @property
    def also(self) -> tuple[str, ...]:
        """Titles of the parts that lost points by a mistake that is told of another one."""
        told = {diagnosis.part for diagnosis in self.diagnoses}
        return tuple(
            part.title
            for part in self.parts
            if part.points < part.max_points and part.name not in told
        )

    def __repr__(self) -> str:
        return repr(self.points)

    def _repr_html_(self) -> str:
        return score_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with the two totals."""
        return asdict(self) | {"points": self.points, "max_points": self.max_points}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Score:
        """The score that `to_dict` described."""
        fields = {name: data[name] for name in ("task", "title", "finished", "note")}
        return cls(
            parts=tuple(Part(**part) for part in data["parts"]),
            diagnoses=tuple(Diagnosis(**diagnosis) for diagnosis in data["diagnoses"]),
            flags=tuple(data["flags"]),
            **fields,
        )
