"""A submission with all that is known about it, as the reports tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from utils.checks.score import Diagnosis, Score

from .intake import Submission
from .late import Late
from .record import STATUSES, Override, Record


@dataclass(frozen=True)
class Row:
    """A submission, its record, and the marks that the instructor gave by hand, by task.

    `late` is None where nobody asked how late the submission is; a stranger is not on the roster.
    """

    submission: Submission
    record: Record
    overrides: Mapping[str, Override] = field(default_factory=dict)
    late: Late | None = None
    is_stranger: bool = False

    def points(self, task: str) -> float:
        """The mark of one task: the instructor's before the grader's."""
        return self.overrides[task].points if task in self.overrides else self._graded(task)

    @property
    def score(self) -> float:
        """The marks of all tasks together."""
        changes = (o.points - self._graded(task) for task, o in self.overrides.items())
        return self.record.score + sum(changes)

    @property
    def final(self) -> float:
        """The score after what was taken off for being late: what a gradebook gets."""
        return max(0.0, self.score - self.late.points) if self.late else self.score

    @property
    def taken_off(self) -> float:
        """The points that being late cost."""
        return self.score - self.final

    @property
    def is_absent(self) -> bool:
        """Whether there is nothing to give a mark for, and none was given by hand."""
        return self.record.status == "absent" and not self.overrides

    def _graded(self, task: str) -> float:
        points: float = self.record.scores.get(task, {}).get("points", 0.0)
        return points

    @property
    def scores(self) -> dict[str, Score]:
        """What the grader found, by task."""
        return {task: Score.from_dict(data) for task, data in self.record.scores.items()}

    @property
    def diagnoses(self) -> list[Diagnosis]:
        """The mistakes, the most telling first."""
        return [diagnosis for score in self.scores.values() for diagnosis in score.diagnoses]

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know beside the mark: how the answer was found, what was changed by hand."""
        by_hand = (
            f"{task} 由老師改為 {override.points:g} 分：{override.reason}"
            for task, override in self.overrides.items()
        )
        return (*by_hand, *self.own_notes)

    @property
    def own_notes(self) -> tuple[str, ...]:
        """The notes that are not about a mark given by hand."""
        late = self.late if self.taken_off else None
        taken_off = (f"{late.told}，扣 {self.taken_off:g} 分",) if late else ()
        return (*taken_off, *self.submission.notes, *self.record.notes)

    @property
    def flags(self) -> tuple[str, ...]:
        """What the instructor should look at, none of which costs points; not for the student."""
        seen = (flag for score in self.scores.values() for flag in score.flags)
        return tuple(dict.fromkeys((*self.record.flags, *seen)))

    @property
    def diagnosis(self) -> str:
        """Why points are missing, in one line, and how the answer was found where that matters."""
        reasons = [diagnosis.message for diagnosis in self.diagnoses]
        if self.record.status != "graded":
            reasons.insert(0, self.record.detail or STATUSES[self.record.status])
        return "；".join(dict.fromkeys((*reasons, *self.notes)))
