"""LeNet-5 at work on a digit that one draws."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from utils.explore.page import Control, Page, page
from utils.explore.still import INK, Still

PENALTIES = (2, 5, 10, 15, 22, 30, 45)  # of the class "none of them"


def digit(
    weights: Sequence[np.ndarray] | None = None, samples: Any = None, j: int = 10, start: int = 3
) -> Page:
    """Return the page on which a digit that one draws passes LeNet-5 (LeCun et al. 1998).

    `weights`: as `get_weights()` of `utils.zoo.lenet.lenet5()` gives them; None: the stored ones.
    `samples`: a picture of each digit, (10, 32, 32) in 0…1; None: the first ten of MNIST's part to
    test on. `j`: the penalty of "none of them" (equation 9). `start`: the sample that is there.
    ValueError for other shapes, or a start that the page doesn't offer.
    """
    from utils import datasets
    from utils.zoo import lenet, store

    arrays = store.weights("lenet5") if weights is None else list(weights)
    shapes = _lenet_shapes(lenet.CONNECTIONS)
    if (found := [np.shape(array) for array in arrays]) != shapes:
        raise ValueError(f"weights have the shapes {found}: expected LeNet-5's, {shapes}")
    pictures = np.asarray(
        datasets.mnist_digits(size=32).x_test[:10, ..., 0] if samples is None else samples
    )
    if pictures.shape != (10, 32, 32):
        raise ValueError(f"samples have the shape {pictures.shape}: expected (10, 32, 32)")
    levels = np.rint(15 * pictures[:, 2:-2, 2:-2]).astype(int)
    halves = np.concatenate([np.ravel(array) for array in arrays]).astype("<f2")
    data = {
        "weights": b64encode(halves.tobytes()).decode(),
        "table": lenet.CONNECTIONS,
        "samples": ["".join(f"{level:x}" for level in picture.flat) for picture in levels],
        "start": start,
    }
    controls = {"j": Control("都不像的 j", PENALTIES, j)}
    still = _digit_still(levels[start] / 15, np.asarray(arrays[-1]).reshape(10, 12, 7))
    return page("digit", "畫一個數字，看它走過 LeNet-5", controls, data, still)


def _lenet_shapes(connections: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    return [
        *((5, 5, 1, 6), (6,), (6,), (6,)),
        *(shape for seen in connections for shape in ((5, 5, len(seen), 1), (1,))),
        *((16,), (16,), (5, 5, 16, 120), (120,), (120, 84), (84,), (10, 84)),
    ]


STAGES = ("輸入 32×32", "C1 6×28×28", "S2 6×14×14", "C3 16×10×10", "S4 16×5×5", "C5 120", "F6 84")


def _digit_still(sample: np.ndarray, prototypes: np.ndarray) -> Still:
    """A sample, the stages that it passes, and the prototypes that F6 is compared with."""
    still = Still(
        270,
        "左邊是一個手寫數字，中間是 LeNet-5 的七個階段，下面是 7×12 的十個樣板，"
        "最後算 F6 和每個樣板的距離平方：最小的就是答案，都太大就是「都不像」。",
    )
    still.cells(14, 14, 5.5, sample)
    still.rect(14, 14, 154, 154, fill="none", stroke=INK)
    for line, words in enumerate(STAGES):
        still.text(230, 30 + 22 * line, f"{'→ ' if line else ''}{words}", text_anchor="start")
    still.text(230, 184, "→ 和十個樣板的距離", text_anchor="start")
    for number, prototype in enumerate(prototypes):
        still.cells(14 + 46 * number, 200, 5, prototype > 0)
    return still
