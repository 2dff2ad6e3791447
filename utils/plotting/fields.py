"""What single units see of a photograph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from .grids import pixels
from .inputs import one_axes
from .looks import INK, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def receptive_boxes(photo: Any, fields: Mapping[Any, int], ax: Axes | None = None) -> Axes:
    """Draw how much of a photograph the unit in its middle sees, as nested boxes with names.

    `photo`: (height, width[, 1 or 3]), uint8 or float in [0, 1]. `fields`: the side of each box in
    pixels of the photo, by name. A box larger than the photo reaches into the padding around it.

    >>> ax = plotting.receptive_boxes(np.zeros((224, 224)), {"block1": 6, "block3": 44})
    """
    if not fields or min(fields.values()) <= 0:
        raise ValueError(f"fields={fields!r}: expected the side in pixels, above 0, of each")
    image = pixels(photo)
    height, width = image.shape[:2]
    ax = one_axes(ax, (5, 3.5))
    ax.imshow(image, cmap="gray", extent=(0, width, height, 0), vmin=0, vmax=1)
    middle, largest = (width / 2, height / 2), max(fields.values())
    reach = max(width, height, largest) / 2
    names = sorted(fields, key=lambda name: fields[name], reverse=True)
    rows = np.linspace(0.06, 0.94, len(names)) if len(names) > 1 else [0.5]
    for index, (name, row) in enumerate(zip(names, rows, strict=True)):
        half = fields[name] / 2
        corner = (middle[0] + half, middle[1] - half)
        # White under black can be seen on light and on dark; the dashes tell the boxes apart.
        outline = {"path_effects": [withStroke(linewidth=4.5, foreground="white")]}
        dash = "-" if fields[name] == largest else style(index).dash
        square = Rectangle(
            (middle[0] - half, middle[1] - half), 2 * half, 2 * half, fill=False, edgecolor=INK
        )
        square.set(linewidth=1.8, linestyle=dash, **outline)
        ax.add_patch(square)
        ax.annotate(
            f"{name}：{fields[name]}×{fields[name]}",
            corner,
            xytext=(middle[0] + 1.1 * reach, middle[1] + reach * (2 * row - 1)),
            va="center",
            fontsize=11,
            arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 1.2, **outline},
        )
    longest = max(map(len, map(str, fields)))
    ax.set_xlim(middle[0] - 1.02 * reach, middle[0] + (1.6 + 0.05 * longest) * reach)
    ax.set_ylim(middle[1] + 1.02 * reach, middle[1] - 1.02 * reach)
    ax.axis("off")
    return ax
