"""The sandbox: whether it can be had here, and the warm process in it that forks kernels."""

from __future__ import annotations

import compileall
import itertools
import json
import os
import platform
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from . import syscalls

ROOT = Path(__file__).resolve().parent.parent
ZYGOTE = Path(__file__).with_name("zygote.py")
# Files of `utils` that hold or compute right answers: a submission does without.
ANSWERS = ("reference.py", "stored.npz", "stand_ins.b64")
# Paths in the sandbox.
COURSE = "/course"  # `utils`
ENVIRONMENT = "/env"  # the packages
KERNELS = "/kernels"  # a folder of sockets for each kernel
KERNEL = "/kernel"  # where a kernel finds its own
HOME = "/tmp/home"
FONTS = "/var/cache/fontconfig"  # the list of them, which would be made anew for Matplotlib
NOBODY = 65534  # whom root becomes: root's own namespaces would still be root's
START_TIMEOUT = 180  # seconds; importing TensorFlow takes 10 to 15, more on a loaded machine

LINUX = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))  # its version
OLDEST = (5, 8)  # in which a kernel can enter the namespaces that are made for it
# Bytes for all processes of a submission; VGG16 for 224 pixels takes 2.1 GB while it is built.
MEMORY = 4_000_000_000
SCRATCH = 256_000_000  # bytes each of /tmp and of shared memory
SHOWN = 5_000_000  # characters that a submission may print
LIMITS = {  # of each process
    "RLIMIT_DATA": MEMORY,
    "RLIMIT_FSIZE": SCRATCH,
    # A kernel that trains a network has 32 threads, which count. An older Linux counts all that its
    # user runs, in other kernels, too.
    "RLIMIT_NPROC": 96 if LINUX >= (5, 14) else 4096,
    "RLIMIT_NOFILE": 256,
    "RLIMIT_MSGQUEUE": 0,
    "RLIMIT_CPU": 3600,
    "RLIMIT_CORE": 0,
}

# What every kernel is started with, in the sandbox or without.
KERNEL_ARGUMENTS = [
    "--HistoryManager.enabled=False",
    # Jupyter's own exit() ends the kernel 0.1 s later, whatever cells are still to come.
    "--IPKernelApp.exec_lines=from sys import exit, exit as quit",
    # A message is sent as a copy: without one it takes a thread, which a full kernel can't have.
    "--Session.copy_threshold=1000000000",
]

# What every kernel is told, in the sandbox or without.
KERNEL_ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",  # whatever the grader's own notebooks compute with
    "MPLBACKEND": "agg",  # plt.show() neither blocks nor draws
    "PIP_NO_INDEX": "1",  # a student's `!pip install` must not change the grader's packages
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}

# What the forked kernels are told besides.
WARM_ENVIRONMENT = {
    # As many of them run at once as there are processors.
    "TF_NUM_INTRAOP_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Memory that is given up is taken again for the next weights.
    "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824",
}

INSTALL = "install bubblewrap (sudo apt-get install bubblewrap, or dnf, pacman, zypper)"


class SandboxError(RuntimeError):
    """No kernel could be isolated; nothing of the submission ran."""


class KernelLost(RuntimeError):
    """The warm process died, and a kernel with it that had done nothing wrong."""


@cache
def problem() -> str | None:
    """Why there is no sandbox here and what to do about it; None where there is one."""
    if sys.platform != "linux":
        return "only Linux has the sandbox (on Windows, run the grader in WSL)"
    if LINUX < OLDEST:
        return f"the sandbox needs Linux {'.'.join(map(str, OLDEST))}; this is {platform.release()}"
    if not shutil.which("bwrap"):
        return INSTALL
    try:
        calls = syscalls.program()
    except ValueError as error:
        return str(error)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
        _give(Path(folder))
        file.write(calls)
        file.seek(0)
        number = file.fileno()
        command = _command(Path(folder), {}, ["--seccomp", str(number), "/usr/bin/env", "true"])
        tried = subprocess.run(
            command, capture_output=True, text=True, check=False, pass_fds=[number]
        )
    if tried.returncode:
        reason = tried.stderr.strip().splitlines()[-1:] or [f"exit code {tried.returncode}"]
        return f"bubblewrap does not work here: {reason[0]}"
    return None


