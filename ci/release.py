"""Packs the course: a student's pack without any answer, an instructor's, and nbgrader's folder.

Two packs of the same files are the same, byte for byte. With --url, each notebook's first code cell
downloads the student's pack where it finds none.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ci import CELL_TIMEOUT, CODE_STUB, FIRST_CELL, ROOT, TEXT_STUB
from ci.lessons import DEPTH, for_readers, sources
from course import NOTEBOOKS

NAME = "classic-cnn-course"  # also of the folder that a pack unpacks to
NBGRADER = "nbgrader"

# Patterns of what goes in, among the files that git tracks.
PACKS = {
    "student": (
        *("course.py", "doctor.py", "requirements.txt", "requirements.lock", "LICENSE"),
        *("docs/student.md", "binder/*", "settings/**/*", "utils/**/*"),
        *NOTEBOOKS,
        "lessons/published.csv",  # the lecture reads it
    ),
    "instructor": (
        *("course.py", "doctor.py", "requirements.txt", "requirements.lock"),
        *("LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md"),
        *("docs/**/*", "settings/**/*", "utils/**/*", "grading/**/*"),
        *(*NOTEBOOKS, "solutions/**/*"),
        *("lessons/published.csv", "examples/SHA256SUMS", "examples/submissions/**/*"),
    ),
}
# What has another name in the student's pack; the quiz's answers can't be read in passing there.
RENAMED = {
    "docs/student.md": "README.md",
    "utils/checks/quiz.json": "utils/checks/quiz.b64",
}

# What nbgrader's course folder takes of the student's pack: to install, and beside each sheet.
INSTALLED = ("requirements.txt", "requirements.lock")
BESIDE = ("utils/*", "lessons/*")
NBGRADER_CONFIG = f"""\
c = get_config()  # nbgrader defines it
c.ClearSolutions.code_stub = {{"python": {CODE_STUB!r}}}
c.ClearSolutions.text_stub = {TEXT_STUB!r}
c.Execute.timeout = {CELL_TIMEOUT}  # seconds a cell
"""

TELLING = 20  # characters; shorter lines, such as `return x`, are no answer outside a notebook

# What students never get, whatever it is called there.
SECRET = ("examples/*", "grading/*", "solutions/*", "tests/*", "lessons/*.md")

GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(\.git)?/?")
ZIP = re.compile(r"https?://[^\s/]+/\S*\.zip\S*")
OPENERS = {
    "在 Colab 打開 (Open in Colab)": "https://colab.research.google.com/github/{}/blob/HEAD/{}",
    "在 Binder 打開 (Open in Binder)": "https://mybinder.org/v2/gh/{}/HEAD?labpath={}",
}

Files = Mapping[str, bytes]  # by path in the pack


def pack(edition: str, root: Path = ROOT) -> dict[str, bytes]:
    """The files of an edition. Raises CalledProcessError where `root` is no git repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    tracked = set(listed.stdout.decode().split("\0"))
    wanted = (path for pattern in PACKS[edition] for path in root.glob(pattern) if path.is_file())
    names = {path.relative_to(root).as_posix() for path in wanted} & tracked
    files = {name: (root / name).read_bytes() for name in names}
    if edition == "student":
        for old, new in RENAMED.items():
            content = files.pop(old)
            files[new] = base64.b64encode(content) if new.endswith(".b64") else content
    return dict(sorted(files.items()))


def nbgrader_course(student: Files, root: Path = ROOT) -> dict[str, bytes]:
    """nbgrader's course folder: each sheet that is graded, solved, and beside it what it needs.

    nbgrader clears the solutions itself, and hands out and grades with the files beside a sheet.
    """
    files = {name: student[name] for name in INSTALLED if name in student}
    files["nbgrader_config.py"] = NBGRADER_CONFIG.encode()
    beside = {name for name in student if any(fnmatchcase(name, each) for each in BESIDE)}
    depth = {name for name in student if name.startswith(DEPTH)}
    for name in student:
        if not (name.endswith(".ipynb") and _is_graded(student[name])):
            continue
        sheet, solved = Path(name), root / "solutions" / name
        source = f"source/{sheet.stem}"
        files[f"{source}/{sheet.name}"] = solved.read_bytes() if solved.is_file() else student[name]
        leads_on = f"]({DEPTH}".encode() in student[name]
        needed = beside | depth if leads_on else beside
        files |= {f"{source}/{each}": student[each] for each in needed}
    return dict(sorted(files.items()))


def _is_graded(notebook: bytes) -> bool:
    cells = json.loads(notebook)["cells"]
    return any(cell["metadata"].get("nbgrader", {}).get("grade") for cell in cells)


def opening(files: Files, url: str) -> dict[str, bytes]:
    """`files` with `url` in each notebook's first code cell: a zip's, or a repository's on GitHub.

    A repository's notebooks begin with links that open them there. Raises ValueError for others.
    """
    repository = GITHUB.fullmatch(url)
    if not repository and not ZIP.fullmatch(url):
        raise ValueError(
            f"--url {url!r}: expected https://github.com/NAME/REPO, or the http(s) address of "
            f"{NAME}-student.zip"
        )
    address = f"https://github.com/{repository[1]}/archive/HEAD.zip" if repository else url
    quoted = json.dumps(address)
    opened = dict(files)
    for name, content in files.items():
        if not name.endswith(".ipynb") or name.startswith("examples/"):
            continue
        notebook = json.loads(content)
        for cell in notebook["cells"]:
            if cell["id"] == FIRST_CELL:
                source = "".join(cell["source"]).replace('ADDRESS = ""', f"ADDRESS = {quoted}")
                cell["source"] = source.splitlines(keepends=True)
        if repository and not any(fnmatchcase(name, each) for each in (*SECRET, "source/*")):
            notebook["cells"].insert(0, _links(repository[1], name))
        text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
        opened[name] = f"{text}\n".encode()
    return opened


