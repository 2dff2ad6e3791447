"""The homework and the checks need Keras alone: on each of its backends they say the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest
from elsewhere import cards, derived

import utils
from ci import ROOT
from utils.gradients import gradients

pytestmark = pytest.mark.slow

_, *BACKENDS = utils.BACKENDS
# Of each kind one: right, not begun, stopped by errors that a backend words in its own way, judged
# by numbers, by layers, and by what the source leaves unused.
ANSWERS = (
    *("vgg16-nested", "family-family_from_letters", "vgg16-blank"),
    *("vgg16-numpy_function", "vgg16-flat_too_early", "vgg16-truth", "carry_over-by_position"),
    *("resnet18-no_projection", "vgg16-custom_activation", "family-lrn_radius_5"),
    *("convolutional-channels_first", "backbone-input_of_layer", "vgg16-head_not_stored"),
)


@pytest.fixture(scope="module", params=BACKENDS)
def told(request, tmp_path_factory) -> dict:
    """What `elsewhere.py` prints on a backend."""
    if not find_spec(request.param):
        pytest.skip(f"NOT TESTED, no {request.param} is installed")
    inherited = os.environ.get("PYTHONPATH", "")
    environment = {
        "KERAS_BACKEND": request.param,
        "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython")),
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",  # PyTorch's threads wait busily
        "PYTHONPATH": os.pathsep.join(map(str, [ROOT, ROOT / "tests", inherited])),
    }
    run = subprocess.run(
        [sys.executable, "tests/elsewhere.py", *ANSWERS],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def on_tensorflow() -> dict:
    return cards(ANSWERS)


def test_the_homework_s_solution_runs_there_and_gets_full_points(told):
    assert told["homework"] == {"errors": [], "points": [10.0]}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_card_says_there_what_it_says_on_tensorflow(name, told, on_tensorflow):
    assert told["cards"][name] == on_tensorflow[name]


def test_a_function_of_the_backend_s_own_is_told_as_such(told):
    (diagnosis,) = told["own_function"]["diagnoses"]
    assert diagnosis["code"] == "tensorflow_function"


def test_a_check_multiplies_in_full_there_and_gives_the_student_s_precision_back(told):
    assert told["precision"] == ["high", "highest", "high"]


def test_gradients_are_the_same_there(told):
    assert told["derived"] == derived() == [[[5.0] * 2, [7.0] * 2, [9.0] * 2], [2.0, 2.0]]


def test_a_backend_without_gradients_is_refused_by_name(monkeypatch):
    import keras

    monkeypatch.setattr(keras.config, "backend", lambda: "numpy")
    with pytest.raises(ValueError, match="numpy computes no gradients; expected one of tensorf"):
        gradients(lambda: None, [])


def test_the_manual_names_the_backends_that_are_tried_here():
    for page in (ROOT / "docs/student.md").read_text("utf-8").split("# Student's manual"):
        assert set(re.findall(r"`KERAS_BACKEND=(\w+)`", page)) == set(BACKENDS)
