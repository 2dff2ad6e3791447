"""Workers: one that dies costs at most the submission that killed it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from functools import partial

import psutil
import pytest

from grading import warm, work, workers
from grading.record import Record
from tests import sandboxed
from tests.cheap_work import fork_a_kernel, grade, job

ORPHANS = """
from tests.cheap_work import grade, job
from grading import workers

with workers.processes(2, sandboxed=False) as pool:
    print(pool.submit(grade, job("sleep")).result().detail, flush=True)
    pool.submit(grade, job("sleep 60")).result()
"""

# Also where these tests run in a shell's background, which is deaf.
HEAR_CTRL_C = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
# Ctrl-C comes while the first worker starts (0 jobs before), or so many are at work or wait.
STOPPED = """
import sys
from tests.cheap_work import grade, job
from grading import workers

before, jobs = map(int, sys.argv[1:])
if before:  # who starts at that moment may not hear of it
    workers.PATIENCE = 600
try:
    with workers.processes(2, sandboxed=False) as pool:
        for started in [pool.submit(grade, job("sleep 0.2")) for _ in range(before)]:
            started.result()
        print("begun", flush=True)
        for last in [pool.submit(grade, job("sleep 600")) for _ in range(jobs)]:
            last.result()
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(work, "grade", grade)


def run(contents: list[str], connect, most: int) -> dict[int, Record | Exception]:
    jobs = [(key, job(content)) for key, content in enumerate(contents)]
    found = list(workers.results(jobs, connect, most))
    assert len(found) == len(contents), "a job has no result, or two"
    return dict(found)


def test_only_the_submission_that_kills_its_process_has_no_result():
    contents = ["sleep 0.2", "die", "sleep 0.2", "fail here", "sleep", "sleep"]
    found = run(contents, partial(workers.processes, 2, sandboxed=False), most=4)
    assert isinstance(found.pop(1), BrokenExecutor)
    assert str(found.pop(3)) == "here"
    assert {record.status for record in found.values()} == {"graded"}


@pytest.mark.slow
def test_workers_end_with_the_grader_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE) as grader:
        assert grader.stdout
        worker = psutil.Process(int(grader.stdout.readline()))
        workers_and_helpers = psutil.Process(grader.pid).children(recursive=True)
        assert worker in workers_and_helpers
        grader.kill()
        _, alive = psutil.wait_procs(workers_and_helpers, timeout=20)
    assert not alive


@pytest.mark.skipif(os.name == "nt", reason="a terminal's signal is POSIX")
@pytest.mark.parametrize(
    ("before", "jobs", "seconds"),
    [*((0, 2, seconds) for seconds in (0, 0.1, 0.3, 0.5, 1)), (2, 1, 0.5), (2, 9, 0.5)],
)
def test_who_presses_ctrl_c_waits_for_no_other_job_and_reads_of_no_worker(before, jobs, seconds):
    command = [sys.executable, "-c", STOPPED, str(before), str(jobs)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(
        command, start_new_session=True, preexec_fn=HEAR_CTRL_C, **pipes
    ) as grader:
        assert grader.stdout.readline() == "begun\n"
        time.sleep(seconds)
        os.killpg(grader.pid, signal.SIGINT)
        told = grader.communicate(timeout=60)  # which is shorter than any of the jobs
    assert told == ("stopped\n", "")


@sandboxed.NEEDED
@pytest.mark.slow
def test_workers_share_a_warm_process_and_start_their_own_when_it_dies():
    with workers.processes(1, sandboxed=True) as pool:
        assert pool.submit(fork_a_kernel).result() == "of another's"
        for process in psutil.Process(warm.process().process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # they end with the one that was killed before
                process.kill()
        assert pool.submit(fork_a_kernel).result() == "of its own"


def test_a_worker_computes_with_one_thread_for_others_have_the_other_processors():
    with workers.processes(1, sandboxed=False) as pool:
        assert pool.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"
