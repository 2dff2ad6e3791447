"""The doors of the manuals: every command and click that they name, and the test that walks it.

A door is read from the manuals by `named`, so that a new one without a test fails the table's own
test (test_doors.py), and so does an entry whose door is gone. To add one, write it into the manual,
walk it in a test as it is typed (`walk`), and name the test here.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from ci import ROOT, tracked

MANUALS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *tracked("docs/*.md")]

# What makes inline code a command: its first word.
PROGRAMS = (
    *("apt-get", "dask", "docker", "git", "jupyter", "kubectl", "nbdime", "nbgrader"),
    *("papermill", "pip", "py", "pytest", "sbatch", "sudo", "systemd-run", "uv"),
)
COMMAND = re.compile(rf"`((?:{'|'.join(map(re.escape, PROGRAMS))}|python[\d.]*) [^`\n]+)`")
FENCE = re.compile(r"^(`{3,})([^`\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
CLICK = re.compile(r"(?<!\*)\*([^*\n]* → [^*\n]*)\*(?!\*)")
UNFINISHED = "…"  # in a pattern for commands, not in a command
TYPED = ("", "sh", "console")  # languages of the fences whose lines are commands
PASTED = ("python",)  # those of the fences that are pasted as a whole: known by their first line

# A test, by file and name, and the doors that it walks.
WALKS = {
    "test_doors.py::test_the_doctor_finds_this_computer_ready": ("python course.py doctor",),
    "test_doors.py::test_the_lab_opens_a_notebook_and_ends_with_the_command": (
        "python course.py lab",
        "python course.py lab Day017_reading.ipynb",
        "python course.py lab challenge_vgg19.ipynb",
        "python course.py lab reading/vgg",
    ),
    "test_doors.py::test_control_c_asks_in_a_terminal_and_y_ends_the_lab": ("Ctrl+C → y",),
    "test_browser.py::test_the_manuals_words_for_running_everything_are_on_the_screen": (
        "Run → 重新啟動核心 and 執行所有儲存格",
        "Run → Restart Kernel and Run All Cells",
        "Settings → 語言",
        "Nbgrader → Formgrader",
    ),
    "test_doors.py::test_grading_ends_with_the_command": ("python course.py grade PATH --out DIR",),
    "test_grading_examples.py::test_an_instructor_grades_the_examples": (
        "python course.py grade examples/submissions",
    ),
    "test_doors.py::test_the_lectures_questions_are_graded": (
        "python course.py grade PATH --out DIR --release Day017_reading.ipynb",
    ),
    "test_grading_examples.py::test_an_instructor_changes_a_mark_by_hand": (
        'python course.py grade PATH --out DIR --override 學號 vgg16 8.5 --reason "口試補考"',
    ),
    "test_grading_examples.py::test_an_instructor_has_a_roster_and_a_time_when_work_was_due": (
        "python course.py grade PATH --out DIR --roster 名單.csv "
        '--due "2026-11-27 23:59" --late "10%/day" --parts',
    ),
    "test_doors.py::test_the_notebooks_are_built_from_the_lessons": (
        "python course.py build",
        "python course.py build Day018_vgg16",
        "python course.py build reading/vgg",
    ),
    "test_doors.py::test_the_book_is_written_where_it_is_asked_for": ("python course.py book OUT",),
    "test_doors.py::test_what_a_maintainer_types_in_a_used_folder_works": (
        "python course.py release OUT",
        "python -m benchmarks.costs --help",
        "python -m benchmarks.grading --help",
        "python -m benchmarks.installed",
        "python -m ci.minutes",
        "python -m ci.tables",
        "python -m examples.make",
        "python -m utils.zoo.train",
    ),
    "test_doors.py::test_the_font_is_made_where_it_stands": ("python -m ci.font",),
    "test_ci_test.py::test_continuous_integration_types_what_the_readme_says": (
        "python course.py test",
    ),
    "test_doors.py::test_the_quick_tests_pass_in_a_used_folder": ("python course.py test --quick",),
    "test_doors.py::test_a_maintainer_chooses_among_the_tests": (
        "python course.py test -k summary",
        "python course.py test tests --cov --cov-report=term-missing:skip-covered",
        "python course.py test tests/test_browser.py tests/test_book.py "
        "tests/test_book_stray.py tests/test_explore_played.py tests/test_grading_examples.py",
    ),
    "test_ci_test.py::test_each_stage_is_typed_as_the_manual_has_it": ("python -m mypy",),
    "test_doors.py::test_the_baselines_are_drawn_where_they_stand": (
        "python -m pytest tests/test_plotting.py --mpl-generate-path=tests/baseline",
    ),
    "test_doors.py::test_the_lock_gets_what_it_lacks_and_keeps_the_rest": (
        "python -m uv pip compile --universal --python-version 3.11 -o requirements.lock "
        "requirements.txt requirements-dev.txt",
    ),
    "test_docs.py::test_the_lines_that_publish_a_pack_put_it_into_a_repository": (
        "python course.py release OUT --url https://github.com/帳號/名稱",
        "cd OUT",
        "python -m zipfile -e classic-cnn-course-student.zip .",
        "cd classic-cnn-course",
        "git init -b main",
        "git add .",
        'git commit -m "Course"',
        "git push https://github.com/帳號/名稱 main",
    ),
    "test_strangers.py::test_papermill_never_waits_for_a_page_and_each_run_of_it_writes_the_same": (
        "papermill Day018_vgg16.ipynb out.ipynb",
    ),
    "test_strangers.py::test_a_notebook_runs_as_it_is": (
        "jupyter nbconvert --to notebook --execute Day018_vgg16.ipynb",
        "pytest --nbval-lax Day018_vgg16.ipynb",
    ),
    "test_nbgrader.py::test_its_marks_of_twenty_answers_are_those_of_our_grader": (
        "python -m zipfile -e classic-cnn-course-nbgrader.zip .",
        "cd classic-cnn-course-nbgrader",
        "nbgrader generate_assignment Day018_vgg16",
        "nbgrader generate_assignment",
        "nbgrader autograde Day018_vgg16",
        "nbgrader autograde",
        "nbgrader export",
    ),
    "test_nbgrader.py::test_validate_knows_the_solution_from_the_sheet": (
        "nbgrader validate source/Day018_vgg16/Day018_vgg16.ipynb",
    ),
    "test_grading_cluster.py::test_the_lines_for_a_laptop_give_the_marks_of_one_process": (
        "python -m dask scheduler --host 127.0.0.1 --port 8786",
        "python -m dask worker tcp://127.0.0.1:8786 --nworkers 2 --nthreads 1",
        "python course.py grade PATH --out DIR --scheduler tcp://127.0.0.1:8786",
    ),
    "test_grading_cluster.py::test_only_workers_of_this_version_grade_whenever_they_join": (
        "python -m dask worker ADDRESS --nthreads 1",
        ">>> import shlex",
    ),
    "test_new_task.py::test_the_checks_the_lessons_and_the_manuals_hold_with_it": (
        "python course.py build Day019_lenet",
        '>>> """LeNet-5 as the slides draw it, with m',
        '>>> """Wrong answers to LeNet-5: the lesson\'',
    ),
    "test_new_task.py::test_the_suite_s_part_about_it_and_the_house_s_style_hold": (
        "python course.py test -k lenet",
    ),
    "test_new_task.py::test_a_class_is_graded_with_it_and_nobody_says_which_sheet": (
        "python course.py grade 繳交資料夾",
    ),
}
WALKED = {door: test for test, doors in WALKS.items() for door in doors}

