"""What all tests share."""

from __future__ import annotations

import gc
from functools import cache

import pytest

from ci import machine
from grading.zygote import remember_protocols


def pytest_addoption(parser):
    parser.addoption("--seeds", type=int, default=0, help="all answers under so many (test_seeds)")


def pytest_configure(config):
    """The machine is prepared once, not in each worker."""
    remember_protocols()
    if not hasattr(config, "workerinput"):
        machine.prepare()


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Looks for no garbage in what is imported to stay, neither now nor in the tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


# The files that take longest, the longest first: about 200 to 30 seconds of a worker.
LONGEST = (
    *("doors", "seeds", "rooms", "new_task", "browser", "grading_mistakes", "nbgrader"),
    *("grading_hostile", "backends", "summary_applications", "ci_profiles", "grading_examples"),
    *("ci_sheet", "strangers", "book", "grading_cluster", "grading_workers", "explore_played"),
    "grading_host",
)


def pytest_collection_modifyitems(items):
    """What takes longest begins first: at the end, no worker waits long for the others."""
    places = {f"test_{name}.py": place for place, name in enumerate(LONGEST)}

    def last(item: pytest.Item) -> tuple[int, bool]:
        is_quick = item.get_closest_marker("slow") is None
        return places.get(item.path.name, len(LONGEST)), is_quick

    items.sort(key=last)


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


@pytest.fixture(scope="module")
def tab(browser):
    """A window of a kind, the same for all tests that leave nothing in it: a new one costs more."""

    @cache
    def of(width: int, height: int = 850, **options):
        return browser.new_page(viewport={"width": width, "height": height}, **options)

    return of
