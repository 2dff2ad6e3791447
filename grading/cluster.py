"""Grades on a Dask cluster: on those of its workers, as they come and go, that have our version."""

from __future__ import annotations

import logging
import pickle
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from tqdm import tqdm

from . import VERSION

if TYPE_CHECKING:
    from distributed import Client

VISITOR = Path(__file__).with_name("visitor.py")
# In Python's own words alone, so that nothing of the course is looked up before the visitor looks:
# not on a worker that has another version, nor on the scheduler, which may have none.
VISIT = "exec(visitor) or answer(expected, unit)"

LOOK = 1.0  # seconds from one look at who is there to the next
WAITING = 5.0  # seconds without a worker until that is said, and then twice as long each time
GRACE = 10.0  # seconds that workers which do not fit are given to be joined by one that does
AHEAD = 2  # units at once for each worker that fits, where some do not
SHOWN = 3  # workers whose reasons a message tells
LOSSES = 3  # how often all workers that a unit may go to are lost before it is given up

P = ParamSpec("P")
T = TypeVar("T")


class NoWorkerError(ConnectionError):
    """The cluster has gone, or no worker of it can grade."""


@contextmanager
def connect(address: str) -> Iterator[Executor]:
    """The workers of the Dask scheduler at `address`; it runs again what a lost worker was at.

    Raises OSError when nobody answers there; so do the futures, when nobody is left to do them.
    """
    from distributed import Client

    for noisy in ("distributed.client", "tornado.application"):  # of what is told here in a line
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    try:
        client = Client(address, set_as_default=False)
    except Exception as error:  # whatever an address is read with
        raise NoWorkerError(
            f"--scheduler {address}: {error}; expected the address of a Dask scheduler that runs, "
            "such as tcp://127.0.0.1:8786"
        ) from error
    with client:
        pool = _Cluster(client, address)
        try:
            yield pool
        finally:
            pool.shutdown()


@dataclass(eq=False)
class _Unit:
    """A pickled call, the future of what it gives, and the workers that it may go to."""

    call: bytes
    future: Future[Any] = field(default_factory=Future)
    workers: frozenset[str] = frozenset()  # none named: any
    losses: int = 0


class _Cluster(Executor):
    """Gives units to Dask, which knows best where to put them, as long as no worker is unfit.

    From then on they go to the others alone, a few at a time, so that one that joins late finds
    something to do. One thread does it all, event by event.
    """

    def __init__(self, client: Client, address: str):
        self._client, self._address = client, address
        self._dask = client.get_executor(pure=False)
        self._visitor = VISITOR.read_text("utf-8")
        self._events: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._held: deque[_Unit] = deque()
        self._sent: dict[Future[Any], _Unit] = {}
        self._fit: set[str] = set()
        self._unfit: dict[str, str] = {}  # worker: why
        self._next_look = 0.0
        self._alone: float | None = None  # since when nobody fits
        self._patience = WAITING
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker call a function of a module; it takes no keyword arguments."""
        unit = _Unit(pickle.dumps((fn, args)))
        self._events.put(partial(self._held.append, unit))
        return unit.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Drop what is not done yet."""
        self._events.put(None)
        self._thread.join(LOOK)

    def _run(self) -> None:
        failure: Exception | None = None
        while event := self._next_event():
            try:
                event()
                if failure:
                    raise failure
                self._look()
                self._hand_out()
            except Exception as error:
                failure = error
                self._drop(error)

    def _next_event(self) -> Callable[[], object] | None:
        try:
            return self._events.get(timeout=LOOK)
        except queue.Empty:
            return bool  # nothing happened

    def _look(self) -> None:
        """See who is there, and say where that is nobody."""
        now = time.monotonic()
        if now < self._next_look:
            return
        there = self._client.scheduler_info(n_workers=-1)["workers"].keys()
        self._next_look = now + LOOK
        self._unfit = {worker: why for worker, why in self._unfit.items() if worker in there}
        self._fit = there - self._unfit.keys()
        for answer, unit in list(self._sent.items()):
            if unit.workers and not unit.workers & there:
                self._recall(answer)
        if self._fit or not (self._held or self._sent):
            self._alone, self._patience = None, WAITING
            return
        self._alone = self._alone or now
        if there and now - self._alone >= GRACE:
            raise NoWorkerError(f"no worker at {self._address} can grade: {self._reasons()}")
        if not there and now - self._alone >= self._patience:
            self._patience *= 2
            self._say(
                f"waiting for workers at {self._address}, for {now - self._alone:.0f} s now; type, "
                f"in the course's folder: python -m dask worker {self._address} --nthreads 1"
            )

    def _reasons(self) -> str:
        told = [f"{worker} {why}" for worker, why in list(self._unfit.items())[:SHOWN]]
        more = len(self._unfit) - len(told)
        return "; ".join(told) + (f"; and {more} more" if more else "")

    def _hand_out(self) -> None:
        """Give Dask what it may have now."""
        room = AHEAD * len(self._fit) if self._unfit else sys.maxsize
        workers = sorted(self._fit) if self._unfit else None  # None: any
        while self._held and len(self._sent) < room:
            unit = self._held.popleft()
            unit.workers = frozenset(workers or ())
            names = {"visitor": self._visitor, "expected": VERSION, "unit": unit.call}
            answer = self._dask.submit(partial(eval, VISIT, names), workers=workers)
            self._sent[answer] = unit
            answer.add_done_callback(lambda done: self._events.put(partial(self._take, done)))

    def _take(self, answer: Future[Any]) -> None:
        """Pass on what a worker gave; a unit that it did not do goes to another."""
        unit = self._sent.pop(answer, None)
        if not unit:
            return  # recalled
        if answer.cancelled():
            raise NoWorkerError(f"the Dask scheduler at {self._address} has gone")
        if error := answer.exception():
            unit.future.set_exception(error)
            return
        worker, why, result = answer.result()
        if not why:
            unit.future.set_result(result)
            return
        self._held.appendleft(unit)
        if worker not in self._unfit:
            self._unfit[worker] = why
            self._fit.discard(worker)
            self._next_look = 0.0
            self._say(f"{worker} gets no work: it {why}")

    def _recall(self, answer: Future[Any]) -> None:
        """Take a unit back whose workers have all gone; Dask would keep it for them."""
        unit = self._sent.pop(answer)
        answer.cancel()
        unit.losses += 1
        if unit.losses < LOSSES:
            self._held.appendleft(unit)
        else:
            unit.future.set_exception(RuntimeError("all workers that it was given to were lost"))

    def _drop(self, error: Exception) -> None:
        for unit in (*self._held, *self._sent.values()):
            unit.future.set_exception(error)
        self._held.clear()
        self._sent.clear()

    def _say(self, text: str) -> None:
        tqdm.write(f"grading: {text}", file=sys.stderr)
