"""A pytest plug-in beside nbval, which compares texts alone: it compares pictures, and counts.

Used as `pytest -p nbval -p ci.nbval_pictures --nbval NOTEBOOK`; one execution serves both. When a
picture differs, the stored and the fresh one are left in `artifacts/pictures/`.
"""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from nbval.plugin import IPyNbCell
from skimage.filters import gaussian

from ci import ROOT
from ci.notebooks import is_compared, pictures

# Two pictures are the same when, after a blur of BLUR pixels, no pixel differs by more than
# TOLERANCE of the whole range. That hides rounding, and shows a moved point or a changed letter.
BLUR = 2.0
TOLERANCE = 0.06


def difference(ours: bytes, theirs: bytes) -> float:
    """The largest difference of any blurred pixel, from 0 (same) to 1; 1 if the sizes differ."""
    first, second = (_blurred(picture) for picture in (ours, theirs))
    return float(np.abs(first - second).max()) if first.shape == second.shape else 1.0


def _blurred(picture: bytes) -> np.ndarray:
    pixels = matplotlib.image.imread(io.BytesIO(picture))
    return gaussian(pixels, sigma=BLUR, channel_axis=-1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """After nbval has executed a cell and compared its texts, compare its pictures."""
    result = yield
    if isinstance(item, IPyNbCell):
        stored, fresh = pictures(item.cell.outputs), pictures(item.test_outputs)
        if len(stored) != len(fresh):
            item.raise_cell_error(f"{len(stored)} pictures stored, {len(fresh)} drawn", "")
        if is_compared(item.cell):
            _compare(item, stored, fresh)
            count = {"cells": int(bool(item.cell.outputs)), "pictures": len(stored)}
            item.user_properties.append(("compared", count))
    return result


def _compare(item: IPyNbCell, stored: list[bytes], fresh: list[bytes]) -> None:
    for number, pair in enumerate(zip(stored, fresh, strict=True)):
        found = difference(*pair)
        if found > TOLERANCE:
            folder = ROOT / "artifacts" / "pictures"
            folder.mkdir(parents=True, exist_ok=True)
            for which, picture in zip(("stored", "fresh"), pair, strict=True):
                name = f"{Path(item.path).stem}-{item.cell.id}-{number}-{which}.png"
                (folder / name).write_bytes(picture)
            item.raise_cell_error(
                f"picture {number} differs by {found:.2f}, more than {TOLERANCE}",
                f"The stored and the fresh one are in {folder}",
            )


def pytest_terminal_summary(terminalreporter):
    """Say how much was compared."""
    total: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, count in report.user_properties:
            if name == "compared":
                total.update(count)
    terminalreporter.write_line(
        f"Compared with a fresh run: {total['cells']} cells and {total['pictures']} pictures."
    )
