"""A Dask cluster, started by the manual's own commands: only workers of this version give marks.

What the manual has for Kubernetes and SLURM runs here as it is written there, as processes of this
machine: a container's command in the folder that its working folder stands for, a job's script in
the shell.
"""

from __future__ import annotations

import csv
import os
import pickle
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count, takewhile
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import yaml

from ci import ROOT, release
from grading import VERSION, cluster, sandbox, version, work, workers
from grading.record import Record
from tests import sandboxed
from tests.cheap_work import grade, job
from tests.serving import free_port
from tests.test_grading_examples import MARKS

PAGE = (ROOT / "docs" / "grading.md").read_text("utf-8")
# That of one who has typed `. .venv/bin/activate`, and nothing else.
SHELL = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
}
# What SLURMCluster of dask-jobqueue 0.9.0 takes and does not warn of.
SLURM = """queue account walltime job_cpu job_mem cores memory processes nanny protocol interface
    death_timeout local_directory worker_command worker_extra_args job_extra_directives
    job_script_prologue job_directives_skip log_directory shebang python job_name"""


def block(section: str, language: str = "") -> str:
    """The first block of a language in a section of the manual."""
    _, _, text = PAGE.partition(f"\n### {section}\n")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[0]


KUBERNETES = list(yaml.safe_load_all(block("Kubernetes", "yaml")))


def deployment(kind: str) -> dict:
    """One of the manual's two deployments."""
    (found,) = [each for each in KUBERNETES if each["metadata"]["name"] == f"grading-{kind}"][-1:]
    return found["spec"]


def container(kind: str) -> dict:
    """The one container of its pods."""
    (found,) = deployment(kind)["template"]["spec"]["containers"]
    return found


class SLURMCluster:
    """Stands for dask-jobqueue's class, and writes a job's script as its release 0.9.0 does."""

    scheduler_address = ""

    def __init__(self, **options):
        assert options.keys() <= set(SLURM.split())
        self.options = options

    def scale(self, jobs: int) -> None:
        assert jobs > 0

    def job_script(self) -> str:
        threads = self.options["cores"] // self.options["processes"]
        worker = (
            f"{sys.executable} -m distributed.cli.dask_worker {self.scheduler_address}"
            f" --name SLURMCluster-0 --nthreads {threads} --memory-limit {self.options['memory']}"
            f" --nanny --death-timeout {self.options['death_timeout']}"
        )
        return "\n".join(["#!/usr/bin/env bash", *self.options["job_script_prologue"], worker])


def _group(leader: int) -> list[psutil.Process]:
    """The processes of a group, also those whose parent has ended; a starter before its own."""
    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError):
            if os.getpgid(process.pid) == leader:
                found.append(process)
    return found


class Machines:
    """Starts commands, each with all that it starts in turn, and ends them."""

    def __init__(self, errors: Path):
        self.errors = errors
        self.running: list[subprocess.Popen] = []

    def start(self, command: list[str], folder: Path = ROOT) -> subprocess.Popen:
        with self.errors.open("a") as errors:
            process = subprocess.Popen(
                command, cwd=folder, env=SHELL, stderr=errors, start_new_session=True
            )
        self.running.append(process)
        return process

    def kill(self, *processes: subprocess.Popen) -> None:
        """Cut the power, but for what then takes away the semaphores: they would stay for ever."""
        for process in processes:
            for each in _group(process.pid):
                with suppress(psutil.NoSuchProcess):
                    if "resource_tracker" not in " ".join(each.cmdline()):
                        each.kill()
            process.wait()
            self.running.remove(process)


@pytest.fixture
def machines(tmp_path):
    started = Machines(tmp_path / "errors")
    yield started
    started.kill(*started.running)


