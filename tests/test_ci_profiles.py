"""The notebooks hold under other parameters."""

from __future__ import annotations

import pytest

from ci import ROOT
from ci.notebooks import code_cells, text
from ci.profiles import PROFILES, UNCOMPARED, run


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name, of in PROFILES.items() if of.notebook not in UNCOMPARED]
)
def test_a_notebook_runs_under_other_parameters(name):
    executed = run(PROFILES[name], ROOT)
    shown = "\n".join(text(cell.outputs) for _, cell in code_cells(executed))
    assert PROFILES[name].shows in shown
