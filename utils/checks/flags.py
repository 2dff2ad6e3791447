"""What a model has that costs no points, in words for the instructor.

The probe tells it: layers under the codes below (`probe.SEEN`).
"""

from __future__ import annotations

from .compare import listed
from .layers import MAX_ROWS, MAX_TEXT, expect
from .task import Json

FLAGS = {
    "imported": "網路是 {layers} 建的，不是自己一層一層接的。",
    "idle": "有不改變輸出的層：{layers}。",
    "constant": "權重的初始值是常數，同一層的卷積核（單元）會學成一個樣子：{layers}。",
    "frozen": "有凍結 (`trainable=False`) 的層：{layers}。",
    "regularized": "有正則化 (regularizer) 的層：{layers}。",
}


def flags(calls: Json) -> tuple[str, ...]:
    """The sentences for the answers to a task's calls, each about the first call that it fits.

    Raises Malformed for what no probe wrote.
    """
    found: dict[str, list[str]] = {}
    for answer in calls.values():
        model = answer.get("model") if isinstance(answer, dict) else None
        seen = expect(model.get("seen", {}), dict, "seen") if isinstance(model, dict) else {}
        for code in seen.keys() & FLAGS.keys():
            names = expect(seen[code], list, "seen", most=MAX_ROWS)
            told = [expect(name, str, "seen", most=MAX_TEXT) for name in names]
            found[code] = found.get(code) or told
    return tuple(
        text.format(layers=listed(found[code])) for code, text in FLAGS.items() if found.get(code)
    )
