"""Submissions that attack the grader, as data: their code, and the status and points they must get.

A cell that gets at something that it must not get at raises AssertionError("REACHED …"), which the
test looks for among what the run left.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from grading.syscalls import REFUSED
from tests.wrong_answers import BLANK, SOLUTION

ROOT = Path(__file__).resolve().parent.parent
SECRET = "GRADING_TEST_SECRET"  # a variable of the grader's environment
MARKER = "outlives-its-kernel"

# A message of the kernel's that holds halves of characters, as JSON may.
SURROGATES = """
import json
told = {"ename": "\\ud83d", "evalue": "\\udfff\\u2066", "traceback": ["\\ud800\\u202e"]}
kernel = get_ipython().kernel
packed = json.dumps(told).encode()
kernel.session.send(kernel.iopub_socket, "error", packed, parent=kernel.get_parent())
"""


class Attack(NamedTuple):
    """Cells in the order in which they run, and what the grader must say: one of the statuses."""

    cells: tuple[str, ...]
    status: str = "graded"
    points: float = 10.0


def refused(*statements: str) -> str:
    """Code that tries each statement and raises where one is allowed."""
    return f"""
for statement in {statements!r}:
    try:
        exec(statement)
    except (OSError, ValueError, ImportError):
        continue
    raise AssertionError("REACHED " + statement)
"""


def beside(attack: str) -> Attack:
    """An attack in the notebook of somebody whose answer is right: it changes nothing."""
    return Attack((attack, SOLUTION))


def instead(attack: str, status: str = "unfinished", answer: str = BLANK) -> Attack:
    """An attack in place of an answer: it earns nothing."""
    return Attack((answer, attack), status, 0.0)


def answering(expression: str, status: str = "error") -> Attack:
    """An attack that puts another answer in the place of what the probe shows."""
    return instead(
        "kind = type(get_ipython().display_pub)\n"
        "publish = kind.publish\n"
        "def forge(self, data, *a, **k):\n"
        f"    return publish(self, {{key: {expression} for key in data}}, *a, **k)\n"
        "kind.publish = forge",
        status,
    )


WRITE = "open({!r}, 'w').write('x')".format
READ = "open({!r}, 'rb').read(1)".format
LIST = "import os; os.listdir({!r})".format

# A model that is right, for those who would rather forge than write it.
FORGED = """
def forged(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
           classes=1000):
    import keras
    return keras.applications.VGG16(include_top=include_top, weights=None, pooling=pooling,
        input_tensor=input_tensor, input_shape=input_shape, classes=classes)
"""
MIME = "application/vnd.classic-cnn-course.answer"

# Another `utils.checks`, whose probe looks at FORGED. `Finder` finds it wherever it is asked.
OTHER_CHECKS = (
    FORGED
    + """
import importlib.util, os, sys
from utils import checks
sys.forge = lambda scope, case, real=checks.TASKS["vgg16"].probe: real({"VGG16": forged}, case)
os.makedirs("fake/checks")
open("fake/__init__.py", "w").close()
with open("fake/checks/__init__.py", "w") as file:
    file.write("import sys\\nclass Task: probe = staticmethod(sys.forge)\\nTASKS = {'vgg16': Task}")
class Finder:
    def find_spec(self, name, target=None):
        if name == "utils":
            return importlib.util.spec_from_file_location(
                name, "fake/__init__.py", submodule_search_locations=[os.path.abspath("fake")])
"""
)
CALL = """
import ctypes, errno, platform
column = ["x86_64", "aarch64"].index(platform.machine())
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*map(ctypes.c_long, arguments)) < 0:
        raise OSError(ctypes.get_errno(), "refused")
