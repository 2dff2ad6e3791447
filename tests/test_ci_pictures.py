"""Pictures are compared as a reader sees them, by a plug-in beside nbval."""

from __future__ import annotations

import io
import subprocess
import sys

import matplotlib.image
import nbformat
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ci import ROOT
from ci.editions import execute
from ci.nbval_pictures import TOLERANCE, difference

PLOT = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2, 4])\n_ = plt.title('{}')"


def png(points=(1, 2, 4), title="loss", color="black", size=(4, 3)) -> bytes:
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    ax.plot(points, color=color)
    ax.set_title(title)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=72)
    return file.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        {"points": (1, 2.1, 4)},
        {"title": "lass"},
        {"title": ""},
        {"color": "blue"},
        {"size": (4, 2)},
    ],
)
def test_a_changed_picture_is_seen(change):
    assert difference(png(), png(**change)) > TOLERANCE


@pytest.mark.parametrize("change", [{"points": (1, 2.002, 4)}, {"color": "#050505"}])
def test_rounding_is_not(change):
    assert difference(png(), png(**change)) < TOLERANCE


def test_noise_of_one_grey_level_is_not():
    pixels = matplotlib.image.imread(io.BytesIO(png()))
    noise = np.random.default_rng(0).choice([-1, 0, 1], pixels.shape) / 255
    file = io.BytesIO()
    matplotlib.image.imsave(file, np.clip(pixels + noise, 0, 1), format="png")
    assert difference(png(), file.getvalue()) < TOLERANCE


@pytest.mark.slow
def test_nbval_with_the_plug_in_fails_on_another_picture_and_counts_the_rest(tmp_path):
    cells = [nbformat.v4.new_code_cell(PLOT.format(title)) for title in ("loss", "accuracy")]
    notebook = execute(nbformat.v4.new_notebook(cells=cells), tmp_path, "plots.ipynb")
    stale = notebook.cells[1]
    stale.source = PLOT.format("accuracy by epoch")
    nbformat.write(notebook, tmp_path / "plots.ipynb")
    nbval = ["-p", "nbval", "-p", "ci.nbval_pictures", "--nbval", "--color=no"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *nbval, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "Cell 1: picture 0 differs by" in run.stdout
    assert "Compared with a fresh run: 1 cells and 1 pictures." in run.stdout
    assert "1 failed, 1 passed" in run.stdout
