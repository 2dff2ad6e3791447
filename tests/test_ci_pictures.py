"""Pictures are compared as a reader sees them, by a plug-in beside nbval."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys

import matplotlib.image
import nbformat
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from ci import ROOT
from ci.nbval_pictures import TOLERANCE, difference


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
    ],
)
def test_a_changed_picture_is_seen(change):
    assert difference(png(), png(**change)) > TOLERANCE


def test_another_size_is_told():
    with pytest.raises(ValueError, match="288 × 216 pixels, and is 288 × 144 pixels"):
        difference(png(), png(size=(4, 2)))


@pytest.mark.parametrize("change", [{"points": (1, 2.002, 4)}, {"color": "#050505"}])
def test_rounding_is_not(change):
    assert difference(png(), png(**change)) < TOLERANCE


def test_noise_of_one_grey_level_is_not():
    pixels = matplotlib.image.imread(io.BytesIO(png()))
    noise = np.random.default_rng(0).choice([-1, 0, 1], pixels.shape) / 255
    file = io.BytesIO()
    matplotlib.image.imsave(file, np.clip(pixels + noise, 0, 1), format="png")
    assert difference(png(), file.getvalue()) < TOLERANCE


# Runs beside the test and in its notebook.
DRAWING = """
import base64, io
import numpy as np
from PIL import Image, ImageDraw

def drawn(kind, mode, word="loss", size=(80, 40), **how):
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((10, 10), word, fill="black", font_size=20)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype("uint16") * 257)
    file = io.BytesIO()
    image.convert(mode).save(file, kind, **how)
    return base64.b64encode(file.getvalue()).decode()

def show(kind, *what, **how):
    display({f"image/{kind}": drawn(kind, *what, **how)}, raw=True)
"""
SHARED: dict = {}
exec(DRAWING, SHARED)
drawn = SHARED["drawn"]

FORMATS = [
    *(("png", mode) for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")),
    *(("jpeg", mode) for mode in ("RGB", "L", "CMYK")),
    *(("gif", "P"), ("gif", "L"), ("webp", "RGB"), ("webp", "RGBA")),
]
each_format = pytest.mark.parametrize(("kind", "mode"), FORMATS)


def drawing(*what, **how) -> bytes:
    return base64.b64decode(drawn(*what, **how))


@each_format
def test_a_changed_letter_is_seen_in_every_format(kind, mode):
    assert difference(drawing(kind, mode), drawing(kind, mode, "lass")) > TOLERANCE


@each_format
def test_every_format_shows_what_a_png_does(kind, mode):
    if mode != "1":  # dots of black and white, whose blur is no letter's edge
        assert difference(drawing(kind, mode), drawing("png", "RGB")) < TOLERANCE


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("quality", [75, 85, 95])
def test_another_quality_of_a_jpeg_is_not_a_change(mode, quality):
    first, second = (drawing("jpeg", mode, quality=q) for q in (90, quality))
    assert first != second
    assert difference(first, second) < TOLERANCE


def test_grey_is_blurred_across_and_down():
    dot = np.zeros((21, 21), dtype=np.uint8)
    dot[10, 10] = 255
    files = [io.BytesIO(), io.BytesIO()]
    for file, pixels in zip(files, (dot, np.zeros_like(dot)), strict=True):
        Image.fromarray(pixels).save(file, "png")
    # A dot under a blur in both directions: 1 / (2π σ²) of what it was.
    assert difference(*(file.getvalue() for file in files)) == pytest.approx(0.04, abs=0.002)


def test_what_is_transparent_is_seen_on_white():
    clear, white, black = (io.BytesIO() for _ in range(3))
    Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(clear, "png")
    Image.new("RGB", (9, 9), "white").save(white, "png")
    Image.new("P", (9, 9)).save(black, "png")
    assert difference(clear.getvalue(), white.getvalue()) == 0
    assert difference(clear.getvalue(), black.getvalue()) == 1


def test_a_later_frame_of_an_animation_counts():
    def moving(*colours: str) -> bytes:
        first, *others = (Image.new("RGB", (20, 20), colour) for colour in colours)
        file = io.BytesIO()
        first.save(file, "gif", save_all=True, append_images=others)
        return file.getvalue()

    assert difference(moving("red", "blue"), moving("red", "blue")) == 0
    assert difference(moving("red", "blue"), moving("red", "green")) > TOLERANCE
    with pytest.raises(ValueError, match="20 × 20 pixels in 2 frames, and is 20 × 20 pixels in 3"):
        difference(moving("red", "blue"), moving("red", "blue", "red"))


def cell(call: str, *pictures: tuple[str, object]):
    outputs = [
        nbformat.from_dict(
            {"output_type": "display_data", "metadata": {}, "data": {f"image/{kind}": content}}
        )
        for kind, content in pictures
    ]
    made = nbformat.v4.new_code_cell(call, execution_count=1)
    made.outputs = outputs
    return made


@pytest.mark.slow
def test_nbval_with_the_plug_in_names_the_cell_of_each_changed_picture_and_counts_the_rest(
    tmp_path,
):
    noise = {"jpeg": {"quality": 85}, "webp": {"quality": 70}}
    same = [
        cell(f"show({kind!r}, {mode!r})", (kind, drawn(kind, mode, **noise.get(kind, {}))))
        for kind, mode in FORMATS
    ]
    lines = drawn("png", "RGB")
    same.append(cell("show('png', 'RGB')", ("png", [lines[:76] + "\n", lines[76:]])))
    other = [
        (cell(f"show({kind!r}, {mode!r}, 'lass')", (kind, drawn(kind, mode))), "0 differs by")
        for kind, mode in FORMATS
    ]
    jpeg = ("jpeg", drawn("jpeg", "L"))
    told = [
        (cell("pass", jpeg), "stored: image/jpeg; drawn: no picture"),
        (cell("show('jpeg', 'L')"), "stored: no picture; drawn: image/jpeg"),
        (cell("show('jpeg', 'L')", jpeg, jpeg), "stored: image/jpeg, image/jpeg; drawn: image/j"),
        (cell("show('png', 'L')", jpeg), "stored: image/jpeg; drawn: image/png"),
        (cell("show('jpeg', 'L', size=(80, 50))", jpeg), "it was 80 × 40 pixels, and is 80 × 50"),
        (cell("show('jpeg', 'L')", ("jpeg", jpeg[1][:400])), "can't be read"),
        (cell("show('gif', 'L')", ("gif", "no base64")), "can't be read"),
        (cell("show('png', 'L')", ("png", "")), "can't be read"),
    ]
    wrong = other + told
    cells = [cell(DRAWING), *same, *(changed for changed, _ in wrong)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "pictures.ipynb")
    nbval = ["-p", "nbval", "-p", "ci.nbval_pictures", "--nbval", "--color=no"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *nbval, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    for number, (_, said) in enumerate(wrong, 1 + len(same)):
        assert re.search(rf"Cell {number}: .*{re.escape(said)}", run.stdout), (number, said)
    assert f"{1 + len(same)} cells and" not in run.stdout  # the first draws nothing
    assert f"fresh run: {len(same)} cells and {len(same)} pictures." in run.stdout
    assert f"{len(wrong)} failed, {1 + len(same)} passed" in run.stdout
    assert "Traceback" not in run.stdout.replace("Traceback:\nThe stored", "")
