"""A pytest plug-in beside nbval, which compares texts alone: it compares pictures, and counts.

Used as `pytest -p nbval -p ci.nbval_pictures --nbval NOTEBOOK`; one execution serves both. When a
picture differs, the stored and the fresh one are left in `artifacts/pictures/`.
"""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from nbval.plugin import IPyNbCell
from PIL import ImageOps, ImageSequence
from skimage.filters import gaussian

from ci import ROOT
from ci.notebooks import BITMAPS, is_compared, kinds, pictures

# Two pictures are the same when, after a blur of BLUR pixels, no pixel differs by more than
# TOLERANCE of the whole range. That hides rounding, and shows a moved point or a changed letter.
BLUR = 2.0
TOLERANCE = 0.06
COMPARED = "compared"  # the property of a passed test that tells how many cells and pictures were


def difference(ours: bytes, theirs: bytes) -> float:
    """The largest difference of any blurred pixel, from 0 (same) to 1.

    Raises ValueError, which says why, where one can't be read or the sizes differ.
    """
    first, second = _pixels(ours), _pixels(theirs)
    if first.shape != second.shape:
        raise ValueError(f"it was {_size(first)}, and is {_size(second)}")
    blurred = (gaussian(frame, sigma=BLUR, channel_axis=-1) for frame in first - second)
    return max(float(np.abs(frame).max()) for frame in blurred)


def _size(pixels: np.ndarray) -> str:
    frames, height, width, _ = pixels.shape
    return f"{width} × {height} pixels" + (f" in {frames} frames" if frames > 1 else "")


def _pixels(picture: bytes) -> np.ndarray:
    """Frames, rows, columns, and red, green and blue from 0 to 1, whatever the file's format."""
    try:
        with PIL.Image.open(io.BytesIO(picture)) as file:
            return np.stack([_as_seen(frame) for frame in ImageSequence.Iterator(file)])
    except Exception as error:  # each format has its own
        raise ValueError(f"it can't be read ({type(error).__name__}: {error})") from error


def _as_seen(frame: PIL.Image.Image) -> np.ndarray:
    """What a reader sees of a frame: upright, and on white where it is transparent."""
    if frame.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        grey = np.asarray(frame, dtype=float) / 65535
        return np.repeat(grey[..., np.newaxis], 3, axis=-1)
    shown = ImageOps.exif_transpose(frame).convert("RGBA")
    white = PIL.Image.new("RGBA", shown.size, "white")
    return np.asarray(PIL.Image.alpha_composite(white, shown).convert("RGB"), dtype=float) / 255


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """After nbval has executed a cell and compared its texts, compare its pictures."""
    if isinstance(item, IPyNbCell):
        # nbval would hold those that it does not know to every byte.
        item.parent.skip_compare = {*item.parent.skip_compare, *BITMAPS}
    result = yield
    if isinstance(item, IPyNbCell):
        stored, fresh = kinds(item.cell.outputs), kinds(item.test_outputs)
        if stored != fresh:
            said = (", ".join(kinds) or "no picture" for kinds in (stored, fresh))
            item.raise_cell_error("stored: {}; drawn: {}".format(*said), "")
        if is_compared(item.cell):
            _compare(item, pictures(item.cell.outputs), pictures(item.test_outputs))
            if type(item) is IPyNbCell:  # each once, also where it is run again
                count = {"cells": int(bool(item.cell.outputs)), "pictures": len(stored)}
                item.user_properties.append((COMPARED, count))
    return result


def _compare(item: IPyNbCell, stored: list[bytes], fresh: list[bytes]) -> None:
    for number, pair in enumerate(zip(stored, fresh, strict=True)):
        try:
            found = difference(*pair)
            said = f"differs by {found:.2f}, more than {TOLERANCE}" if found > TOLERANCE else ""
        except ValueError as error:
            said = f"can't be compared: {error}"
        if said:
            where = _keep(item, number, pair)
            item.raise_cell_error(f"picture {number} {said}", where)


def _keep(item: IPyNbCell, number: int, pair: tuple[bytes, bytes]) -> str:
    """Leave the stored and the fresh picture to be looked at; a sentence that says where."""
    folder = ROOT / "artifacts" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    ending = kinds(item.cell.outputs)[number].removeprefix("image/")
    for which, picture in zip(("stored", "fresh"), pair, strict=True):
        name = f"{Path(item.path).stem}-{item.cell.get('id', item.cell_num)}-{number}-{which}"
        (folder / f"{name}.{ending}").write_bytes(picture)
    return f"The stored and the fresh one are in {folder}"


def pytest_terminal_summary(terminalreporter):
    """Say how much was compared."""
    total: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, count in report.user_properties:
            if name == COMPARED:
                total.update(count)
    terminalreporter.write_line(
        f"Compared with a fresh run: {total['cells']} cells and {total['pictures']} pictures."
    )
