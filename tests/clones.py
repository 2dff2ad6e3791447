"""Copies of the course for tests that work in one, as somebody's own folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import course
from ci import ROOT, tracked

CACHE = ".mypy_cache"
# What lies about in a folder that is worked in, by path: nobody's promise, and in nobody's way.
STRAY = {
    ".ipynb_checkpoints/Day018_vgg16-checkpoint.ipynb": "{",
    "Day018_vgg16-Copy1.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "Untitled.ipynb": "",
    "artifacts/marks.csv": "x",
    "docs/.ipynb_checkpoints/student-checkpoint.md": "[nowhere](nowhere.md)",
    "hw.py": "import  nothing_that_exists\n",
    "lessons/.ipynb_checkpoints/Day018_vgg16-checkpoint.md": "9,999,999",
    "lessons/reading/.ipynb_checkpoints/vgg-checkpoint.md": "9,999,999",
    "notes.md": "[nowhere](nowhere.md): `python course.py fly`, *Run → Away*\n",
    "numpy/readme.txt": "a folder with a package's name",
    "out/grades.csv": "x",
    "out/screenshots/homework.png": "x",
    "reading/.ipynb_checkpoints/vgg-checkpoint.ipynb": "{",
    "reading/Untitled.ipynb": "",
    "solutions/Untitled1.ipynb": "",
    "submissions/s1/hw.py": "def broken(:\n",
    "utils/.ipynb_checkpoints/__init__-checkpoint.py": "def broken(:\n",
    "utils/__pycache__/gone.cpython-311.pyc": "x",
}


def fresh(folder: Path) -> Path:
    """The course as it is cloned into `folder`, with what is not committed yet."""
    for path in tracked("**"):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    commit(folder, "The course")
    if (known := ROOT / CACHE).is_dir():  # of the same files: ten seconds for each copy
        shutil.copytree(known, folder / CACHE)
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit all that stands in a folder."""
    author = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    for command in (["add", "-A"], [*author, "commit", "-qm", message]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def used(folder: Path) -> Path:
    """The course in a folder where `course.py` was run, and people have worked."""
    fresh(folder)
    stamps = {f".venv/{course.stamp(each).name}": course.LOCK.read_text() for each in course.SIZES}
    for name, content in (STRAY | stamps).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder
