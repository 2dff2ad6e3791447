"""The syntax tree of code that somebody else wrote."""

from __future__ import annotations

import ast

TRIES = 100


def tree_of(source: str) -> ast.Module | None:
    """The tree of `source`; None where it is no Python, and nothing of it can run.

    CPython 3.11 counts the depth of a tree that it builds for all threads together: SystemError
    then says that another thread built one meanwhile, and nothing of this source.
    """
    for left in reversed(range(TRIES)):
        try:
            return ast.parse(source)
        except SystemError:
            if not left:
                raise
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            break
    return None