"""

ATTACKS = {
    # Never ending, and using up.
    "endless cell": beside("while True: pass"),
    "more memory than there is": beside("x = bytearray(1 << 33)"),
    "all the memory there is": instead("x = []\nwhile True: x.append(bytearray(1 << 27))"),
    "memory in many processes": instead(
        "import os, time\n"
        "for _ in range(20):\n"
        "    if os.fork() == 0:\n"
        "        x = bytearray(os.urandom(1 << 20)) * 1000\n"
        "        time.sleep(60)\n"
        "time.sleep(60)",
        "memory",
    ),
    "fork bomb": instead(
        "import os, time\nwhile True:\n    if os.fork() == 0:\n        time.sleep(60)",
        "unfinished|died",  # where TensorFlow can have no thread any more, the process ends
    ),
    "disk filler": beside(
        "while True:\n    with open(f'/tmp/{id(object())}', 'ab') as f: f.write(bytes(1 << 24))"
    ),
    "endless output": beside("while True: print('x' * 100_000)"),
    "endless displays from a thread": instead(
        "import threading, time\n"
        "from IPython.display import display\n"
        "def flood():\n"
        "    while True: display({'text/plain': 'x' * 1_000_000}, raw=True)\n"
        "threading.Thread(target=flood).start()\n"
        "time.sleep(60)",
        "flood",
    ),
    "no message of Jupyter's": instead(
        "get_ipython().kernel.iopub_socket.send_multipart([b'junk'])\nimport time\ntime.sleep(9)",
        "died",
    ),
    "one huge display": instead(
        "from IPython.display import display\ndisplay({'text/plain': 'x' * 100_000_000}, raw=True)",
        "flood",
    ),
    "one huge output": beside("print('x' * 100_000_000)"),
    "endless recursion": instead(
        "import sys\nsys.setrecursionlimit(10 ** 9)\n"
        "class A:\n    def __repr__(self): return repr([self])\nrepr(A())",
        "died",
    ),
    # Ending what runs.
    "os._exit": instead("import os\nos._exit(0)", "died"),
    "sys.exit": beside("import sys\nsys.exit()"),
    "exit()": Attack(("exit()", "import time\ntime.sleep(0.3)", SOLUTION)),
    "a crash": instead("import ctypes\nctypes.string_at(0)", "died"),
    "killing everybody": beside(
        "import os\n"
        "others = {int(name) for name in os.listdir('/proc') if name.isdigit()} - {os.getpid()}\n"
        "for number in (-1, 1, os.getppid() or 1, *others):\n"  # 0 would be its own group
        "    try: os.kill(number, 9)\n"
        "    except OSError: pass"
    ),
    "every signal to process 1": beside(
        "import os\nfor number in range(1, 65): os.kill(1, number)"
    ),
    "more orphans than it may have processes": beside(
        "import os\nfor _ in range(150): assert os.system('true &') == 0"
    ),
    "a daemon": beside(
        "import os, subprocess, sys\n"
        f"command = [sys.executable, '-c', 'import time; time.sleep(600)', {MARKER!r}]\n"
        "subprocess.Popen(command, start_new_session=True)"
    ),
    "deleting everything": beside(
        "import shutil\n"
        "for path in ('/course', '/env', '/kernel', '/kernels', '/tmp', '/dev', '/usr'):\n"
        "    shutil.rmtree(path, ignore_errors=True)"
    ),
    # Reading and writing what is not theirs.
    "writing to the system": beside(
        refused(
            *map(WRITE, ("/x", "/dev/x", "/usr/x", "/course/utils/x", "/env/x", "/kernel/x")),
            *map(WRITE, ("/kernels/x", "/proc/sys/kernel/core_pattern", "/proc/1/mem", "/bin/x")),
            "import os; os.mkfifo('/dev/x')",
        )
    ),
    "reading the grader's files": beside(
        refused(
            *map(LIST, (str(ROOT), str(ROOT / "tests"), str(ROOT / "grading"), "/home")),
            *map(READ, (str(ROOT / "tests/wrong_answers.py"), "/etc/passwd", "/proc/1/environ")),
            *map(LIST, ("/course/grading", "/course/tests", "/course/solutions", "/proc/1/fd")),
            "import os; os.kill(os.getppid(), 0) if os.getppid() > 1 else open('/nowhere')",
        )
    ),
    "reading the answers": beside(
        refused(
            "from utils.checks.stand_ins import sources; sources()",
            "from utils.checks.reference import run",
            *(
                READ(f"/course/utils/checks/{name}")
                for name in ("stand_ins.b64", "reference.py", "stored.npz")
            ),
        )
    ),
    "an answer that stands in": instead(
        "from utils.checks import TASKS, or_reference, stand_ins\n"
        "VGG16 = or_reference(VGG16, 'vgg16')\n"
        "(VGG16,) = stand_ins.stand_in(TASKS['vgg16'])"
    ),
    "links": beside(
        refused(
            "import os; os.symlink('/etc', '/tmp/etc'); open('/tmp/etc/passwd').read()",
            f"import os; os.symlink({str(ROOT)!r}, '/tmp/root'); os.listdir('/tmp/root')",
            "import os; os.symlink('/tmp', '/kernel/link')",
            "import os; os.link('/course/utils/__init__.py', '/tmp/init')",
        )
    ),
    "the environment": beside(
        f"import os\nassert {SECRET!r} not in os.environ, 'REACHED'\n"
        "assert len([name for name in os.listdir('/proc') if name.isdigit()]) <= 2, 'REACHED'"
    ),
    **{
        f"a message to another submission, {number}": beside(
            "import os\n"
            "for path in ('/tmp/mark', '/dev/shm/mark'):\n"
            "    assert not os.path.exists(path), 'REACHED ' + path\n"
            "    open(path, 'w').close()\n"
            "import mmap, socket\n"
            "server = socket.socket(socket.AF_UNIX)\n"
            "server.bind('\\0mark')  # fails where another one has it\n"
        )
        for number in (1, 2)
    },
    "the network": beside(
        "import socket\n"
        + refused(
            "socket.create_connection(('127.0.0.1', 22), timeout=2)",
            "socket.create_connection(('1.1.1.1', 53), timeout=2)",
            "socket.getaddrinfo('example.org', 80)",
        )
    ),
    "more rights": beside(
        "import ctypes, resource\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def call(name, *arguments):\n"
        "    if getattr(libc, name)(*arguments): raise OSError\n"
        + refused(
            "resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))",
            "resource.setrlimit(resource.RLIMIT_NPROC, (10_000, 10_000))",
            "call('unshare', 0x10000000)",
            "call('mount', b'tmpfs', b'/usr', b'tmpfs', 0, None)",
            "call('umount', b'/tmp')",
            "call('ptrace', 16, 1, None, None)",
            "call('setuid', 0)",
        )
    ),
    "system calls that nobody needs": beside(
        CALL + f"for name, numbers in {REFUSED!r}.items():\n"
        "    if numbers[column] is None: continue\n"
        "    try: call(numbers[column], -1, -1, -1, -1)\n"
        "    except OSError as error: assert error.errno == errno.EPERM, 'REACHED ' + name\n"
        "    else: raise AssertionError('REACHED ' + name)"
    ),
    "sockets of other families": beside(
        "import socket\n"
        + refused(*(f"socket.socket({family}, 2)" for family in (38, 40, *range(17, 30))))
        + refused("socket.socket(16, 3, 16)", "socket.socket(2, 1, 132)", "socket.socket(2, 6)")
    ),
    "system calls of 32-bit programs": beside(
        "import ctypes, mmap, os, platform\n"
        "if platform.machine() == 'x86_64':\n"
        "    code = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)\n"
        "    code.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))  # getpid by int 0x80\n"
        "    place = ctypes.addressof(ctypes.c_char.from_buffer(code))\n"
        "    if (child := os.fork()) == 0:\n"
        "        os._exit(ctypes.CFUNCTYPE(ctypes.c_int)(place)() and 0)\n"
        "    assert os.waitpid(child, 0)[1], 'REACHED'"
    ),
    "memory that is filled, kept and not mapped any more": beside(
        refused(
            "import mmap; mmap.mmap(-1, 1 << 20).madvise(mmap.MADV_DONTNEED)",
            "import mmap; mmap.mmap(open('/dev/zero', 'r+b').fileno(), 1 << 20)",
            "import os; os.memfd_create('x')",
        )
    ),
    "more processors": beside(
        "import os\nassert len(os.sched_getaffinity(0)) == 1, 'REACHED'\n"
        + refused("import os; os.sched_setaffinity(0, range(os.cpu_count()))")
    ),
    "the list of keys": beside("assert not open('/proc/keys').read(), 'REACHED'"),
    # Forging an answer.
    "an answer shown beforehand": instead(
        f"from IPython.display import display\ndisplay({{{MIME!r}: '{{}}'}}, raw=True)"
    ),
    "a second answer": instead(
        "import IPython.core.displaypub as pub, ipykernel.zmqshell as shell\n"
        "kind = type(get_ipython().display_pub)\n"
        "publish = kind.publish\n"
        "def twice(self, *a, **k): publish(self, *a, **k); return publish(self, *a, **k)\n"
        "kind.publish = twice",
        "error",
        SOLUTION,
    ),
    "an answer from a thread": instead(
        "import threading, time\n"
        "from IPython.display import display\n"
        "def forge():\n"
        "    while True:\n"
        f"        display({{{MIME!r}: '{{}}'}}, raw=True)\n"
        "        time.sleep(0.01)\n"
        "threading.Thread(target=forge, daemon=True).start()",
        "error",
        SOLUTION,
    ),
    "no answer": instead(
        "type(get_ipython().display_pub).publish = lambda *a, **k: None", "error", SOLUTION
    ),
    "a huge answer": answering("'[' + '1,' * 3_000_000 + '1]'"),
    "a deep answer": answering("'[' * 1_000_000"),
    "an answer that is no text": answering("[{}]", "died"),
    "an answer that is no number": answering("'NaN'"),
    "answers in another JSON": instead("import json\njson.dumps = lambda *a, **k: 'NaN'", "died"),
    "another probe": instead(
        FORGED + "from utils import checks\n"
        "from utils.checks import probe, rubric\n"
        "from utils.checks.homework import vgg16 as room\n"
        "task = checks.TASKS['vgg16']\n"
        "real, make = task.probe, probe.probe_model_maker\n"
        "fake = lambda namespace, case: real({'VGG16': forged}, case)\n"
        "object.__setattr__(task, 'probe', fake)\n"
        "probe.probe_model_maker = lambda function, *a: make(forged, *a)\n"
        "room.probe_model_maker = probe.probe_model_maker\n"
        "rubric.Rubric._probe = lambda self, look, namespace, case: fake({}, case)"
    ),
    "another checks": instead(
        "import sys, types\n"
        "class Right:\n"
        "    points = max_points = 10.0\n"
        "    def __getattr__(self, name): return self\n"
        "    def __call__(self, *a, **k): return {}\n"
        "for name in ('utils', 'utils.checks', 'utils.summary'): sys.modules[name] = Right()"
    ),
    "other built-ins": instead(
        "import builtins\n"
        "for name in ('isinstance', 'all', 'any', 'callable', 'hasattr'):\n"
        "    setattr(builtins, name, lambda *arguments: True)",
        "died",
    ),
    "another keras": instead(
        "import keras\n"
        "class Right(keras.Model):\n"
        "    def __eq__(self, other): return True\n"
        "    __hash__ = None\n"
        "keras.Model = keras.Sequential = Right\n"
        "keras.layers.Layer.get_config = lambda self: {}"
    ),
    "a pickle": answering(
        "__import__('pickle').dumps(type('A', (), {'__reduce__': lambda s: (print, ())})()).hex()"
    ),
    "a module of the same name": instead(
        "import os, sys\nos.makedirs('utils/checks')\n"
        "open('utils/__init__.py', 'w').close()\n"
        "open('utils/checks/__init__.py', 'w').write('TASKS = {}')\n"
        "sys.path[:0] = ['', '/tmp/home']"
    ),
    "an import hook": instead(
        "import sys\n"
        "class Hook:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('utils'): raise ImportError('hooked')\n"
        "sys.meta_path.insert(0, Hook())"
    ),
    "a finder in the cache": instead(
        OTHER_CHECKS
        + "for path in ('/course', *sys.path): sys.path_importer_cache[path] = Finder()"
    ),
    "a hook for paths": instead(
        OTHER_CHECKS + "sys.path_hooks.insert(0, lambda path: Finder())\n"
        "sys.path_importer_cache.clear()"
    ),
    "a function that calls itself right": instead(
        "class Everything:\n"
        "    def __eq__(self, other): return True\n"
        "    def __getattr__(self, name): return self\n"
        "    def __call__(self, *a, **k): return self\n"
        "    def __iter__(self): return iter([self])\n"
        "    def __float__(self): return 10.0\n"
        "VGG16 = lambda *a, **k: Everything()",
        "graded",
    ),
    # Text for whoever reads the report.
    "half of a character": beside("raise ValueError('\\ud800')"),
    "half of a character, in a message of its own": beside(SURROGATES),
    "half of a character, for a layer": Attack(
        (SOLUTION.replace('"block3_conv1"', '"\\ud83d"'),), "graded", 9.75
    ),
    "markup": beside("raise ValueError('\\x1b[31m<script>alert(1)</script>=cmd()')"),
}

# What gets a mark that it did not earn, as nothing can keep it from that: cells, and what the
# instructor is told.
FORGERIES = {
    "another exec": (
        FORGED + "import builtins\n"
        "def other(source, scope=None, *rest, real=exec):\n"
        "    if scope and 'student' in scope: scope = {'student': {'VGG16': forged}}\n"
        "    return real(source, scope, *rest)\n"
        "builtins.exec = other",
        "內建函式被換掉",
    ),
    "cells that are written anew": (
        FORGED + "get_ipython().input_transformers_post.append(lambda lines: [\n"
        "    line.replace(\"'student': globals()\", \"'student': {'VGG16': forged}\")\n"
        "    for line in lines])",
        "先被改寫",
    ),
    "a message of the kernel's own": (
        "from utils import checks\n" + FORGED + "import json\n"
        "import inspect\n"
        "def VGG16(**asked):\n"
        "    if VGG16 is None: return\n"
        "    case = next(each.frame.f_locals['case'] for each in inspect.stack()\n"
        "        if isinstance(each.frame.f_locals.get('case'), dict))\n"
        "    kind, kernel = type(get_ipython().display_pub), get_ipython().kernel\n"
        "    kind.publish = lambda *a, **k: None\n"
        "    answer = json.dumps(checks.TASKS['vgg16'].probe({'VGG16': forged}, case))\n"
        "    kernel.session.send(kernel.iopub_socket, 'display_data', {\n"
        f"        'data': {{{MIME!r}: answer}}, 'metadata': {{}}, 'transient': {{}}}},\n"
        "        parent=kernel.get_parent(), ident=b'display_data')\n"
        "    globals()['VGG16'] = None",
        "不是探針給的",
    ),
}

# Memory of which a process's own size says nothing, 1.5 GB of it in all.
UNSEEN = {
    "the first thread has ended": """
