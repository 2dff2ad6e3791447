"""Installs what the tests need beside the lock on a machine that tests alone: CI, on Debian.

Elsewhere it does nothing: the tests that lack something are left out, and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec

# A command of the system's, and the Debian packages that bring it.
NEEDED = {"bwrap": ["bubblewrap"], "chromium": ["chromium", "fonts-noto-cjk"]}
# Keras's other backend, from files that the machine itself has (pip's find-links): the package
# index has it for Linux with gigabytes of CUDA alone. What it needs else is in the lock.
TORCH = (sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--no-index", "torch")


def prepare() -> None:
    """Install what is lacking; what can't be installed is lacking still."""
    lacking = [NEEDED[command] for command in NEEDED if not shutil.which(command)]
    tests_alone = os.environ.get("CI") and sys.platform == "linux" and shutil.which("apt-get")
    if lacking and tests_alone:
        subprocess.run(["apt-get", "update", "-qy"], check=False)
        for packages in lacking:
            subprocess.run(["apt-get", "install", "-qy", *packages], check=False)
    if tests_alone and not find_spec("torch"):
        subprocess.run(TORCH, check=False)


if __name__ == "__main__":
    prepare()
