"""In a lecture, no cell takes a name that another one has given."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from ci.names import bound_again, names


@pytest.mark.parametrize(
    ("source", "bound"),
    {
        "x = y": {"x"},
        "import numpy as np, os.path\nfrom math import pi as p": {"np", "os", "p"},
        "def f(a):\n    b = a\n    return b": {"f"},
        "class C:\n    d = 1": {"C"},
        "for i, (j, k) in rows:\n    pass": {"i", "j", "k"},
        "with open(p) as file:\n    pass": {"file"},
        "x += 1\ndel y": {"x", "y"},
        "z = [i for i in range(3) if (w := i)]": {"z", "w"},
        "def f():\n    global g\n    g = 1": {"f", "g"},
        "%matplotlib inline\nx = 1": {"x"},
        "rows.append(1)\ntable['a'] = 2": set(),
    }.items(),
)
def test_a_cell_binds_what_python_binds(source, bound):
    assert names(source)[0] == bound


def test_a_cell_takes_what_it_and_its_functions_look_up():
    assert names("def f(a):\n    return a + b\nc = f(d)")[1] == {"b", "d"}


def test_a_name_that_is_bound_again_is_told_with_both_cells():
    cells = [
        new_markdown_cell("# 題"),
        new_code_cell("train = 1\n_ = 2"),
        new_code_cell("\nfor i in range(3):\n    _ = i"),
        new_code_cell("import train"),
    ]
    assert list(bound_again(cells)) == [
        "cell 3 (import train) binds 'train', as does cell 1 (train = 1)"
    ]
    assert not list(bound_again(cells[:3]))
