"""Builds and validates the notebooks: jupytext, nbgrader, nbval, papermill."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What stands in a blank, here and in what nbgrader hands out.
CODE_STUB = 'raise NotImplementedError("請把這一行換成你的程式碼")'
TEXT_STUB = "（請在這裡寫下你的答案）"
# The id of every notebook's first code cell; ci/release.py writes an address into it.
FIRST_CELL = "find-course"
CELL_TIMEOUT = 600  # seconds; nbgrader's own 30 are few for importing Keras
