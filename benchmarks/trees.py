"""Two trees of the project beside each other, and the CPU seconds of what is started in them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ci import ROOT
from ci.clock import Clock, a_clock

# Before any work on speed; the environment of today runs it.
BEFORE = "e457bc2"
INSIDE = Path(__file__).with_name("inside.py")


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
            told = f"{' '.join(command)} in {self.root} ended with {done.returncode}"
            raise RuntimeError(f"{told}:\n{done.stderr}")
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
