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
    from test_rooms import ANSWERS

    return json.dumps({name: (answer.task, answer.source) for name, answer in ANSWERS.items()})


def marks(file: str) -> str:
    """All that is told of the answers in a file, in the public case and in one drawn by the name.

    JSON of a name's scores; none where the tree has no such task.
    """
    sys.path.append("tests")
    from answering import namespace_of

    from utils.checks import TASKS

    def marked(name: str, task: str, source: str) -> list[dict]:
        asked = TASKS[task]
        cases = asked.public_case(), asked.draw_case(zlib.crc32(name.encode()) % SEEDS)
        return [
            asked.mark(asked.probe(namespace_of(name, source), case), case).to_dict()
            for case in cases
        ]

    given = json.loads(Path(file).read_text("utf-8"))
    told = {name: marked(name, *each) if each[0] in TASKS else [] for name, each in given.items()}
    return json.dumps(told, ensure_ascii=False)


if __name__ == "__main__":
    print()
    print(globals()[sys.argv[1]](*sys.argv[2:]))
