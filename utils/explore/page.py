"""What a page is: a script over tables, what the reader chooses, and a still picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from utils.explore.still import STILLS, Still

FOLDER = Path(__file__).parent
FRAME = "frame"  # the script that all pages share
# Significant digits of a number in a table, in double and in single precision: the next processor
# may add in another order.
DOUBLE, SINGLE = 6, 3

INSTEAD = "上面是靜止的圖。執行這一格（Shift + Enter），就會換成可以動手玩的小頁面。"


class Control(NamedTuple):
    """What a reader chooses: numbers with a slider, words from a list; `start` is one of them."""

    label: str
    values: Sequence[Any]
    start: Any


@dataclass(frozen=True)
class Page:
    """A page; a cell that ends with it shows it. `still` stands there until a script runs."""

    title: str
    script: str
    controls: Mapping[str, Control]
    data: Mapping[str, Any]
    still: Still

    def __repr__(self) -> str:
        labels = "、".join(control.label for control in self.controls.values())
        return f"可以動手玩的小頁面：{self.title}" + (f"（{labels}）" if labels else "")

    def _repr_html_(self) -> str:
        controls = [
            {
                "name": name,
                "label": control.label,
                "values": plain(control.values),
                "start": list(control.values).index(control.start),
            }
            for name, control in self.controls.items()
        ]
        style = _read("style.css")
        spec = {"title": self.title, "style": style, "controls": controls, "data": plain(self.data)}
        text = json.dumps(spec, ensure_ascii=False, separators=(",", ":")).replace("<", r"\u003c")
        return (
            f'<div lang="zh-Hant-TW"><p>{escape(self.title)}</p>{self.still.html()}'
            f"<p>{INSTEAD}</p><script>\n"
            f"({_read(f'{FRAME}.js')})(document.currentScript.parentElement,\n{text},\n"
            f"{_read(f'{self.script}.js')})\n</script></div>"
        )


def page(
    script: str,
    title: str,
    controls: Mapping[str, Control],
    data: Mapping[str, Any],
    still: Still | None = None,
) -> Page:
    """Return the page that `script`, a .js file of this folder, draws from the tables in `data`.

    `controls`: what the reader chooses, by the name that the script knows it by. Tables may hold
    arrays. `still`: the picture for where no script runs; None: as `STILLS` draws it from `data`.
    ValueError for a script that has none, and a start that can't be chosen.
    """
    if still is None and script not in STILLS:
        raise ValueError(f"script={script!r}: expected one of {', '.join(sorted(STILLS))}")
    for name, control in controls.items():
        if control.start not in list(control.values):
            raise ValueError(
                f"{name} starts at {control.start!r}: expected one of {list(control.values)}"
            )
    return Page(title, script, controls, data, still or STILLS[script](data))


def plain(value: Any, digits: int = DOUBLE) -> Any:
    """Return tables and arrays as lists and dicts for JSON; fractions with so many digits."""
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist(), DOUBLE if value.dtype.itemsize == 8 else SINGLE)
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, Mapping):
        return {name: plain(each, digits) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each, digits) for each in value]
    return value


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8").rstrip()
