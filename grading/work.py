"""The unit of work: a submission's bytes in, its record out, in any process, here or elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from utils import checks
from utils.checks.score import Diagnosis, Score

from . import causes, notice
from .intake import BrokenNotebook, Cell, read_cells
from .record import STATUSES, Record
from .restore import Reading, asked, readings
from .texts import clean

if TYPE_CHECKING:
    from .run import Failure, Outcome

# What a mistake says of a task that earned no point: the code of its diagnosis -> the status.
WITHOUT_POINTS = {
    "placeholder": "unfinished",
    causes.CODE: "error",
    "missing": "missing",
    "exception": "error",
    "malformed": "error",
}
TRACEBACKS = 10  # exceptions that are kept with theirs
CROWDED = 1 / 4  # of its time, which others had: what then timed out may not be to blame
LEAST_SEED = 10**9  # of a case: ten digits stand in no text by chance


@dataclass(frozen=True)
class Job:
    """All that decides a submission's mark: its bytes, the release's, tasks, a secret, seconds.

    From `seed`, the folder's secret, and the code that is run the cases are drawn.
    """

    content: bytes
    release: bytes
    tasks: tuple[str, ...]
    seed: int
    timeout: float
    sandboxed: bool = True


@dataclass(frozen=True)
class Verdict:
    """What was found for one task."""

    status: str
    score: Score
    note: str = ""
    failures: tuple[dict[str, Any], ...] = ()

    def is_no_worse_than(self, earlier: Verdict) -> bool:
        """Whether it may stand where another reading of the submission left `earlier`."""
        return self.status != "missing" and self.score.points >= earlier.score.points


def grade(job: Job) -> Record:
    """Restore, run and mark one submission; whatever it does ends as a record."""
    try:
        student, release = read_cells(job.content), read_cells(job.release)
    except BrokenNotebook as error:
        return broken(str(error), job.tasks)
    verdicts, runs = _verdicts(job, student, release)
    worst = min(verdicts.values(), key=lambda verdict: list(STATUSES).index(verdict.status))
    scores = {task: verdict.score for task, verdict in verdicts.items()}
    points = {task: score.points for task, score in scores.items()}
    noticed = [flag for _, outcome in runs for flag in outcome.flags]
    noticed += notice.in_code([reading for reading, _ in runs], release)
    noticed += notice.in_outputs(student, release, points)
    record = Record(
        status=worst.status,
        max_score=_max_score(job.tasks),
        score=sum(points.values()),
        detail="" if worst.status == "graded" else _first(worst.score),
        scores={task: score.to_dict() for task, score in scores.items()},
        notes=tuple(verdict.note for verdict in verdicts.values() if verdict.note),
        flags=tuple(dict.fromkeys(noticed)),
        failures=worst.failures,
        seconds=round(sum(outcome.seconds for _, outcome in runs), 3),
        timeout=job.timeout,
        crowded=worst.status == "timeout"
        and sum(outcome.waited for _, outcome in runs) > CROWDED * job.timeout,
    )
    return _without(record, [case_seed(job.seed, reading) for reading, _ in runs])


def readings_of(job: Job, student: Sequence[Cell], release: Sequence[Cell]) -> Iterator[Reading]:
    """The ways to read a submission to the job's tasks, most trustworthy first."""
    functions = {task: checks.TASKS[task].function for task in job.tasks}
    values = {task: functions.pop(task) for task in job.tasks if checks.TASKS[task].alone}
    return readings(student, release, functions, values)


def case_seed(secret: int, reading: Reading) -> int:
    """What draws the cases of a reading: of a secret and a digest of the code that is run.

    Equal code has equal cases, and any change has new ones: what leaks of a case, by whatever way,
    says nothing of the cases of a file that makes use of it.
    """
    drawn = hashlib.sha256(f"{secret} {reading.digest}".encode()).digest()
    return LEAST_SEED + int.from_bytes(drawn[:4], "big") // 2


