"""The system calls that no submission needs, and a filter for Linux (seccomp) that refuses them.

What is listed either holds memory that no watch sees, looks into other processes, undoes a limit,
or is a part of the kernel that few programs use and many attacks began at. The rest stays allowed:
TensorFlow, NumPy and Jupyter use most of it.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable

# Of each machine that TensorFlow runs on: its number in audit.h, and its column in the tables.
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

# name: (number on x86_64, number on aarch64); None where there is none.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    # Keys of the grader's user, or left for the next submission.
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # Memory that belongs to no process.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "semget": (64, 190),
    "shmget": (29, 194),
    "vmsplice": (278, 75),
    # Other processes.
    "kcmp": (312, 272),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    # Its processor, of which each kernel has one.
    "mbind": (237, 235),
    "sched_setaffinity": (203, 122),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    # Namespaces and mounts.
    "chroot": (161, 51),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "pivot_root": (155, 41),
    "setns": (308, 268),
    "umount2": (166, 39),
    "unshare": (272, 97),
    # Parts of the kernel that few use.
    "acct": (163, 89),
    "bpf": (321, 280),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "finit_module": (313, 273),
    "init_module": (175, 105),
    "io_setup": (206, 0),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, None),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "seccomp": (317, 277),
    "syslog": (103, 116),
    "userfaultfd": (323, 282),
    "uselib": (134, None),
}
# Its arguments can't be looked at: the C library does without it.
MISSING = {"clone3": (435, 435)}
CLONE = (56, 220)
NAMESPACES = 0x7E020000  # bits of clone's first argument: each a namespace of its own
MMAP = (9, 222)
SHARED_AND_OF_NO_FILE = 0x21  # bits of its fourth argument: what is written there may be unmapped
SOCKETS = {"socket": (41, 198), "socketpair": (53, 199)}
# Of a socket's arguments, the bits that are looked at, and what they may be.
SOCKET_ARGUMENTS = (
    (0, 0xFFFFFFFF, (1, 2, 10, 16)),  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK (ZeroMQ's)
    (1, 0xF, (1, 2, 3, 5)),  # SOCK_STREAM, SOCK_DGRAM, SOCK_RAW (of netlink), SOCK_SEQPACKET
    (2, 0xFFFFFFFF, (0, 6, 17)),  # the family's own, TCP, UDP
)

# Linux: filter.h and seccomp.h. A call's data: its number, the machine, where from, six arguments.
LOAD, AND, RETURN, IF_EQUAL, IF_NOT_LESS, IF_BITS = 0x20, 0x54, 0x06, 0x15, 0x35, 0x45
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
OTHER_WORDS = 0x40000000  # numbers from here on are of x86-64's second interface, x32

Instruction = tuple[int, int, int, int]  # what, how many to skip where true, where false, with what


def program(machine: str | None = None) -> bytes:
    """The filter for a machine, this one by default: as seccomp(2) and bubblewrap take it.

    A call through another machine's interface (32-bit programs, x32) ends the process. Raises
    ValueError for a machine that the tables do not know.
    """
    interface, column = _machine(machine)
    steps: list[Instruction] = [
        *((LOAD, 0, 0, MACHINE), (IF_EQUAL, 1, 0, interface), (RETURN, 0, 0, KILL)),
        *((LOAD, 0, 0, NUMBER), (IF_NOT_LESS, 0, 1, OTHER_WORDS), (RETURN, 0, 0, KILL)),
    ]
    for numbers in REFUSED.values():
        steps += _where(numbers[column], [_refuse(errno.EPERM)])
    for numbers in MISSING.values():
        steps += _where(numbers[column], [_refuse(errno.ENOSYS)])
    for numbers in SOCKETS.values():
        steps += _where(numbers[column], list(_socket()))
    asks = (IF_BITS, 0, 1, NAMESPACES)
    clone = [(LOAD, 0, 0, ARGUMENTS), asks, _refuse(errno.EPERM), (RETURN, 0, 0, ALLOW)]
    steps += _where(CLONE[column], clone)
    bits = (AND, 0, 0, SHARED_AND_OF_NO_FILE), (IF_EQUAL, 0, 1, SHARED_AND_OF_NO_FILE)
    mmap = [(LOAD, 0, 0, ARGUMENTS + 24), *bits, _refuse(errno.EPERM), (RETURN, 0, 0, ALLOW)]
    steps += _where(MMAP[column], mmap)
    steps.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def number(name: str) -> int:
    """The number that a refused call has on this machine."""
    found = REFUSED[name][_machine()[1]]
    assert found is not None
    return found


def _machine(name: str | None = None) -> tuple[int, int]:
    name = name or platform.machine()
    if name not in MACHINES:
        known = ", ".join(MACHINES)
        raise ValueError(f"no list of system calls for {name}; there is one for {known}")
    return MACHINES[name]


def _where(number: int | None, steps: list[Instruction]) -> list[Instruction]:
    """Steps for one call alone; the last of them returns."""
    return [] if number is None else [(IF_EQUAL, 0, len(steps), number), *steps]


def _refuse(error: int) -> Instruction:
    return (RETURN, 0, 0, REFUSE | error)


def _socket() -> Iterable[Instruction]:
    """Allow it where each argument is one of those that it may be."""
    for argument, bits, allowed in SOCKET_ARGUMENTS:
        yield (LOAD, 0, 0, ARGUMENTS + 8 * argument)
        yield (AND, 0, 0, bits)
        for left, value in zip(range(len(allowed), 0, -1), allowed, strict=True):
            yield (IF_EQUAL, left, 0, value)
        yield _refuse(errno.EAFNOSUPPORT)
    yield (RETURN, 0, 0, ALLOW)
