"""Without isolation nothing runs: where there is no sandbox, and where there is one that fails."""

from __future__ import annotations

import ctypes
import re
import shutil
import struct

import pytest

from examples import make
from grading import intake, kernels, sandbox, syscalls, trust, warm
from grading.__main__ import main
from tests import hostile, sandboxed

PROBLEMS = {  # what lacks, by what is said of it
    "install bubblewrap": (sandbox.shutil, "which", lambda command: None),
    "only Linux": (sandbox.sys, "platform", "darwin"),
    "needs Linux 5.8": (sandbox, "LINUX", (5, 4)),
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
    monkeypatch.setattr(warm, "_zygote", None)
    with (
        pytest.raises(sandbox.SandboxError, match="no tensorflow in here"),
        kernels.kernel(60, sandboxed=True),
    ):
        pass


@pytest.fixture
def light(tmp_path, monkeypatch):
    """A warm process of its own that knows no TensorFlow: it starts at once."""
    few = tmp_path / "zygote.py"
    modules = 'MODULES = ("ipykernel.ipkernel", "ipykernel.kernelapp", "numpy", "psutil")\n'
    text = re.sub(r"MODULES = \(.*?\n\)\n", modules, sandbox.ZYGOTE.read_text(), flags=re.DOTALL)
    few.write_text(text)
    monkeypatch.setattr(sandbox, "ZYGOTE", few)
    monkeypatch.setattr(warm, "_zygote", None)
    monkeypatch.setattr(warm, "_shared", None)
    yield
    warm.process().close()


@sandboxed.NEEDED
def test_a_kernel_reads_no_key_of_the_graders_and_of_no_other_submission(light, monkeypatch):
    """Without the filter, which refuses all calls that have to do with keys."""
    scope = {}
    exec(hostile.CALL + hostile.KEYS + "ring(1, 0)\nleave(b'of-the-grader')", scope)
    with pytest.raises(AssertionError, match="REACHED a key"):
        scope["find"](b"of-the-grader")
    allow = struct.pack("=HBBI", syscalls.RETURN, 0, 0, syscalls.ALLOW)
    monkeypatch.setattr(syscalls, "program", lambda: allow)
    tools = hostile.CALL + hostile.KEYS
    left = sandboxed.run(tools, "leave(b'left')", "find(b'left')")
    assert [failure.message for failure in left.failures] == ["REACHED a key"], "no key was left"
    outcome = sandboxed.run(tools, "find(b'left')", "find(b'of-the-grader')")
    assert (outcome.ended, outcome.failures) == ("done", ())


def test_each_kernel_gets_a_processor_while_there_are_some(monkeypatch, tmp_path):
    numbers = [10**6 + place for place in range(3)]
    monkeypatch.setattr(sandbox, "_processors", lambda: numbers)
    claims = [sandbox._claim_processor() for _ in range(7)]
    assert [processor for processor, _ in claims] == [*numbers, *numbers, numbers[0]]
    claims[1][1].close()
    claims.append(sandbox._claim_processor())
    assert claims[-1][0] == numbers[1]
    for _, claim in claims:
        claim.close()


NAMES = {
    **(syscalls.REFUSED | syscalls.MISSING | syscalls.SOCKETS),
    **{"clone": syscalls.CLONE, "mmap": syscalls.MMAP},
}


def test_numbers_of_system_calls_are_those_of_libseccomp():
    try:
        known = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch
    except OSError:
        pytest.skip("NOT TESTED, no libseccomp here")
    for name, numbers in NAMES.items():
        for number, (interface, _) in zip(numbers, syscalls.MACHINES.values(), strict=True):
            found = known(ctypes.c_uint32(interface), name.encode())
            assert found == number or (number is None and found < 0), name


def answer(machine: str, interface: int, number: int, *arguments: int) -> int:
    """What Linux would do with a system call by the filter: it runs the program as Linux does."""
    call = struct.pack("=IIQ6Q", number, interface, 0, *arguments, *[0] * (6 - len(arguments)))
    steps = list(struct.iter_unpack("=HBBI", syscalls.program(machine)))
    tests = {
        syscalls.IF_EQUAL: lambda x, y: x == y,
        syscalls.IF_NOT_LESS: lambda x, y: x >= y,
        syscalls.IF_BITS: lambda x, y: x & y,
    }
    place = value = 0
    while steps[place][0] != syscalls.RETURN:
        what, where_true, where_false, operand = steps[place]
        place += 1
        if what == syscalls.LOAD:
            (value,) = struct.unpack_from("=I", call, operand)
        elif what == syscalls.AND:
            value &= operand
        else:
            place += where_true if tests[what](value, operand) else where_false
    return steps[place][3]


@pytest.mark.parametrize("machine", syscalls.MACHINES)
def test_the_filter_refuses_what_is_listed_and_allows_the_rest(machine):
    interface, column = syscalls.MACHINES[machine]
    others = {other for other, _ in syscalls.MACHINES.values()} - {interface}
    eperm, enosys, family = (syscalls.REFUSE | number for number in (1, 38, 97))
    refused = {numbers[column] for numbers in syscalls.REFUSED.values()}
    special = {numbers[column] for numbers in NAMES.values()} - refused
    for number in range(512):
        if number not in special:
            expected = eperm if number in refused else syscalls.ALLOW
            assert answer(machine, interface, number) == expected, number
    for other in (*others, 0x40000003):  # i386
        assert answer(machine, other, 0) == syscalls.KILL
    assert answer(machine, interface, 0x40000000) == syscalls.KILL
    assert answer(machine, interface, syscalls.MISSING["clone3"][column]) == enosys
    clone, open_socket = syscalls.CLONE[column], syscalls.SOCKETS["socket"][column]
    assert answer(machine, interface, clone, 0x3D0F00) == syscalls.ALLOW  # a thread
    assert answer(machine, interface, clone, 0x10000011) == eperm  # a user namespace
    mmap = syscalls.MMAP[column]
    assert answer(machine, interface, mmap, 0, 4096, 3, 0x22) == syscalls.ALLOW  # its own
    assert answer(machine, interface, mmap, 0, 4096, 3, 0x01, 5) == syscalls.ALLOW  # of a file
    assert answer(machine, interface, mmap, 0, 4096, 3, 0x21) == eperm
    for arguments, expected in {
        (1, 0x80001, 0): syscalls.ALLOW,  # UNIX, closed in other programs
        (2, 1, 6): syscalls.ALLOW,  # TCP
        (16, 3, 0): syscalls.ALLOW,  # netlink, of routes
        (40, 1, 0): family,  # VM sockets
        (38, 5, 0): family,  # the kernel's cryptography
        (2, 1, 132): family,  # SCTP
        (2, 6, 0): family,  # DCCP
        (16, 3, 16): family,  # netlink, generic
    }.items():
        assert answer(machine, interface, open_socket, *arguments) == expected, arguments


@sandboxed.NEEDED
def test_where_linux_takes_no_filter_there_is_no_sandbox(light, monkeypatch):
    monkeypatch.setattr(syscalls, "program", lambda: bytes(8))  # it never returns
    with pytest.raises(sandbox.SandboxError, match="seccomp"):
        sandboxed.run("1")
    sandbox.problem.cache_clear()
    assert "does not work here" in sandbox.problem()
    sandbox.problem.cache_clear()


def test_a_machine_without_a_list_has_no_sandbox(monkeypatch):
    monkeypatch.setattr(syscalls.platform, "machine", lambda: "riscv64")
    monkeypatch.setattr(sandbox.sys, "platform", "linux")
    monkeypatch.setattr(sandbox.shutil, "which", lambda command: command)
    sandbox.problem.cache_clear()
    assert "riscv64" in sandbox.problem() and "x86_64" in sandbox.problem()
    sandbox.problem.cache_clear()
