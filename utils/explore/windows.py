"""The pages about windows: a convolution step by step, and what a deep unit sees."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np

from utils.explore.page import Control, Page, page
from utils.explore.still import BLUE, ORANGE, Still

# Whole numbers that are divided at the end, so that every product can be read.
KERNELS: dict[str, tuple[Any, int]] = {
    "直的邊 vertical edge": ([[-1, 0, 1]] * 3, 1),
    "橫的邊 horizontal edge": ([[-1] * 3, [0] * 3, [1] * 3], 1),
    "模糊 blur 3×3": ([[1] * 3] * 3, 9),
    "模糊 blur 5×5": ([[1] * 5] * 5, 25),
    "銳利 sharpen": ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1),
}
OWN = "自訂"
LARGEST = 16  # pixels on a side: of more, no cell can be seen on a phone
PHOTO = 224  # pixels on a side, as the networks take them
SEVEN = """
0000000000
0999999990
0999999990
0000000990
0000009900
0000099000
0000990000
0000990000
0000990000
0000000000
"""


def convolution(image: Any = None, own: Any = None) -> Page:
    """Return the page that steps a window over a small grey picture.

    `image`: a table of at most 16×16 numbers; fractions of 0…1 become levels 0…9. None: a seven.
    `own`: the kernel, 3×3 or 5×5, that the reader may change; None: one that copies.
    """
    pixels = _levels(_SEVEN if image is None else np.asarray(image))
    kernel = np.asarray([[0, 0, 0], [0, 1, 0], [0, 0, 0]] if own is None else own)
    if kernel.shape not in ((3, 3), (5, 5)):
        raise ValueError(f"own has the shape {kernel.shape}: expected (3, 3) or (5, 5)")
    kernels = {**KERNELS, OWN: (kernel, 1)}
    data = {
        "image": pixels,
        "most": np.abs(pixels).max() or 1,
        "kernels": [{"weights": weights, "divisor": by} for weights, by in kernels.values()],
    }
    controls = {
        "kernel": Control("卷積核", list(kernels), next(iter(kernels)) if own is None else OWN),
        "stride": Control("步長", (1, 2), 1),
        "padding": Control("填充", (0, 1), 0),
    }
    weights, divisor = kernels[controls["kernel"].start]
    still = _convolution_still(pixels, np.asarray(weights) / divisor)
    return page("convolution", "小窗走一步，輸出多一格", controls, data, still)


_SEVEN = np.array([[int(level) for level in row] for row in SEVEN.split()])


def _levels(image: np.ndarray) -> np.ndarray:
    """Return a picture whose numbers are short enough to be read."""
    if image.ndim != 2 or not 5 <= min(image.shape) <= max(image.shape) <= LARGEST:
        raise ValueError(
            f"image has the shape {image.shape}: expected (height, width), each 5 to {LARGEST}"
        )
    if image.dtype.kind == "f" and image.min() >= 0 and image.max() <= 1:
        tenths: np.ndarray = np.rint(9 * image).astype(int)
        return tenths
    return image


def _convolution_still(pixels: np.ndarray, kernel: np.ndarray) -> Still:
    size = len(kernel)
    covered = np.lib.stride_tricks.sliding_window_view(pixels, (size, size))
    output = (covered * kernel).sum(axis=(2, 3))
    still = Still(
        236,
        f"左邊是 {len(pixels)}×{pixels.shape[1]} 的輸入，橘色的框是 {size}×{size} 的小窗；"
        f"右邊是 {len(output)}×{output.shape[1]} 的輸出，負的是藍色。",
    )
    side = 200 / max(pixels.shape)
    for left, name, table in ((10.0, "輸入", pixels), (260.0, "輸出", output)):
        still.text(left, 20, f"{name} {len(table)}×{table.shape[1]}", text_anchor="start")
        levels = table / (np.abs(table).max() or 1)
        still.cells(left, 30, side, levels)
        still.cells(left, 30, side, -levels, fill=BLUE)
        still.grid(left, 30, side, *table.shape)
    frame = {"fill": "none", "stroke": ORANGE, "stroke_width": 3}
    still.rect(10, 30, size * side, size * side, **frame)
    still.rect(260, 30, side, side, **frame)
    return still


def field(photo: np.ndarray, kernel: int = 3, depth: int = 6) -> Page:
    """Return the page on what the unit in the middle of a photograph sees after each layer.

    `photo`: (height, width, 3), uint8; its largest square in the middle is shown. ValueError for
    another, and for a start that the page doesn't offer.
    """
    controls = {
        "kernel": Control("卷積核", (1, 3, 5, 7), kernel),
        "depth": Control("疊幾層", range(1, 14), depth),
        "pooling": Control("池化", ("沒有", "每兩層一次 2×2"), "沒有"),
    }
    data = {"size": PHOTO, "photo": (shown := _jpeg(photo))}
    return page("field", "正中央的單元看得到哪裡？", controls, data, _field_still(shown))


def _jpeg(photo: np.ndarray) -> str:
    """Return the middle of a photograph as a data URI; Pillow's scaling is the same everywhere."""
    from PIL import Image, ImageOps

    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise ValueError(f"photo is {photo.dtype} {photo.shape}: expected uint8 (height, width, 3)")
    file = BytesIO()
    ImageOps.fit(Image.fromarray(photo), (PHOTO, PHOTO)).save(file, "jpeg", quality=70)
    return "data:image/jpeg;base64," + b64encode(file.getvalue()).decode()


def _field_still(photo: str) -> Still:
    """Six layers of 3×3, and VGG-16's five blocks with their pools."""
    still = Still(
        300,
        "一張照片，正中央有七個愈來愈大的方框：六層 3×3 看得到 3 到 13 個像素見方；"
        "加上池化，VGG-16 的五個區塊看得到 6、16、44、100、212。",
    )
    side, left, top = 270 / PHOTO, 10, 10
    still.add("image", href=photo, x=left, y=top, width=270, height=270)
    for size, colour in ((13, BLUE), *((size, ORANGE) for size in (6, 16, 44, 100, 212))):
        first = (PHOTO - size) / 2 * side
        frame = {"fill": "none", "stroke": colour, "stroke_width": 2.5}
        still.rect(left + first, top + first, size * side, size * side, **frame)
    for line, words in enumerate(
        ("藍：六層 3×3，13×13", "橘：VGG-16 每個區塊", "之後，6、16、44、", "100、212")
    ):
        still.text(294, 60 + 28 * line, words, text_anchor="start")
    return still
