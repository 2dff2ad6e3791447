"""Two trees of the project beside each other, and the CPU seconds of what is started in them.

Where Linux has control groups and one may be made, all processes are counted, those in the sandbox
too. Elsewhere it is the children that were waited for, without the kernels in the sandbox.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ci import ROOT

# Before any work on speed; the environment of today runs it.
BEFORE = "e457bc2"
INSIDE = Path(__file__).with_name("inside.py")
# Where groups are made, in which file of a group its CPU time stands, as what, in what part of a
# second: the two versions of control groups.
GROUPS = (
    ("/sys/fs/cgroup/cpuacct", "cpuacct.usage", r"(\d+)", 1e9),
    ("/sys/fs/cgroup", "cpu.stat", r"usage_usec (\d+)", 1e6),
)
ENTER = ("sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"')


class Clock(NamedTuple):
    """Reads CPU seconds; `prefix` stands before a command that is to be counted."""

    prefix: tuple[str, ...]
    read: Callable[[], float]
    counts: str


class Ran(NamedTuple):
    """A command that ended: CPU seconds, seconds by the clock, what it printed."""

    cpu: float
    wall: float
    printed: str


@dataclass(frozen=True)
class Tree:
    """A tree of the project, in which commands are run with its own modules."""

    root: Path
    clock: Clock

    def run(self, *command: str, check: bool = True) -> Ran:
        """Run Python with arguments. Raises RuntimeError where it fails, unless not to `check`."""
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        cpu, wall = self.clock.read(), time.perf_counter()
        done = subprocess.run(
            [*self.clock.prefix, sys.executable, *command],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
        )
        ran = Ran(self.clock.read() - cpu, time.perf_counter() - wall, done.stdout)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)} in {self.root}:\n{done.stderr or done.stdout}")
        return ran

    def tell(self, function: str, *arguments: str) -> str:
        """What a function of `inside.py` gives in a process of its own: its last line."""
        return self.run("-P", str(INSIDE), function, *arguments).printed.splitlines()[-1]


@contextmanager
def both(commit: str = BEFORE) -> Iterator[dict[str, Tree]]:
    """The project as it was at a commit, and as it is here."""
    with tempfile.TemporaryDirectory() as folder, a_clock() as clock:
        Path(folder).chmod(0o711)  # the sandbox's user walks through
        earlier = Path(folder, "before")
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(earlier), commit], check=True)
        try:
            trees = {"before": Tree(earlier, clock), "after": Tree(ROOT, clock)}
            for tree in trees.values():
                tree.run("-m", "compileall", "-qq", "utils", "grading", "ci", "examples")
            yield trees
        finally:
            subprocess.run([*git, "remove", "--force", str(earlier)], check=True)


@contextmanager
def a_clock() -> Iterator[Clock]:
    """What counts the CPU seconds of commands and of all that they start."""
    name = f"benchmarks-{os.getpid()}"
    groups = (_group(Path(root, name), *told) for root, *told in GROUPS)
    clock = next(filter(None, groups), CHILDREN)
    try:
        yield clock
    finally:
        if clock.prefix:
            with suppress(OSError):  # somebody is in it still
                Path(clock.prefix[-1]).rmdir()


def _group(folder: Path, file: str, pattern: str, unit: float) -> Clock | None:
    """A new control group; None where there are none, or not for us."""
    prefix = (*ENTER, str(folder))
    if not (folder.parent / file).is_file():
        return None
    try:
        folder.mkdir()
    except OSError:
        return None
    if subprocess.run([*prefix, "true"], capture_output=True).returncode:
        folder.rmdir()
        return None

    def read() -> float:
        found = re.search(pattern, (folder / file).read_text())
        assert found, folder / file
        return int(found[1]) / unit

    return Clock(prefix, read, "all processes, those in the sandbox too")


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


CHILDREN = Clock((), _of_children, "children waited for, WITHOUT the kernels in the sandbox")
