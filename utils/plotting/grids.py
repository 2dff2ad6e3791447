"""Images, feature maps and kernels, tile by tile."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .inputs import one_axes
from .looks import Place

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def image_grid(
    images: Sequence[Any],
    titles: Sequence[Any] | None = None,
    columns: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw images row by row, each under its title.

    `images`: (height, width), (height, width, 1) or (height, width, 3) each, of any sizes; uint8 in
    0…255, or float in [0, 1]. `columns`: by default about as many as rows.

    >>> ax = plotting.image_grid([np.eye(3), np.ones((3, 4))], titles=["eye", "ones"])
    """
    shape: tuple[int, ...] = getattr(images, "shape", ())
    if len(shape) == 3 and shape[-1] in (1, 3):
        raise ValueError(f"images is one image, {shape}; expected several, as [image]")
    return _draw_grid([pixels(image) for image in images], titles, columns, ax, vmin=0, vmax=1)


def pixels(image: Any) -> np.ndarray:
    """Return an image as float in [0, 1]."""
    given = np.asarray(image)
    if given.ndim not in (2, 3) or given.shape[2:] not in ((), (1,), (3,)):
        raise ValueError(f"an image has shape {given.shape}; expected (height, width[, 1 or 3])")
    scaled = given / 255 if given.dtype == np.uint8 else given.astype(float)
    if scaled.min() < 0 or scaled.max() > 1:
        raise ValueError(
            f"an image holds {given.dtype} from {given.min():g} to {given.max():g}; "
            "expected uint8 in 0…255, or float in [0, 1]"
        )
    return scaled


def feature_maps(
    activations: Any, limit: int = 16, shared: bool = True, ax: Axes | None = None
) -> Axes:
    """Draw the first `limit` channels of what a layer makes of one image, in grey.

    `activations`: (height, width, channels), or a batch of one such. `shared`: all on one scale, so
    that a silent channel is black; otherwise each from its own least to its own largest value.

    >>> ax = plotting.feature_maps(np.ones((6, 6, 4)))
    """
    maps = _maps(activations)
    height, width, channels = maps.shape
    shown = np.moveaxis(maps[..., :limit], -1, 0)
    scale = {"vmin": min(0, shown.min()), "vmax": shown.max()} if shared else {}
    ax = _draw_grid(shown, range(len(shown)), None, ax, **scale)
    ax.set_title(
        f"通道 channel 0–{len(shown) - 1}，共 {channels} 個，各 {height}×{width}", fontsize=10
    )
    if shared:
        ax.figure.colorbar(ax.images[-1], ax=ax, label="活化值 activation", shrink=0.8)
    return ax


def _maps(activations: Any) -> np.ndarray:
    """Return what a layer makes of one image as (height, width, channels)."""
    shape: tuple[int, ...] = getattr(activations, "shape", ())
    if len(shape) == 4 and shape[0] == 1:
        activations = activations[0]
    return _array("activations", activations, ("height", "width", "channels"))


