"""What the course does on another backend of Keras; `test_backends.py` runs it in a process.

TensorFlow can't be imported. Told the names of answers, it prints as JSON what the homework's
solution shows, what the cards say of the answers, and how the backend computes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from typing import Any

from answering import Answer, but, namespace_of

from ci import ROOT
from ci.notebooks import code_cells, read
from utils import checks

# The sheet's parameters with the least training.
PARAMETERS = "input_shape, train_size, epochs = (32, 32, 1), 64, 1"


def homework() -> dict[str, Any]:
    """The errors of the solution's cells, and the points of its check."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    errors, points = [], []
    for place, cell in code_cells(read(ROOT / "solutions/Day018_vgg16.ipynb")):
        is_parameters = "parameters" in cell.metadata.get("tags", ())
        ran = shell.run_cell(f"{cell.source}\n{PARAMETERS * is_parameters}")
        if not ran.success:
            errors.append(f"cell {place}: {ran.error_before_exec or ran.error_in_exec!r}")
        elif cell.metadata.get("nbgrader", {}).get("grade"):
            points.append(float(repr(ran.result)))
    return {"errors": errors, "points": points}


def cards(names: Iterable[str]) -> dict[str, Any]:
    """All that the card of each answer says, as plain data."""
    from tests.test_rooms import ANSWERS

    return {name: card(name, ANSWERS[name]) for name in names}


def card(name: str, answer: Answer) -> Any:
    """All that the card of an answer says in its task's public case, as plain data."""
    task = checks.TASKS[answer.task]
    case = task.public_case()
    score = task.mark(task.probe(namespace_of(name, answer.source), case), case)
    return json.loads(json.dumps(asdict(score)))


def with_a_function_of_its_own(backend: str) -> Any:
    """The card of an answer that gives Keras's tensor to a function of the backend's own."""
    from tests.test_rooms import ANSWERS

    of_tensorflow, relu = ANSWERS["vgg16-tensorflow_function"], {"jax": "jax.nn.relu"}
    source = but(
        *(of_tensorflow.source, "import tensorflow as tf", f"import {backend}"),
        *("tf.nn.relu", relu.get(backend, f"{backend}.relu")),
    )
    return card(backend, of_tensorflow._replace(source=source))


def precision() -> list[Any]:
    """How the backend multiplies matrices: as a student has set it, in a check, and afterwards."""
    import keras

    from utils.checks.fresh import fresh_settings

    if keras.config.backend() == "torch":
        import torch

        tell, put = torch.get_float32_matmul_precision, torch.set_float32_matmul_precision
    else:
        import jax

        name = "jax_default_matmul_precision"
        tell, put = partial(getattr, jax.config, name), partial(jax.config.update, name)
    put("high")
    before = tell()
    with fresh_settings():
        within = tell()
    return [before, within, tell()]


def derived() -> list[Any]:
    """The gradients of a dense layer's outputs, by its kernel and its bias."""
    import keras
    import numpy as np

    from utils.gradients import gradients

    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    rows = np.array([[1, 2, 3], [4, 5, 6]], "float32")
    return [each.tolist() for each in gradients(lambda: layer(rows), [layer.kernel, layer.bias])]


if __name__ == "__main__":
    sys.modules["tensorflow"] = None  # type: ignore[assignment]  # as where it is not installed
    told = {"homework": homework(), "cards": cards(sys.argv[1:])}
    told["own_function"] = with_a_function_of_its_own(os.environ["KERAS_BACKEND"])
    print(json.dumps(told | {"precision": precision(), "derived": derived()}))
