"""A machine that tests alone gets what the tests need of the system; nobody else's is touched."""

from __future__ import annotations

import pytest

from ci import machine


@pytest.fixture
def commands(monkeypatch) -> list[list[str]]:
    """What is run on a Debian that has bubblewrap, no browser and no PyTorch."""
    there = {"apt-get", "bwrap"}
    monkeypatch.setattr(machine.shutil, "which", lambda name: name if name in there else None)
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    ran: list[list[str]] = []
    monkeypatch.setattr(machine.subprocess, "run", lambda command, check: ran.append(command))
    return ran


def test_what_is_lacking_is_installed_in_ci(commands, monkeypatch):
    monkeypatch.setenv("CI", "true")
    machine.prepare()
    assert [list(command[1:]) for command in commands] == [
        ["update", "-qy"],
        ["install", "-qy", *machine.NEEDED["chromium"]],
        ["-m", "pip", "install", "-q", "--no-compile", "--no-index", "torch"],
    ]


def test_nothing_is_installed_on_somebody_s_own_computer(commands, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    machine.prepare()
    assert commands == []
