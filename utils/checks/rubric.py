"""A task's rubric: its parts and points, and how calls are looked at and judged by them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .fresh import fresh_settings
from .layers import Malformed, expect
from .mistakes import Mistake, Texts, diagnose, in_words
from .score import Part, Score
from .task import Function, Json, Task

STEP = 0.25  # points are multiples of it
Verdict = tuple[Mapping[str, float], Sequence[Mistake]]  # share of each part, and what is wrong
Look = Callable[[Function, Json, int], Json]
Judge = Callable[[Json, Json], Verdict]


@dataclass(frozen=True)
class Rubric:
    """The parts of a task with their titles and points.

    What needs no idea of one's own counts only where at least one part of `own` does. `mistakes`
    are those of the task alone, and what it says in its own words.
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
        prepare: Callable[[Json], None] = lambda case: None,
    ) -> Task:
        """The task of which `look(function, asked, seed)` probes one call of a case.

        `judge(calls, case)` gets all answers by the call's name; it may raise Malformed. A call
        names its `function` where that is one of `more`. `prepare` is the task's.
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
            prepare=prepare,
            mistakes=self.mistakes,
        )

    def _probe(self, look: Look, namespace: Mapping[str, Any], case: Json) -> Json:
        answers = {}
        for name, asked in case["calls"].items():
            function = namespace.get(asked.get("function", self.function))
            if callable(function):
                with fresh_settings():
                    answers[name] = look(function, asked, case["seed"])
        return {"calls": answers} if answers else {"missing": self.function}

    def _mark(self, judge: Judge, answer: object, case: Json) -> Score:
        if answer is None or (isinstance(answer, dict) and "missing" in answer):
            return self._score({}, [diagnose("missing", "", function=self.function)])
        try:
            calls = expect(expect(answer, dict, "answer").get("calls"), dict, "calls", most=20)
            return self._score(*judge(calls, case))
        except Malformed as problem:
            return self._score({}, [diagnose("malformed", "", problem=problem)])

    def _score(self, earned: Mapping[str, float], mistakes: Sequence[Mistake]) -> Score:
        if not any(earned.get(part) for part in self.own):
            earned = {}
        parts = tuple(
            Part(name, title, math.floor(earned.get(name, 0.0) * most / STEP + 1e-9) * STEP, most)
            for name, (title, most) in self.parts.items()
        )
        finished = "unfinished" not in {mistake.code for mistake in mistakes}
        told = in_words(mistakes, self.mistakes)
        return Score(self.name, self.title, parts, told, finished)
