"""What is measured or told from inside a process, in whichever tree of the project it runs.

    python -P benchmarks/inside.py FUNCTION [FILE]

The last line printed is what the function gives. Only what both trees have may be imported.
"""

from __future__ import annotations

import json
import sys
import time
import zlib
from pathlib import Path

SEEDS = 30


def import_utils() -> float:
    """Milliseconds of `import utils`."""
    begin = time.process_time()
    import utils  # noqa: F401

    return 1000 * (time.process_time() - begin)


def first_check(answer: str) -> float:
    """Seconds of a student's first check of the homework, the answer in a file."""
    from utils import checks  # isort: skip, before Keras
    import keras  # noqa: F401

    namespace: dict[str, object] = {}
    exec(compile(Path(answer).read_text("utf-8"), answer, "exec"), namespace)
    begin = time.process_time()
    checks.vgg16(namespace["VGG16"])
    return time.process_time() - begin


def summary() -> str:
    """Milliseconds of DenseNet201's summary, and of its HTML."""
    from utils.summary import summarize  # isort: skip, before Keras
    import keras

    model = keras.applications.DenseNet201(weights=None)
    begin = time.process_time()
    found = summarize(model)
    middle = time.process_time()
    found._repr_html_()
    return f"{1000 * (middle - begin)} {1000 * (time.process_time() - middle)}"


def answers() -> str:
    """The answers of the tests: JSON of a name's task and source."""
    sys.path.append("tests")
    from tests.test_rooms import ANSWERS

    return json.dumps({name: (answer.task, answer.source) for name, answer in ANSWERS.items()})


def cases(file: str) -> str:
    """The answers of a file, each with its public case and one that its name draws: JSON.

    Those are left out whose task this tree lacks.
    """
    from utils.checks import TASKS

    given = json.loads(Path(file).read_text("utf-8"))
    return json.dumps(
        {
            name: (task, source, TASKS[task].public_case(), TASKS[task].draw_case(_seed(name)))
            for name, (task, source) in given.items()
            if task in TASKS
        }
    )


def _seed(name: str) -> int:
    return zlib.crc32(name.encode()) % SEEDS


def marks(file: str) -> str:
    """All that is told of the answers in a file, in the cases given there: JSON, by name.

    Of a task that this tree lacks, nothing.
    """
    sys.path.append("tests")
    from answering import namespace_of
    from utils.checks import TASKS  # isort: skip, before Keras
    import keras

    def marked(name: str, task: str, source: str, *cases: dict) -> list[dict]:
        keras.utils.clear_session()  # or the networks of all answers are kept
        asked = TASKS[task]
        student = namespace_of(name, source)
        return [asked.mark(asked.probe(student, case), case).to_dict() for case in cases]

    given = json.loads(Path(file).read_text("utf-8"))
    told = {name: marked(name, *each) for name, each in given.items() if each[0] in TASKS}
    return json.dumps(told, ensure_ascii=False)


if __name__ == "__main__":
    print()
    print(globals()[sys.argv[1]](*sys.argv[2:]))