# door: why no test here walks it.
NOT_HERE = {
    ". .venv/bin/activate": "the tests have its programs on their way already",
    "File → Download → .ipynb": "Colab's own menu",
    "git diff": "git's own, with nbdime in it",
    "jupyter lab": "what `course.py lab` starts, with the user's own settings",
    "kubectl apply -f cluster.yaml": "no cluster; test_grading_cluster.py starts its containers'",
    "kubectl delete -f cluster.yaml": "no cluster",
    "kubectl port-forward service/grading-scheduler 8786": "no cluster",
    "nbdime config-git --enable": "changes the settings of whoever runs the tests",
    "pip install dask-jobqueue -c requirements.lock": "SLURM's; a stand-in is tested",
    "pip install nbgrader -r requirements.txt -c requirements.lock": "the tests have it",
    "py -0": "py is Windows's",
    "py -3.12 course.py lab": "py is Windows's; what it starts is the same file",
    "python -m benchmarks.grading parity": "test_nbgrader.py compares the same marks",
    "python -m benchmarks.grading speed": "half an hour, on an idle machine",
    "python -m benchmarks.marks": "ten minutes; test_benchmarks.py compares a few scores",
    "python -m pip install nbdime": "another project's, from the index",
    "python -m venv .venv": "Python's own",
    "python course.py test tests/test_seeds.py --seeds 30": "an hour: CI tries a case an answer",
    "python course.py test --latest": "what is newest today decides: run by hand",
    "python course.py upgrade": "what is newest today decides; test_ci_upgrade.py walks its steps",
    "python3.12 course.py lab": "macOS's name for the Python that test_doors.py calls python",
    "sudo apt-get install bubblewrap": "CI's machine installs it, by ci.machine",
    "sudo apt-get install chromium fonts-noto-cjk": "CI's machine installs them, by ci.machine",
    "sudo apt-get install python3-venv": "Debian's own",
}

