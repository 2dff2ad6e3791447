"""Every command and click that the manuals name is walked by a test, as it is typed."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import clones
import doors
import nbformat
import psutil
import pytest
import sandboxed
from clones import fresh
from doors import ROOT, WALKED, filled, outside, start, walk
from serving import STARTING, ask

import course
from ci import font, release, tracked
from ci.lessons import FILES
from utils import fonts

TABLES = (doors.WALKED, doors.NOT_HERE, doors.TO_COME)


def test_every_door_of_the_manuals_is_in_the_table_once():
    found = doors.all_named()
    listed = [door for table in TABLES for door in table]
    assert sorted(listed) == sorted(set(listed))
    missing = {door: sorted(found[door]) for door in found.keys() - set(listed)}
    assert not missing, "no test walks these; write one, and name it in tests/doors.py"
    assert not set(listed) - found.keys(), "no manual names these doors of tests/doors.py"


@pytest.mark.parametrize("door", WALKED)
def test_the_test_of_a_door_types_it(door):
    file, _, name = WALKED[door].partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    held = {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    pages = doors.all_named()[door]  # which a test may type as they stand
    told = {name for name in pages for value in held if value.endswith(name)}
    assert door in held or told, f"{file} neither holds {door!r} as it is typed, nor reads {pages}"


def test_a_new_door_is_seen():
    fences = "```\npython x.py &\n```\n```python\nimport y\n```\n"
    manual = f"`python course.py fly`\n{fences}*File → Fly* `a b`"
    assert doors.named(manual) == {
        "python course.py fly",
        "python x.py",
        ">>> import y",
        "File → Fly",
    }


@pytest.mark.parametrize(
    ("door", "places", "told", "written"),
    [
        ("python course.py release OUT", {"OUT": "packs"}, "student.zip", "packs/*-student.zip"),
        ("python -m ci.minutes", {}, "minutes  section", ""),
        ("python -m ci.tables", {}, "", "docs/marks.md"),
        ("python -m examples.make", {}, "", "examples/SHA256SUMS"),
        ("python -m utils.zoo.train", {}, "", "utils/zoo/weights/LeNet.npz"),
        ("python -m benchmarks.costs --help", {}, "python -m benchmarks.costs [ROW", ""),
        ("python -m benchmarks.installed", {}, "tensorflow", ""),
        ("python -m benchmarks.grading --help", {}, "python -m benchmarks.grading speed", ""),
    ],
)
def test_what_a_maintainer_types_in_a_used_folder_works(door, places, told, written, used):
    run = walk(door, used, **places)
    assert run.returncode == 0, run.stderr
    assert told in run.stdout and (not written or list(used.glob(written)))
    assert changed(used) == ""


def test_the_book_is_written_where_it_is_asked_for(tmp_path):
    folder = fresh(tmp_path)
    for path in [found for each in course.NOTEBOOKS for found in folder.glob(each)]:
        if path.name != "Day018_vgg16.ipynb":
            path.unlink()  # test_book.py looks at every notebook's page
    run = walk("python course.py book OUT", folder, OUT="my pages")
    assert run.returncode == 0, run.stderr
    assert "index.html" in run.stdout and (tmp_path / "my pages" / "Day018_vgg16.html").is_file()


def changed(folder: Path) -> str:
    """Which of the committed files are not as they were."""
    diff = ["git", "diff", "--name-only"]
    return subprocess.run(diff, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.pinned
def test_the_doctor_finds_this_computer_ready(used):
    run = walk("python course.py doctor", used)
    assert run.returncode == 0 and "Ready: python course.py lab" in run.stdout
    assert "JupyterLab: starts" in run.stdout


# What of the suite's quick part needs neither TensorFlow nor long.
QUICK = [
    "course",
    "ci_notebooks",
    "ci_prose",
    "ci_release",
    "ci_test",
    "docs",
    "doctor",
    "requirements",
]


@pytest.mark.slow
@pytest.mark.pinned
def test_the_quick_tests_pass_in_a_used_folder(tmp_path):
    used = clones.used(tmp_path)
    for path in (used / "tests").glob("test_*.py"):
        if path.stem.removeprefix("test_") not in QUICK:
            path.unlink()
    run = walk("python course.py test --quick", used)
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(re.findall(" s  passed", run.stdout)) == 4
    assert int(re.findall(r"(\d+) passed", run.stdout)[0]) > 100


SUMMARY = """\
def test_summary():
    pass