def _without(record: Record, seeds: Iterable[int]) -> Record:
    """The record, where no text that a student reads repeats what draws a whole case."""
    text = record.to_json()
    for seed in seeds:
        text = text.replace(str(seed), "…")
    return Record.from_json(text)


def _first(score: Score) -> str:
    return next((diagnosis.message for diagnosis in score.diagnoses), "")


def broken(reason: str, tasks: Iterable[str]) -> Record:
    """The record of a file in which there is nothing to run."""
    return Record("broken", _max_score(tasks), detail=clean(reason))


def of_another(theirs: str, asked: str, tasks: Iterable[str]) -> Record:
    """The record of a notebook that answers another sheet: nothing of it is run."""
    detail = f"這是 {theirs} 的筆記本，裡面沒有 {asked} 的作答"
    return Record("missing", _max_score(tasks), detail=detail)


def failed(error: Exception, tasks: Iterable[str]) -> Record:
    """The record of a submission that the grader itself failed on."""
    reason = clean(f"{type(error).__name__}: {error}")
    detail = f"評分程式本身出錯，重新執行時會再評一次（{reason}）"
    return Record("error", _max_score(tasks), detail=detail)


def _max_score(tasks: Iterable[str]) -> float:
    return sum(checks.TASKS[task].max_points for task in tasks)


def _verdicts(
    job: Job, student: Sequence[Cell], release: Sequence[Cell]
) -> tuple[dict[str, Verdict], list[tuple[Reading, Outcome]]]:
    """A verdict a task, and the readings that were run with what they left.

    A later reading's verdict stands where an earlier one found no finished answer.
    """
    from .run import execute  # now: papermill is for those who run something

    names = asked(release)
    found: dict[str, Verdict] = {}
    runs: list[tuple[Reading, Outcome]] = []
    for reading in readings_of(job, student, release):
        open_tasks = [t for t in reading.tasks if t not in found or found[t].status != "graded"]
        left = job.timeout - sum(outcome.seconds for _, outcome in runs)
        if not open_tasks or (found and left < 1):
            continue
        drawn = case_seed(job.seed, reading)
        cases = {task: checks.TASKS[task].draw_case(drawn) for task in reading.tasks}
        outcome = execute(reading, cases, left, job.sandboxed)
        runs.append((reading, outcome))
        for task in open_tasks:
            verdict = _verdict(task, reading, outcome, cases[task], names.get(task, set()))
            if task not in found or verdict.is_no_worse_than(found[task]):
                found[task] = verdict
    return found, runs


def _verdict(
    task: str, reading: Reading, outcome: Outcome, case: dict[str, Any], asked: set[str]
) -> Verdict:
    """What a run found for one task; `asked` are the names that its blanks define."""
    failures, answer = outcome.failures, outcome.answers.get(task)
    score = checks.TASKS[task].mark(answer, case)
    status = ""
    if task not in outcome.answers:
        status = "error" if outcome.ended == "done" else outcome.ended
        why = Diagnosis(status, _why_unanswered(outcome), "", "")
        score = replace(score, diagnoses=(why,))
    if score.points < score.max_points:
        missed = causes.undefined(checks.TASKS[task].function, answer)
        score = causes.lead(score, reading, failures, asked, missed)
    notes = [] if _is_led(score) else causes.skipped(reading, failures, asked)
    note = "；".join(filter(None, (*notes, reading.notes.get(task))))
    return Verdict(status or _status(score), score, note, _told(failures))


def _is_led(score: Score) -> bool:
    return bool(score.diagnoses) and score.diagnoses[0].code == causes.CODE


def _status(score: Score) -> str:
    if not score.finished:
        return "unfinished"
    codes = [] if score.points else [diagnosis.code for diagnosis in score.diagnoses]
    return next((status for code, status in WITHOUT_POINTS.items() if code in codes), "graded")


def _told(failures: Sequence[Failure]) -> tuple[dict[str, Any], ...]:
    """The failures as plain data; of many, the later ones without what fills a page."""
    brief = (replace(each, message="", traceback="") for each in failures[TRACEBACKS:])
    return tuple(asdict(failure) for failure in (*failures[:TRACEBACKS], *brief))


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
