"""What all tests share."""

from __future__ import annotations

import pytest

from ci import machine


def pytest_addoption(parser):
    parser.addoption("--seeds", type=int, default=0, help="all answers under so many (test_seeds)")


def pytest_configure(config):
    """Once, not in each worker."""
    if not hasattr(config, "workerinput"):
        machine.prepare()


def pytest_collection_modifyitems(items):
    """Files with slow tests begin first: at the end, no worker waits long for the other."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def used(tmp_path_factory):
    """The course in a folder where `course.py` was run, and people have worked."""
    import clones

    return clones.used(tmp_path_factory.mktemp("used"))


@pytest.fixture(scope="module")
def browser():
    """One browser a module; while it is open, no event loop but its own runs there."""
    from browsing import chromium  # after what installs it

    with chromium() as opened:
        yield opened
