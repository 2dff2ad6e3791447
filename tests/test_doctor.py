"""The doctor: each thing that keeps the course from running is named with what to do about it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import zipfile

import pytest

import course
import doctor


@pytest.mark.parametrize("has_network", [True, False])
def test_it_runs_where_nothing_is_installed(has_network, used, tmp_path):
    version = dict(course.pins(course.LOCK.read_text("utf-8")))["traitlets"]
    info = f"traitlets-{version}.dist-info"
    with zipfile.ZipFile(tmp_path / f"traitlets-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Name: traitlets\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\n")
    server = {"PIP_FIND_LINKS": str(tmp_path)} if has_network else {}
    # -S: without site-packages. The folder is one where there is more than was cloned.
    run = subprocess.run(
        [sys.executable, "-S", "-m", "doctor"],
        cwd=used,
        env={**os.environ, "PIP_NO_INDEX": "1", **server},
        capture_output=True,
        text=True,
    )
    levels = [line.split()[0] for line in run.stdout.splitlines() if line[:1].islower()]
    assert len(levels) == len(doctor.LOOKS), run.stderr
    assert "packages: not installed yet" in run.stdout
    assert ("Ready" in run.stdout) == has_network == (run.returncode == 0)
    assert ("connect to a network" in run.stdout) == (not has_network)


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
    for installed, level in ((True, "ok"), (False, "problem")):
        monkeypatch.setattr(doctor, "_installed", lambda installed=installed: installed)
        assert doctor.disk().level == level


def test_packages_in_the_courses_own_environment_count(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "VENV", tmp_path)
    monkeypatch.setattr(course, "missing", lambda requirements: ["keras"])
    monkeypatch.setattr(doctor, "_installer", lambda: "")
    assert doctor.packages().level == "note"
    course.venv_python().parent.mkdir()
    course.venv_python().touch()
    course.stamp(course.USING).write_bytes(course.LOCK.read_bytes())
    assert doctor.packages().level == "ok" and str(tmp_path) in doctor.packages().found


def test_a_python_that_can_not_make_an_environment_is_a_problem(monkeypatch):
    monkeypatch.setattr(doctor, "_installed", lambda: False)
    monkeypatch.setattr(doctor, "find_spec", {"venv": True}.get)  # as Debian has it
    assert doctor.packages().level == "problem"
    assert "sudo apt-get install python3-venv" in doctor.packages().todo


def test_where_nothing_is_installed_keras_waits_for_tensorflow(monkeypatch):
    monkeypatch.setattr(doctor, "_told", lambda script: "")
    assert doctor.backend().level == "ok" and "once its packages" in doctor.backend().found


@pytest.mark.parametrize(
    ("backend", "level"),
    [(None, "ok"), ("", "ok"), ("tensorflow", "ok"), ("numpy", "ok"), ("theano", "problem")],
)
def test_a_variable_may_choose_what_keras_computes_with_among_what_is_installed(
    backend, level, monkeypatch
):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if backend is not None:
        monkeypatch.setenv("KERAS_BACKEND", backend)
    finding = doctor.backend()
    assert finding.level == level and (backend or "tensorflow") in finding.found


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap, for a read-only folder")
def test_a_folder_that_can_not_be_written_is_a_problem(used):
    """On a file system that is read-only, which stops root, too."""
    read_only = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(used), str(used)]
    run = subprocess.run(
        [*read_only, sys.executable, "-S", "-m", "doctor"], cwd=used, capture_output=True, text=True
    )
    assert run.returncode == 1 and "Ready" not in run.stdout
    assert "it can't be written (Read-only file system): move the course" in run.stdout


def test_a_jupyter_that_does_not_start_is_a_problem(monkeypatch):
    monkeypatch.setattr(doctor, "_installed", lambda: True)
    monkeypatch.setattr(course, "lab_options", lambda options: ["--ServerApp.port=none"])
    finding = doctor.jupyter()
    assert finding.level == "problem" and "does not start" in finding.found


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
