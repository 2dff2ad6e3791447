"""Cells that fail: what is wrong is named at its line, and what they were to define is known."""

from __future__ import annotations

import pytest

from grading.failures import lost, rest, tell


def compiled(source: str) -> str:
    """What is said of a cell that Python does not take."""
    try:
        compile(source, "<cell>", "exec")
    except SyntaxError as error:
        return tell(type(error).__name__, str(error), source, error.lineno)
    raise AssertionError(f"{source!r} is Python")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "x = 1\nf（x)",
            "第 2 行的 `（` (FULLWIDTH LEFT PARENTHESIS U+FF08) 是全形字元，要改成 `(`",
        ),
        ("f(x）", "(FULLWIDTH RIGHT PARENTHESIS U+FF09) 是全形字元，要改成 `)`"),
        ("f(1， 2)\n'，'  # ，\ng(3， 4)", "第 1、3 行的 `，` (FULLWIDTH COMMA U+FF0C)"),
        ("if x：\n  y", "要改成 `:`"),
        ("x = 1；", "要改成 `;`"),
        ("x ＝ 1", "要改成 `=`"),
        ("x = ２５６", "`２` (FULLWIDTH DIGIT TWO U+FF12) 是全形字元，要改成 `2`"),
        ("x = 5 − 3", "`−` (MINUS SIGN U+2212) 不是程式用的減號，要改成 `-`"),
        ("x = “relu”", '`“` (LEFT DOUBLE QUOTATION MARK U+201C) 不是程式用的引號，要改成 `"`'),
        ('x = f("relu”, "a")', "`”` (RIGHT DOUBLE QUOTATION MARK U+201D) 不是程式用的引號"),
        ("x = ‘relu’", "不是程式用的引號，要改成 `'`"),
        ("if x:\n\xa0\xa0y", "第 2 行的字元 (NO-BREAK SPACE U+00A0) 不是一般的空格"),
        ("if x:\n\u3000y", "第 2 行的字元 (IDEOGRAPHIC SPACE U+3000) 不是一般的空格"),
        ("a\u200bb", "第 1 行的字元 (ZERO WIDTH SPACE U+200B) 是看不見的字元，要刪掉它"),
        ("\ufeffx = 1", "(ZERO WIDTH NO-BREAK SPACE U+FEFF) 是看不見的字元"),
        ("x = 5 €", "`€` (EURO SIGN U+20AC) 不是 Python 的字元"),
        ("if x:\n    y\n\tz", "第 3 行 `z`，縮排混用了定位字元 (Tab) 和空格"),
        ("print 'x'", "第 1 行 `print 'x'`，這是 Python 2 的寫法"),
        ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> 1a2b", "第 2、4、6 行是 Git 合併衝突的標記"),
        ("x = 1\nf(", "第 2 行 `f(`，SyntaxError: '(' was never closed"),
        ('print("你好，)', "SyntaxError: unterminated string literal"),
    ],
)
def test_what_python_does_not_take_is_named(source, words):
    assert words in compiled(source)


def test_what_stands_in_text_and_comments_is_not_blamed():
    assert "（" not in compiled("'（'  # （\nf(1，2)\n'''（\n（'''")


@pytest.mark.parametrize(
    ("source", "module", "words"),
    [
        ("from google.colab import drive", "google.colab", "只有 Colab 裡才有"),
        ("from keras.layers.core import Dense", "keras.layers.core", "改從 `keras.layers` 匯入"),
        (
            "from tensorflow.keras.utils.np_utils import to_categorical",
            "tensorflow.keras.utils.np_utils",
            "改從 `tensorflow.keras.utils` 匯入",
        ),
        ("import keras.engine", "keras.engine", "現在的 Keras 沒有 `keras.engine`"),
        ("import tensorflow.contrib", "tensorflow.contrib", "TensorFlow 2 沒有"),
        ("import cv2", "cv2", "這裡沒有套件 `cv2`"),
    ],
)
def test_an_import_of_what_is_gone_says_what_to_do(source, module, words):
    told = tell("ModuleNotFoundError", f"No module named '{module}'", source, 1)
    assert told.startswith(f"第 1 行 `{source}`，") and words in told


@pytest.mark.parametrize(
    ("source", "line", "names"),
    [
        ("import a, b as c\nx = 1", 1, {"a", "c"}),
        ("x = f(\n  1 / 0\n)\ny = 2", 2, {"x"}),
        ("@d\ndef f():\n  pass\ng = 1", 1, {"f"}),
        ("1 / 0", 1, set()),
        ("x = 1\ny = 2", None, {"x", "y"}),
        ("def f(x，y):\n  pass\nz = 1\nfrom a import b, c", 1, {"f", "z", "a", "b", "c"} - {"a"}),
        ("\ufeffdef f(): pass", 1, {"f"}),
        ("\u3000class A： pass", 1, {"A"}),
        ("return 1\nx = 1", 1, {"x"}),  # outside a function: nothing of the cell can run
    ],
)
def test_the_names_that_a_cell_did_not_bind(source, line, names):
    assert lost(source, line) == names


@pytest.mark.parametrize(
    ("source", "line", "left"),
    [
        ("import a\nx = 1\ny = 2", 1, "#\nx = 1\ny = 2"),
        ("f(\n  1,\n  2)\n\n@d\ndef g(): pass", 2, "#\n#\n#\n\n@d\ndef g(): pass"),
        ("a; b\nc", 1, "#\nc"),
        ("x = 1\n# the end", 1, ""),
        ("x = 1", 7, ""),
        ("def f(:\nx = 1", 1, ""),
        ("return 1\nx = 1", 1, ""),
        ("x = " + "-" * 90_000 + "1\ny = 2", 1, ""),
    ],
)
def test_what_follows_a_statement_keeps_its_lines(source, line, left):
    assert rest(source, line) == left
