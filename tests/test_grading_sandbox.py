"""Without isolation nothing runs: where there is no sandbox, and where there is one that fails."""

from __future__ import annotations

import shutil

import pytest

from examples import make
from grading import intake, kernels, sandbox, trust
from grading.__main__ import main
from tests import sandboxed

PROBLEMS = {  # what lacks, by what is said of it
    "install bubblewrap": (sandbox.shutil, "which", lambda command: None),
    "only Linux": (sandbox.sys, "platform", "darwin"),
    "does not work here": (sandbox, "_command", lambda *_: ["sh", "-c", "exit 1"]),
}


@pytest.fixture(params=PROBLEMS)
def problem(request, monkeypatch):
    """A machine without the sandbox, and the words that say why."""
    monkeypatch.setattr(*PROBLEMS[request.param])
    if "does not" in request.param:
        monkeypatch.setattr(sandbox.shutil, "which", lambda command: command)
    sandbox.problem.cache_clear()
    yield request.param
    sandbox.problem.cache_clear()


def test_a_strangers_file_is_refused_with_what_to_do(problem, tmp_path, capsys):
    folder = tmp_path / "submissions"
    shutil.copytree(make.SUBMISSIONS, folder)
    (folder / "stranger.ipynb").write_bytes(sandboxed.notebook(["1"]))
    assert main([str(folder), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "stranger.ipynb" in said and problem in said and "--no-sandbox" in said
    assert not (tmp_path / "out").exists()


def test_the_courses_own_examples_run_without_one(problem):
    assert not trust.needs_sandbox(intake.find(make.SUBMISSIONS, prefer="Day018"))


@sandboxed.NEEDED
def test_a_warm_process_that_does_not_start_is_fatal_and_says_why(tmp_path, monkeypatch):
    broken = tmp_path / "zygote.py"
    broken.write_text('raise SystemExit("no tensorflow in here")')
    monkeypatch.setattr(sandbox, "ZYGOTE", broken)
    monkeypatch.setattr(kernels, "_zygote", None)
    with (
        pytest.raises(sandbox.SandboxError, match="no tensorflow in here"),
        kernels.kernel(60, sandboxed=True),
    ):
        pass
