"""Runs a reading of a submission with papermill, in a kernel of its own, within limits."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from . import failures as reasons
from . import kernels, probe
from .intake import MAX_CELLS
from .kernels import Kernel
from .restore import Reading, Step, binds
from .sandbox import KernelLost
from .texts import clean, one_line

# What the homework's `parameters` cell is given, where it has such a name: nothing here is trained.
PARAMETERS = {"epochs": 1, "train_size": 64}

# No cell before a probe may use up more than this part of the time: one endless loop costs itself.
CELL_SHARE = 1 / 3
ENGINE = "grading"  # papermill's name for what runs the cells
GRACE = 5  # seconds from the interrupt to the kill
START_TIMEOUT = 60
SHOW_TIMEOUT = 20  # seconds from a cell's end to its last output
OUTPUT = kernels.MESSAGE  # bytes that a notebook may show
TEXT_LIMIT = 2_000  # characters of a message or traceback that are kept

# What reading a message raises that is none, or that lacks what every message has.
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    nbformat.ValidationError,
)

# Where an exception passed through a cell, as IPython tells it; the first is the cell itself.
PLACE = re.compile(r"Cell In\[\d+\], line (\d+)")
STEP = "step"  # key of a cell's metadata: which of the reading's it is

# A submission's failures are data here, and nbclient leaves a task behind when a kernel dies.
for _noisy in ("papermill", "asyncio"):
    logging.getLogger(_noisy).setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Failure:
    """An exception in a cell; `number` counts the student's own cells, None is none of them.

    `line` of the cell is where, and `reason` says (Chinese) what is wrong there, where known.
    """

    kind: str
    number: int | None
    name: str
    message: str
    traceback: str
    line: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a run left: an answer a task, exceptions in order, how it ended, and its time.

    `ended` is "done" or one of "timeout", "memory", "flood", "died"; a task without an entry in
    `answers` was not answered. `seconds` are those of its code: nobody's kernel starts in them. In
    `waited` of them, if it was killed, it could have run while others had its processor. `flags`
    are for the instructor.
    """

    answers: dict[str, object]
    failures: tuple[Failure, ...]
    ended: str
    seconds: float = 0.0
    waited: float = 0.0
    flags: tuple[str, ...] = ()


def execute(
    reading: Reading,
    cases: Mapping[str, Mapping[str, Any]],
    timeout: float,
    sandboxed: bool = True,
) -> Outcome:
    """Run the steps of `reading`, cells that fail included, and collect the probes' answers.

    A statement of the student's that fails costs itself: what follows it in its cell runs, too. A
    cell that takes too long is interrupted and the next one runs; `timeout` (seconds) holds for
    all of them together, and then the kernel is killed with all that it started. Only trusted files
    may run without the sandbox. Raises SandboxError where a kernel can't be isolated.
    """
    try:
        return _execute(reading, cases, timeout, sandboxed)
    except KernelLost:  # through no fault of its own; the next warm process runs it
        return _execute(reading, cases, timeout, sandboxed)


def _execute(
    reading: Reading, cases: Mapping[str, Mapping[str, Any]], timeout: float, sandboxed: bool
) -> Outcome:
    started: list[NotebookNode] = []
    with kernels.kernel(timeout + GRACE, sandboxed) as kernel:
        begin = time.monotonic()
        deadline = begin + timeout
        notebook = _notebook(reading, cases, kernel.course)

        def at_start(cell: NotebookNode, cell_index: int) -> None:
            if time.monotonic() > deadline:
                raise TimeoutError
            started.append(cell)

        def seconds_for(cell: NotebookNode) -> float:
            rest = deadline - time.monotonic()
            step = _step(reading, cell)
            is_probe = step is not None and step.kind == "probe"
            return max(1.0, rest if is_probe else min(rest, timeout * CELL_SHARE))

        ended = "done"
        broken: tuple[Failure, ...] = ()
        try:
            papermill.execute_notebook(
                notebook,
                None,
                engine_name=ENGINE,
                parameters=_parameters(reading),
                progress_bar=False,
                kernel=kernel,
                reading=reading,
                start_timeout=START_TIMEOUT,
                timeout_func=seconds_for,
                interrupt_on_timeout=True,
                iopub_timeout=SHOW_TIMEOUT,
                allow_errors=True,
                on_cell_start=at_start,
            )
        except PapermillExecutionError:
            pass  # the exceptions of cells, read from their outputs below
        except CellTimeoutError:
            ended = "flood"  # no output reached us any more: one was too large, and ended the line
        except TimeoutError:
            ended = "timeout"
        except DeadKernelError:
            ended = "died"
        except UNREADABLE as error:  # no message of Jupyter's: only a submission sends such
            ended, broken = "died", (_failed("run", None, type(error).__name__, str(error)),)
        seconds = time.monotonic() - begin
    if kernel.reason.startswith(kernels.LOST):
        raise KernelLost(f"the warm process died, and the kernel is {kernel.reason}")
    if ended == "done" and seconds > timeout:
        ended = "timeout"  # whatever the last interrupt left of the last cell
    ended = kernel.reason or ended
    outcome = _outcome([(step, cell) for cell in started if (step := _step(reading, cell))], ended)
    failures = outcome.failures + broken
    return replace(outcome, failures=failures, seconds=seconds, waited=kernel.waited)


