"""Late work: by how much, and what an instructor takes off for it; nothing unless asked to."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from .intake import Submission

PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
RATE = re.compile(rf"(?P<number>\d+(?:\.\d+)?)(?P<share>%)?(?:/(?P<every>{'|'.join(PERIODS)}))?")
# Files that all changed within so long were copied or packed then: their time tells nothing.
AT_ONCE = timedelta(minutes=10)
NOT_AT_ALL = timedelta()


@dataclass(frozen=True)
class Rate:
    """What is taken off: points, or a share of the most points, for each period that has begun."""

    number: float
    is_share: bool
    every: timedelta | None  # None: once

    def points(self, by: timedelta, most: float) -> float:
        """The points that are off for being late `by`, of `most`."""
        periods = math.ceil(by / self.every) if self.every else 1
        each = self.number / 100 * most if self.is_share else self.number
        return min(most, periods * each)


@dataclass(frozen=True)
class Policy:
    """When work was due, by this machine's clock, and the rate where one was named."""

    due: datetime
    rate: Rate | None = None


@dataclass(frozen=True)
class Late:
    """How late a submission is, in words (empty where it is not), and the points that it costs."""

    told: str = ""
    points: float = 0.0


def due(text: str) -> datetime:
    """The time that `text` means; a day alone is its end. Raises ValueError."""
    try:
        found = datetime.fromisoformat(text.strip())
        found = found.astimezone().replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError) as error:  # or a year that no calendar has
        raise ValueError(f"{text!r} is no time; expected one like '2026-11-27 23:59'") from error
    return datetime.combine(found, time.max) if re.fullmatch(r"[\dW-]+", text.strip()) else found


def rate(text: str) -> Rate:
    """The rate that `text` means. Raises ValueError."""
    found = RATE.fullmatch(text.replace(" ", ""))
    if (
        not found
        or float(found["number"]) == 0
        or (found["share"] and float(found["number"]) > 100)
    ):
        raise ValueError(
            f"{text!r} is no rate; expected one like '10%/day', '5%/hour', '1/day' (points) or "
            "'20%' (once)"
        )
    every = PERIODS[found["every"]] if found["every"] else None
    return Rate(float(found["number"]), bool(found["share"]), every)


def judge(policy: Policy, submissions: Sequence[Submission], most: float) -> list[Late]:
    """How late each submission is: as its LMS tells it, else by the time of its file."""
    times = [each.at for each in submissions if each.at and not each.is_timed]
    is_one = sum(bool(each.file) for each in submissions) == 1
    tells = is_one or (bool(times) and max(times) - min(times) > AT_ONCE)
    return [
        _judge(policy, each, each.at if tells or each.is_timed else None, most)
        for each in submissions
    ]


def _judge(policy: Policy, submission: Submission, at: datetime | None, most: float) -> Late:
    by = _elapsed(policy.due, at) if at else None
    is_late = submission.is_late
    if is_late is None and by is None:
        return Late("不知道什麼時候交的：檔案的時間是複製或下載的時間，請自己看")
    if not (by and by > NOT_AT_ALL if is_late is None else is_late):
        return Late()
    told = f"遲交 {_words(by)}" if by and by > NOT_AT_ALL else "遲交，LMS 沒有說多久，以最短的計"
    shortest = timedelta(seconds=1)
    return Late(told, policy.rate.points(max(by or shortest, shortest), most) if policy.rate else 0)


def _elapsed(since: datetime, until: datetime) -> timedelta:
    """The time that passed, also where clocks were put forward or back meanwhile."""
    try:
        return until.astimezone(UTC) - since.astimezone(UTC)
    except (ValueError, OverflowError, OSError):  # a year that no clock has
        return until - since


def _words(by: timedelta) -> str:
    """2 天 3 小時; of less than an hour, the minutes."""
    hours, minutes = divmod(math.ceil(by / timedelta(minutes=1)), 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "天"), (hours, "小時"), (0 if days or hours else minutes, "分鐘")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
