"""A page's still picture: a small SVG in an <img>, which every viewer of notebooks lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

WIDTH = 480  # units, as in the pages
INK, PALE, ORANGE, BLUE = "#222", "#bbb", "#d9730d", "#3b78c2"


class Still:
    """A picture, dark on white in any theme, and `alt`, what one sees in it."""

    def __init__(self, height: float, alt: str) -> None:
        self.alt = alt
        self.height = height
        self.parts: list[str] = []

    def add(self, tag: str, content: str = "", **attributes: Any) -> None:
        """Draw an SVG element; `stroke_width` is its attribute stroke-width."""
        written = "".join(
            f' {name.replace("_", "-")}="{_short(value)}"' for name, value in attributes.items()
        )
        self.parts.append(f"<{tag}{written}>{escape(content)}</{tag}>")

    def rect(self, x: float, y: float, width: float, height: float, **style: Any) -> None:
        """Draw a rectangle from its upper left corner."""
        self.add("rect", x=x, y=y, width=width, height=height, **style)

    def line(self, points: Iterable[tuple[float, float]], **style: Any) -> None:
        """Draw a line through points."""
        places = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
        self.add("polyline", points=places, **{"fill": "none", "stroke": INK} | style)

    def text(self, x: float, y: float, words: Any, **style: Any) -> None:
        """Write words, centred at x."""
        self.add("text", f"{words}", x=x, y=y, **{"text_anchor": "middle"} | style)

    def cells(self, x: float, y: float, side: float, levels: Any, **style: Any) -> None:
        """Draw a small picture: a square a pixel, of 0 (white) to 1 (dark); a path a level."""
        places: dict[float, list[str]] = {}
        for i, row in enumerate(levels):
            for j, level in enumerate(row):
                at = f"M{_short(x + j * side)} {_short(y + i * side)}"
                places.setdefault(round(float(level), 2), []).append(at)
        square = f"h{_short(side)}v{_short(side)}h{_short(-side)}z"
        for level, found in sorted(places.items()):
            if level > 0:
                self.add(
                    "path", d="".join(at + square for at in found), fill_opacity=level, **style
                )

    def grid(self, x: float, y: float, side: float, rows: int, columns: int) -> None:
        """Draw the lines between so many cells."""
        down = "".join(
            f"M{_short(x)} {_short(y + i * side)}h{_short(columns * side)}" for i in range(rows + 1)
        )
        across = "".join(
            f"M{_short(x + j * side)} {_short(y)}v{_short(rows * side)}" for j in range(columns + 1)
        )
        self.add("path", d=down + across, stroke=PALE)

    def svg(self) -> str:
        """Return the drawing as SVG that stands alone."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_short(self.height)}" '
            f'fill="{INK}" font-family="sans-serif" font-size="16">'
            f'<rect width="100%" height="100%" fill="#fff"/>{"".join(self.parts)}</svg>'
        )

    def html(self) -> str:
        """Return the <img>; its styles stand in it, as viewers drop <style>."""
        address = "data:image/svg+xml," + quote(self.svg().replace('"', "'"), safe=" :/;,+='()")
        return (
            f'<img alt="{escape(self.alt)}" width="{WIDTH}" style="max-width:100%" src="{address}">'
        )


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value


def top_k(data: Mapping[str, Any]) -> Still:
    """The first image's distances to all templates."""
    distances = list(data["distances"][0])
    answer = data["answers"][0]
    still = Still(
        200,
        f"長條圖：第一張圖到十個樣板的距離，最近的是 {data['nearest'][0][0]}，"
        f"答案（粗框）是 {answer}。",
    )
    for digit, distance in enumerate(distances):
        height = 150 * float(distance / max(distances))
        x, wide = 48.0 * digit + 6, 3 if digit == answer else 0.5
        still.rect(x, 165 - height, 36, height, fill=PALE, stroke=INK, stroke_width=wide)
        still.text(x + 18, 186, digit)
    return still


def dropout(data: Mapping[str, Any]) -> Still:
    """The first throw at the middle rate: a unit that is off is a cross."""
    kept = data["kept"][len(data["kept"]) // 2][0]
    still = Still(60.0 * len(kept), "一次 dropout：每一層有的單元亮著（●），有的關掉（×）。")
    for level, layer in enumerate(reversed(kept)):
        for unit, state in enumerate(layer):
            x = WIDTH / 2 + 48 * (unit - (len(layer) - 1) / 2)
            still.text(x, 60.0 * level + 38, "●" if state == "1" else "×", font_size=26)
    return still


STILLS: dict[str, Callable[[Mapping[str, Any]], Still]] = {"top_k": top_k, "dropout": dropout}
