"""Two networks compared as graphs: which branch, which sum and which layer is another one."""

from __future__ import annotations

import pytest

from utils.checks.compare import compare
from utils.checks.layers import Layer
from utils.checks.mistakes import SHARED
from utils.checks.network import Network


def branched(
    skip: str = "first", merge: str = "Add", padded: bool = True, again: bool = False
) -> tuple[Layer, ...]:
    """Three convolutions; what the layer `skip` gives is added to the last."""
    net = Network()
    x = net.pad(net.image, 1, name="pad") if padded else net.image
    x = net.conv(x, 8, 3, name="first")
    x = net.conv(x, 8, 3, name="second")
    x = net.add("LayerNormalization", x, name="again") if again else x
    x = net.conv(x, 8, 3, name="third")
    net.add(merge, skip, x, name="sum")
    return net.layers


# What is changed -> the code, what the message says, the layers that are wrong.
CHANGES = {
    "the skip": ({"skip": "second"}, "wiring", "`sum` 接的是 `second`，應該接 `first`", {"sum"}),
    "the sum": ({"merge": "Multiply"}, "merge_kind", "`sum` 用的是 multiply", {"sum"}),
    "too many": (
        {"again": True},
        *("extra_layer", "多了題目沒有的層：`again`（接在 `second` 之後）", {"second"}),
    ),
    "the padding": ({"padded": False}, "missing_layer", "少了 `pad`", {"pad"}),
}
CODES = {code for _, code, _, _ in CHANGES.values()}


@pytest.mark.parametrize("what", CHANGES)
def test_what_differs_in_a_graph_is_told_with_the_layer(what):
    change, code, said, layers = CHANGES[what]
    (mistake,), wrong = compare(branched(), branched(**change), part_of=str)
    assert (mistake.code, wrong) == (code, layers)
    assert said in mistake.told(SHARED).message


def test_a_network_does_not_differ_from_itself():
    assert compare(branched(), branched(), part_of=str) == ([], set())
