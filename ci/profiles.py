"""The notebooks under other parameters, run by papermill: each profile shows numbers of its own."""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode

from ci.lessons import Profile, lessons

PROFILES = {name: of for lesson in lessons() for name, of in lesson.profiles.items()}
# Sheets that nbval does not execute: they train as long as their solutions, which it does.
UNCOMPARED = [lesson.notebook("sheet") for lesson in lessons() if "sheet" not in lesson.compared]


def run(profile: Profile, root: Path) -> NotebookNode:
    """The notebook, executed by papermill as it is, in a kernel that is a fork.

    Raises ValueError for a parameter that the notebook does not have.
    """
    import papermill

    from ci.warm import kernels

    path = root / profile.notebook
    known = papermill.inspect_notebook(str(path))
    if unknown := set(profile.parameters) - set(known):
        raise ValueError(f"{profile.notebook} has the parameters {sorted(known)}, not {unknown}")
    with kernels():
        return papermill.execute_notebook(
            str(path),
            None,
            parameters=profile.parameters,
            cwd=str(path.parent),
            progress_bar=False,
        )
