"""What tests need that grade in the sandbox: the sandbox, or a loud reason to be left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from grading import sandbox


def needed() -> pytest.MarkDecorator:
    """A mark that leaves a test out where no sandbox can be had; on CI, bubblewrap is installed."""
    if sys.platform == "linux" and not shutil.which("bwrap") and os.environ.get("CI"):
        subprocess.run(["sh", "-c", "apt-get update && apt-get install -y bubblewrap"], check=False)
    problem = sandbox.problem()
    return pytest.mark.skipif(problem is not None, reason=f"NOT TESTED: {problem}")