@dataclass(frozen=True)
class Door:
    """The way to a warm process, which other processes may share: it can be pickled for them.

    `folder` holds a folder of sockets for each kernel.
    """

    control: socket.socket
    folder: Path

    def launch(self, connection: dict[str, Any]) -> tuple[socket.socket, Path]:
        """Fork a kernel: the socket to its keeper, and the folder in which its own sockets are.

        Raises SandboxError where it could not be isolated, KernelLost when the warm process died.
        """
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        _give(folder)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        processor, claim = _claim_processor()
        request = {
            "processor": processor,
            "filter": syscalls.program().hex(),
            "keyctl": syscalls.number("keyctl"),
            "kernels": KERNELS,
            "folder": folder.name,
            "kernel": KERNEL,
            "home": HOME,
            "connection": connection | {"ip": f"{KERNEL}/k"},
            "arguments": KERNEL_ARGUMENTS,
            "memory": MEMORY,
            "scratch": SCRATCH,
            "shown": SHOWN,
            "limits": LIMITS,
        }
        with theirs, claim, suppress(OSError):  # told below, as an answer that never came
            message = json.dumps(request).encode()
            socket.send_fds(self.control, [message], [theirs.fileno(), claim.fileno()])
        ours.settimeout(START_TIMEOUT)
        answer = b""
        with suppress(OSError):
            answer = ours.recv(1 << 13)
        if answer == b"ready":
            return ours, folder
        ours.close()
        if answer:
            raise SandboxError(f"no kernel in the sandbox: {answer.decode(errors='replace')}")
        self.control.close()  # no other kernel is asked for here
        raise KernelLost("the warm process died before it gave a kernel")

    def is_open(self) -> bool:
        """Whether nothing is known yet of the warm process's death."""
        return self.control.fileno() != -1


def _claim_processor() -> tuple[int, socket.socket]:
    """The processor for one more kernel: no other one's on this machine, while there are such.

    It is claimed by a name that is given to the socket, until all copies of that are closed.
    """
    for turn in itertools.count():
        for processor in _processors():
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(f"\0classic-cnn-course-processor-{processor}-{turn}")
                return processor, claim
            except OSError:
                claim.close()
    raise AssertionError("turns never end")


@cache
def _processors() -> list[int]:
    """Those that this process may use, and one of each core before any core's second one."""

    def is_second(processor: int) -> bool:
        topology = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
        with suppress(OSError):
            return re.split("[-,]", topology.read_text().strip())[0] != str(processor)
        return False

    return sorted(os.sched_getaffinity(0), key=lambda each: (is_second(each), each))


