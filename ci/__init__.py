"""Builds and validates the notebooks: jupytext, nbgrader, nbval, papermill."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