def scheduler(port: int) -> list[str]:
    """The command of the manual's scheduler on Kubernetes, seen by this machine alone."""
    command = [word.replace("8786", str(port)) for word in container("scheduler")["command"]]
    return [*command, "--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]


def in_a_pod(address: str) -> list[str]:
    """The command of the manual's workers on Kubernetes."""
    return [re.sub(r"tcp://\S+", address, word) for word in container("worker")["command"]]


def in_a_job(address: str, monkeypatch) -> list[str]:
    """What SLURM runs when the manual's lines are pasted in the course's folder."""
    known = SimpleNamespace(SLURMCluster=SLURMCluster)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", known)
    monkeypatch.setattr(SLURMCluster, "scheduler_address", address)
    monkeypatch.chdir(ROOT)
    pasted: dict = {}
    exec(block("SLURM", "python"), pasted)
    return ["bash", "-c", f"cd / && {pasted['cluster'].job_script()}"]


def a_copy_of_the_course(folder: Path) -> Path:
    """What a worker needs of it."""
    for name in ("grading", "utils"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "cheap_work.py", folder / "tests")
    return folder


def another_course(folder: Path) -> Path:
    """A copy of the course with a line that gives everybody half a point."""
    a_copy_of_the_course(folder)
    with (folder / "grading" / "work.py").open("a", encoding="utf-8") as source:
        source.write('grade = lambda job: Record("graded", 10, 0.5)\n')
    return folder


def an_older_course(folder: Path) -> Path:
    """A copy of the course as it was when it told no version."""
    another_course(folder)
    (folder / "grading" / "version.py").unlink()
    (folder / "grading" / "__init__.py").write_text("", "utf-8")
    return folder


class Batch(threading.Thread):
    """Grades small jobs on the cluster until it has had `enough` of them."""

    def __init__(self, address: str):
        super().__init__(daemon=True)
        self.address, self.enough = address, threading.Event()
        self.found: list[tuple[int, Record]] = []
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        keys = takewhile(lambda _: not self.enough.is_set(), count())
        jobs = ((key, job("sleep 0.05")) for key in keys)
        try:
            connect = partial(cluster.connect, self.address)
            for each in workers.results(jobs, connect, most=20):
                self.found.append(each)
        except Exception as error:
            self.error = error

    def graders(self, since: int = 0) -> set[str]:
        """The processes that the records are from."""
        return {record.detail for _, record in self.found[since:]}


@pytest.mark.slow
def test_only_workers_of_this_version_grade_whenever_they_join(
    machines, monkeypatch, tmp_path, capfd
):
    for name, seconds in (("LOOK", 0.2), ("WAITING", 0.3), ("GRACE", 2)):
        monkeypatch.setattr(cluster, name, seconds)
    monkeypatch.setattr(work, "grade", grade)
    another = another_course(tmp_path / "another")
    older = an_older_course(tmp_path / "older")
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    machines.start(scheduler(port), tmp_path)  # where there is no course
    batch = Batch(address)
    told = ""

    def until(met: Callable[[], object]) -> None:
        nonlocal told
        deadline = time.monotonic() + 60
        while not met():
            assert batch.is_alive() and time.monotonic() < deadline, (told, batch.error)
            told += capfd.readouterr().err
            time.sleep(0.05)

    until(lambda: "grading: waiting for workers" in told)
    assert f"python -m dask worker {address} --nthreads 1" in told

    first = machines.start(in_a_job(address, monkeypatch))
    until(lambda: batch.found)
    strangers = [machines.start(in_a_pod(address), course) for course in (another, older)]
    until(lambda: told.count("gets no work") == 2)
    assert f"has {version.on_disk(another)}, not {VERSION}" in told
    assert "has an older course, or none (ModuleNotFoundError: No module named" in told

    late = machines.start(in_a_pod(address))
    until(lambda: len(batch.graders()) == 2)
    machines.kill(first)
    done = len(batch.found)
    until(lambda: len(batch.found) > done + 30)
    assert len(batch.graders(since=done + 10)) == 1

    told = ""
    machines.kill(*strangers, late)
    until(lambda: "waiting for workers" in told)
    last = machines.start(in_a_pod(address))
    done = len(batch.found)
    until(lambda: len(batch.found) > done + 10)
    batch.enough.set()
    batch.join(10)
    assert not batch.error
    assert sorted(key for key, _ in batch.found) == list(range(len(batch.found)))
    assert {record.status for _, record in batch.found} == {"graded"}
    assert len(batch.graders()) == 3

    machines.kill(last)
    batch = Batch(address)
    machines.start(in_a_pod(address), another)
    batch.join(30)
    assert not batch.found
    assert isinstance(batch.error, OSError)  # which the command tells in a line
    why = f"has {version.on_disk(another)}, not {VERSION}"
    assert re.fullmatch(f"no worker at {address} can grade: tcp://[.:0-9]+ {why}", str(batch.error))


@sandboxed.NEEDED
@pytest.mark.slow
def test_the_lines_for_a_laptop_give_the_marks_of_one_process(machines, tmp_path):
    release.write(release.pack("instructor"), tmp_path / "pack.zip")
    shutil.unpack_archive(tmp_path / "pack.zip", tmp_path)
    course = tmp_path / release.NAME
    assert version.on_disk(course) == VERSION
    port = free_port()
    lines = block("筆電").replace("8786", str(port))
    lines = lines.replace(" PATH ", " examples/submissions ").replace("--out DIR", "--out out")
    machines.start(in_a_pod(f"tcp://127.0.0.1:{port}"), another_course(tmp_path / "another"))
    shell = machines.start(["bash", "-c", lines], course)
    assert shell.wait(300) == 0, machines.errors.read_text("utf-8")
    with (course / "out" / "grades.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert {row["student"]: (row["status"], float(row["score"])) for row in rows} == MARKS


@pytest.fixture
def visit(monkeypatch):
    """What a worker, which is this process, answers to a unit."""
    here = SimpleNamespace(contact_address="tcp://here")
    monkeypatch.setattr("distributed.get_worker", lambda: here)

    def answer(unit: bytes, expected: str = VERSION) -> tuple[str, str, object]:
        visitor = cluster.VISITOR.read_text("utf-8")
        return eval(cluster.VISIT, {"visitor": visitor, "unit": unit, "expected": expected})

    return answer


def test_a_worker_of_this_version_does_its_unit(visit):
    assert visit(pickle.dumps((divmod, (7, 2)))) == ("tcp://here", "", (3, 1))


def test_nothing_is_unpickled_where_the_version_is_another(visit, monkeypatch):
    unit = b"no pickle"
    assert visit(unit, "course 0") == ("tcp://here", f"has {VERSION}, not course 0", None)
    monkeypatch.setattr(version, "on_disk", lambda: "course 1")
    assert "course 1 was put in its place" in visit(unit)[1]
    monkeypatch.setitem(sys.modules, "grading", SimpleNamespace())  # one without a version
    assert "has an older course, or none (" in visit(unit)[1]
    monkeypatch.setitem(sys.modules, "grading", None)  # none
    assert "has an older course, or none (" in visit(unit)[1]


def test_a_worker_without_a_sandbox_is_none_for_this(visit, monkeypatch):
    monkeypatch.setattr(sandbox, "problem", lambda: "install bubblewrap")
    unit = pickle.dumps((sandbox.Zygote, ()))
    assert visit(unit) == ("tcp://here", "has no sandbox: install bubblewrap", None)


@pytest.mark.parametrize("changed", ["grading/run.py", "utils/checks/quiz.json", "a new file"])
def test_whatever_decides_a_mark_is_of_the_version(changed, tmp_path):
    course = a_copy_of_the_course(tmp_path)
    assert version.on_disk(course) == VERSION
    if changed == "a new file":
        (course / "utils" / "another.py").touch()
    else:
        with (course / changed).open("a", encoding="utf-8") as file:
            file.write("\n")
    assert version.on_disk(course) != VERSION


def test_the_versions_of_python_and_of_the_packages_are_of_the_version(monkeypatch):
    monkeypatch.setattr(version.metadata, "version", lambda name: "0.0")
    assert re.fullmatch(
        r"course [0-9a-f]{16}, Python 3\.\d+, keras 0\.0, numpy 0\.0, .*tensorflow 0\.0",
        version.on_disk(),
    )


def test_the_pods_find_each_other_and_the_course():
    (service,) = [each for each in KUBERNETES if each["kind"] == "Service"]
    (port,) = [each["port"] for each in service["spec"]["ports"]]
    address = f"tcp://{service['metadata']['name']}:{port}"
    assert address in container("worker")["command"]
    assert str(port) in container("scheduler")["command"]
    assert service["spec"]["selector"] == deployment("scheduler")["selector"]["matchLabels"]
    built = block("Kubernetes", "dockerfile").splitlines()
    for kind in ("scheduler", "worker"):
        labels = deployment(kind)["template"]["metadata"]["labels"]
        assert deployment(kind)["selector"]["matchLabels"] == labels
        assert f"WORKDIR {container(kind)['workingDir']}" in built
