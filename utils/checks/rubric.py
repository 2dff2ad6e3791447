"""A task's rubric: its parts and points, and how calls are looked at and judged by them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from . import causes
from .errors import with_unused
from .flags import flags
from .fresh import fresh_settings
from .layers import Malformed, expect
from .mistakes import UNFINISHED, Mistake, Texts, diagnose, in_words
from .probe import probe_tensor_maker
from .score import Part, Score
from .task import Function, Json, Task

STEP = 0.25  # points are multiples of it
# Why what would have counted earns nothing.
NOTHING_OWN = "要自己寫的部分還沒有一個是對的，所以題目給的部分、引數與名字先不給分。"
Verdict = tuple[Mapping[str, float], Sequence[Mistake]]  # share of each part, and what is wrong
Look = Callable[[Function, Json, int], Json]
Judge = Callable[[Json, Json], Verdict]


def is_shown(piece: Json, models: Collection[str]) -> bool:
    """Whether a model that a call gave shows a piece: any, or the one that the piece is `of`."""
    return piece["of"] in models if "of" in piece else bool(models)


@dataclass(frozen=True)
class Rubric:
    """The parts of a task with their titles and points.

    What needs no idea of one's own counts only where at least one part of `own` does. `mistakes`
    are those of the task alone, and what it says in its own words.

    A case may have `pieces` beside its `calls`: functions of a tensor that the sheet has a student
    write on the way. They are looked at where no call gave a model; one that only a single call has
    names it with `of`, and is looked at where that one gave none.
    """

    name: str
    function: str
    title: str
    parts: Mapping[str, tuple[str, float]]
    own: tuple[str, ...]
    mistakes: Texts = field(default_factory=dict)

    def task(
        self,
        public_case: Callable[[], Json],
        draw_case: Callable[[int], Json],
        look: Look,
        judge: Judge,
        more: tuple[str, ...] = (),
    ) -> Task:
        """The task of which `look(function, asked, seed)` probes one call of a case.

        `judge(calls, case)` gets all answers by the call's name; it may raise Malformed. A call
        names its `function` where that is one of `more`.
        """
        return Task(
            self.name,
            self.title,
            self.function,
            sum(points for _, points in self.parts.values()),
            public_case,
            draw_case,
            partial(self._probe, look),
            partial(self._mark, judge),
            more,
            mistakes=self.mistakes,
        )

    def _probe(self, look: Look, namespace: Mapping[str, Any], case: Json) -> Json:
        answers: Json = {}
        unused: dict[Function, Any] = {}
        for name, asked in case["calls"].items():
            function = namespace.get(asked.get("function", self.function))
            if callable(function):
                with fresh_settings():
                    answers[name] = look(function, asked, case["seed"])
                if function not in unused:
                    unused[function] = causes.followed(causes.unused, function) or []
        told: Json = {} if answers else {"missing": self.function}
        models = {name for name, answer in answers.items() if "model" in answer}
        for name, asked in case.get("pieces", {}).items():
            if not is_shown(asked, models) and callable(function := namespace.get(name)):
                with fresh_settings():
                    answers[name] = probe_tensor_maker(function, asked, case["seed"])
        lines = list(itertools.chain.from_iterable(unused.values()))[: causes.MOST]
        return told | {"calls": answers, "unused": lines} if answers else told

    def _mark(self, judge: Judge, answer: object, case: Json) -> Score:
        missing: list[Mistake] = []
        if answer is None or (isinstance(answer, dict) and "missing" in answer):
            missing.append(diagnose("missing", "", function=self.function))
            if not (answer and "calls" in answer and "pieces" in case):
                return self._score({}, missing)
            case = case | {"calls": {}}
        try:
            answer = expect(answer, dict, "answer")
            calls = expect(answer.get("calls"), dict, "calls", most=20)
            earned, mistakes = judge(calls, case)
            found = with_unused(mistakes, answer.get("unused", []), self.parts)
            return replace(self._score(earned, [*missing, *found]), flags=flags(calls))
        except Malformed as problem:
            return self._score({}, [diagnose("malformed", "", problem=problem)])

    def _score(self, earned: Mapping[str, float], mistakes: Sequence[Mistake]) -> Score:
        note = ""
        if not any(earned.get(part) for part in self.own):
            note = NOTHING_OWN if any(earned.values()) else ""
            earned = {}
        parts = tuple(
            Part(name, title, math.floor(earned.get(name, 0.0) * most / STEP + 1e-9) * STEP, most)
            for name, (title, most) in self.parts.items()
        )
        finished = UNFINISHED.isdisjoint(mistake.code for mistake in mistakes)
        told = in_words(mistakes, self.mistakes)
        return Score(self.name, self.title, parts, told, finished, note if finished else "")
