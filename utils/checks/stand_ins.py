"""Right answers to the tasks, with which a notebook goes on while the student's are not right.

They are the lessons' own solutions: `course.py build` writes them into `stand_ins.b64`, so that
nobody reads them in passing. Grading's sandbox does not have that file.
"""

from __future__ import annotations

import base64
import json
import zlib
from functools import cache
from pathlib import Path
from typing import Any

from .task import Function, Task

FILE = Path(__file__).with_name("stand_ins.b64")


@cache
def sources() -> dict[str, str]:
    """Each task's right answer as Python source that stands alone."""
    told: dict[str, str] = json.loads(zlib.decompress(base64.b64decode(FILE.read_bytes())))
    return told


def packed(answers: dict[str, str]) -> bytes:
    """The file's content for those sources; the same for the same, on every machine."""
    told = json.dumps(answers, sort_keys=True, ensure_ascii=False).encode()
    return base64.encodebytes(zlib.compress(told, 9))


def stand_in(task: Task) -> tuple[Function, ...]:
    """The functions that a right answer to the task defines.

    Raises KeyError for a task whose lesson gives no answer.
    """
    return functions(task.name, sources()[task.name], (task.function, *task.more))


@cache
def functions(task: str, source: str, names: tuple[str, ...]) -> tuple[Function, ...]:
    """The functions called `names` that an answer's source defines."""
    namespace: dict[str, Any] = {"__name__": f"{__name__}.{task}"}
    exec(compile(source, f"<{task}>", "exec"), namespace)
    return tuple(namespace[name] for name in names)
