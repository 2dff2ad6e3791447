"""What the figures share: colours that differ in brightness, too, marks, dashes, and words."""

from __future__ import annotations

from typing import NamedTuple

INK = "#222222"

Place = tuple[float, float]  # x and y


class Look(NamedTuple):
    """How a kind of layer is drawn; `part` is found in the names of its Keras classes."""

    part: str
    colour: str
    hatch: str
    label: str


LOOKS = {
    "input": Look("InputLayer", "white", "", "輸入 input"),
    "convolution": Look("Conv", "#a6cee3", "", "卷積 convolution"),
    "pooling": Look("Pool", "#fdb863", "/////", "池化 pooling"),
    "dense": Look("Dense", "#b2df8a", "...", "全連接 dense"),
}


class Style(NamedTuple):
    """How one series among others is drawn; any one of these tells it from the next."""

    colour: str
    marker: str
    dash: str | tuple[int, tuple[int, ...]]
    hatch: str


# Colours of Okabe and Ito (2008), which people with red-green blindness tell apart.
STYLES = (
    Style("#0072b2", "o", "-", ""),
    Style("#d55e00", "s", "--", "///"),
    Style("#009e73", "^", "-.", "..."),
    Style("#cc79a7", "D", ":", "xx"),
    Style("#7a5200", "v", (0, (5, 1, 1, 1, 1, 1)), "\\\\\\"),
    Style("#56b4e9", "P", (0, (8, 2)), "++"),
    Style("#222222", "X", (0, (2, 2, 6, 2)), "oo"),
    Style("#e69f00", "*", (0, (1, 1)), "--"),
)

# Names that Keras and the lessons give to what is drawn, for people.
WORDS = {
    "epoch": "遍數 epoch",
    "loss": "損失 loss",
    "accuracy": "正確率 accuracy",
    "val_accuracy": "驗證正確率 validation accuracy",
    "test_accuracy": "測試正確率 test accuracy",
    "test_loss": "測試損失 test loss",
}


def style(index: int) -> Style:
    """The look of a series by its place; after the last, the first again."""
    return STYLES[index % len(STYLES)]


def word(name: str) -> str:
    """A name of data as people read it."""
    return WORDS.get(name, name)
