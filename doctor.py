"""Looks whether this computer is ready for the course, and says what to do where it is not."""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import course

GB = 10**9
LONG = 70  # characters of the course's folder, beside which TensorFlow's longest path fits into 260
PORT = 8888  # JupyterLab's first choice

# What TensorFlow has ready-made packages for, as Python names systems and processors.
BUILDS = {
    ("Linux", "x86_64"),
    ("Linux", "aarch64"),
    ("Darwin", "arm64"),
    ("Windows", "AMD64"),
}


@dataclass(frozen=True)
class Finding:
    """What was found: "ok", a "note" or a "problem", and what to do about it."""

    level: str
    found: str
    todo: str = ""


def python() -> Finding:
    """The version and the width that TensorFlow has packages for."""
    bits = 64 if sys.maxsize > 2**32 else 32
    found = f"Python {platform.python_version()}, {bits} bit"
    if bits == 64 and course.OLDEST <= sys.version_info[:2] <= course.NEWEST:
        return Finding("ok", found)
    todo = "install 64-bit Python 3.11, 3.12 or 3.13 from python.org and run course.py with it"
    return Finding("problem", found, todo)


def processor() -> Finding:
    """A system and a processor that TensorFlow has packages for."""
    build = (platform.system(), platform.machine())
    if build in BUILDS:
        return Finding("ok", " ".join(build))
    todo = "TensorFlow has no package for this computer: use Colab or Binder (see the README)"
    return Finding("problem", " ".join(build), todo)


def memory() -> Finding:
    """VGG16 for 224 pixels takes 2.1 GB while it is built, and the browser wants its own."""
    total = _memory()
    if total is None:
        return Finding("note", "memory: unknown", "the course wants 8 GB, and 4 GB at least")
    found = f"memory: {total / GB:.0f} GB"
    if total > 7 * GB:
        return Finding("ok", found)
    if total > 3.5 * GB:
        return Finding("note", found, "close other programs; keep one notebook open at a time")
    return Finding("problem", found, "too little for VGG16 at 224 pixels: use Colab")


def disk() -> Finding:
    """Room for the packages, and for the notebooks once they are installed."""
    free = shutil.disk_usage(course.ROOT).free
    needed = 1 * GB if _installed() else 4 * GB
    found = f"disk: {free / GB:.0f} GB free"
    todo = f"make room: {needed // GB} GB are needed in {course.ROOT}"
    return Finding("ok", found) if free >= needed else Finding("problem", found, todo)


def packages() -> Finding:
    """The packages in the versions of the lock, here or in `.venv`."""
    if not course.missing(course.USING):
        return Finding("ok", f"packages: as pinned, in {sys.prefix}")
    if course.is_installed(course.USING):
        return Finding("ok", f"packages: as pinned, in {course.VENV}")
    todo = "`python course.py lab` installs them into .venv (about 2 GB; needs a network once)"
    return Finding("note", "packages: not installed yet, or in other versions", todo)


def path() -> Finding:
    """Windows cuts paths at 260 characters, unless it is told not to."""
    length = len(str(course.ROOT))
    found = f"folder: {course.ROOT}"
    if os.name != "nt" or length <= LONG or _long_paths():
        return Finding("ok", found)
    todo = f"{length} characters are too long for Windows: move the course to, say, C:\\course"
    return Finding("problem", found, todo)


def fonts() -> Finding:
    """Chinese text is the browser's; Windows and macOS bring a font for it."""
    if not sys.platform.startswith("linux") or not shutil.which("fc-list"):
        return Finding("ok", "fonts: those of the browser")
    listed = subprocess.run(["fc-list", ":lang=zh-tw", "family"], capture_output=True, check=False)
    if listed.stdout.strip():
        return Finding("ok", "fonts: there is one for Chinese")
    todo = "if this computer's own browser shows boxes: sudo apt-get install fonts-noto-cjk"
    return Finding("note", "fonts: none for Chinese", todo)


def port() -> Finding:
    """JupyterLab listens on this computer alone."""
    with socket.socket() as server:
        try:
            server.bind(("127.0.0.1", PORT))
        except OSError:
            todo = "nothing: JupyterLab takes the next one and says which"
            return Finding("note", f"port {PORT}: taken, by another Jupyter perhaps", todo)
    return Finding("ok", f"port {PORT}: free")


def sandbox() -> Finding:
    """Grading runs students' code, and wants to shut it in."""
    from grading import sandbox

    if problem := sandbox.problem():
        return Finding("note", "sandbox: none, so only the examples can be graded", problem)
    return Finding("ok", "sandbox: bubblewrap works")


LOOKS: tuple[Callable[[], Finding], ...] = (
    *(python, processor, memory, disk, packages, path, fonts, port),
    *([sandbox] if (course.ROOT / "grading").is_dir() else []),
)


def _installed() -> bool:
    return not course.missing(course.USING) or course.is_installed(course.USING)


def _memory() -> int | None:
    """Bytes of this computer's memory, or of the container's; None where it can't be told."""
    if os.name == "nt":
        # MEMORYSTATUSEX: two 32-bit fields (its own size, the load), then seven of 64 bits.
        status = (ctypes.c_uint64 * 8)(64)
        told = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return status[1] if told else None
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    for limit in map(
        Path, ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    ):
        if limit.is_file() and (text := limit.read_text().strip()).isdigit():
            total = min(total, int(text))
    return total


def _long_paths() -> bool:
    """Whether Windows was told to allow long paths."""
    import winreg

    key = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            return bool(winreg.QueryValueEx(opened, "LongPathsEnabled")[0])
    except OSError:
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each look found; 1 where something keeps the course from running."""
    argparse.ArgumentParser(prog="course.py doctor", description=__doc__).parse_args(arguments)
    sys.stdout.reconfigure(errors="replace")  # a folder's name that the console can't show
    findings = [look() for look in LOOKS]
    for finding in findings:
        print(f"{finding.level:8} {finding.found}")
        if finding.todo:
            print(f"{'':8} -> {finding.todo}")
    problems = sum(finding.level == "problem" for finding in findings)
    print(f"\n{problems} to solve first." if problems else "\nReady: python course.py lab")
    return int(problems > 0)


if __name__ == "__main__":
    sys.exit(main())
