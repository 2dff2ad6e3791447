#!/usr/bin/env python3
"""The front door of the course. It needs nothing but Python itself.

The first run makes `.venv` and installs the pinned packages there, unless the Python that runs this
file has them already. `python course.py COMMAND --help` shows the options of a command.
"""

# This file must be read by every Python 3, to say which one the course needs: annotations that an
# old one can't evaluate are strings.
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
OLDEST, NEWEST = (3, 11), (3, 13)
# Where the course's notebooks lie: what everybody opens, and the lecture's depth.
NOTEBOOKS = ("*.ipynb", "reading/*.ipynb")

USING, READING, MAINTAINING = (f"requirements{part}.txt" for part in ("", "-read", "-dev"))
SIZES = {USING: "2 GB", READING: "100 MB", MAINTAINING: "2 GB"}  # once installed

# command: (arguments, what it does, module that does the work, packages that it needs)
COMMANDS = {
    "lab": ("[NOTEBOOK]", "open JupyterLab on the homework, or on NOTEBOOK", "jupyterlab", USING),
    "doctor": ("", "look whether this computer is ready, and say what to do", "doctor", None),
    "grade": ("PATH", "grade a folder of submissions", "grading", USING),
    "build": ("[NAME]", "build the notebooks from lessons/", "ci.build", MAINTAINING),
    "book": ("[OUT]", "write the notebooks as pages to read and print", "ci.book", READING),
    "test": ("", "run every check of the project", "ci.test", MAINTAINING),
    "release": ("OUT", "pack the course for students and for instructors", "ci.release", None),
    "upgrade": ("", "move the lock to the newest packages, and build", "ci.upgrade", MAINTAINING),
}


def main(arguments: "list[str]") -> int:
    """Run one command and return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0 if arguments else 2
    command, *options = arguments
    if command not in here():
        elsewhere = " (in another edition of the course)" if command in COMMANDS else ""
        sys.exit(f"course.py: no command {command!r}{elsewhere}; here are {', '.join(here())}")
    if wrong_python():
        sys.exit(f"course.py: {wrong_python()}")
    _, _, module, requirements = COMMANDS[command]
    if wants_help(options):  # is shown by the command's own parser, without any package
        return lab_help() if command == "lab" else become([sys.executable, "-m", module, *options])
    if command == "lab":
        options = lab_options(options)
        os.environ["JUPYTER_PATH"] = ahead(ROOT / "settings", "JUPYTER_PATH")  # the kernel's
    else:
        refuse_early(module, options)
    python = ready_python(requirements) if requirements else sys.executable
    return become([python, "-m", module, *options])


def wrong_python() -> str:
    """What is needed where this Python can't have the packages; empty where it can."""
    is_wide = sys.maxsize > 2**32
    if OLDEST <= sys.version_info[:2] <= NEWEST and is_wide:
        return ""
    wanted = " to ".join(".".join(map(str, version)) for version in (OLDEST, NEWEST))
    return (
        f"TensorFlow needs 64-bit Python {wanted}, and this is "
        f"{'' if is_wide else '32-bit '}Python {sys.version.split()[0]}: install one from "
        "python.org and run course.py by its name, as in `py -3.12 course.py lab` (Windows) or "
        "`python3.12 course.py lab` (macOS, Linux)."
    )


def refuse_early(module: str, options: "list[str]") -> None:
    """Let the command refuse a bad request before anything is installed for it."""
    is_file = (ROOT / f"{module.replace('.', '/')}.py").is_file()
    found = importlib.import_module(module if is_file else f"{module}.__main__")
    if hasattr(found, "request"):
        found.request(options)


def here() -> "list[str]":
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


def wants_help(options: "list[str]") -> bool:
    """Whether the options ask for help."""
    return "-h" in options or "--help" in options


def lab_help() -> int:
    """Show what `lab` takes; the rest of the help is JupyterLab's own."""
    print(
        "usage: course.py lab [NOTEBOOK] [any option of JupyterLab]\n\n"
        f"Open JupyterLab on NOTEBOOK (default: {first_notebook()})."
    )
    return 0


def lab_options(options: "list[str]") -> "list[str]":
    """JupyterLab's arguments: the notebooks to open, and leave to run as root in a container."""
    notebooks, others = [], []
    for before, option in zip(["", *options], options):  # noqa: B905
        is_value = before.startswith("-") and "=" not in before  # perhaps, as in `--port 8889`
        if option.startswith("-") or (is_value and not find_notebook(option)):
            others.append(option)
        else:
            notebooks.append(find_notebook(option) or no_notebook(option))
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    is_alone = not (sys.stdin and sys.stdin.isatty())  # nobody to ask whether Ctrl-C was meant
    return [
        *(notebooks or [str(ROOT / first_notebook())]),
        f"--ServerApp.root_dir={ROOT}",
        f"--LabApp.app_settings_dir={ROOT / 'settings'}",
        f"--LabApp.extra_labextensions_path={ROOT / 'settings' / 'labextensions'}",
        *(["--allow-root"] if is_root else []),
        *(["--ServerApp.answer_yes=True"] if is_alone else []),
        *others,
    ]


def first_notebook() -> str:
    """The notebook to open where none is named: the one whose lesson says `start`."""
    for path in notebooks():
        try:
            metadata = json.loads(path.read_text("utf-8"))["metadata"]
        except (OSError, ValueError, KeyError, TypeError):  # a stray one may be anything
            continue
        if isinstance(metadata, dict) and (metadata.get("course") or {}).get("start"):
            return path.relative_to(ROOT).as_posix()
    return ""


def notebooks() -> "list[Path]":
    """The notebooks that lie where the course's do."""
    return [path for pattern in NOTEBOOKS for path in sorted(ROOT.glob(pattern))]