def test_of_another_thing():
    pass
"""
LESSON = """\
# Lesson

```{code-cell} ipython3
print(6 * 7)
```
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A course with one small lesson and three small tests; its commands are the real ones."""
    folder = fresh(tmp_path_factory.mktemp("small"))
    for pattern in (*FILES, "tests/test_*.py", *course.NOTEBOOKS, "solutions/**/*.ipynb"):
        for path in folder.glob(pattern):
            path.unlink()
    for name in ("Day018_vgg16", "reading/vgg"):
        (folder / "lessons" / name).parent.mkdir(exist_ok=True)
        (folder / "lessons" / f"{name}.md").write_text(LESSON, encoding="utf-8")
    for name in ("browser", "book", "book_stray", "explore_played", "grading_examples"):
        (folder / "tests" / f"test_{name}.py").write_text(SUMMARY, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("door", "built"),
    [
        ("python course.py build Day018_vgg16", {"Day018_vgg16.ipynb"}),
        ("python course.py build reading/vgg", {"reading/vgg.ipynb"}),
        ("python course.py build", {"Day018_vgg16.ipynb", "reading/vgg.ipynb"}),
    ],
)
def test_the_notebooks_are_built_from_the_lessons(door, built, small):
    for name in ("Day018_vgg16.ipynb", "reading/vgg.ipynb"):
        (small / name).unlink(missing_ok=True)
    run = walk(door, small)
    assert run.returncode == 0, run.stderr
    found = [path for pattern in course.NOTEBOOKS for path in small.glob(pattern)]
    assert {path.relative_to(small).as_posix() for path in found} == built
    assert all('"42\\n"' in path.read_text("utf-8") for path in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("door", "told"),
    [
        ("python course.py test -k summary", "5 passed"),
        (
            "python course.py test tests/test_browser.py tests/test_book.py "
            "tests/test_book_stray.py tests/test_explore_played.py tests/test_grading_examples.py",
            "10 passed",
        ),
        (
            "python course.py test tests --cov --cov-report=term-missing:skip-covered",
            "TOTAL",
        ),
    ],
)
def test_a_maintainer_chooses_among_the_tests(door, told, small):
    run = walk(door, small)
    assert run.returncode == 0, run.stdout
    assert told in run.stdout


def test_the_baselines_are_drawn_where_they_stand(tmp_path):
    folder = fresh(tmp_path)
    pictures = list(folder.glob("tests/baseline/*.png"))
    for picture in pictures:
        picture.unlink()
    run = walk("python -m pytest tests/test_plotting.py --mpl-generate-path=tests/baseline", folder)
    assert run.returncode == 0, run.stdout
    assert pictures and all(picture.is_file() for picture in pictures)


@pytest.mark.skipif(not font.NOTO.is_file(), reason="no font: sudo apt-get install fonts-noto-cjk")
def test_the_font_is_made_where_it_stands(tmp_path):
    folder = fresh(tmp_path)
    made = folder / fonts.FILE.relative_to(ROOT)
    made.unlink()
    run = walk("python -m ci.font", folder)
    assert run.returncode == 0, run.stderr
    assert made.is_file() and f"{made.stat().st_size:,} bytes" in run.stdout


def test_the_lock_gets_what_it_lacks_and_keeps_the_rest(small):
    """Asks the package index."""
    lock = small / "requirements.lock"
    before = course.pins(lock.read_text("utf-8"))
    kept = [line for line in lock.read_text("utf-8").splitlines() if not line.startswith("nbval==")]
    lock.write_text("\n".join(kept) + "\n", encoding="utf-8")
    run = walk(
        "python -m uv pip compile --universal --python-version 3.11 -o requirements.lock "
        "requirements.txt requirements-dev.txt",
        small,
    )
    assert run.returncode == 0, run.stderr
    after = course.pins(lock.read_text("utf-8"))
    assert {name for name, _ in after} == {name for name, _ in before}
    moved = set(after) - set(before)
    assert {name for name, _ in moved} <= {"nbval"}


# Stands for the browser that Jupyter opens: keeps the page, which leads to the notebook.
BROWSER = "import shutil, sys; shutil.copy(sys.argv[1].removeprefix('file://'), sys.argv[2])"


@pytest.fixture
def hangups():
    """What is started hears its signals, also where the tests do not: what `nohup`, or a shell's
    job in the background, has set to be ignored is inherited."""
    before = {each: signal.signal(each, signal.SIG_DFL) for each in (signal.SIGHUP, signal.SIGINT)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.fixture
def lab(used, tmp_path):
    """Types a door that opens JupyterLab, and waits for it; what was opened is ended afterwards."""
    typed = []

    def opened(door: str, **options) -> tuple[subprocess.Popen, str]:
        page, log = tmp_path / "page", tmp_path / "log"
        (tmp_path / "browser.py").write_text(BROWSER, encoding="utf-8")
        browser = f"{sys.executable} {tmp_path / 'browser.py'} %s {page}"
        env = {"HOME": str(tmp_path), "BROWSER": browser}
        with log.open("w") as file:
            typed.append(process := start(door, used, env=env, stderr=file, **options))
        for _ in range(10 * STARTING):
            shown = page.read_text("utf-8") if page.is_file() else ""
            if found := re.search(r"http://[^\s\"']+", shown):
                ask(found[0], process, log)
                return process, found[0]
            assert process.poll() is None, log.read_text("utf-8")
            time.sleep(0.1)
        raise TimeoutError(log.read_text("utf-8"))

    yield opened
    for process in typed:
        process.kill()
        process.wait()


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
@pytest.mark.parametrize(
    ("door", "notebook", "number"),
    [
        ("python course.py lab", "Day018_vgg16.ipynb", signal.SIGTERM),
        ("python course.py lab Day017_reading.ipynb", "Day017_reading.ipynb", signal.SIGHUP),
        ("python course.py lab challenge_vgg19.ipynb", "challenge_vgg19.ipynb", signal.SIGINT),
        ("python course.py lab reading/vgg", "reading/vgg.ipynb", signal.SIGTERM),
    ],
)
def test_the_lab_opens_a_notebook_and_ends_with_the_command(door, notebook, number, lab, hangups):
    process, address = lab(door, stdin=subprocess.DEVNULL)
    assert f"/lab/tree/{notebook}?token=" in address
    process.send_signal(number)
    process.wait(60)
    with pytest.raises(OSError):  # nobody is there any more
        urllib.request.urlopen(address, timeout=5)


@pytest.mark.skipif(os.name == "nt", reason="a terminal is POSIX's")
def test_control_c_asks_in_a_terminal_and_y_ends_the_lab(lab):
    mine, its = os.openpty()
    process, _ = lab("python course.py lab", stdin=its, start_new_session=True)
    assert "Ctrl+C → y" in doors.all_named()
    process.send_signal(signal.SIGINT)  # as the terminal does, where its keys are Ctrl+C
    os.write(mine, b"y\n")
    assert process.wait(60) == 0
    os.close(mine)
    os.close(its)


# Answers the homework, as far as the sheet is told by it, and never ends.
ENDLESS = """\
import pathlib

