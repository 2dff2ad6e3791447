"""Self-checks: a question in the notebook, its answer and what each wrong answer tells in a file.

An entry of `quiz.json` holds `title`, `answer` (a number, or the letter of a choice), `right` (said
on the right answer) and `wrong`: what is said on each foreseen wrong answer, "*" on any other; and
`percent` where it asks for a percentage. In a student's pack the file is `quiz.b64`, so that nobody
reads the answers in passing.
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
from .written import Meaning, letter, number


def quiz(question: str, answer: object) -> Score:
    """Judge the answer to one question. None or … is not answered yet.

    Raises ValueError for a question that does not exist.
    """
    entry = _entry(question)
    title = f"自我檢查：{entry['title']}"
    if answer is None or answer is ...:
        unanswered = Diagnosis("unfinished", "尚未作答：把 `None` 換成你的答案。", "", "")
        return Score(question, title, (_part(0),), (unanswered,), finished=False)
    given = _meaning(answer, entry)
    if given.value == entry["answer"]:
        return Score(question, title, (_part(1),), note=given.read + entry["right"])
    told = {_meaning(key, entry).value: text for key, text in entry["wrong"].items()}
    message = given.problem or told.get(given.value, entry["wrong"]["*"])
    wrong = Diagnosis("unclear" if given.problem else "wrong_answer", message, "", "answer")
    return Score(question, title, (_part(0),), (wrong,), note=given.read)


def quizzes(sheet: str, **answers: object) -> Score:
    """Judge several answers of a sheet on one card: `quizzes("day017", q1=q1, q2=q2)`."""
    scores = {name: quiz(f"{sheet}_{name}", answer) for name, answer in answers.items()}
    parts = [
        replace(score.parts[0], name=name, title=_entry(f"{sheet}_{name}")["title"])
        for name, score in scores.items()
    ]
    diagnoses = [
        replace(each, part=name, message=score.note + each.message)
        for name, score in scores.items()
        for each in score.diagnoses
    ]
    finished = any(score.finished for score in scores.values())
    return Score(sheet, "自我檢查", tuple(parts), tuple(diagnoses), finished)


def _entry(question: str) -> Json:
    if question not in questions():
        raise ValueError(f"no question {question!r}; there are {', '.join(questions())}")
    entry: Json = questions()[question]
    return entry


def _part(points: float) -> Part:
    return Part("answer", "答案", float(points), 1.0)


def _meaning(answer: object, entry: Json) -> Meaning:
    """What an answer means to the question: a letter where the right one is a letter."""
    if isinstance(entry["answer"], str):
        return letter(answer)
    return number(answer, percent=entry.get("percent", False))


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
