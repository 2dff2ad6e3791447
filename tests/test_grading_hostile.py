"""Hostile submissions in a class: none gains a point, gets out, or harms its neighbours."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from grading import kernels, run, sandbox, sheets, work
from grading.sandbox import SandboxError
from tests import hostile, sandboxed
from tests.wrong_answers import SOLUTION

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("class")


@pytest.fixture(scope="module")
def graded(folder):
    cells = {name: attack.cells for name, attack in CLASS.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "CELL_SHARE", 1 / 20)
        patch.setenv(hostile.SECRET, "secret")
        return sandboxed.grade(cells, folder, timeout=100)


@pytest.mark.parametrize("name", CLASS)
def test_an_attack_gets_what_its_function_is_worth(graded, name):
    record = graded[name].record
    messages = [f"{failure['name']}: {failure['message']}" for failure in record.failures]
    assert (record.status, record.score) == CLASS[name][1:], (record.detail, messages)
    assert "REACHED" not in str(messages)


def test_what_never_ends_is_ended(graded):
    def grade(attack: hostile.Attack):
        content = sandboxed.notebook(attack.cells)
        return work.grade(work.Job(content, SHEET, ("vgg16",), seed=3, timeout=10))

    with ThreadPoolExecutor(2) as pool:
        records = list(pool.map(grade, hostile.SLOW.values()))
    assert [(record.status, record.score) for record in records] == [("timeout", 0)] * 2


def test_nothing_outlives_its_kernel(graded):
    commands = [" ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if hostile.MARKER in command]
    assert not list(kernels.warm_process().door.folder.iterdir())


def test_reports_carry_nobodys_markup(graded, folder):
    pages = list(folder.rglob("*.html"))
    assert len(pages) == len(CLASS) + 1
    assert not [page for page in pages if "<script" in page.read_text("utf-8")]
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
    warm = kernels.warm_process()
    folder = warm.door.folder
    content = sandboxed.notebook((SOLUTION, "import time\ntime.sleep(1)"))
    with ThreadPoolExecutor(1) as pool:
        job = work.Job(content, SHEET, ("vgg16",), seed=3, timeout=200)
        record = pool.submit(work.grade, job)
        while not any(folder.iterdir()):
            time.sleep(0.01)
        for process in psutil.Process(warm.process.pid).children(recursive=True):
            process.kill()
    assert (record.result().status, record.result().score) == ("graded", 10)
    assert kernels.warm_process() is not warm
