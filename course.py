#!/usr/bin/env python3
"""The front door of the course. It needs nothing but Python itself.

The first run makes `.venv` and installs the pinned packages there, unless the Python that runs this
file has them already. `python course.py COMMAND --help` shows the options of a command.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
OLDEST, NEWEST = (3, 11), (3, 13)
HOMEWORK = "Day018_vgg16.ipynb"

USING, MAINTAINING = "requirements.txt", "requirements-dev.txt"

# command: (arguments, what it does, module that does the work, packages that it needs)
COMMANDS = {
    "lab": ("[NOTEBOOK]", "open JupyterLab on the homework, or on NOTEBOOK", "jupyterlab", USING),
    "doctor": ("", "look whether this computer is ready, and say what to do", "doctor", None),
    "grade": ("PATH", "grade a folder of submissions", "grading", USING),
    "build": ("[NAME]", "build the notebooks from lessons/", "ci.build", MAINTAINING),
    "book": ("[OUT]", "write the notebooks as pages to read and print", "ci.book", MAINTAINING),
    "test": ("", "run every check of the project", "ci.test", MAINTAINING),
    "release": ("OUT", "pack the course for students and for instructors", "ci.release", None),
    "upgrade": ("", "move the lock to the newest packages, and build", "ci.upgrade", MAINTAINING),
}


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0 if arguments else 2
    command, *options = arguments
    if command not in here():
        elsewhere = " (in another edition of the course)" if command in COMMANDS else ""
        sys.exit(f"course.py: no command {command!r}{elsewhere}; here are {', '.join(here())}")
    _, _, module, requirements = COMMANDS[command]
    if command == "lab":
        if wants_help(options):
            print(
                "usage: course.py lab [NOTEBOOK] [any option of JupyterLab]\n\n"
                f"Open JupyterLab on NOTEBOOK (default: {HOMEWORK})."
            )
            return 0
        options = lab_options(options)
    # Help is shown by the command's own parser, which the standard library suffices for.
    needs_packages = requirements and not wants_help(options)
    python = ready_python(requirements) if needs_packages else sys.executable
    return run([python, "-m", module, *options])


def here() -> list[str]:
    """The commands of this edition: a student's has no grading, an instructor's no ci."""
    modules = {name: module.replace(".", "/") for name, (_, _, module, _) in COMMANDS.items()}
    return [
        name
        for name, module in modules.items()
        if name == "lab" or (ROOT / f"{module}.py").is_file() or (ROOT / module).is_dir()
    ]


def usage() -> str:
    """What `course.py --help` shows."""
    first, _, rest = __doc__.partition("\n\n")
    lines = (
        f"    python course.py {f'{name} {COMMANDS[name][0]}':16} {COMMANDS[name][1]}"
        for name in here()
    )
    return "\n".join([first, "", *lines, "", rest.rstrip()])


def wants_help(options: list[str]) -> bool:
    """Whether the options ask for help."""
    return "-h" in options or "--help" in options


def lab_options(options: list[str]) -> list[str]:
    """JupyterLab's arguments: the notebook to open, and leave to run as root in a container."""
    notebooks = [option for option in options if option.endswith(".ipynb")] or [HOMEWORK]
    for notebook in notebooks:
        if not (ROOT / notebook).is_file():
            known = ", ".join(sorted(path.name for path in ROOT.glob("*.ipynb")))
            sys.exit(f"course.py: there is no notebook {notebook!r}; there are {known}")
    others = [option for option in options if option not in notebooks]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        *(str(ROOT / notebook) for notebook in notebooks),
        f"--ServerApp.root_dir={ROOT}",
        f"--LabApp.app_settings_dir={ROOT / 'settings'}",
        *(["--allow-root"] if is_root else []),
        *others,
    ]


def ready_python(requirements: str) -> str:
    """A Python that has the pinned packages; where none has them, `.venv` is made."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        wanted = " to ".join(".".join(map(str, version)) for version in (OLDEST, NEWEST))
        sys.exit(
            f"course.py: TensorFlow needs Python {wanted}; this is {sys.version.split()[0]}.\n"
            "Install one of those from python.org, then run it by name:\n"
            "    py -3.12 course.py ...        (Windows)\n"
            "    python3.12 course.py ...      (macOS, Linux)"
        )
    if not missing(requirements):
        return sys.executable
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not is_installed(requirements):
        install(python, requirements)
        shutil.copyfile(LOCK, stamp(requirements))
    return str(python)


def stamp(requirements: str) -> Path:
    """The lock by which `.venv` was made; written last: an interrupted install is redone."""
    return VENV / f"installed-{requirements}"


def is_installed(requirements: str) -> bool:
    """Whether `.venv` has the pinned packages."""
    return stamp(requirements).is_file() and stamp(requirements).read_bytes() == LOCK.read_bytes()


def install(python: Path, requirements: str) -> None:
    """Make `.venv` and install what `requirements` names, in the versions of the lock."""
    print(f"Installing {requirements} into {VENV.name} (about 2 GB, once)", flush=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    steps = (
        [sys.executable, "-m", "venv", str(VENV)],
        [*pip, "install", "--no-compile", "-r", str(ROOT / requirements), "-c", str(LOCK)],
    )
    for step in steps:
        if run(step):
            sys.exit(
                f"course.py: this step failed: {' '.join(step)}\n"
                "It needs a network and 4 GB of free disk; on Debian and Ubuntu, venv comes with\n"
                "    sudo apt-get install python3-venv\n"
                "Then run the same command again."
            )
    # On all processors, where pip would use one. Some packages hold files for other Pythons: each
    # that can't be compiled is left as it is.
    run([str(python), "-m", "compileall", "-qq", "-j", "0", str(VENV)])


def missing(requirements: str) -> list[str]:
    """Names that `requirements` asks for and this Python lacks, or has in another version."""
    locked: dict[str, set[str]] = {}
    for name, version in pins(LOCK.read_text("utf-8")):
        locked.setdefault(name, set()).add(version)
    return [name for name in sorted(names(requirements)) if version_of(name) not in locked[name]]


def pins(text: str) -> list[tuple[str, str]]:
    """Names and versions in a lock, or in what pip freezes."""
    return re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)


def names(requirements: str) -> set[str]:
    """Distribution names in a requirements file and in those that it includes."""
    text = (ROOT / requirements).read_text("utf-8")
    found = set(re.findall(r"^[A-Za-z][\w.-]*", text, re.MULTILINE))
    for included in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        found |= names(included)
    return found - {"tensorflow-cpu"}  # one of the two builds of `tensorflow`, see version_of


def version_of(name: str) -> str | None:
    """The installed version of a distribution, or None; the CPU build counts as TensorFlow."""
    for distribution in (name, f"{name}-cpu"):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None


def run(command: list[str]) -> int:
    """Run a command that can import the project and return its exit code; Ctrl-C goes to it."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the command got it, too, and ends (or asks) in its own way


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
