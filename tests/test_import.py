"""What `import utils` decides: what Keras computes with, how the process ends; and what is late."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ci import ROOT
from tests.test_grading_run import run

SHOW = "import utils, os; print(os.environ.get('KERAS_BACKEND'))"


def chosen(folder, installed: str, **variables: str) -> str:
    """KERAS_BACKEND after `import utils`, where no more than `installed` can be imported."""
    for name in installed.split():
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise SystemExit('loaded')", "utf-8")
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    inherited = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    # -S: without site-packages.
    command = [sys.executable, "-S", "-c", SHOW]
    environment = inherited | paths | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ("jax tensorflow torch", "tensorflow"),
        ("jax torch", "torch"),
        ("jax", "jax"),
        ("", "None"),
    ],
)
def test_keras_computes_with_tensorflow_or_else_with_what_is_installed(
    installed, expected, tmp_path
):
    assert chosen(tmp_path, installed) == expected


def test_who_names_another_gets_it(tmp_path):
    assert chosen(tmp_path, "jax tensorflow", KERAS_BACKEND="jax") == "jax"


def test_a_variable_that_is_empty_names_none(tmp_path):
    assert chosen(tmp_path, "jax", KERAS_BACKEND="") == "jax"


def test_a_settings_file_of_keras_does_not_choose(tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "jax"}), "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    environment |= {"KERAS_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    show = "import utils, keras; print(keras.config.backend())"
    told = subprocess.run(
        [sys.executable, "-c", show], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "tensorflow"


def test_hand_ins_are_run_with_tensorflow_whatever_the_grader_s_notebooks_use(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    outcome = run("import os\nassert os.environ['KERAS_BACKEND'] == 'tensorflow'")
    assert outcome.ended == "done" and not outcome.failures


def test_what_imports_the_course_ends_without_a_search_for_garbage():
    ring = "class Ring:\n    def __del__(self): print('found')\nring = Ring(); ring.own = ring"
    told = [
        subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
        for code in (ring, f"import utils\n{ring}")
    ]
    assert told == ["found\n", ""]


def test_a_class_in_which_nothing_changed_waits_for_no_jupyter():
    show = "import sys, grading.batch, grading.report, grading.similar; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", show], cwd=ROOT, text=True).split()
    assert "grading.work" in loaded
    assert not {"jupyter_client", "nbclient", "nbconvert", "papermill", "zmq"} & {*loaded}


def test_a_grader_that_ends_while_it_imports_ahead_of_need_says_nothing_of_that():
    code = "import atexit; from grading import batch; atexit.register(batch._import_reports)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert told.stderr == ""
