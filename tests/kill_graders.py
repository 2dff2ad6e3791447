"""Starts graders on one folder and kills each at a moment of its own; used by the tests.

    python -m tests.kill_graders FOLDER RELEASE ROUNDS

FOLDER/submissions is graded to FOLDER/out with a unit of work that takes no kernel. It is a process
of its own because it forks: nothing here may have started a thread.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grading import batch, figures, work
from grading.record import Record


def grade(folder: Path, release: Path) -> None:
    """Grade in this process, as fast as the records can be kept."""
    work.grade = lambda job: Record("graded", 10, len(job.content) % 10)
    figures.run = lambda *_: ""
    with ThreadPoolExecutor(2) as pool:
        batch.grade(
            folder / "submissions",
            folder / "out",
            seed=1,
            release=release,
            sandboxed=False,
            executor=pool,
            progress=False,
        )


def main(folder: Path, release: Path, rounds: int) -> None:
    """Kill a pair of graders at once, `rounds` times; then let one finish."""
    fork = multiprocessing.get_context("fork")
    for _ in range(rounds):
        pair = [fork.Process(target=grade, args=(folder, release)) for _ in range(2)]
        for process in pair:
            process.start()
        for process in pair:
            time.sleep(random.uniform(0, 0.1))
            process.kill()  # SIGKILL
        for process in pair:
            process.join()
    grade(folder, release)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
