"""Self-checks: a question in the notebook, its answer and what each wrong answer tells in a file.

An entry of `quiz.json` holds `title`, `answer` (a number, or the letter of a choice), `right` (said
on the right answer) and `wrong`: what is said on each foreseen wrong answer, "*" on any other. In a
student's pack the file is `quiz.b64`, so that nobody reads the answers in passing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from .mistakes import diagnose, in_words
from .score import Diagnosis, Part, Score
from .task import Json, Task, attempt


def quiz(question: str, answer: object) -> Score:
    """Judge the answer to one question. None or … is not answered yet.

    Raises ValueError for a question that does not exist.
    """
    if question not in questions():
        raise ValueError(f"no question {question!r}; there are {', '.join(questions())}")
    entry = questions()[question]
    given, right = _plain(answer), _plain(entry["answer"])
    title = f"自我檢查：{entry['title']}"
    part = Part("answer", "答案", float(given == right), 1.0)
    if answer is None or answer is ...:
        unanswered = Diagnosis("unfinished", "尚未作答：把 `None` 換成你的答案。", "", "")
        return Score(question, title, (part,), (unanswered,), finished=False)
    if given == right:
        return Score(question, title, (part,), note=entry["right"])
    told = {_plain(key): text for key, text in entry["wrong"].items()}
    wrong = Diagnosis("wrong_answer", told.get(given, entry["wrong"]["*"]), "", "answer")
    return Score(question, title, (part,), (wrong,))


def tasks() -> list[Task]:
    """A task of one point a question, for the sheets whose check cells give it points.

    The answer to "day017_q3" is asked for in the variable `q3`.
    """
    return [
        Task(
            name,
            entry["title"],
            variable := name.rpartition("_")[2],
            1.0,
            public_case=dict,
            draw_case=lambda seed: {},
            probe=partial(_probe, variable),
            mark=partial(_mark, name),
            alone=True,
        )
        for name, entry in questions().items()
    ]


def _probe(variable: str, namespace: Mapping[str, object], case: Json) -> Json:
    value = namespace.get(variable)
    text, _ = (None, None) if value is None or value is ... else attempt(str, value)
    return {"answer": text}


def _mark(question: str, answer: object, case: Json) -> Score:
    text = answer.get("answer", ...) if isinstance(answer, dict) else ...
    if isinstance(text, str | None):
        return quiz(question, text)
    unreadable = diagnose("malformed", "answer", problem=f"answer: {text!r:.50}")
    return replace(quiz(question, None), diagnoses=in_words([unreadable], {}), finished=True)


@cache
def questions() -> dict[str, Json]:
    """All entries of the file, by id."""
    plain, coded = (Path(__file__).with_name(f"quiz.{kind}") for kind in ("json", "b64"))
    text = plain.read_bytes() if plain.is_file() else base64.b64decode(coded.read_bytes())
    entries: dict[str, Json] = json.loads(text)
    return entries


def _plain(answer: object) -> float | str:
    """A number as a float ("73,856" too), anything else as text without case or blanks."""
    text = str(answer).strip().upper()
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return text
