"""What all tests share; before them, a machine that tests alone installs what they need of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

# A command of the system's, and the Debian packages that bring it.
NEEDED = {"bwrap": ["bubblewrap"], "chromium": ["chromium", "fonts-noto-cjk"]}


def pytest_configure(config):
    """Install it once, not in each worker; without it, the tests that need it say so."""
    is_worker = hasattr(config, "workerinput")
    if os.environ.get("CI") and sys.platform == "linux" and not is_worker:
        lacking = [NEEDED[command] for command in NEEDED if not shutil.which(command)]
        if lacking and shutil.which("apt-get"):
            subprocess.run(["apt-get", "update", "-qy"], check=False)
            for packages in lacking:
                subprocess.run(["apt-get", "install", "-qy", *packages], check=False)


def pytest_collection_modifyitems(items):
    """Files with slow tests begin first: at the end, no worker waits long for the other."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="module")
def browser():
    """One browser a module; while it is open, no event loop but its own runs there."""
    from browsing import chromium  # after what installs it

    with chromium() as opened:
        yield opened
