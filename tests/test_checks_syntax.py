from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from utils.checks import syntax

LONG = "\n".join(f"def f{i}(a, b=[{i}]):\n    return [c for c in b if c]" for i in range(300))


class InACircle:
    """Of which the collector runs code, and another thread may take over."""

    def __init__(self):
        self.me = self

    def __del__(self):
        sum(range(50))


@pytest.fixture
def threads_take_turns_at_once():
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(50)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)


def parsed(depth: int) -> int:
    if depth:
        return parsed(depth - 1)
    found = 0
    for _ in range(30):
        _ = [InACircle() for _ in range(100)]
        found += len(syntax.tree_of(LONG).body)
    return found


def test_threads_that_parse_at_once_all_get_their_trees(threads_take_turns_at_once):
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(parsed, (0, 3, 6))) == [30 * 300] * 3


def test_an_error_of_python_itself_that_lasts_is_not_hidden(monkeypatch):
    def parse(source):
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr(syntax.ast, "parse", parse)
    with pytest.raises(SystemError):
        syntax.tree_of("x = 1")


@pytest.mark.parametrize("source", ["def f(:", "\0", "(" * 1000, "x = 1 +"])
def test_what_is_no_python_has_no_tree(source):
    assert syntax.tree_of(source) is None
