"""The doctor: each thing that keeps the course from running is named with what to do about it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

import course
import doctor


def test_it_runs_where_nothing_is_installed():
    # -S: without site-packages.
    run = subprocess.run(
        [sys.executable, "-S", "-m", "doctor"], cwd=course.ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    levels = [line.split()[0] for line in run.stdout.splitlines() if line[:1].islower()]
    assert len(levels) == len(doctor.LOOKS) and set(levels) <= {"ok", "note"}
    assert "packages: not installed yet" in run.stdout


@pytest.mark.parametrize("version", [(3, 10, 1), (3, 14, 0)])
def test_a_python_without_tensorflow_is_a_problem(version, monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", version)
    assert doctor.python().level == "problem"
    assert "python.org" in doctor.python().todo


def test_an_intel_mac_is_sent_to_the_cloud(monkeypatch):
    monkeypatch.setattr(doctor.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(doctor.platform, "machine", lambda: "x86_64")
    assert doctor.processor().level == "problem"
    assert "Colab" in doctor.processor().todo


@pytest.mark.parametrize(
    ("gigabytes", "level"), [(2, "problem"), (4, "note"), (8, "ok"), (16, "ok")]
)
def test_the_homework_needs_four_gigabytes_and_is_at_ease_with_eight(gigabytes, level, monkeypatch):
    # A computer sold with so many shows a little less.
    monkeypatch.setattr(doctor, "_memory", lambda: int(gigabytes * doctor.GB * 0.97))
    assert doctor.memory().level == level


@pytest.mark.skipif(os.name == "nt", reason="sysconf is POSIX")
def test_the_memory_is_this_computers():
    psutil = pytest.importorskip("psutil")
    assert 0 < doctor._memory() <= psutil.virtual_memory().total


def test_installing_needs_more_room_than_running(monkeypatch):
    usage = doctor.shutil.disk_usage(course.ROOT)._replace(free=2 * doctor.GB)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    assert doctor.disk().level == "ok"
    monkeypatch.setattr(doctor, "_installed", lambda: False)
    assert doctor.disk().level == "problem"


def test_packages_in_the_courses_own_environment_count(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "VENV", tmp_path)
    monkeypatch.setattr(course, "missing", lambda requirements: ["keras"])
    assert doctor.packages().level == "note"
    (tmp_path / "installed-requirements.txt").write_bytes(course.LOCK.read_bytes())
    assert doctor.packages().level == "ok"


def test_a_taken_port_is_only_a_note(monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(doctor, "PORT", other.getsockname()[1])
        assert doctor.port().level == "note"
    assert doctor.port().level == "ok"


def test_a_problem_fails_the_command(monkeypatch, capsys):
    broken = doctor.Finding("problem", "memory: 1 GB", "use Colab")
    monkeypatch.setattr(doctor, "LOOKS", (lambda: broken,))
    assert doctor.main([]) == 1
    assert "-> use Colab" in capsys.readouterr().out