def VGG16():
    pass

pathlib.Path({!r}).touch()
while True:
    pass
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_grading_ends_with_the_command(number, used, tmp_path, hangups):
    begun = tmp_path / "begun"
    sheet = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(ENDLESS.format(str(begun)))])
    (tmp_path / "submissions").mkdir()
    nbformat.write(sheet, tmp_path / "submissions" / "s1.ipynb")
    door = filled(
        "python course.py grade PATH --out DIR", PATH=tmp_path / "submissions", DIR=tmp_path / "out"
    )
    grader = start(door, used, "--no-sandbox", env={}, stderr=subprocess.PIPE, text=True)
    for _ in range(10 * STARTING):
        if begun.exists():
            break
        assert grader.poll() is None, grader.stderr.read()
        time.sleep(0.1)
    started = psutil.Process(grader.pid).children(recursive=True)
    grader.send_signal(number)
    assert "the same command goes on from here" in grader.communicate(timeout=60)[1]
    assert grader.returncode == 130 and started
    _, left = psutil.wait_procs(started, timeout=10)
    assert not left


@pytest.mark.slow
@sandboxed.NEEDED
def test_the_lectures_questions_are_graded(used, tmp_path):
    (tmp_path / "handed in").mkdir()
    shutil.copy(ROOT / "Day017_reading.ipynb", tmp_path / "handed in" / "s1.ipynb")
    run = walk(
        "python course.py grade PATH --out DIR --release Day017_reading.ipynb",
        used,
        PATH=tmp_path / "handed in",
        DIR=tmp_path / "out",
    )
    assert run.returncode == 0, run.stderr
    assert "s1,s1.ipynb,unfinished,0" in (tmp_path / "out" / "grades.csv").read_text("utf-8-sig")


