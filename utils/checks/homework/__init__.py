"""The rooms: a file a homework, with its rubric, cases, network, judge and mistakes.

A room is found by its folder. Its `TASKS` are what it marks, its `PIECES` small checks by name.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

from ..score import Score
from ..task import Task

ROOMS = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
TASKS: dict[str, Task] = {task.name: task for room in ROOMS for task in getattr(room, "TASKS", ())}
PIECES: dict[str, Callable[..., Score]] = {
    name: check for room in ROOMS for name, check in getattr(room, "PIECES", {}).items()
}