# Doors whose test is about to be written. Empty when the work is done.
TO_COME: set[str] = set()


def named(text: str) -> set[str]:
    """The doors that a manual names: commands as they are typed, `>>> ` pasted code, clicks."""
    doors = set()
    for _, language, body in FENCE.findall(text):
        if language in TYPED:
            doors |= {line.strip().removesuffix(" &") for line in body.splitlines() if line.strip()}
        elif language in PASTED:
            doors.add(f">>> {body.splitlines()[0][:40]}")
    prose = FENCE.sub("", text)
    doors |= {*COMMAND.findall(prose), *CLICK.findall(prose)}
    return {door for door in doors if UNFINISHED not in door}


def all_named() -> dict[str, set[str]]:
    """Each door with the manuals that name it."""
    doors: dict[str, set[str]] = {}
    for manual in MANUALS:
        for door in named(manual.read_text("utf-8")):
            doors.setdefault(door, set()).add(manual.name)
    return doors


def walk(door: str, folder: Path, **places: object) -> subprocess.CompletedProcess[str]:
    """Type a door in `folder`, with this Python as `python`; `places` stand for its capitals.

    No PYTHONPATH, and no folder of the project's on the way in: as for whoever reads the manual.
    """
    return subprocess.run(
        filled(door, **places),
        shell=True,
        cwd=folder,
        env=outside(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def start(door: str, folder: Path, *more: str, env: dict[str, str], **options) -> subprocess.Popen:
    """Type a door in `folder`, with `more` after it, and do not wait for its end."""
    command = [*shlex.split(door), *more]
    return subprocess.Popen(command, cwd=folder, env=outside() | env, **options)


def filled(door: str, **places: object) -> str:
    """A door with a place for each of its placeholders."""
    for placeholder, place in places.items():
        assert placeholder in door, f"{door!r} has no {placeholder}"
        door = door.replace(placeholder, shlex.quote(str(place)))
    return door


def outside() -> dict[str, str]:
    """The environment of a new terminal, in which `python` is this one.

    Tests that a command runs have one worker: the others of this machine have their own tests.
    """
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    path = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])
    return env | {"PATH": path, "PYTEST_ADDOPTS": "--maxprocesses=1"}
