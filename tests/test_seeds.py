"""A mark depends on the answer alone: the public case and every drawn one say the same of it.

Each answer of tests/wrong_*.py is probed and marked as in grading, numbers included, on one drawn
case; `test_rooms.py` tries all of them on the public one. All answers under many seeds, by hand,
in about 30 CPU seconds for each hundred:

    python course.py test tests/test_seeds.py --seeds 30

What drawn cases have in common, so that no mistake can hide in one of them, is claimed of 200.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import replace

import pytest
from answering import namespace_of
from test_rooms import ANSWERS, codes

from utils.checks import TASKS
from utils.checks.homework import ROOMS
from utils.checks.homework.vgg import network
from utils.checks.layers import Layer, make
from utils.checks.models import is_piece
from utils.checks.reading import TOLERANCE, difference, outputs
from utils.checks.task import shape_of

SEEDS = 30  # from which each answer has its own
DRAWN = [name for name, task in TASKS.items() if not task.alone]
TOGETHER = ("vgg16", "vgg19")
# A budget holds for the digits, which are ten.
DIGITS = {"budget": "digits"}

each_task = pytest.mark.parametrize("name", DRAWN)


def pytest_generate_tests(metafunc):
    """Task by task and seed by seed, so that what is right is computed once for all answers."""
    if "seed" in metafunc.fixturenames:
        every = [(name, seed) for seed in range(metafunc.config.option.seeds) for name in ANSWERS]
        own = [(name, zlib.crc32(name.encode()) % SEEDS) for name in ANSWERS]
        chosen = every or own
        chosen.sort(key=lambda each: (ANSWERS[each[0]].task, each[1]))
        metafunc.parametrize(("name", "seed"), chosen)


@pytest.mark.slow
def test_a_drawn_case_says_of_an_answer_what_the_public_one_says(name, seed):
    answer = ANSWERS[name]
    task = TASKS[answer.task]
    case = task.draw_case(seed)
    score = task.mark(task.probe(namespace_of(name, answer.source), case), case)
    assert (score.points, codes(score)) == (answer.points, answer.codes), score.diagnoses
    assert score.points == task.max_points or score.diagnoses


def calls(name: str, count: int = 200) -> list[list[dict]]:
    """The calls of the public case and of drawn ones that give models."""
    task = TASKS[name]
    cases = [task.public_case(), *map(task.draw_case, range(count))]
    return [
        [
            asked
            for call, asked in case["calls"].items()
            if call != DIGITS.get(name) and not is_piece(asked)
        ]
        for case in cases
    ]


@each_task
def test_images_are_grey_and_in_colour_and_classes_of_an_unusual_number(name):
    for asked in calls(name):
        channels = {call["input_shape"][-1] for call in asked if "input_shape" in call}
        assert channels == {1, 3} or name in DIGITS
        assert not {call.get("classes") for call in asked} & {10, 100, 1000}


@each_task
def test_an_odd_size_reaches_every_pooling(name):
    half = (lambda size: -(-size // 2)) if name == "resnet18" else (lambda size: size // 2)
    for asked in calls(name):
        shapes = [shape[:2] for shape in map(shape_of, asked) if shape]
        # VGG16 is judged by all calls of a case together, other networks by each.
        for sizes in [sum(shapes, ())] if name in TOGETHER else shapes:
            for _ in range(5):
                assert any(size % 2 for size in sizes), shapes
                sizes = tuple(map(half, sizes))


def swapped(layers: tuple[Layer, ...], first: Layer, second: Layer) -> tuple[Layer, ...]:
    """The network with `second`, which reads `first`, before it."""
    places = {
        first.path: replace(second, inputs=first.inputs),
        second.path: replace(first, inputs=(second.path,)),
    }
    renamed = {second.path: first.path}
    return tuple(
        places.get(layer.path)
        or replace(layer, inputs=tuple(renamed.get(path, path) for path in layer.inputs))
        for layer in layers
    )


def misplaced_norms(layers: tuple[Layer, ...]) -> list[tuple[Layer, ...]]:
    """For each normalisation, the network with it behind the ReLU or the pooling that follows."""
    found = []
    for place, norm in enumerate(layers):
        if norm.kind == "norm" and norm.get("activation") == "relu":
            bare, relu = norm.having(activation="linear"), make("Activation", "relu", norm.inputs)
            relu = relu.having(activation="relu")
            late = replace(bare, inputs=(relu.path,))
            found.append((*layers[:place], relu, late, *layers[place + 1 :]))
            if layers[place + 1 :][:1] and layers[place + 1].kind == "pool":
                found.append(swapped(layers, norm, layers[place + 1]))
    return found


@pytest.mark.parametrize("room", [room for room in ROOMS if hasattr(room, "networks")])
def test_no_normalisation_hides_behind_a_relu_or_a_pooling(room):
    """Both pass what is scaled by a positive number: where no scale was negative, it hardly showed.

    Also where a student's operations keep the layers from being read.
    """
    (task,) = room.TASKS
    for case in (task.public_case(), *map(task.draw_case, range(3))):
        for asked in case["calls"].values():
            if shape := shape_of(asked):
                right = tuple(room.networks(asked)[0])
                is_softmax = right[-1].get("activation") == "softmax"
                wanted = outputs(right, shape, case["seed"])
                for wrong in misplaced_norms(right):
                    found = outputs(wrong, shape, case["seed"])
                    assert difference(found, wanted, is_softmax) > 5 * TOLERANCE


def test_another_rounding_makes_another_network_in_every_layer():
    numbers = {layer.get("filters") for layer in network("D", False, 0) if layer.kind == "conv"}
    for asked in calls("family"):
        for top in (True, False):
            widths = {one["width"] for one in asked if "width" in one and one["include_top"] == top}
            for number in (*numbers, 4096):
                right = [round(number * width) for width in widths]
                assert right != [math.floor(number * width) for width in widths]
                assert right != [math.ceil(number * width) for width in widths]


@pytest.mark.parametrize("room", [room for room in ROOMS if hasattr(room, "networks")])
def test_a_softmax_tells_of_nearly_every_class(room):
    """One that tells of a single class says the same of many other networks."""
    (task,) = room.TASKS
    for case in (task.public_case(), *map(task.draw_case, range(5))):
        for asked in case["calls"].values():
            if asked.get("include_top") and (shape := shape_of(asked)):
                told = outputs(tuple(room.networks(asked)[0]), shape, case["seed"])
                assert (told > 1e-25).mean() > 0.9


def test_a_mistake_shows_beside_one_class_of_nearly_all_the_probability():
    """What this seed draws makes it so; of the other classes, only the logarithms tell."""
    task, answer = TASKS["backbone"], ANSWERS["backbone-linear_paths"]
    case = task.draw_case(1)
    score = task.mark(task.probe(namespace_of("linear", answer.source), case), case)
    assert (score.points, codes(score)) == (answer.points, answer.codes)
