"""What a unit of work does first on a Dask worker, whatever course that has, or none.

The grader sends the text of this file along with each unit. So the check is the grader's own: a
worker of another version may have another one, or none; and until it has passed, nothing of the
unit is more than bytes.
"""

from __future__ import annotations

import pickle
from typing import Any

from distributed import get_worker


def answer(expected: str, unit: bytes) -> tuple[str, str, Any]:
    """The worker, why it does not do the unit ("" where it did), and what the unit's call gave.

    `unit` is a pickled function and its arguments, `expected` the version that may do it.
    """
    worker = str(get_worker().contact_address)
    if why := _stranger(expected):
        return worker, why, None
    from grading.sandbox import SandboxError

    function, arguments = pickle.loads(unit)
    try:
        return worker, "", function(*arguments)
    except SandboxError as error:
        return worker, f"has no sandbox: {error}", None


def _stranger(expected: str) -> str:
    """Why what this process has loaded, or would load from now on, is not the expected course."""
    try:
        import grading
        from grading.version import on_disk

        loaded, stored = grading.VERSION, on_disk()
    except Exception as error:  # whatever another version, or none, comes to
        return f"has an older course, or none ({type(error).__name__}: {error}), not {expected}"
    if loaded != stored:
        return f"has loaded {loaded}, and {stored} was put in its place: start it again"
    return "" if loaded == expected else f"has {loaded}, not {expected}"
