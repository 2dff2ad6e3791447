"""What the functions are given: a model or its summary; axes, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from utils.summary import ModelSummary, summarize

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def summary_of(model: Any) -> ModelSummary:
    """The summary that is given, or of the model that is given."""
    return model if isinstance(model, ModelSummary) else summarize(model)


def one_axes(ax: Axes | None, size: tuple[float, float], layout: Any = "constrained") -> Axes:
    """The axes that are given, or those of a new figure, `size` in inches."""
    if ax is None:
        _, ax = plt.subplots(figsize=size, layout=layout)
    return ax


def several_axes(axes: Any, count: int, size: tuple[float, float]) -> list[Axes]:
    """`count` axes: those that are given, or a row of them in a new figure."""
    if axes is None:
        _, axes = plt.subplots(1, count, figsize=size, layout="constrained")
    found = list(np.ravel(axes))
    if len(found) != count:
        raise ValueError(f"axes: got {len(found)}, expected {count}")
    return found