class _Client(PapermillNotebookClient):
    """Goes on after what fails; ends a kernel that shows more than a person could read."""

    def __init__(self, notebook: Any, kernel: Kernel, reading: Reading, **options: Any):
        super().__init__(notebook, km=kernel.manager, on_cell_error=self.go_on, **options)
        self.kernel, self.reading, self.left = kernel, reading, OUTPUT

    def go_on(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        """Make a cell of what follows a statement that failed: it may be what is asked for."""
        step = _step(self.reading, cell)
        if not step or step.kind == "probe" or len(self.nb.cells) >= MAX_CELLS:
            return
        line = _line(cell.source, "\n".join(map(str, execute_reply["content"]["traceback"])))
        if line and (rest := reasons.rest(cell.source, line)):
            more = nbformat.v4.new_code_cell(rest, metadata=deepcopy(cell.metadata))
            self.nb.cells.insert(cell_index + 1, more)

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        self.left -= len(json.dumps(msg["content"])) + sum(map(len, msg["buffers"]))
        if self.left < 0:
            self.kernel.kill("flood")
            return None
        return super().process_message(msg, cell, cell_index)


class _Engine(NBClientEngine):
    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, start_timeout: float, **options: Any
    ) -> None:
        """Run the notebook's cells in the kernel that `options` brings."""
        for unused in ("input_path", "execution_timeout", "log_output"):
            options.pop(unused, None)
        client = _Client(nb_man, startup_timeout=start_timeout, **options)
        try:
            client.execute()
        finally:
            if client.kc:
                client.kc.stop_channels()


papermill_engines.register(ENGINE, _Engine)


def _notebook(
    reading: Reading, cases: Mapping[str, Mapping[str, Any]], course: str
) -> NotebookNode:
    cells: list[NotebookNode] = []
    before = None
    for index, step in enumerate(reading.steps):
        if before and _is_plain(before) and _is_plain(step):
            cells[-1].source += f"\n\n{step.source}"  # each cell costs 4 CPU-ms
        else:
            source = probe.ask(step.task, cases[step.task], course) if step.task else step.source
            told = {"tags": list(step.tags), STEP: index}
            cells.append(nbformat.v4.new_code_cell(source, metadata=told))
        before = step
    spec = {"name": NATIVE_KERNEL_NAME, "display_name": "Python 3", "language": "python"}
    notebook: NotebookNode = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    return notebook


def _is_plain(step: Step) -> bool:
    """Whether a step may be one cell with the next: it is given, and of statements alone."""
    return step.kind == "given" and not step.tags and not step.source.lstrip().startswith("%%")


def _step(reading: Reading, cell: NotebookNode) -> Step | None:
    """The step that a cell is of; papermill adds a cell of its own, for the parameters."""
    return reading.steps[cell.metadata[STEP]] if STEP in cell.metadata else None


def _parameters(reading: Reading) -> dict[str, Any]:
    """Those of PARAMETERS that the release's `parameters` cell knows."""
    known = [binds(step.source) for step in reading.steps if "parameters" in step.tags]
    return {name: value for name, value in PARAMETERS.items() if name in set().union(*known)}


def _outcome(run: list[tuple[Step, NotebookNode]], ended: str) -> Outcome:
    answers: dict[str, object] = {}
    failures: list[Failure] = []
    flags: list[str] = []
    for step, cell in run:
        failures += [
            _failure(step, output) for output in cell.outputs if output.output_type == "error"
        ]
        if step.task:
            answered, answer = probe.hear(cell.outputs)
            if answered:
                answers[step.task] = answer
            flags += probe.notice(cell.outputs)
    return Outcome(answers, tuple(failures), ended, flags=tuple(dict.fromkeys(flags)))


def _failure(step: Step, output: NotebookNode) -> Failure:
    traceback = output.traceback if isinstance(output.traceback, list) else []
    text = clean("\n".join(map(str, traceback)))
    found = _failed(step.kind, step.number, str(output.ename), str(output.evalue), text)
    if step.kind != "own":
        return found
    line = _line(step.source, text)
    reason = reasons.explain(found.name, found.message, step.source, line)
    return replace(found, line=line, reason=clean(reason))


def _failed(kind: str, number: int | None, name: str, message: str, text: str = "") -> Failure:
    message = clean(message)[:TEXT_LIMIT]
    return Failure(kind, number, one_line(name)[:100], message, text[-TEXT_LIMIT:])


def _line(source: str, traceback: str) -> int | None:
    """The line of a cell that an exception came from; IPython counts from the first with text."""
    place = PLACE.search(clean(traceback))
    before = source[: len(source) - len(source.lstrip())].count("\n")
    return int(place[1]) + before if place else None