def stages(
    stages: Sequence[tuple[Any, Any]],
    columns: int = 6,
    shared: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw what becomes of one image, stage by stage from above, every channel on a tile.

    `stages`: title and (height, width, channels) of each, or a batch of one such: first the image
    itself, then what layers make of it. All tiles are alike large, `columns` in a row. `shared`: a
    stage on one scale; otherwise each channel from its own least to its own largest value.

    >>> digit, maps = np.eye(8)[..., np.newaxis], np.ones((6, 6, 4))
    >>> ax = plotting.stages([("數字", digit), ("C1", maps)])
    """
    if not len(stages):
        raise ValueError("got no stages; expected (title, maps) of each")
    found = [(title, _maps(maps)) for title, maps in stages]
    rows = [math.ceil(maps.shape[-1] / columns) for _, maps in found]
    total = sum(rows) * PITCH + len(found) * HEADING
    ax = one_axes(ax, (1.1 * PITCH * columns, 1.1 * total))
    top = 0.0
    for (title, maps), lines in zip(found, rows, strict=True):
        height, width, channels = maps.shape
        size = f"{height}×{width}" if channels == 1 else f"{channels} 張 {height}×{width}"
        ax.text(0, top + 0.75 * HEADING, f"{title}：{size}", va="bottom", fontsize=11)
        top += HEADING
        scale = {"vmin": maps.min(), "vmax": maps.max()} if shared else {}
        for index in range(channels):
            row, column = divmod(index, columns)
            corner = (column * PITCH, top + row * PITCH)
            _draw_tile(ax, maps[..., index], corner, **scale)
        top += lines * PITCH
    ax.set_xlim(-0.02, columns * PITCH)
    ax.set_ylim(top, 0)
    ax.axis("off")
    return ax


def difference(before: Any, after: Any, factor: float = 10, ax: Axes | None = None) -> Axes:
    """Draw two images that look alike, and `factor` times what lies between them; grey is 0.

    `before`, `after`: of one shape, as `image_grid` takes them.

    >>> ax = plotting.difference(np.full((4, 4), 0.5), np.full((4, 4), 0.52))
    """
    one, other = pixels(before), pixels(after)
    if one.shape != other.shape:
        raise ValueError(f"the images have shapes {one.shape} and {other.shape}; expected one")
    between = np.clip(0.5 + factor * (other - one), 0, 1)
    titles = ["之前", "之後", f"差異放大 {factor:g} 倍"]
    return image_grid([one, other, between], titles, columns=3, ax=ax)


def kernels(weights: Any, filters: int = 16, channels: int = 3, ax: Axes | None = None) -> Axes:
    """Draw the kernels of a convolution: a column a filter, a row an input channel, grey is 0.

    `weights`: (kernel height, kernel width, input channels, filters), as `layer.kernel` is.
    `filters`, `channels`: how many of each, from the first.

    >>> ax = plotting.kernels(np.ones((3, 3, 3, 64)), filters=8)
    """
    values = _array("weights", weights, ("height", "width", "input channels", "filters"))
    height, width, *whole = values.shape
    shown = values[:, :, :channels, :filters]
    rows, columns = shown.shape[2:]
    tiles = np.moveaxis(shown, (2, 3), (0, 1)).reshape(-1, height, width)
    largest = np.abs(shown).max()
    ax = _draw_grid(tiles, None, columns, ax, vmin=-largest, vmax=largest)
    ax.axis("on")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_xticks(PITCH * np.arange(columns) + 0.5, map(str, range(columns)))
    ax.set_yticks(PITCH * np.arange(rows) + 0.5, map(str, range(rows)))
    ax.set(xlabel=f"卷積核 filter（共 {whole[1]} 個）", ylabel=f"輸入通道\n（共 {whole[0]} 個）")
    ax.figure.colorbar(ax.images[-1], ax=ax, label="權重 weight")
    return ax


def _array(name: str, value: Any, axes: tuple[str, ...]) -> np.ndarray:
    """Return an array that has these axes."""
    expected = f"expected one array ({', '.join(axes)})"
    try:
        array = np.asarray(value)
    except ValueError as error:
        kind = type(value).__name__
        raise ValueError(f"{name} are a {kind} of arrays of unlike shapes; {expected}") from error
    if array.ndim != len(axes):
        raise ValueError(f"{name} have shape {array.shape}; {expected}")
    return array


# From one tile of a grid to the next, where a tile is 1 × 1; what a title adds to a row, and the
# title of a stage.
PITCH, TITLE, HEADING = 1.08, 0.2, 0.32


def _draw_grid(
    images: Collection[np.ndarray],
    titles: Sequence[Any] | None,
    columns: int | None,
    ax: Axes | None,
    **scale: Any,
) -> Axes:
    """Draw images row by row, each as large as fits its tile, in the middle."""
    count = len(images)
    if count == 0 or (titles is not None and len(titles) != count):
        given = "no titles" if titles is None else f"{len(titles)} titles"
        raise ValueError(f"got {count} images, {given}; expected images, and a title for each")
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    pitch = PITCH if titles is None else PITCH + TITLE
    tile = min(1.5, 9 / columns)
    ax = one_axes(ax, (tile * PITCH * columns + 1, tile * pitch * rows + 0.5))
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        middle, top = _draw_tile(ax, image, (column * PITCH, row * pitch), **scale)
        if titles is not None:
            ax.text(middle, top - 0.04, titles[index], ha="center", va="bottom", fontsize=8)
    ax.set_xlim(-0.04, columns * PITCH)
    ax.set_ylim(rows * pitch, -0.04 if titles is None else -TITLE)
    ax.axis("off")
    return ax


def _draw_tile(ax: Axes, image: np.ndarray, corner: Place, **scale: Any) -> Place:
    """Draw an image in the 1 × 1 tile below and right of a corner; its middle and its top."""
    height, width = np.array(image.shape[:2]) / max(image.shape[:2])
    left, top = corner[0] + (1 - width) / 2, corner[1] + (1 - height) / 2
    ax.imshow(image, cmap="gray", extent=(left, left + width, top + height, top), **scale)
    return left + width / 2, top