def openers(repository: str, name: str) -> list[tuple[str, str]]:
    """The links that open a notebook of NAME/REPO on GitHub elsewhere: address and text."""
    return [(link.format(repository, name), text) for text, link in OPENERS.items()]


def _links(repository: str, name: str) -> dict:
    """A cell of plain links: nothing is loaded from elsewhere to read it."""
    links = [f"[{text}]({address})" for address, text in openers(repository, name)]
    source = "　".join(links)
    return {"cell_type": "markdown", "id": "open-elsewhere", "metadata": {}, "source": [source]}


def committed(root: Path = ROOT) -> tuple[int, ...]:
    """When the course was last committed, in UTC: year, month, day, hour, minute, second."""
    log = ["git", "log", "-1", "--format=%ct"]
    told = subprocess.run(log, cwd=root, capture_output=True, check=True, text=True).stdout
    return tuple(time.gmtime(int(told))[:6])


def write(files: Files, path: Path, folder: str = NAME, root: Path = ROOT) -> None:
    """Write a zip that unpacks to `folder`; it depends on `files` and their commit alone."""
    date = committed(root)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # compressors differ
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}", date_time=date)
            entry.create_system = 3  # Unix, on Windows, too
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)


def leaks(files: Files, lessons: Mapping[str, str]) -> list[str]:
    """What a student's pack says of the answers that `lessons` (sources by name) hold.

    A line that a notebook's own lesson gives may be there, also where another one asks for it; in
    other files, a line that any lesson gives.
    """
    answers = {line for lesson in lessons.values() for line in _lines(lesson, solved=True)}
    given = {line for lesson in lessons.values() for line in _lines(lesson, solved=False)}
    telling = sorted(line for line in answers - given if len(line) >= TELLING)
    found = []
    for name, content in files.items():
        if any(fnmatchcase(name, pattern) for pattern in SECRET):
            found.append(f"{name} is not a student's")
        if not name.endswith(".ipynb"):
            found += [f"{name}, {told}" for told in _told(content, telling)]
            continue
        secret = answers - _lines(lessons.get(name.removesuffix(".ipynb"), ""), solved=False)
        for cell in json.loads(content)["cells"]:
            source = "".join(cell["source"])
            where = f"{name}, cell {cell['id']}"
            if "BEGIN SOLUTION" in source:
                found.append(f"{where} is marked as a solution")
            if cell["metadata"].get("nbgrader", {}).get("solution") and not _is_blank(source):
                found.append(f"{where} is filled in")
            for line in source.splitlines():
                if line.strip(" #") in secret:
                    found.append(f"{where} tells an answer: {line.strip()}")
    return found


def _told(content: bytes, answers: Sequence[str]) -> Iterator[str]:
    """Where a text has one of the answers' lines, also inside a string."""
    text = content.decode("utf-8", "replace").replace('\\"', '"')
    for number, line in enumerate(text.splitlines(), start=1):
        if answer := next((each for each in answers if each in line), None):
            yield f"line {number} tells an answer: {answer}"


def _lines(lesson: str, solved: bool) -> set[str]:
    """The lines of a lesson's solutions, or those of the rest."""
    pieces = re.split(r"BEGIN SOLUTION|END SOLUTION", for_readers(lesson))[solved::2]
    return {line.strip(" #") for piece in pieces for line in piece.splitlines()} - {""}


def _is_blank(source: str) -> bool:
    return "raise NotImplementedError(" in source or "請在這裡寫下你的答案" in source


def release(out: Path, root: Path = ROOT, url: str | None = None) -> list[Path]:
    """Write the packs into `out`; raises ValueError where the student's would tell an answer."""
    packs = {edition: pack(edition, root) for edition in PACKS}
    packs[NBGRADER] = nbgrader_course(packs["student"], root)
    if url:
        packs = {edition: opening(files, url) for edition, files in packs.items()}
    lessons = {name: path.read_text("utf-8") for name, path in sources(root).items()}
    if found := leaks(packs["student"], lessons):
        raise ValueError("the student's pack would tell answers:\n" + "\n".join(found))
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for edition, files in packs.items():
        written.append(out / f"{NAME}-{edition}.zip")
        folder = f"{NAME}-{NBGRADER}" if edition == NBGRADER else NAME
        write(files, written[-1], folder, root)
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the packs that the command line asks for."""
    parser = argparse.ArgumentParser(prog="course.py release", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder for the packs")
    parser.add_argument(
        "--url",
        help="where the student's pack will be: https://github.com/NAME/REPO, where its files are "
        "(the notebooks then link to Colab and Binder), or the address of its zip",
    )
    options = parser.parse_args(arguments)
    try:
        written = release(options.out, url=options.url)
    except subprocess.CalledProcessError:
        parser.exit(1, f"course.py release: {ROOT} is no git repository; clone the course\n")
    except (ValueError, OSError) as error:
        parser.exit(1, f"course.py release: {error}\n")
    for path in written:
        print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