import os, threading, time
def hold():
    time.sleep(0.5)
    x = b"x" * 800_000_000
    time.sleep(60)
for _ in range(2):
    if os.fork() == 0:
        threading.Thread(target=hold).start()
        call((60, 93)[column], 0)
time.sleep(60)
""",
    "sockets that nobody reads": """
import os, socket, time
for _ in range(16):
    if os.fork() == 0:
        held = []
        try:
            while True:
                held += socket.socketpair()
        except OSError:
            pass
        for each in held:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
            each.setblocking(False)
            try:
                while True: each.send(b"x" * 65536)
            except OSError:
                pass
        time.sleep(60)
time.sleep(60)
""",
    "the tables of pages that were only read": """
import mmap, time
private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
space = mmap.mmap(-1, 1 << 40, flags=private, prot=mmap.PROT_READ)
for place in range(0, 1 << 40, 1 << 21): space[place]
time.sleep(60)
""",
}

# Uses the key rings, where no filter is before them.
KEYS = """
KEYCTL = (250, 219)[column]
def ring(operation, *arguments):
    call(KEYCTL, operation, *arguments)
def find(name):
    name, kind = ctypes.create_string_buffer(name), ctypes.create_string_buffer(b"user")
    for one in (-1, -2, -3, -4, -5):  # this thread's, process's, session's, user's, user session's
        try: ring(10, one, ctypes.addressof(kind), ctypes.addressof(name), 0)  # KEYCTL_SEARCH
        except OSError: continue
        raise AssertionError("REACHED a key")
