"""Trained weights in half precision, and beside each file what made it and how it went.

`weights/NAME.npz` holds arrays; `weights/NAME.json` its SHA-256, the command that remakes it, and
a run a seed with its seconds and curves.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "weights"


def names() -> list[str]:
    """Return the names that have a record, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def weights(name: str) -> list[np.ndarray]:
    """Return the arrays stored as `name`, as float32, in the order of `model.get_weights()`.

    Raises:
        ValueError: there is no such file, or it isn't the one that its record describes.
    """
    expected = record(name).get("sha256")
    if expected is None:
        raise ValueError(f"name={name!r}: its curves are stored, but no weights")
    path = FOLDER / f"{name}.npz"
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise ValueError(
            f"{path.name} is damaged: its SHA-256 is {found}, expected {expected}. "
            f"Fetch the file again, or remake it: {record(name)['command']}"
        )
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return [arrays[key].astype("float32") for key in arrays.files]


def save(name: str, arrays: Sequence[np.ndarray], **facts: Any) -> None:
    """Store arrays as float16 under `name`, and `facts` with their digest in the record.

    Raises:
        ValueError: a number is too large for half precision (65,504), or isn't one.
    """
    with np.errstate(over="ignore"):  # said below, by name
        halves = [np.asarray(array, "float32").astype("float16") for array in arrays]
    for i, half in enumerate(halves):
        if not np.isfinite(half).all():
            raise ValueError(f"{name}: array {i} holds a number that half precision can't hold")
    stream = io.BytesIO()
    np.savez_compressed(stream, *halves)
    (FOLDER / f"{name}.npz").write_bytes(stream.getvalue())
    note(name, sha256=hashlib.sha256(stream.getvalue()).hexdigest(), **facts)


def record(name: str) -> dict[str, Any]:
    """Return what is known of `name`: `command`, `runs`, and with weights `sha256`."""
    if name not in names():
        raise ValueError(f"name={name!r}: expected one of {', '.join(names())}")
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def note(name: str, **facts: Any) -> None:
    """Write facts into the record of `name`, beside those that it holds."""
    before = record(name) if name in names() else {}
    after = {"command": f"python -m utils.zoo.train {name}"} | before | facts
    text = json.dumps(after, indent=1, ensure_ascii=False)
    text = re.sub(r"\[[^][{}]*\]", lambda numbers: " ".join(numbers[0].split()), text)
    (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8", newline="\n")
