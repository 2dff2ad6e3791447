"""The page about the gradient's long product."""

from __future__ import annotations

from utils.explore.page import Control, Page, page
from utils.explore.still import BLUE, INK, ORANGE, PALE, Still

DEPTHS = 30
FUNCTIONS = ("sigmoid", "tanh", "ReLU", "Leaky ReLU", "ELU")
WEIGHTS = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
POSITIONS = tuple(step / 2 for step in range(-10, 11))


def chain(function: str = "sigmoid", w: float = 1.0, depth: int = 10) -> Page:
    """Return the page on what is left of a gradient after `depth` layers of w·σ′(z).

    ValueError for a start that the page doesn't offer.
    """
    controls = {
        "name": Control("活化函數", FUNCTIONS, function),
        "z": Control("z", POSITIONS, 0.0),
        "w": Control("權重 w", WEIGHTS, w),
        "depth": Control("層數", range(1, DEPTHS + 1), depth),
    }
    return page("chain", "很多層之後，梯度還剩多少？", controls, {"depths": DEPTHS}, _still())


def _still() -> Still:
    """Three chains of the sigmoid's steepest slope, 1/4, on a logarithmic scale."""
    still = Still(
        250,
        "折線圖（對數刻度）：sigmoid 在 z = 0 的 σ′ 是 1/4。w = 1，三十層之後剩 10 的 −18 次方；"
        "w = 4，不大不小剛好是 1；w = 6，長到十萬倍以上。",
    )

    def across(layer: float) -> float:
        return 60 + 11.0 * layer

    def down(power: float) -> float:
        return 80 - 7.5 * power

    for power in (-20, -10, 0):
        still.line([(across(0), down(power)), (across(DEPTHS), down(power))], stroke=PALE)
        still.text(across(0) - 8, down(power) + 5, f"1e{power}" if power else 1, text_anchor="end")
    chains = ((1, BLUE, -18.06, "消失"), (4, INK, 0.0, "剛好"), (6, ORANGE, 5.28, "爆炸"))
    for w, colour, end, word in chains:
        still.line([(across(0), down(0)), (across(DEPTHS), down(end))], stroke=colour)
        still.text(across(DEPTHS) + 8, down(end) + 5, f"w={w} {word}", text_anchor="start")
    still.text(240, 20, "每層乘 w·σ′(0) = w/4，三十層之後剩多少")
    return still
