"""Whether each argument of `VGG16` does what it says, judged from the models of all calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .judge import described, listed, size
from .layers import Layer, same
from .mistakes import diagnose
from .reading import Reading
from .score import Diagnosis
from .vgg import tail

Models = dict[str, Reading]  # by the call's name
Verdict = bool | Diagnosis | None  # True: right; None: nothing to judge it by


def judge_arguments(models: Models) -> tuple[list[Diagnosis], float]:
    """What is wrong, and the share of the arguments that are right."""
    verdicts = {name: judge(models) for name, judge in JUDGES.items()}
    wrong = {name: verdict for name, verdict in verdicts.items() if isinstance(verdict, Diagnosis)}
    unknown = {name for reading in models.values() for name in reading.unknown}
    diagnoses = [diagnosis for name, diagnosis in wrong.items() if name not in unknown]
    if unknown:
        diagnoses.append(_told("signature", arguments=listed(sorted(unknown))))
    return diagnoses, sum(verdict is True for verdict in verdicts.values()) / len(JUDGES)


def _include_top(models: Models) -> Verdict:
    if reading := _with_head_left(models):
        if any(layer.kind == "flatten" for layer in reading.tail):
            return _told("include_top", reading, asked=False)
        left = listed(layer.name for layer in reading.tail if layer.kind == "dense")
        return _told("softmax_without_top", layers=left)
    if "top" not in models:
        return None
    return _has_dense(models["top"]) or _told("include_top", models["top"], asked=True)


def _input_tensor(models: Models) -> Verdict:
    if "max" not in models:
        return None
    code = "sequential" if models["max"].sequential else "input_tensor"
    return models["max"].tied or _told(code)


def _input_shape(models: Models) -> Verdict:
    named = [models[name] for name in ("top", "avg", "map") if name in models]
    for reading in named:
        if not reading.has_asked_shape:
            asked, found = reading.asked["input_shape"], reading.input_shape
            return _told("input_shape", asked=size(tuple(asked)), found=size(found))
    return True if named else None


def _pooling(models: Models) -> Verdict:
    named = [models[name] for name in ("avg", "max", "map") if name in models]
    if not named or _with_head_left(models):
        return None
    for reading in named:
        pooling = reading.asked["pooling"]
        if not reading.proven and not same(reading.tail, tail(False, pooling, 0)):
            found = "、".join(map(described, reading.tail)) or "無"
            return _told("pooling", reading, asked=pooling, found=found)
    return True


def _classes(models: Models) -> Verdict:
    if "top" not in models or not _has_dense(models["top"]):
        return None
    reading, asked = models["top"], models["top"].asked["classes"]
    dense = [layer for layer in reading.tail if layer.kind == "dense"]
    found = dict(dense[-1].settings)["units"]
    if found != asked and len(dense) < 3:  # the last layer itself is missing, and told
        return None
    return found == asked or _told("classes", asked=asked, found=found)


def _defaults(models: Models) -> Verdict:
    if "default" not in models or _pooling(models) is not True:
        return None
    reading = models["default"]
    right: list[Sequence[Layer]] = [tail(False, "max", 0)]
    if "max" in models and models["max"].proven:  # by numbers, in whatever spelling
        right.append(models["max"].tail)
    shape_right = reading.input_shape in ((224, 224, 3), (224, 224, 1))
    return (shape_right and any(same(reading.tail, one) for one in right)) or _told(
        "defaults", reading, input_shape=size(reading.input_shape)
    )


JUDGES: dict[str, Callable[[Models], Verdict]] = {
    "include_top": _include_top,
    "input_tensor": _input_tensor,
    "input_shape": _input_shape,
    "pooling": _pooling,
    "classes": _classes,
    "defaults": _defaults,
}


def _has_dense(reading: Reading) -> bool:
    return any(layer.kind == "dense" for layer in reading.tail)


def _with_head_left(models: Models) -> Reading | None:
    """A model that was to have no head and has one."""
    return next((r for name, r in models.items() if name != "top" and _has_dense(r)), None)


def _told(code: str, reading: Reading | None = None, **numbers: object) -> Diagnosis:
    if reading:
        numbers |= {"call": reading.call, "shape": size(reading.output_shape)}
    return diagnose(code, "arguments", **numbers)
