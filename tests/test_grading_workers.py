"""Workers: one that dies costs at most the submission that killed it, here and on a cluster."""

from __future__ import annotations

import os
import signal
from concurrent.futures import BrokenExecutor
from functools import partial

import pytest

from grading import work, workers
from grading.record import Record
from tests.cheap_work import grade, job


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
    found = run(contents, partial(workers.processes, 2), most=4)
    assert isinstance(found.pop(1), BrokenExecutor)
    assert str(found.pop(3)) == "here"
    assert {record.status for record in found.values()} == {"graded"}


def test_a_lost_worker_of_a_cluster_loses_nothing():
    from distributed import LocalCluster

    lost = []

    def kill_the_first(found):
        for key, record in found:
            yield key, record
            if not lost:
                lost.append(int(record.detail))
                os.kill(lost[0], signal.SIGTERM)

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        jobs = [(key, job("sleep 0.05")) for key in range(40)]
        connect = partial(workers.cluster, cluster.scheduler_address, version=str)
        found = list(kill_the_first(workers.results(jobs, connect, most=40)))
        assert sorted(key for key, _ in found) == list(range(40))
        assert all(record.status == "graded" for _, record in found)
        assert len({record.detail for _, record in found}) > 1
        with (
            pytest.raises(ValueError, match="has not this version"),
            workers.cluster(cluster.scheduler_address, version=os.getpid),
        ):
            pass
