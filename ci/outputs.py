"""What the build does to outputs before they are written: pictures become small files.

Of a figure with more colours than a palette has the nearest ones are kept, where nobody sees it: a
quarter of what is compared as another picture. A photograph mostly stays as it is.
"""

from __future__ import annotations

import base64
import io

import numpy as np
import PIL.Image
from nbformat import NotebookNode

PNG = "image/png"
COLOURS = 256  # that a palette holds
KMEANS = 3  # rounds in which a palette is fitted


def finish(cell: NotebookNode) -> None:
    """Make a cell's outputs as they are written; readers see no difference."""
    for output in cell.outputs:
        if PNG in output.get("data", {}):
            picture = small(base64.b64decode(output.data[PNG]))
            output.data[PNG] = base64.b64encode(picture).decode() + "\n"  # as matplotlib's


def small(png: bytes) -> bytes:
    """The same pixels in a smaller file, or, in one with a palette, the same to the eye."""
    with PIL.Image.open(io.BytesIO(png)) as picture:
        if picture.mode not in ("RGB", "RGBA") or "transparency" in picture.info:
            return png
        alpha = picture.getchannel("A").getextrema() if picture.mode == "RGBA" else (255, 255)
        if alpha != (255, 255):
            return png
        pixels = np.asarray(picture.convert("RGB"))
    exact = _with_palette(pixels)
    written = _written(exact)
    if exact.mode == "RGB":
        from ci.nbval_pictures import TOLERANCE, difference

        nearest = _written(exact.quantize(COLOURS, PIL.Image.Quantize.MAXCOVERAGE, KMEANS))
        written = nearest if difference(nearest, written) < TOLERANCE / 4 else written
    return min(png, written, key=len)


def _written(picture: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _with_palette(pixels: np.ndarray) -> PIL.Image.Image:
    """A picture whose every pixel is a number in a table of its colours, where these suffice."""
    numbers = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    colours, places = np.unique(numbers, return_inverse=True)
    if len(colours) > COLOURS:
        return PIL.Image.fromarray(pixels)
    table = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1)
    picture = PIL.Image.fromarray(places.reshape(numbers.shape).astype(np.uint8), "P")
    picture.putpalette(table.astype(np.uint8).tobytes())
    return picture
