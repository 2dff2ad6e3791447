"""Installs what the tests need of the system on a machine that tests alone: CI, on Debian.

Elsewhere it does nothing: the tests that lack something are left out, and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# A command of the system's, and the Debian packages that bring it.
NEEDED = {"bwrap": ["bubblewrap"], "chromium": ["chromium", "fonts-noto-cjk"]}


def prepare() -> None:
    """Install what is lacking; what can't be installed is lacking still."""
    lacking = [NEEDED[command] for command in NEEDED if not shutil.which(command)]
    tests_alone = os.environ.get("CI") and sys.platform == "linux" and shutil.which("apt-get")
    if lacking and tests_alone:
        subprocess.run(["apt-get", "update", "-qy"], check=False)
        for packages in lacking:
            subprocess.run(["apt-get", "install", "-qy", *packages], check=False)


if __name__ == "__main__":
    prepare()