def other_python(minor: int) -> str:
    """A Python 3 of another version that this machine has; the test is skipped where none is."""
    of_pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [*of_pyenv.glob(f"3.{minor}.*/bin/python"), shutil.which(f"python3.{minor}")]
    asked = ["-c", "import sys; print(sys.version_info[1])"]
    for python in filter(None, found):
        told = subprocess.run([python, *asked], capture_output=True, text=True, check=False).stdout
        if told.strip() == str(minor):
            return str(python)
    pytest.skip(f"this machine has no Python 3.{minor}")


@pytest.mark.parametrize("command", ["doctor", "lab", "grade examples/submissions", "book --help"])
@pytest.mark.parametrize("minor", [6, 7, 8, 9, 10, 14])
def test_a_python_without_tensorflow_is_told_what_is_needed_in_a_sentence(minor, command, used):
    door = [other_python(minor), "course.py"]
    run = subprocess.run([*door, *command.split()], cwd=used, capture_output=True, text=True)
    assert run.returncode == 1 and not run.stdout
    (sentence,) = run.stderr.splitlines()
    assert f"needs 64-bit Python 3.11 to 3.13, and this is Python 3.{minor}." in sentence
    shown = subprocess.run([*door, "--help"], cwd=used, capture_output=True, text=True)
    assert shown.returncode == 0 and "course.py doctor" in shown.stdout


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_every_python_of_the_course_reads_it_and_packs_it_alike(minor, used, tmp_path):
    python = other_python(minor)

    def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
        env = outside() | {"PIP_NO_INDEX": "1", "PYTHONWARNINGS": "error"}
        command = [python, *arguments]
        return subprocess.run(command, cwd=used, env=env, capture_output=True, encoding="utf-8")

    parts = sorted({path.relative_to(ROOT).parts[0] for path in tracked("*/*.py")})
    read = typed("-m", "compileall", "-q", "-f", *parts, "-x", "checkpoints")
    assert read.returncode == 0, read.stdout
    assert f"Python 3.{minor}." in typed("course.py", "doctor").stdout
    assert typed("course.py", "grade", "README.md").returncode == 2
    assert typed("course.py", "release", str(tmp_path)).returncode == 0
    release.release(tmp_path / "here", used)
    for pack in (tmp_path / "here").iterdir():
        assert pack.read_bytes() == (tmp_path / pack.name).read_bytes()
