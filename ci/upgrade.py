"""Moves the lock to the newest packages that requirements.txt allows, and builds with them.

Then `git diff` shows which versions moved and which outputs changed with them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from ci import ROOT

# For every system and every Python from the oldest one, whatever this machine is.
COMPILE = (
    *("uv", "pip", "compile", "--universal", "--python-version", "3.11"),
    *("-o", "requirements.lock", "requirements.txt", "requirements-dev.txt"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the lock; then build, which installs it first."""
    parser = argparse.ArgumentParser(prog="course.py upgrade", description=__doc__)
    parser.parse_args(arguments)
    # Not the virtual environment's Python: the environment is about to be made anew.
    base = getattr(sys, "_base_executable", sys.executable)
    steps = (
        [sys.executable, "-m", *COMPILE, "--upgrade", "--quiet"],
        [base, str(ROOT / "course.py"), "build"],
    )
    for step in steps:
        if code := subprocess.run(step, cwd=ROOT, check=False).returncode:
            parser.exit(code, f"course.py upgrade: failed at {' '.join(step)}\n")


if __name__ == "__main__":
    main()
