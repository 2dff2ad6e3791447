"""Judges a function that makes a model: by its numbers, else layer by layer; and its arguments.

It fits any task whose network is written down; a room with more to tell has a judge of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from .compare import Codes, PartOf, compare, listed, size
from .errors import doubt, explain
from .layers import INPUT, Layer, expect, same
from .mistakes import Mistake, diagnose, each_once, table
from .probe import probe_model_maker, probe_tensor_maker
from .reading import Reading, call_text, read
from .rubric import Rubric, Verdict
from .task import RUN_AT, Function, Json, Task, can_judge, shape_of

Networks = Callable[[Json], Sequence[tuple[Layer, ...]]]


@dataclass(frozen=True)
class ModelTask:
    """What a task asks for: for each call of a case, the network that the paper has.

    `networks(asked)` are all that the paper's words allow, the likeliest first. `part_of` is the
    rubric's part of a layer's name. The first wrong layers of a part cost it twice, so that a
    mistake in every block costs half of it and what is right still counts; `arguments`, if the
    rubric has it, earns the share of the arguments that work. `codes` are the room's own names of
    what is wrong with a kind of layer, `follows` names the mistakes that come of another one and
    are not told beside it, and `whole` may tell one of the network as a whole instead of its
    layers. A call without arguments must have the `default_shape`. Where the function takes no
    `input_shape`, a call of the case says with `run_at` which one its model has. A call with a
    `function` of its own and its `arguments` after the tensor is one of a piece, by which is judged
    who has built no network.
    """

    rubric: Rubric
    networks: Networks
    part_of: PartOf
    codes: Codes = field(default_factory=dict)
    follows: Mapping[str, Collection[str]] = field(default_factory=dict)
    whole: Callable[[Reading], Mistake | None] = lambda reading: None
    default_shape: tuple[int, ...] = ()

    def task(self, public_case: Callable[[], Json], draw_case: Callable[[int], Json]) -> Task:
        """The task. Raises ValueError for a network that can't be computed or does not fit."""
        if can_judge():  # a submission's probe imports it anew, and judges nothing
            calls = public_case()["calls"].values()
            try:
                self._refuse([network for asked in calls for network in self.networks(asked)])
            except ValueError as problem:
                raise ValueError(f"task {self.rubric.name!r}: {problem}") from None
        return self.rubric.task(public_case, draw_case, _look, self.judge)

    def _refuse(self, networks: Sequence[tuple[Layer, ...]]) -> None:
        """Raise ValueError for what would go wrong only where a student's answer is judged."""
        from .reference import refuse

        for network in networks:
            refuse(network)
            for place, layer in enumerate(network):
                above = {INPUT, *(each.path for each in network[:place])}
                if unknown := set(layer.inputs) - above:
                    raise ValueError(f"{layer.path} reads {min(unknown)!r}, which is not above it")
        parts = {self.part_of(layer.name) for network in networks for layer in network}
        rubric = set(self.rubric.parts) - {"arguments"}
        if other := parts ^ rubric or set(self.rubric.own) - rubric:
            raise ValueError(f"part {min(other)!r} is not both in the rubric and of some layer")
        codes = {*self.codes.values(), *self.follows}
        if unknown := codes - table(self.rubric.mistakes).keys():
            raise ValueError(f"there is no mistake {min(unknown)!r} in `mistakes`")

    def judge(self, calls: Json, case: Json) -> Verdict:
        """The share of each part that was earned, and what is wrong."""
        models: list[Reading] = []
        sketches: list[Reading] = []
        failures: list[Mistake] = []
        asked_for = {name: asked for name, asked in case["calls"].items() if not is_piece(asked)}
        for name, asked in asked_for.items():
            if name not in calls:
                failures.append(diagnose("missing", "", function=self.rubric.function))
                continue
            right, *also = self.networks(asked)
            text, seed = call_text(self.rubric.function, asked), case["seed"]
            answer = expect(calls[name], dict, "call")
            reading = read(answer, text, asked, right, seed, also)
            if failure := explain(reading):
                failures.append(failure)
                if "sketch" in answer:  # of which no argument is judged
                    sketch = {"model": answer["sketch"], "unknown": []}
                    sketches.append(read(sketch, text, {}, right, seed, also))
            else:
                models.append(reading)
        if not models:
            pieces = None if sketches else self._judge_pieces(calls, case)
            earned, mistakes = pieces or self._judge_layers(sketches)
            return earned, each_once([*failures, *self._first_causes(mistakes)])
        earned, mistakes = self._judge_layers(models)
        part = "arguments" if "arguments" in self.rubric.parts else next(iter(self.rubric.parts))
        arguments, share = self._judge_arguments(models)
        told = [mistake._replace(part=part) for mistake in arguments]
        if part == "arguments":
            earned[part] = share * len(models) / len(asked_for)
        elif arguments:
            earned[part] = 0.0
        return earned, each_once([*failures, *self._first_causes([*mistakes, *told])])

    def _judge_pieces(self, calls: Json, case: Json) -> Verdict:
        """Half of what the layers of the pieces earn, where no network was built of them."""
        readings = []
        for name, asked in case["calls"].items():
            if is_piece(asked) and name in calls:
                text = f"{asked['function']}(x, {', '.join(map(str, asked['arguments']))})"
                reading = read(calls[name], text, asked, self.networks(asked)[0], case["seed"])
                if failure := explain(reading, expects_tensor=True):
                    return {}, [failure]
                readings.append(reading)
        earned, mistakes = self._judge_layers(readings)
        return {part: share / 2 for part, share in earned.items()}, mistakes

    def _first_causes(self, mistakes: Sequence[Mistake]) -> list[Mistake]:
        """Without those that follow from another one."""
        told = {mistake.code for mistake in mistakes}
        later = {code for first in told for code in self.follows.get(first, ())}
        return [mistake for mistake in mistakes if mistake.code not in later]

    def _judge_layers(self, readings: Sequence[Reading]) -> tuple[dict[str, float], list[Mistake]]:
        """The share that each part earns, and what is wrong."""
        total: Counter[str] = Counter()
        lost: Counter[str] = Counter()
        mistakes: list[Mistake] = []
        for reading in [reading for reading in readings if reading.asked] or readings:
            expected = [layer.name for layer in reading.expected]
            found, wrong = self._judge_one(reading)
            mistakes += found
            total.update(map(self.part_of, expected))
            lost.update(self.part_of(name) for name in expected if name in wrong)
        right = {part: 1 - lost[part] / total[part] for part in total}
        return {part: max(2 * share - 1, share / 2) for part, share in right.items()}, mistakes

    def _judge_one(self, reading: Reading) -> tuple[list[Mistake], set[str]]:
        """What is wrong with one model, and the names of the expected layers that are."""
        every = {layer.name for layer in reading.expected}
        if reading.proven:
            return [], set()
        if not is_piece(reading.asked) and (mistake := self.whole(reading)):
            return [mistake], {name for name in every if self.part_of(name) == mistake.part}
        networks = [self._as_asked(reading, one) for one in (reading.expected, *reading.also)]
        if any(same(network, reading.layers) for network in networks):
            if not reading.has_asked_shape or (
                reading.outputs is None and not shape_of(reading.asked)
            ):
                return [], set()
            if "classes" in reading.asked and ARGUMENTS["classes"](reading):
                return [], set()  # told as an argument
            return [doubt(reading, next(iter(self.rubric.parts)))], every
        verdicts = [
            compare(network, reading.layers, self.part_of, reading.proof, self.codes)
            for network in networks
        ]
        return min(verdicts, key=lambda verdict: len(verdict[1]))

    def _judge_arguments(self, readings: Sequence[Reading]) -> tuple[list[Mistake], float]:
        """What is wrong with the arguments, each told once, and the share that is right."""
        asked = {name for reading in readings for name in reading.asked if name in ARGUMENTS}
        unknown = sorted({name for reading in readings for name in reading.unknown})
        wrong = {
            name: mistake
            for reading in reversed(readings)
            for name in reading.asked
            if name in ARGUMENTS and (mistake := ARGUMENTS[name](reading))
        }
        told = [mistake for name, mistake in wrong.items() if name not in unknown]
        if unknown:
            told.append(diagnose("signature", "", arguments=listed(unknown)))
        if other := next(filter(None, map(self._other_defaults, readings)), None):
            told, wrong = [*told, other], wrong | {"defaults": other}
        every = asked | {"defaults"} if self.default_shape else asked
        return told, 1 - len(every & {*wrong, *unknown}) / max(1, len(every))

    def _other_defaults(self, reading: Reading) -> Mistake | None:
        """Told of a call without arguments that has another input or another number of classes."""
        if reading.asked or not self.default_shape:
            return None
        width, last = dense_width(reading), reading.expected[-1]
        has_head = reading.defaults.get("include_top", True)
        is_right = reading.input_shape == self.default_shape and has_head
        if is_right and width in (None, last.get("units")):
            return None
        return _defaults(reading)

    def _as_asked(self, reading: Reading, network: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """The network with the model's own number of classes, which is told as an argument."""
        width, last = dense_width(reading), network[-1]
        if width is None or last.kind != "dense" or "classes" not in reading.asked:
            return network
        return (*network[:-1], last.having(units=width))


def is_piece(asked: Json) -> bool:
    """Whether a call is one of a function of a tensor, which a network is made of."""
    return "arguments" in asked


def _look(function: Function, asked: Json, seed: int) -> Json:
    return (probe_tensor_maker if is_piece(asked) else probe_model_maker)(function, asked, seed)


def dense_width(reading: Reading) -> int | None:
    """The units of the last layer, where it is a dense one."""
    last = reading.layers[-1] if reading.layers else None
    width: int | None = last.get("units") if last and last.kind == "dense" else None
    return width


def _input_shape(reading: Reading) -> Mistake | None:
    if reading.has_asked_shape:
        return None
    shapes = {
        "asked": size(tuple(reading.asked["input_shape"])),
        "found": size(reading.input_shape),
    }
    return diagnose("input_shape", "", **shapes)


def _run_at(reading: Reading) -> Mistake | None:
    return None if reading.has_asked_shape else _defaults(reading)


def _defaults(reading: Reading) -> Mistake:
    shapes = {"input_shape": size(reading.input_shape), "shape": size(reading.output_shape)}
    return diagnose("defaults", "", call=reading.call, **shapes)


def _include_top(reading: Reading) -> Mistake | None:
    asked, dense = (
        reading.asked["include_top"],
        [one for one in reading.layers if one.kind == "dense"],
    )
    is_other_head = asked and len(reading.output_shape) == 1  # told layer by layer
    if asked == bool(dense) or is_other_head:
        return None
    if dense and dense[-1].get("activation") == "softmax" and len(reading.tail) < 2:
        return diagnose("softmax_without_top", "", layers=listed(one.name for one in dense))
    told = {"call": reading.call, "shape": size(reading.output_shape)}
    return diagnose("include_top", "", asked=asked, **told)


def _classes(reading: Reading) -> Mistake | None:
    width, asked = dense_width(reading), reading.asked["classes"]
    if width in (None, asked) or reading.asked.get("include_top") is False:
        return None
    return diagnose("classes", "", asked=asked, found=width)


# Arguments that many tasks have -> what is wrong with what a call makes of it.
ARGUMENTS: Mapping[str, Callable[[Reading], Mistake | None]] = {
    "include_top": _include_top,
    "input_shape": _input_shape,
    RUN_AT: _run_at,
    "classes": _classes,
}
