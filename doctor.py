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
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import course

GB = 10**9
LONG = 70  # characters of the course's folder, beside which TensorFlow's longest path fits into 260
PORT = 8888  # JupyterLab's first choice
STARTING = 60  # seconds that it may take, on a slow computer

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
    found = f"Python {platform.python_version()}, {platform.architecture()[0]}"
    todo = course.wrong_python()
    return Finding("problem" if todo else "ok", found, todo)


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


def folder() -> Finding:
    """`lab` writes the packages into the course's folder, and every answer that is saved."""
    found = f"folder: {course.ROOT}"
    try:
        with tempfile.TemporaryFile(dir=course.ROOT):
            return Finding("ok", found)
    except OSError as error:
        todo = f"it can't be written ({error.strerror}): move the course to a folder of your own"
        return Finding("problem", found, todo)


def packages() -> Finding:
    """The packages in the versions of the lock, here or in `.venv`; or what installs them."""
    if _installed():
        return Finding("ok", f"packages: as pinned, in {Path(_python()).parent}")
    found = "packages: not installed yet, or in other versions"
    if problem := _installer():
        return Finding("problem", found, problem)
    todo = "`python course.py lab` installs them into .venv (about 2 GB; needs a network once)"
    return Finding("note", found, todo)


def backend() -> Finding:
    """What Keras computes with; a variable that is left over may name what is not installed."""
    name = _told("import os, utils; print(os.environ.get('KERAS_BACKEND', ''))")
    if not name:
        return Finding("ok", "Keras: computes with TensorFlow once its packages are installed")
    if _told(f"from importlib.util import find_spec; print(find_spec({name!r}) or '')"):
        return Finding("ok", f"Keras: computes with {name}")
    found = f"Keras: the variable KERAS_BACKEND asks for {name}, which is not installed"
    return Finding("problem", found, "remove the variable, and open a new terminal")


def _told(script: str) -> str:
    """What a script prints in the Python that has the packages, or in this one."""
    python = _python() if _installed() else sys.executable
    run = subprocess.run(
        [python, "-c", script], env=course.environment(), capture_output=True, check=False
    )
    return run.stdout.decode(errors="replace").strip()


def _installer() -> str:
    """What keeps `.venv` from being made; empty where nothing does."""
    if not (find_spec("venv") and find_spec("ensurepip")):
        return "this Python can't make .venv: sudo apt-get install python3-venv"
    with tempfile.TemporaryDirectory() as place:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
        # A small one of them, in the way in which all will come.
        wanted = ["-c", str(course.LOCK), "--no-deps", "--dest", place, "traitlets"]
        try:
            got = subprocess.run(
                [*pip, "download", "--quiet", "--retries", "0", "--timeout", "10", *wanted],
                capture_output=True,
                timeout=60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "the packages' server does not answer: connect to a network, and try again"
    told = got.stderr.decode(errors="replace").strip().splitlines()
    if not got.returncode or "No module named pip" in "".join(told):  # .venv gets its own
        return ""
    return f"the packages can't be fetched, connect to a network: {told[-1]}"


def jupyter() -> Finding:
    """JupyterLab starts in the course's folder, as `lab` starts it."""
    if not _installed():
        return Finding("ok", "JupyterLab: tried once its packages are installed")
    with tempfile.TemporaryFile() as log, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        options = ["--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
        command = [_python(), "-m", "jupyterlab", *course.lab_options(options)]
        server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            if _answers(f"http://127.0.0.1:{port}/api", server):
                return Finding("ok", "JupyterLab: starts")
        finally:
            server.terminate()
            server.wait()
        log.seek(0)
        told = log.read().decode(errors="replace").strip().splitlines() or ["it says nothing"]
    return Finding(
        "problem", f"JupyterLab: does not start: {told[-1]}", "show this to your teacher"
    )


def _answers(address: str, server: subprocess.Popen) -> bool:
    """Whether a server answers before it ends, or before `STARTING` seconds are over."""
    until = time.monotonic() + STARTING
    while server.poll() is None and time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return True
        time.sleep(0.1)
    return False


def path() -> Finding:
    """Windows cuts paths at 260 characters, unless it is told not to."""
    length = len(str(course.ROOT))
    found = f"path: {length} characters"
    if os.name != "nt" or length <= LONG or _long_paths():
        return Finding("ok", found)
    todo = "too long for Windows: move the course to, say, C:\\course"
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
    return Finding("ok", "sandbox: bubblewrap works, and filters system calls (seccomp)")


LOOKS: tuple[Callable[[], Finding], ...] = (
    *(python, processor, memory, disk, folder, path, packages, backend, jupyter, fonts, port),
    *([sandbox] if (course.ROOT / "grading").is_dir() else []),
)


def _installed() -> bool:
    return not course.missing(course.USING) or course.is_installed(course.USING)


def _python() -> str:
    """The Python that has the packages."""
    return str(course.venv_python()) if course.missing(course.USING) else sys.executable


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
    course.end_with_the_reader()
    sys.exit(main())
