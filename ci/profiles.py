"""The notebooks under other parameters, run by papermill: each profile shows numbers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

LECTURE = "Day017_reading.ipynb"
HOMEWORK = "solutions/Day018_vgg16.ipynb"
CHALLENGE = "challenge_vgg19.ipynb"
LITTLE_TRAINING = {"train_size": 64, "epochs": 1}


@dataclass(frozen=True)
class Profile:
    """A notebook, its parameters, and a text that some output has to show."""

    notebook: str
    parameters: Mapping[str, Any]
    shows: str


# What is shown is VGG16's number of parameters: the convolutions' 14,714,688 (1,152 fewer for grey
# images) and those of the dense layers, (512 s² + 1) 4096 + 4097 x 4096 + 4097 classes, where s is
# 1 for images of 32 pixels and 7 for 224.
PROFILES = {
    "grey, 32 pixels, 7 classes, average pooling": Profile(
        HOMEWORK,
        {"input_shape": [32, 32, 1], "classes": 7, "pooling": "avg", **LITTLE_TRAINING},
        shows="33,624,775",
    ),
    "grey, 224 pixels, 1000 classes, feature map kept": Profile(
        HOMEWORK,
        {"input_shape": [224, 224, 1], "classes": 1000, "pooling": None, **LITTLE_TRAINING},
        shows="138,356,392",
    ),
    # The connections of LeNet-5, which the paper counts, too.
    "the lecture with little training": Profile(LECTURE, {"profile": "quick"}, shows="340,908"),
    # Configuration A at an eighth of its width, grey, 32 pixels, 10 classes.
    "the challenge's sheet, wider nets with little training": Profile(
        CHALLENGE, {"width": 0.125, "seeds": 1, "train_size": 100, "epochs": 1}, shows="445,482"
    ),
}


def run(profile: Profile, root: Path) -> NotebookNode:
    """The notebook, executed by papermill as it is, without anything of ours.

    Raises ValueError for a parameter that the notebook does not have.
    """
    import papermill

    path = root / profile.notebook
    known = papermill.inspect_notebook(str(path))
    if unknown := set(profile.parameters) - set(known):
        raise ValueError(f"{profile.notebook} has the parameters {sorted(known)}, not {unknown}")
    return papermill.execute_notebook(
        str(path),
        None,
        parameters=profile.parameters,
        cwd=path.parent,
        progress_bar=False,
    )
