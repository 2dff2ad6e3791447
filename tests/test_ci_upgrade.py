"""One command moves the lock, and it is the one that wrote it."""

from __future__ import annotations

import subprocess

import pytest

from ci import ROOT, upgrade


def test_the_lock_says_that_it_was_made_so():
    head = (ROOT / "requirements.lock").read_text("utf-8").splitlines()[1]
    assert head.strip("# ") == " ".join(upgrade.COMPILE)


@pytest.mark.parametrize(("failing", "steps"), [(None, 2), ("compile", 1), ("build", 2)])
def test_the_notebooks_are_built_with_the_new_lock_and_not_without(failing, steps, monkeypatch):
    commands = []

    def run(command, **options):
        commands.append(command)
        return subprocess.CompletedProcess(command, int(failing in command))

    monkeypatch.setattr(upgrade.subprocess, "run", run)
    if failing:
        with pytest.raises(SystemExit):
            upgrade.main([])
    else:
        upgrade.main([])
    assert len(commands) == steps
    assert "--upgrade" in commands[0]
    assert commands[-1][-1] == ("build" if steps == 2 else "--quiet")
