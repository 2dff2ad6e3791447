"""Hostile submissions in a class: none gains a point, gets out, or harms its neighbours."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest

from grading import kernels, run, sandbox, sheets, warm, work, workers
from grading.sandbox import SandboxError
from tests import hostile, sandboxed
from tests.cheap_work import peak
from tests.wrong_answers import BLANK, SOLUTION

pytestmark = [sandboxed.NEEDED, pytest.mark.slow]

HONEST = hostile.Attack((SOLUTION,))
# Somebody honest hands in before the attacks, among them and after them.
NAMES = list(hostile.ATTACKS)
CLASS = {"honest, first": HONEST}
for _number, _name in enumerate(NAMES, start=1):
    CLASS[_name] = hostile.ATTACKS[_name]
    if _number % 8 == 0 or _number == len(NAMES):
        CLASS[f"honest, after {_name}"] = HONEST
SHEET = (sheets.ROOT / "Day018_vgg16.ipynb").read_bytes()


def job(*cells: str, timeout: float) -> work.Job:
    return work.Job(sandboxed.notebook(cells), SHEET, ("vgg16",), seed=3, timeout=timeout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("class")


@pytest.fixture(scope="module")
def graded(folder):
    cells = {name: attack.cells for name, attack in CLASS.items()}
    cells |= {name: (BLANK, attack) for name, (attack, _) in hostile.FORGERIES.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "CELL_SHARE", 1 / 20)
        patch.setenv(hostile.SECRET, "secret")
        return sandboxed.grade(cells, folder, timeout=100)


@pytest.mark.parametrize("name", CLASS)
def test_an_attack_gets_what_its_function_is_worth(graded, name):
    record = graded[name].record
    messages = [f"{failure['name']}: {failure['message']}" for failure in record.failures]
    assert record.status in CLASS[name].status.split("|"), (record.detail, messages)
    assert record.score == CLASS[name].points, (record.detail, messages)
    assert "REACHED" not in str(messages)


@pytest.mark.parametrize("name", hostile.FORGERIES)
def test_a_forgery_is_noticed(graded, name):
    record = graded[name].record
    assert (record.status, record.score) == ("graded", 10), record.failures
    assert hostile.FORGERIES[name][1] in "".join(record.flags)


def test_nothing_is_noticed_of_the_honest(graded):
    assert not [name for name, row in graded.items() if "honest" in name and row.record.flags]


def test_what_the_warm_process_leaves_out_can_be_had_and_its_kernels_know_all_modules(graded):
    outcome = sandboxed.run(
        "import sys; from ipykernel import ipkernel; assert ipkernel.sys is sys",
        "assert 'keras' in sys.modules and not {'sklearn', 'debugpy'} & sys.modules.keys()",
        "import sklearn.linear_model; sklearn.linear_model.LinearRegression()",
        "assert 'stack_data' in sys.modules",
    )
    assert outcome.failures == ()


@pytest.mark.parametrize("name", hostile.UNSEEN)
def test_memory_that_no_process_tells_of_counts(graded, monkeypatch, name):
    monkeypatch.setattr(sandbox, "MEMORY", 1_000_000_000)
    assert sandboxed.run(hostile.CALL, "x = 1").ended == "done"
    outcome = sandboxed.run(hostile.CALL, hostile.UNSEEN[name])
    assert outcome.ended == "memory", outcome.failures


def test_a_message_without_end_does_not_grow_a_worker(graded):
    with workers.processes(1, sandboxed=True) as pool:
        record = pool.submit(work.grade, job(hostile.ENDLESS_MESSAGE, timeout=6)).result()
        assert pool.submit(peak).result() < workers.MEMORY
        assert pool.submit(work.grade, job(SOLUTION, timeout=100)).result().score == 10
    assert (record.status, record.score) == ("timeout", 0)


def test_what_never_ends_is_ended(graded):
    def grade(attack: hostile.Attack):
        return work.grade(job(*attack.cells, timeout=3))

    with ThreadPoolExecutor(2) as pool:
        records = list(pool.map(grade, hostile.SLOW.values()))
    assert [(record.status, record.score) for record in records] == [("timeout", 0)] * 2


def test_nothing_outlives_its_kernel(graded):
    commands = [" ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if hostile.MARKER in command]
    assert not list(warm.process().door.folder.iterdir())


def test_reports_carry_nobodys_markup(graded, folder):
    pages = list(folder.rglob("*.html"))
    assert len(pages) == len(graded) + 1
    scripts = {page.name: page.read_text("utf-8").count("<script") for page in pages}
    assert {name: count for name, count in scripts.items() if count} == {"report.html": 1}  # ours
    assert not [page for page in pages if "\x1b" in page.read_text("utf-8")]


def test_a_case_that_leaks_is_of_no_use(graded):
    """The attack did see it. Its page shows what it was asked, as any mistake's does; not what
    draws the weights and images, and another file is asked something else.
    """
    record = graded["the case in an exception"].record
    assert '"seed": …, "calls": {' in record.detail
    assert not re.search(r"\d{10}", record.to_json())
    assert any("讀取呼叫它的程式的變數" in flag for flag in record.flags)


def test_a_kernel_that_can_not_be_isolated_is_fatal(graded, monkeypatch):
    monkeypatch.setattr(sandbox, "SCRATCH", -1)  # no size of a file system
    with pytest.raises(SandboxError, match="mount /tmp"), kernels.kernel(60, sandboxed=True):
        pass


def test_a_submission_is_run_again_when_the_warm_process_dies(graded):
    """The last test, because the next one would wait for another warm process."""
    first = warm.process()
    folder = first.door.folder
    slow = job(SOLUTION, "import time\ntime.sleep(1)", timeout=200)
    with ThreadPoolExecutor(1) as pool:
        record = pool.submit(work.grade, slow)
        while not any(folder.iterdir()):
            time.sleep(0.01)
        for process in psutil.Process(first.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ended with the one that was killed before
                process.kill()
    assert (record.result().status, record.result().score) == ("graded", 10)
    assert warm.process() is not first
