"""Builds and validates the notebooks: jupytext, nbgrader, nbval, papermill."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What stands in a blank, here and in what nbgrader hands out.
CODE_STUB = 'raise NotImplementedError("請把這一行換成你的程式碼")'
TEXT_STUB = "（請在這裡寫下你的答案）"
# The id of every notebook's first code cell; ci/release.py writes an address into it.
FIRST_CELL = "find-course"
# Of NumPy and TensorFlow. What several threads sum up is rounded otherwise than by one, and a long
# training makes that seen: notebooks are built and tested alike, however many processors there are.
THREADS = ("OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
ONE_THREAD = dict.fromkeys(THREADS, "1")
CELL_TIMEOUT = 600  # seconds; nbgrader's own 30 are few for importing Keras


def tracked(*patterns: str, root: Path = ROOT) -> list[Path]:
    """The project's own files that fit glob `patterns`, sorted; where git knows none, all files.

    What else lies in a folder that is worked in is no part of it: notes, copies, outputs.
    """
    git = ["git", "ls-files", "-z", "--", *(f":(glob){pattern}" for pattern in patterns)]
    try:
        listed = subprocess.run(git, cwd=root, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):  # no git, or no repository
        found = {path for pattern in patterns for path in root.glob(pattern)}
        return sorted(filter(Path.is_file, found))
    return sorted(path for name in listed.split("\0") if name and (path := root / name).is_file())
