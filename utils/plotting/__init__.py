"""Pictures for the notebooks: an architecture, what it costs, and what a network computes.

Every function draws on the axes that it is given (or makes a figure), returns the axes it drew on,
shows nothing by itself, and can be read without colour. Importing this package gives matplotlib the
course's letters for Chinese (`utils.fonts`).
"""

from utils import fonts

from .blocks import block_diagram
from .circles import bubbles
from .costs import budget
from .fields import receptive_boxes
from .grids import difference, feature_maps, image_grid, kernels, stages
from .planes import landscape
from .runs import bars, spread
from .slopes import functions
from .training import curves, training_curves
from .units import network
from .volumes import architecture

__all__ = [
    "architecture",
    "bars",
    "block_diagram",
    "bubbles",
    "budget",
    "curves",
    "difference",
    "feature_maps",
    "functions",
    "image_grid",
    "kernels",
    "landscape",
    "network",
    "receptive_boxes",
    "spread",
    "stages",
    "training_curves",
]

fonts.use()
