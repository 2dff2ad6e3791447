"""Before the tests: on a machine that tests alone, what the sandbox needs is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def pytest_configure(config):
    """Install bubblewrap once, not in each worker; without it, tests of the sandbox say so."""
    is_worker = hasattr(config, "workerinput")
    if os.environ.get("CI") and sys.platform == "linux" and not is_worker:
        if not shutil.which("bwrap") and shutil.which("apt-get"):
            for command in ("update", "install"):
                packages = ["bubblewrap"] if command == "install" else []
                subprocess.run(["apt-get", command, "-qy", *packages], check=False)
