"""Where submissions are graded: processes of this machine, or whatever else is an executor."""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from multiprocessing.context import BaseContext
from typing import ParamSpec, TypeVar

import psutil

from . import warm, work
from .cluster import NoWorkerError
from .record import Record
from .sandbox import Door, SandboxError

Key = TypeVar("Key")
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
Connect = Callable[[], AbstractContextManager[Executor]]
# Bytes of a worker's own data: marking takes 0.4 GB at most, and each processor has a thread's.
MEMORY = 1_200_000_000 + 64_000_000 * (os.cpu_count() or 1)
PATIENCE = 5.0  # seconds that an interrupted worker may take to end its kernel


@contextmanager
def processes(workers: int, sandboxed: bool) -> Iterator[Executor]:
    """Processes that share nothing with this one but its warm process, on every system alike.

    What waits is dropped when this process is interrupted; what runs ends its kernel first, unless
    it takes too long: an endless cell, interrupted at a bad moment, goes on.
    """
    door = warm.process().door if sandboxed else None
    pool = _Pool(workers, _context(), initializer=_begin, initargs=(door,))
    try:
        yield pool
    except KeyboardInterrupt:
        _end_workers()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


class _Pool(ProcessPoolExecutor):
    """One whose workers end when they are interrupted: others would go on with the next job."""

    def submit(
        self, function: Callable[Asked, Answer], /, *args: Asked.args, **kwargs: Asked.kwargs
    ) -> Future[Answer]:
        """Have a worker call `function`."""
        return super().submit(partial(_call, function), *args, **kwargs)


def _call(function: Callable[Asked, Answer], *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
    if _is_deaf():
        return function(*args, **kwargs)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return function(*args, **kwargs)
    except KeyboardInterrupt:  # its kernel has ended
        os._exit(1)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _is_deaf() -> bool:
    """Whether Ctrl-C is not for this grader, as where a script has started it in the background."""
    return signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def _end_workers() -> None:
    """Wait a little for the workers, interrupted too; then end them, and what starts them."""
    workers, until = multiprocessing.active_children(), time.monotonic() + PATIENCE
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))
    for worker in workers:
        with suppress(psutil.Error):
            process = psutil.Process(worker.pid)
            for each in (*process.children(recursive=True), process):
                each.kill()
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            if "multiprocessing.forkserver" in " ".join(process.cmdline()):
                process.kill()  # or it starts one yet, of what is gone


def _context() -> BaseContext:
    """How processes start: none is a copy of this one, and one import serves all where it can.

    Each computes with one thread: as many run as there are processors.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read at their import of NumPy
    if "forkserver" not in multiprocessing.get_all_start_methods():  # Windows
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver, resource_tracker

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "grading.run"])
    resource_tracker.ensure_running()  # the fork server's start would unblock what it starts
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # it is no error of those imports
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    return context


def _begin(door: Door | None) -> None:
    if not _is_deaf():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who waits for work ends without a word
    if hasattr(signal, "pthread_sigmask"):  # Windows has none
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    warm.share(door)
    if hasattr(psutil.Process, "rlimit"):  # Linux: whatever a kernel sends grows no worker further
        process = psutil.Process()
        _, most = process.rlimit(psutil.RLIMIT_DATA)
        process.rlimit(psutil.RLIMIT_DATA, (MEMORY, most))  # a kernel of its own may have more
    gc.freeze()  # a collection between two submissions need not look at all that is imported
    threading.Thread(target=_end_with_the_grader, daemon=True).start()


def _end_with_the_grader() -> None:
    """A worker would wait for ever for what a grader that was killed can't give it any more."""
    grader = multiprocessing.parent_process()
    assert grader
    grader.join()
    os._exit(1)


def results(
    jobs: Iterable[tuple[Key, work.Job]], connect: Connect, most: int
) -> Iterator[tuple[Key, Record | Exception]]:
    """Each job's key and record, as they come, or the exception that the grader itself failed by.

    `most` are handed out at once. Those at work when a process dies are run again one at a time:
    only the one that does it alone is to blame.
    """
    jobs = iter(jobs)
    while lost := (yield from _until_broken(jobs, connect, most)):
        suspects = iter(lost)
        while guilty := (yield from _until_broken(suspects, connect, 1)):
            for key, _ in guilty:
                yield key, BrokenExecutor("the process that graded it died, twice")


def _until_broken(
    jobs: Iterator[tuple[Key, work.Job]], connect: Connect, most: int
) -> Generator[tuple[Key, Record | Exception], None, list[tuple[Key, work.Job]]]:
    """Run `jobs` to their end, or until the pool breaks: returns those that were at work then."""
    waiting: dict[Future[Record], tuple[Key, work.Job]] = {}
    first = next(jobs, None)
    if not first:
        return []
    jobs = itertools.chain([first], jobs)
    with connect() as pool:
        while True:
            for job in jobs:
                try:
                    waiting[pool.submit(work.grade, job[1])] = job
                except BrokenExecutor:
                    return [*waiting.values(), job]
                if len(waiting) >= most:
                    break
            if not waiting:
                return []
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                try:
                    result: Record | Exception = future.result()
                except BrokenExecutor:
                    return list(waiting.values())
                except (SandboxError, NoWorkerError):
                    raise
                except Exception as error:
                    result = error
                yield waiting.pop(future)[0], result
