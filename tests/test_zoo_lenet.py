"""LeNet-5 is the paper's, and its stored weights read digits; a twin with softmax reads as well."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.special import softmax

from utils import datasets
from utils.summary import blueprint
from utils.zoo import lenet, store

# Section II.B; the last layer's weights are the prototypes, which are fixed.
PAPER = {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48120, "F6": 10164, "output": 840}


@pytest.fixture(scope="module")
def networks():
    return {name: lenet.trained(name) for name in lenet.NETWORKS}


def guesses(model, images):
    answers = model(lenet.scale(images)).numpy()
    return (answers.argmin if model.name == "lenet5" else answers.argmax)(axis=1)


def test_each_layer_has_the_parameters_that_the_paper_tells():
    summary = blueprint(lenet.lenet5)
    found = dict.fromkeys(PAPER, 0)
    for row in summary.rows:
        if row.params:
            found[row.name.split("_")[0]] += row.params
    assert found == PAPER
    assert summary.trainable_params == 60_000


def test_table_1_joins_sixty_pairs_of_maps_and_sees_no_map_less_than_another():
    assert [len(seen) for seen in lenet.CONNECTIONS] == [3] * 6 + [4] * 9 + [6]
    assert len(set(lenet.CONNECTIONS)) == 16
    seen_by = np.bincount([s2 for seen in lenet.CONNECTIONS for s2 in seen])
    assert seen_by.tolist() == [10] * 6


def test_a_prototype_is_a_bitmap_of_ink_and_paper_and_zero_is_nearest_to_eight():
    assert lenet.PROTOTYPES.shape == (10, 84)
    assert set(np.unique(lenet.PROTOTYPES)) == {-1, 1}
    apart = ((lenet.PROTOTYPES[:, None] - lenet.PROTOTYPES) ** 2).sum(axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert sorted(np.unravel_index(apart.argmin(), apart.shape)) == [0, 8]


def test_a_pixel_of_paper_becomes_a_little_less_than_0_and_one_of_ink_more_than_1():
    np.testing.assert_allclose(lenet.scale(np.array([0, 1])), [-0.1, 1.175])


def test_the_targets_lie_where_the_sigmoid_bends_most():
    x = np.linspace(0, 3, 3001)
    y = np.array(lenet.squash(x))
    bend = np.abs(np.gradient(np.gradient(y, x), x))
    assert x[bend.argmax()] == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(lenet.squash(np.array([-1.0, 1.0])), [-1, 1], atol=1e-3)


def test_the_loss_is_minus_the_logarithm_of_a_probability_among_eleven():
    penalties = np.random.default_rng(17).uniform(0, 30, (20, 10)).astype("float32")
    labels = np.arange(20) % 10
    weights = np.exp(-np.column_stack([penalties, np.full(20, 6.0)]))
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    expected = -np.log(probabilities[np.arange(20), labels])
    np.testing.assert_allclose(lenet.penalty_loss(labels, penalties, j=6), expected, rtol=1e-4)


def test_only_none_of_them_keeps_the_distance_that_softmax_divides_out():
    x = np.random.default_rng(17).uniform(-50, 50, (100, 84))
    penalties = ((x[:, None] - lenet.PROTOTYPES) ** 2).sum(axis=-1)
    linear = 2 * x @ lenet.PROTOTYPES.T - (lenet.PROTOTYPES**2).sum(axis=1)
    np.testing.assert_allclose(softmax(-penalties, axis=1), softmax(linear, axis=1), atol=1e-10)
    none_of_them = np.full((len(x), 1), 10)
    known = softmax(-np.hstack([penalties, none_of_them]), axis=1)[:, :10].sum(axis=1)
    assert known.max() < 1e-10


@pytest.mark.parametrize("name", lenet.NETWORKS)
def test_the_stored_weights_are_small_and_read_digits_as_their_record_tells(name, networks):
    path = store.FOLDER / f"{name}.npz"
    assert path.stat().st_size <= 130_000
    first = next(run for run in store.record(name)["runs"] if run["seed"] == lenet.SEEDS[0])
    digits = datasets.mnist_digits(size=32)
    error = np.mean(guesses(networks[name], digits.x_test) != digits.y_test)
    assert error == pytest.approx(first["error"], abs=0.002)  # of a thousand digits
    assert error < 0.045


def test_the_stored_lenet_keeps_the_prototypes(networks):
    np.testing.assert_array_equal(networks["lenet5"].get_weights()[-1], lenet.PROTOTYPES)


def test_both_outputs_read_digits_alike_and_distances_tell_strangers_better():
    rbf, twin = (store.record(name)["runs"] for name in lenet.NETWORKS)
    assert [run["seed"] for run in rbf] == [run["seed"] for run in twin] == [*lenet.SEEDS]
    errors = [np.mean([run["error"] for run in runs]) for runs in (rbf, twin)]
    assert errors[0] == pytest.approx(errors[1], abs=0.01)
    for kind in ("noise", "patches"):
        assert min(run[kind] for run in rbf) > max(run[kind] for run in twin), kind


def test_a_record_is_what_judging_the_stored_weights_gives(networks):
    for name, model in networks.items():
        judged = lenet.judge(model)
        first = store.record(name)["runs"][0]
        assert judged == pytest.approx({key: first[key] for key in judged}, abs=0.01)


def test_strangers_are_images_as_digits_are_and_the_same_each_time():
    for kind, images in lenet.strangers(12).items():
        assert images.shape == (12, 32, 32, 1), kind
        assert 0 <= images.min() < images.max() <= 1
        np.testing.assert_array_equal(images, lenet.strangers(12)[kind])


def test_importing_lenet_loads_no_tensorflow():
    code = "import sys, utils.zoo.lenet; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
