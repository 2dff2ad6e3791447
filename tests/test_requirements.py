"""The files that say what to install agree with each other and with the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import jupytext
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import course
from ci import tracked
from utils import BACKENDS

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
# Packages and modules of the project; those in tests/ import each other by their bare names.
OURS = {path.stem for path in tracked("*.py", "tests/*.py")}
OURS |= {path.relative_to(ROOT).parts[0] for path in tracked("*/*.py")}
# Each part of the house, and the file that must name what it imports.
FOR_STUDENTS = ("utils/**/*.py", "grading/**/*.py", "lessons/**/*.md")
FOR_READERS = (
    *("ci/__init__.py", "ci/book.py", "ci/frame.py", "ci/page.py"),
    *("ci/questions.py", "ci/release.py", "ci/render.py", "course.py"),
)
FOR_MAINTAINERS = ("ci/**/*.py", "tests/**/*.py", "benchmarks/**/*.py", "examples/*.py")


def requirements(path: Path) -> list[Requirement]:
    lines = (
        re.sub(r"(^|\s)#.*", "", line).strip() for line in path.read_text("utf-8").splitlines()
    )
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def declared(file: str) -> set[str]:
    """What a file names, and those that it includes."""
    return {canonicalize_name(name) for name in course.names(file)}


def imported(patterns: tuple[str, ...]) -> dict[str, str]:
    """Top-level names of imported packages, each with a file that imports it."""
    found = {}
    for path in tracked(*patterns):
        source = path.read_text("utf-8")
        if path.suffix == ".md":
            cells = jupytext.reads(source, fmt="md:myst").cells
            code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
            source = re.sub(r"^(\s*)[%!].*", r"\1pass", code, flags=re.MULTILINE)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module]
            else:
                continue
            found |= {module.split(".")[0]: path.name for module in modules}
    return found


@pytest.mark.parametrize("name", course.SIZES)
def test_the_lock_pins_what_is_required(name):
    pins = requirements(LOCK)
    for wanted in requirements(ROOT / name):
        versions = [
            next(iter(pin.specifier)).version
            for pin in pins
            if canonicalize_name(pin.name) == canonicalize_name(wanted.name)
        ]
        assert versions, f"{wanted} is not in {LOCK.name}"
        assert all(map(wanted.specifier.contains, versions)), f"{wanted} against {versions}"


@pytest.mark.parametrize(
    ("patterns", "file"),
    [
        (FOR_STUDENTS, course.USING),
        (FOR_READERS, course.READING),
        (FOR_MAINTAINERS, course.MAINTAINING),
    ],
)
def test_every_import_is_a_declared_dependency(patterns, file):
    distributions = packages_distributions()
    for module, importing in imported(patterns).items():
        if module in OURS or module in sys.stdlib_module_names:
            continue
        if module in BACKENDS and module != "tensorflow":  # whichever of them Keras runs on
            continue
        names = {canonicalize_name(name) for name in distributions.get(module, [module])}
        # The two builds of TensorFlow stand for each other.
        names |= {"tensorflow"} if "tensorflow-cpu" in names else set()
        assert names & declared(file), f"{importing} imports {module}, which {file} does not name"


def test_the_front_door_needs_nothing_but_python():
    modules = {
        module
        for module in imported(("course.py",))
        if module not in sys.stdlib_module_names and module != "__future__"
    }
    assert not modules


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", ["x86_64-manylinux_2_28", "macos", "windows"])
def test_the_lock_resolves_with_ready_made_wheels(python, platform, tmp_path):
    """Resolution alone, for the systems that these tests do not run on. Asks the package index."""
    command = f"{sys.executable} -m uv pip install --dry-run --no-deps --only-binary :all: --quiet"
    target = ["--python-version", python, "--python-platform", platform]
    run = subprocess.run(
        [*command.split(), "--target", str(tmp_path), *target, "-r", str(LOCK)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
