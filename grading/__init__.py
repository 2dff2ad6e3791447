"""Grades many submissions: papermill runs them, `utils.checks` marks them."""
