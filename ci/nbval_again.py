"""A pytest plug-in beside nbval: it runs a lecture's cells once more, shuffled, in the same kernel.

Used as `pytest -p nbval -p ci.nbval_pictures -p ci.nbval_again --nbval NOTEBOOK`. Any cell can be
run again at any time with the same result: what it shows then is compared as it was the first time.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from ci.lessons import is_lecture

COUNTED = "run again"


class Again(IPyNbCell):
    """A cell that all others have run before."""

    def reportinfo(self):
        """As nbval's, and with what is different here."""
        path, line, description = super().reportinfo()
        return path, line, f"{description} again"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """To the cells of a lecture, add the same ones in another order."""
    report = yield
    if isinstance(collector, IPyNbFile) and report.passed and _lecture(collector):
        report.result.extend(_shuffled(collector, report.result))
    return report


def _lecture(file: IPyNbFile) -> bool:
    path = file.nb.metadata.get("lesson", {}).get("path", "")
    return is_lecture(path.removeprefix("lessons/").removesuffix(".md"))


def _shuffled(file: IPyNbFile, cells: Iterable[IPyNbCell]) -> Iterator[Again]:
    shuffled = list(cells)
    random.Random(file.path.name).shuffle(shuffled)
    for item in shuffled:
        yield Again.from_parent(
            file,
            name=f"{item.name} again",
            cell_num=item.cell_num,
            cell=item.cell,
            options=item.options,
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Count what has been run again."""
    result = yield
    if isinstance(item, Again):
        item.user_properties.append((COUNTED, 1))
    return result


def pytest_terminal_summary(terminalreporter):
    """Say how many cells were run again."""
    passed = terminalreporter.getreports("passed")
    count = sum(name == COUNTED for report in passed for name, _ in report.user_properties)
    terminalreporter.write_line(f"Run again in another order, with the same result: {count} cells.")
