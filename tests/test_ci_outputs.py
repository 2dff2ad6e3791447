"""A picture that the build writes has every pixel that was drawn, in a smaller file."""

from __future__ import annotations

import base64
import io

import nbformat
import numpy as np
import pytest
from PIL import Image
from test_ci_pictures import png

from ci.nbval_pictures import TOLERANCE, difference
from ci.outputs import COLOURS, finish, small
from utils import datasets


def pixels(file: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGBA"))


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


NOISE = np.random.default_rng(0).integers(0, 256, (40, 50, 4), dtype=np.uint8)
OPAQUE = np.concatenate([NOISE[..., :3], np.full((40, 50, 1), 255, np.uint8)], axis=-1)


@pytest.mark.parametrize(
    "file",
    [png(), saved(OPAQUE), saved(OPAQUE // 128 * 127 + 1), saved(NOISE), saved(NOISE[..., 0])],
    ids=["figure", "photograph", "few colours", "transparent", "grey"],
)
def test_no_pixel_changes(file):
    made = small(file)
    assert (pixels(made) == pixels(file)).all() and len(made) <= len(file)
    assert small(made) == made


def test_a_figure_of_more_colours_than_a_palette_keeps_what_one_sees_in_fewer_bytes():
    along_a_line = np.random.default_rng(0).random((400, 600, 1)) ** [1, 2, 3]
    file = saved((255 * along_a_line).astype(np.uint8))
    made = small(file)
    assert len(np.unique(pixels(file).reshape(-1, 4), axis=0)) > COLOURS
    assert len(made) < 0.7 * len(file)
    assert difference(made, file) < TOLERANCE / 4


def test_a_photograph_keeps_the_colours_that_are_compared():
    file = saved(datasets.photo("coffee", (300, 420)))
    assert difference(small(file), file) < TOLERANCE / 4


def test_a_figure_takes_half_of_its_bytes():
    assert len(small(png())) < len(png()) / 2


def test_other_outputs_stay_as_they_are():
    data = {"image/png": base64.b64encode(png()).decode(), "text/plain": "<Figure>"}
    drawn = nbformat.v4.new_output("display_data", data)
    said = nbformat.v4.new_output("stream", text="42\n")
    cell = nbformat.v4.new_code_cell("draw()", outputs=[drawn, said])
    finish(cell)
    assert base64.b64decode(drawn.data["image/png"]) == small(png())
    assert drawn.data["text/plain"] == "<Figure>" and said.text == "42\n"