def find_notebook(name: str) -> str:
    """The path of the course's notebook that `name` means; empty where there is none.

    It is a path from here, or from the course's folder; the ending may be left out, or be the dot
    that a terminal's completion stops at.
    """
    stem = name[: -len(".ipynb")] if name.endswith(".ipynb") else name.rstrip(".")
    for folder in (Path.cwd(), ROOT):
        path = (folder / f"{stem}.ipynb").resolve()
        if path.is_file() and ROOT in path.parents:
            return str(path)
    return ""


def no_notebook(name: str) -> str:
    """End, and name the notebooks that there are."""
    known = ", ".join(path.relative_to(ROOT).as_posix() for path in notebooks())
    sys.exit(f"course.py: there is no notebook {name!r} in {ROOT}; there are {known}")


def ready_python(requirements: str) -> str:
    """A Python that has the pinned packages; where none has them, `.venv` is made."""
    if not missing(requirements):
        return sys.executable
    if not is_installed(requirements):
        install(requirements)
        shutil.copyfile(str(LOCK), str(stamp(requirements)))
    return str(venv_python())


def venv_python() -> Path:
    """The Python of `.venv`."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def unwritable(folder: Path) -> str:
    """Why nothing can be written into a folder, which need not be there yet; empty if it can."""
    place = folder.absolute()
    while not os.path.lexists(str(place)):
        place = place.parent
    if not place.is_dir():
        return f"{folder}: {place} is a file; expected a folder, or a new one's name"
    if not os.access(str(place), os.W_OK | os.X_OK):
        return f"{folder}: {place} can't be written; expected a folder of your own"
    return ""


def stamp(requirements: str) -> Path:
    """The lock by which `.venv` was made; written last: an interrupted install is redone."""
    return VENV / f"installed-{requirements}"


def is_installed(requirements: str) -> bool:
    """Whether `.venv` has the pinned packages: by themselves, or among more."""
    if not venv_python().is_file():  # never made, or of a Python that is gone
        return False
    more = [each for each in SIZES if (ROOT / each).is_file() and stamp(each).is_file()]
    fit = (each for each in more if stamp(each).read_bytes() == LOCK.read_bytes())
    return any(names(requirements) <= names(each) for each in fit)


def install(requirements: str) -> None:
    """Make `.venv` and install what `requirements` names, in the versions of the lock."""
    print(f"Installing {requirements} into {VENV.name} ({SIZES[requirements]}, once)", flush=True)
    pip = [str(venv_python()), "-m", "pip", "--disable-pip-version-check"]
    anew = [] if venv_python().is_file() else ["--clear"]
    steps = (
        [sys.executable, "-m", "venv", *anew, str(VENV)],
        [*pip, "install", "--no-compile", "-r", str(ROOT / requirements), "-c", str(LOCK)],
    )
    for step in steps:
        if run(step):
            sys.exit(
                f"course.py: this step failed: {' '.join(step)}\n"
                "It needs a network and twice the room on the disk; on Debian and Ubuntu, venv "
                "comes with\n"
                "    sudo apt-get install python3-venv\n"
                "Then run the same command again."
            )
    # On all processors, where pip would use one, and without the packages' own tests, a quarter of
    # it all. Some packages hold files for other Pythons: each that can't be compiled is left as is.
    compiling = ["-m", "compileall", "-qq", "-j", "0", "-x", r"site-packages.*[\\/]tests?[\\/]"]
    run([str(venv_python()), *compiling, str(VENV)])


def missing(requirements: str) -> "list[str]":
    """Names that `requirements` asks for and this Python lacks, or has in another version."""
    locked: dict[str, set[str]] = {}
    for name, version in pins(LOCK.read_text("utf-8")):
        locked.setdefault(name, set()).add(version)
    return [name for name in sorted(names(requirements)) if version_of(name) not in locked[name]]


def pins(text: str) -> "list[tuple[str, str]]":
    """Names and versions in a lock, or in what pip freezes."""
    return re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)


def names(requirements: str) -> "set[str]":
    """Distribution names in a requirements file and in those that it includes."""
    text = (ROOT / requirements).read_text("utf-8")
    found = set(re.findall(r"^[A-Za-z][\w.-]*", text, re.MULTILINE))
    for included in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        found |= names(included)
    return found - {"tensorflow-cpu"}  # one of the two builds of `tensorflow`, see version_of


def version_of(name: str) -> "str | None":
    """The installed version of a distribution, or None; the CPU build counts as TensorFlow."""
    from importlib import metadata  # which the oldest Pythons lack

    for distribution in (name, f"{name}-cpu"):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return None


def become(command: "list[str]") -> int:
    """End as another command. Where the system can, it takes this process's place.

    Then whatever ends `course.py` (a signal, a terminal that is closed) ends what it runs.
    """
    if os.name == "nt":
        return run(command)
    sys.stdout.flush()
    return os.execve(command[0], command, environment())


def environment() -> "dict[str, str]":
    """The environment of what is run: it can import the project."""
    return {**os.environ, "PYTHONPATH": ahead(ROOT, "PYTHONPATH")}


def ahead(folder: Path, variable: str) -> str:
    """A list of folders in the environment, with one more before them."""
    return os.pathsep.join(filter(None, [str(folder), os.environ.get(variable)]))


def end_with_the_reader() -> None:
    """Have this process end in silence where nobody reads on, as behind `| head`."""
    if hasattr(signal, "SIGPIPE"):  # Windows has none
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def run(command: "list[str]") -> int:
    """Run a command and return its exit code; Ctrl-C goes to it."""
    process = subprocess.Popen(command, env=environment())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the command got it, too, and ends (or asks) in its own way


if __name__ == "__main__":
    end_with_the_reader()
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # while a request is looked at
        sys.exit(130)
