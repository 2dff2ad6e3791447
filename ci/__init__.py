"""Builds and validates the notebooks: jupytext, nbgrader, nbval, papermill."""