class Zygote:
    """The warm process; `door` gives kernels until `close`, from when it has imported all.

    Raises SandboxError where there is no sandbox.
    """

    def __init__(self) -> None:
        if why := problem():  # a worker of a cluster is another machine than the grader's
            raise SandboxError(why)
        self.folder = Path(tempfile.mkdtemp(prefix="grade-"))
        self._errors = (self.folder / "stderr").open("w+")
        self._ready = False
        control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.door = Door(control, self.folder / "kernels")
        with inside:
            self.process = subprocess.Popen(
                self._command(inside.fileno()),
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=[inside.fileno()],
                start_new_session=True,  # Ctrl-C is the grader's
            )

    def _command(self, control: int) -> list[str]:
        course = self.folder / "course"
        left_out = shutil.ignore_patterns("*.pyc", ".*", *ANSWERS)
        shutil.copytree(ROOT / "utils", course / "utils", ignore=left_out)
        shutil.copy(ZYGOTE, course)
        # Each submission's probe imports it anew, and nobody can write there.
        compileall.compile_dir(course, ddir=COURSE, quiet=1)
        self.door.folder.mkdir()
        _give(self.folder)
        python, sources = _python()
        program = [
            *("--bind", str(self.door.folder), KERNELS, "--dir", KERNEL),
            *("--tmpfs", "/tmp", "--dir", HOME, "--tmpfs", "/dev/shm"),
            *("--remount-ro", "/", "--remount-ro", "/dev"),
            *(python, "-B", f"{COURSE}/zygote.py", str(control)),
        ]
        return _command(self.folder, sources | {COURSE: str(course)}, program)

    def wait(self) -> None:
        """Wait until it can fork. Raises SandboxError, with what it said, where it can't."""
        if self._ready:
            return
        self.door.control.settimeout(START_TIMEOUT)
        answer = b""
        with suppress(OSError):
            answer = self.door.control.recv(16)
        self._ready = answer == b"ready"
        if not self._ready:
            self._errors.seek(0)
            text = self._errors.read()[-2000:]
            self.close()
            raise SandboxError(f"the warm process did not start: {text}")

    def is_alive(self) -> bool:
        """Whether it can still fork."""
        return self.door.is_open() and self.process.poll() is None

    def close(self) -> None:
        """End it, and with it every kernel that it forked."""
        self.door.control.close()  # at which it ends, as it does when this process dies
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:  # it is importing still
            self.process.kill()
            self.process.wait()
        self._errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _python() -> tuple[str, dict[str, str]]:
    """The interpreter's path in the sandbox, and what it needs there (inside: outside)."""
    bases = {sys.base_prefix, os.path.realpath(sys.base_prefix)}
    sources = {path: path for path in sorted(bases) if not Path(path).is_relative_to("/usr")}
    if sys.prefix == sys.base_prefix:
        return sys.executable, sources
    # A virtual environment gets a path that nothing covers, wherever the course lies.
    return f"{ENVIRONMENT}/bin/{Path(sys.executable).name}", sources | {ENVIRONMENT: sys.prefix}


def _environment() -> dict[str, str]:
    """All that the warm process is told; the grader's own variables stay outside."""
    own = {"PATH": f"{ENVIRONMENT}/bin:/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": COURSE}
    names = {"HOME": HOME, "USER": "student", "LOGNAME": "student", "LANG": "C.UTF-8"}
    return own | names | KERNEL_ENVIRONMENT | WARM_ENVIRONMENT


def _command(folder: Path, sources: dict[str, str], program: list[str]) -> list[str]:
    """Run `program` (options of bubblewrap first) where nothing but `sources` can be read.

    `sources` maps paths inside to paths outside, on top of the system's programs and libraries.
    Root becomes nobody, who can't walk to what lies in root's folders: so mounts lead there, which
    no other process sees.
    """
    if os.geteuid():
        return [*_bubblewrap(sources), *program]
    mounts, staged = [], {}
    for number, (inside, outside) in enumerate(sources.items()):
        place = folder / "sources" / str(number)
        place.mkdir(parents=True)
        mounts.append(shlex.join(["mount", "--bind", outside, str(place)]))
        staged[inside] = str(place)
    become = ["exec", "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    script = [*mounts, shlex.join([*become, *_bubblewrap(staged), *program])]
    return ["unshare", "--mount", "sh", "-c", " && ".join(script)]


def _bubblewrap(sources: dict[str, str]) -> list[str]:
    command = [
        *("bwrap", "--unshare-all", "--new-session", "--cap-drop", "ALL"),
        *("--proc", "/proc", "--dev", "/dev", "--ro-bind", "/usr", "/usr"),
        *("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"),
        *("--ro-bind-try", "/etc/fonts", "/etc/fonts"),
        *("--ro-bind-try", FONTS, FONTS),
    ]
    for path in map(Path, ("/bin", "/lib", "/lib32", "/lib64", "/sbin")):
        if path.is_symlink():
            command += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    for inside, outside in sources.items():
        command += ["--ro-bind", outside, inside]
    return command


def _give(folder: Path) -> None:
    """Give a folder and what is in it to the user whom the sandbox runs as."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
