"""Runs a reading of a submission with papermill, in a kernel of its own, within a time limit."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
import psutil
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from . import probe
from .restore import Reading, Step, binds

ROOT = Path(__file__).resolve().parent.parent

# What the homework's `parameters` cell is given, where it has such a name: nothing here is trained.
PARAMETERS = {"epochs": 1, "train_size": 64}

# No cell before a probe may use up more than this part of the time: one endless loop costs itself.
CELL_SHARE = 1 / 3
GRACE = 5  # seconds from the interrupt to the kill
START_TIMEOUT = 60
MEMORY = 4_000_000_000  # bytes a process; VGG16 for 224 pixels takes 2.1 GB while it is built
TEXT_LIMIT = 5_000  # characters of a message or traceback that are kept

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")

KERNEL_ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "MPLBACKEND": "agg",  # plt.show() neither blocks nor draws
    "PIP_NO_INDEX": "1",  # a student's `!pip install` must not change the grader's packages
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}

# A submission's failures are data here, and nbclient leaves a task behind when a kernel dies.
for _noisy in ("papermill", "asyncio"):
    logging.getLogger(_noisy).setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Failure:
    """An exception in a cell: `number` of the student's cell, None in the release's or a probe."""

    kind: str
    number: int | None
    name: str
    message: str
    traceback: str


@dataclass(frozen=True)
class Outcome:
    """What a run left: an answer a task, exceptions in order, and how it ended.

    `ended` is "done", "timeout" or "dead"; a task without an entry in `answers` was not answered.
    """

    answers: dict[str, object]
    failures: tuple[Failure, ...]
    ended: str


def execute(reading: Reading, cases: Mapping[str, Mapping[str, Any]], timeout: float) -> Outcome:
    """Run the steps of `reading`, cells that fail included, and collect the probes' answers.

    A cell that takes too long is interrupted and the next one runs; `timeout` (seconds) holds for
    all of them together, and then the kernel is killed with all that it started.
    """
    notebook = _notebook(reading, cases)
    steps = {cell.id: step for cell, step in zip(notebook.cells, reading.steps, strict=True)}
    deadline = time.monotonic() + timeout
    started: list[NotebookNode] = []

    def at_start(cell: NotebookNode, cell_index: int) -> None:
        if time.monotonic() > deadline:
            raise TimeoutError
        started.append(cell)

    def seconds_for(cell: NotebookNode) -> float:
        rest = deadline - time.monotonic()
        step = steps.get(cell.id)  # papermill adds a cell of its own, for the parameters
        is_probe = step is not None and step.kind == "probe"
        return max(1.0, rest if is_probe else min(rest, timeout * CELL_SHARE))

    ended = "done"
    with _kernel(timeout + GRACE) as (kernel, killed):
        try:
            papermill.execute_notebook(
                notebook,
                None,
                parameters=_parameters(reading),
                progress_bar=False,
                km=kernel,
                start_timeout=START_TIMEOUT,
                timeout_func=seconds_for,
                interrupt_on_timeout=True,
                allow_errors=True,
                on_cell_start=at_start,
            )
        except PapermillExecutionError:
            pass  # the exceptions of cells, read from their outputs below
        except (TimeoutError, CellTimeoutError):
            ended = "timeout"
        except DeadKernelError:
            ended = "timeout" if killed.is_set() else "dead"
    return _outcome([(steps[cell.id], cell) for cell in started if cell.id in steps], ended)


def _notebook(reading: Reading, cases: Mapping[str, Mapping[str, Any]]) -> NotebookNode:
    sources = (
        probe.ask(step.task, cases[step.task]) if step.kind == "probe" else step.source
        for step in reading.steps
    )
    cells = [
        nbformat.v4.new_code_cell(source, id=f"step-{index}", metadata={"tags": list(step.tags)})
        for index, (source, step) in enumerate(zip(sources, reading.steps, strict=True))
    ]
    spec = {"name": NATIVE_KERNEL_NAME, "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})


def _parameters(reading: Reading) -> dict[str, Any]:
    """Those of PARAMETERS that the release's `parameters` cell knows."""
    known = [binds(step.source) for step in reading.steps if "parameters" in step.tags]
    return {name: value for name, value in PARAMETERS.items() if name in set().union(*known)}


@contextmanager
def _kernel(seconds: float) -> Iterator[tuple[AsyncKernelManager, threading.Event]]:
    """A kernel of the grader's own Python in a folder of its own, for `seconds` at most.

    The event says whether it had to be killed. At the end nothing that the kernel started is left.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        kernel = _start(Path(scratch))
        process = psutil.Process(kernel.provisioner.pid)
        if hasattr(process, "rlimit"):  # Linux
            process.rlimit(psutil.RLIMIT_DATA, (MEMORY, MEMORY))
        killed = threading.Event()

        def kill_late() -> None:
            killed.set()
            _kill(process)

        timer = threading.Timer(seconds, kill_late)
        timer.daemon = True
        timer.start()
        try:
            yield kernel, killed
        finally:
            timer.cancel()
            _kill(process)
            run_sync(kernel.shutdown_kernel)(now=True)


def _start(scratch: Path) -> AsyncKernelManager:
    home = scratch / "home"
    home.mkdir()
    kernel = AsyncKernelManager(
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),  # nobody else's "python3"
        connection_file=str(scratch / "kernel.json"),
        transport="tcp" if sys.platform == "win32" else "ipc",  # no two kernels on one port
    )
    run_sync(kernel.start_kernel)(
        cwd=str(home),
        env=os.environ | KERNEL_ENVIRONMENT | {"IPYTHONDIR": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return kernel


def _kill(process: psutil.Process) -> None:
    """Kill a kernel, what it started, and what is left of its group where it is dead already."""
    with suppress(psutil.NoSuchProcess):
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                each.kill()
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _outcome(run: list[tuple[Step, NotebookNode]], ended: str) -> Outcome:
    answers, failures = {}, []
    for step, cell in run:
        failures += [
            _failure(step, output) for output in cell.outputs if output.output_type == "error"
        ]
        if step.kind == "probe":
            answered, answer = probe.hear(cell.outputs)
            if answered:
                answers[step.task] = answer
            elif any(f.kind == "probe" and f.name == "KeyboardInterrupt" for f in failures):
                ended = "timeout"
    return Outcome(answers, tuple(failures), ended)


def _failure(step: Step, output: NotebookNode) -> Failure:
    text = ANSI.sub("", "\n".join(output.traceback))
    return Failure(
        step.kind, step.number, output.ename[:100], output.evalue[:TEXT_LIMIT], text[-TEXT_LIMIT:]
    )
