"""The unit of work: a submission's bytes in, its record out, in any process, here or elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from utils import checks
from utils.checks.score import Score

from .intake import BrokenNotebook, read_cells
from .record import STATUSES, Record
from .restore import readings
from .run import Outcome, execute

# Diagnoses that leave nothing to judge where no point was earned.
NO_RESULT = {"exception", "malformed"}


@dataclass(frozen=True)
class Job:
    """All that decides a submission's mark: its bytes, the release's, a case a task, seconds."""

    content: bytes
    release: bytes
    cases: Mapping[str, dict[str, Any]]
    timeout: float
    sandboxed: bool = True


@dataclass(frozen=True)
class Verdict:
    """What was found for one task."""

    status: str
    score: Score | None = None
    detail: str = ""
    note: str = ""
    failures: tuple[dict[str, Any], ...] = ()


def grade(job: Job) -> Record:
    """Restore, run and mark one submission; whatever it does ends as a record."""
    try:
        verdicts, seconds = _verdicts(job)
    except BrokenNotebook as error:
        return broken(str(error), job.cases)
    worst = min(verdicts.values(), key=lambda verdict: list(STATUSES).index(verdict.status))
    scores = {task: verdict.score for task, verdict in verdicts.items() if verdict.score}
    return Record(
        status=worst.status,
        max_score=_max_score(job.cases),
        score=sum(score.points for score in scores.values()),
        detail=worst.detail,
        scores={task: score.to_dict() for task, score in scores.items()},
        notes=tuple(verdict.note for verdict in verdicts.values() if verdict.note),
        failures=worst.failures,
        seconds=round(seconds, 3),
        timeout=job.timeout,
    )


def broken(reason: str, tasks: Iterable[str]) -> Record:
    """The record of a file in which there is nothing to run."""
    return Record("broken", _max_score(tasks), detail=reason)


def of_another(theirs: str, asked: str, tasks: Iterable[str]) -> Record:
    """The record of a notebook that answers another sheet: nothing of it is run."""
    detail = f"這是 {theirs} 的筆記本，裡面沒有 {asked} 的作答"
    return Record("missing", _max_score(tasks), detail=detail)


def failed(error: Exception, tasks: Iterable[str]) -> Record:
    """The record of a submission that the grader itself failed on."""
    detail = f"評分程式本身出錯，重新執行時會再評一次（{type(error).__name__}: {error}）"
    return Record("error", _max_score(tasks), detail=detail)


def _max_score(tasks: Iterable[str]) -> float:
    return sum(checks.TASKS[task].max_points for task in tasks)


def _verdicts(job: Job) -> tuple[dict[str, Verdict], float]:
    """A verdict a task, and the seconds that the code ran.

    A later reading's verdict stands where an earlier one found no finished answer.
    """
    student, release = read_cells(job.content), read_cells(job.release)
    functions = {task: checks.TASKS[task].function for task in job.cases}
    for task, case in job.cases.items():  # once in a process, while it waits for its first kernel
        checks.TASKS[task].prepare(case)
    values = {task: functions.pop(task) for task in job.cases if checks.TASKS[task].alone}
    found: dict[str, Verdict] = {}
    left = job.timeout
    for reading in readings(student, release, functions, values):
        open_tasks = [t for t in reading.tasks if t not in found or found[t].status != "graded"]
        if not open_tasks or (found and left < 1):
            continue
        outcome = execute(reading, job.cases, left, job.sandboxed)
        left -= outcome.seconds
        for task in open_tasks:
            verdict = _verdict(task, outcome, job.cases[task], reading.notes.get(task, ""))
            if task not in found or verdict.status != "missing":
                found[task] = verdict
    return found, job.timeout - left


def _verdict(task: str, outcome: Outcome, case: dict[str, Any], note: str) -> Verdict:
    failures = tuple(asdict(failure) for failure in outcome.failures)
    if task not in outcome.answers:
        status = "error" if outcome.ended == "done" else outcome.ended
        return Verdict(status, None, _why_unanswered(outcome), note, failures)
    score = checks.TASKS[task].mark(outcome.answers[task], case)
    status = _status(score)
    detail = "" if status == "graded" or not score.diagnoses else score.diagnoses[0].message
    return Verdict(status, score, detail, note, failures)


def _status(score: Score) -> str:
    codes = {diagnosis.code for diagnosis in score.diagnoses}
    if not score.finished:
        return "unfinished"
    if "missing" in codes:
        return "missing"
    return "error" if not score.points and codes & NO_RESULT else "graded"


# Why a run that ended so left a task unanswered.
UNANSWERED = {
    "timeout": "程式沒有在時限內跑完，可能有無窮迴圈，或在作答格之前訓練太久",
    "memory": "程式用掉的記憶體超過上限，檢查陣列的大小與層的寬度",
    "flood": "程式印出的內容超過上限，可能在迴圈裡不停地印",
    "died": "執行環境 (kernel) 中途結束：可能用完了記憶體，或程式裡有 os._exit()",
}


def _why_unanswered(outcome: Outcome) -> str:
    if outcome.ended in UNANSWERED:
        return UNANSWERED[outcome.ended]
    last = [failure for failure in outcome.failures if failure.kind == "probe"][-1:]
    return "".join(f"{failure.name}: {failure.message}" for failure in last) or "沒有得到答案"