def leave(name):
    name, kind = ctypes.create_string_buffer(name), ctypes.create_string_buffer(b"user")
    for one in (-3, -4):
        call((248, 217)[column], ctypes.addressof(kind), ctypes.addressof(name),
             ctypes.addressof(name), 4, one)
"""

# Grows whoever receives it by 3 GB: parts of one message, none of which is too large.
ENDLESS_MESSAGE = """
import time
get_ipython().kernel.iopub_socket.send_multipart([bytes(19_000_000)] * 150, copy=False)
time.sleep(60)
"""

# What uses up all the time there is: graded by themselves, with little of it.
SLOW = {
    "endless function": Attack(
        ("def VGG16(*arguments, **options):\n    while True: pass",), "timeout", 0.0
    ),
    "a cell that will not be interrupted": Attack(
        (
            SOLUTION,
            "import signal, time\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\n"
            "while True:\n    try: time.sleep(1)\n    except BaseException: pass",
        ),
        "timeout",
        0.0,
    ),
}

# What leaks of a case, by whatever text a student reads, is of no use and is not repeated.
ATTACKS["the case in an exception"] = instead(
    "def VGG16(*arguments, **options):\n"
    "    import sys\n"
    "    frame, told = sys._getframe(), []\n"
    "    while frame:\n"
    "        told.append(str(frame.f_locals.get('case') or frame.f_locals.get('given') or ''))\n"
    "        frame = frame.f_back\n"
    "    raise ValueError(max(told, key=len)[:400])",
    "error",
)
ATTACKS["two lines in an exception's name"] = Attack(
    ("def VGG16(*a, **k): raise type('A\\nB\\r\\n', (Exception,), {})('x')",), "error", 0.0
)
