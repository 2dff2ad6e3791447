"""The machine: what it lacks is said in a sentence, and nothing of a grader is left on it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ci import ROOT
from tests import sandboxed
from tests.sandboxed import notebook
from tests.test_grading_workers import HEAR_CTRL_C

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits, locks and signals are POSIX")

GRADE = [sys.executable, "-m", "grading"]
OWN_FOLDER = """
import tempfile, time
from grading import host

host.use_own_folder()
print(tempfile.mkdtemp(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def temporary():
    """A short one: sockets lie in it, whose paths are limited."""
    folder = Path(tempfile.mkdtemp(prefix="t"))
    folder.chmod(0o711)  # as /tmp, the sandbox's user walks through
    yield folder
    shutil.rmtree(folder)


def started(command, temporary, **options) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=HEAR_CTRL_C,
        **options,
    )


def answered(command, temporary) -> tuple[int, str]:
    process = started(command, temporary)
    _, told = process.communicate(timeout=60)
    return process.returncode, told


def test_too_few_open_files_are_told_with_what_to_type(temporary):
    command = ["bash", "-c", 'ulimit -n 64; exec "$@"', "bash", *GRADE, "examples/submissions"]
    code, told = answered(command, temporary)
    assert code == 2 and len(told.splitlines()) == 1
    assert re.search(r"only 64 files .* type ulimit -n \d+$", told)


def test_a_temporary_folder_too_deep_for_sockets_is_told_before_anything_is_run(temporary):
    deep = temporary / ("deep" * 20)
    deep.mkdir()
    out = temporary / "out"
    code, told = answered([*GRADE, "examples/submissions", "--out", str(out)], deep)
    assert code == 2
    assert re.fullmatch(f"grading: no socket can lie in .*{deep}/grade-.*TMPDIR=/tmp\n", told)
    assert not out.exists()


@sandboxed.NEEDED
def test_shared_memory_that_can_not_be_written_is_told_by_its_path(temporary):
    command = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", "/dev/shm", "/dev/shm", *GRADE]
    code, told = answered([*command, "examples/submissions"], temporary)
    assert code == 2 and len(told.splitlines()) == 1
    assert "/dev/shm must be a folder that you can write to" in told


@pytest.mark.parametrize("what", ["README.md", "docs", "nowhere"])
def test_what_holds_no_submission_is_answered_and_nothing_is_written(what, temporary):
    out = temporary / "out"
    code, told = answered([*GRADE, what, "--out", str(out)], temporary)
    assert code == 2 and len(told.splitlines()) == 1
    assert what in told and "expected a folder of submissions" in told
    assert not list(temporary.iterdir())


def test_what_a_killed_grader_left_is_swept_and_nothing_else(temporary):
    (temporary / "grade-mine").mkdir()  # no grader's
    anothers = temporary / "grade-anothers"
    anothers.mkdir()
    (anothers / "owner").touch()
    if not os.getuid():
        os.chown(anothers, 65534, 65534)
    else:
        anothers.chmod(0)
    living, killed = (started([sys.executable, "-c", OWN_FOLDER], temporary) for _ in range(2))
    folders = [Path(each.stdout.readline().strip()) for each in (living, killed)]
    killed.kill()
    killed.communicate()
    assert all(folder.is_dir() for folder in folders)
    assert answered([*GRADE, "nowhere"], temporary)[0] == 2
    assert [folder.is_dir() for folder in folders] == [True, False]
    living.kill()
    living.communicate()
    assert answered([*GRADE, "nowhere"], temporary)[0] == 2
    left = sorted(path.name for path in temporary.iterdir())
    anothers.chmod(0o700)  # to be taken away
    assert left == ["grade-anothers", "grade-mine"]


SLOW = "import time\nprint('begun', flush=True)\ntime.sleep(60)"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_grader_that_is_stopped_while_it_imports_says_so(name, temporary):
    (temporary / "tqdm.py").write_text(SLOW, "utf-8")
    command = ["env", f"PYTHONPATH={temporary}", *GRADE, "examples/submissions"]
    grader = started(command, temporary)
    assert grader.stdout and grader.stdout.readline() == "begun\n"
    grader.send_signal(getattr(signal, name))
    _, told = grader.communicate(timeout=60)
    assert told == "\ngrading: stopped; the same command goes on from here\n"
    assert grader.returncode == 130
    assert not list(temporary.glob("grade-*"))


def test_ctrl_c_while_a_request_is_looked_at_is_no_traceback(temporary):
    (temporary / "csv.py").write_text(SLOW, "utf-8")  # which rosters are read with
    request = [sys.executable, "course.py", "grade", "examples/submissions"]
    grader = started(["env", f"PYTHONPATH={temporary}", *request], temporary)
    assert grader.stdout and grader.stdout.readline() == "begun\n"
    grader.send_signal(signal.SIGINT)
    assert grader.communicate(timeout=60) == ("", "")
    assert grader.returncode == 130


def test_a_machine_without_a_folder_for_temporary_files_is_told():
    code = "import tempfile, runpy, sys; tempfile._candidate_tempdir_list = lambda: ['/nowhere']; "
    code += "sys.argv = ['grade', 'examples/submissions']; "
    code += "runpy.run_module('grading', run_name='__main__', alter_sys=True)"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert re.fullmatch(r"grading: .*No usable temporary directory.*\n", told.stderr)


@sandboxed.NEEDED
@pytest.mark.slow
def test_a_grader_that_is_stopped_leaves_nothing_behind(temporary):
    (temporary / "in").mkdir()
    endless = notebook(["def VGG16():\n    pass\nwhile True:\n    pass"])
    (temporary / "in" / "s1.ipynb").write_bytes(endless)
    command = [*GRADE, str(temporary / "in"), "--out", str(temporary / "out")]
    grader = started(command, temporary)
    until = time.monotonic() + 120
    while not list(temporary.glob("grade-*/grade-*/kernels/*/*")):  # a kernel's sockets
        assert grader.poll() is None and time.monotonic() < until, grader.communicate()
        time.sleep(0.2)
    grader.send_signal(signal.SIGTERM)
    assert "goes on from here" in grader.communicate(timeout=60)[1]
    assert sorted(path.name for path in temporary.iterdir()) == ["in", "out"]
