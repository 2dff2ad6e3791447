"""The race: what its images are, what its networks cost, and that the stored is what was made."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from utils import datasets, summary
from utils.zoo import collage, race, store, train


@pytest.fixture
def tinted(monkeypatch):
    """Photographs that say where they are: the columns of one part are white, all others black."""

    def tint(part):
        def photo(name):
            image = np.zeros_like(original(name))
            left, right = (round(edge * image.shape[1]) for edge in collage.PLACES[part])
            image[:, left:right] = 255
            return image

        collage._regions.cache_clear()
        monkeypatch.setattr(datasets, "photo", photo)

    original = datasets.photo
    yield tint
    collage._regions.cache_clear()


@pytest.mark.parametrize("part", collage.PLACES)
def test_no_pixel_of_one_part_is_seen_in_another(part, tinted):
    tinted(part)
    for other in collage.PLACES:
        found = collage.pieces(other, 300, np.random.default_rng(0))
        assert np.all(found == (1 if other == part else 0)), other


def test_between_the_places_lies_a_gap():
    edges = [edge for place in collage.PLACES.values() for edge in place]
    assert edges == sorted(edges)
    assert (
        min(np.diff(edges)[1::2]) * min(datasets.photo(name).shape[1] for name in datasets.PHOTOS)
        >= 8
    )


def test_no_digit_is_in_two_parts(monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        collage, "_draw", lambda part, shapes, *rest: drawn.setdefault(part, shapes) is None
    )
    for part in collage.PLACES:
        collage._digits.__wrapped__(part, 0)
    seen = [{shape.tobytes() for shape in shapes} for shapes in drawn.values()]
    assert [len(shapes) for shapes in drawn.values()] == [3500, 500, 1000]
    assert len(set.union(*seen)) == sum(map(len, seen))


def test_the_images_are_in_the_unit_range_and_every_class_is_equally_frequent():
    for split, classes in ((race.data(), race.CLASSES), (race.new_data(), race.NEW_CLASSES)):
        for images, labels in (
            (split.x_train, split.y_train),
            (split.x_test, split.y_test),
        ):
            assert images.shape[1:] == (32, 32, 3)
            assert images.dtype == np.float32
            assert 0 <= images.min() < images.max() <= 1
            assert len(set(np.bincount(labels))) == 1
            assert labels[:20].tolist() == [*range(10), *range(10)]
        assert len(classes) == 10


def test_what_is_tested_on_is_drawn_without_what_is_trained_on(monkeypatch):
    images, labels = race.test_data()
    assert images is race.data().x_test
    assert labels is race.data().y_test
    drawn = []
    monkeypatch.setattr(collage, "_digits", lambda part, seed: drawn.append(part))
    race.test_data()
    assert drawn == ["test"]


def test_a_digit_differs_from_its_ground_by_colour_but_its_colour_says_nothing():
    accuracy = store.record("baselines")["accuracy"]
    assert accuracy["colours"] < 0.15
    assert accuracy["pixels"] < 0.25


def test_drawn_again_the_images_are_the_same():
    first, again = (collage.letters.__wrapped__(seed=1) for _ in range(2))
    assert np.array_equal(first.x_test, again.x_test)
    assert not np.array_equal(first.x_test, race.new_data().x_test)


def test_masks_are_the_same_however_many_are_warped_at_a_time(monkeypatch):
    shapes, which = np.random.default_rng(0).random((5, 28, 28)), np.arange(12) % 5
    at_once = collage.warp(shapes, which, np.random.default_rng(1))
    monkeypatch.setattr(collage, "FEW", 5)
    assert np.array_equal(collage.warp(shapes, which, np.random.default_rng(1)), at_once)


def test_what_is_no_part_is_refused():
    with pytest.raises(ValueError, match=r"held_out='train'.*'validation'"):
        collage.digits("train")


@pytest.mark.parametrize("name", race.NETWORKS)
def test_six_networks_have_one_budget(name):
    assert summary.summarize(race.build(name)).macs == pytest.approx(race.BUDGET, rel=0.1)


def test_plain_and_residual_differ_by_their_shortcuts_alone():
    plain, residual = (summary.summarize(race.build(f"{kind}-32")) for kind in ("Plain", "ResNet"))
    depth = [sum(row.kind in ("Conv2D", "Dense") for row in net.rows) for net in (plain, residual)]
    assert depth == [32, 32 + 2]  # the residual one projects where the map is halved
    assert residual.macs / plain.macs == pytest.approx(1, abs=0.01)


def test_two_of_3x3_and_one_of_5x5_cost_the_same():
    pairs, single = (summary.summarize(race.build(name)).macs for name in ("VGG", "VGG-5x5"))
    assert single / pairs == pytest.approx(1, abs=0.02)


def test_the_table_says_what_the_networks_cost_and_the_spread_of_the_seeds():
    table = race.table("LeNet", "ResNet").set_index("network")
    assert table.loc["LeNet", "params"] == race.build("LeNet").count_params()
    assert (table["lowest"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["highest"]).all()
    assert (table["seeds"] == 3).all()
    assert (table["seconds"] > 0).all()


def test_there_is_a_curve_for_each_seed_of_every_network():
    curves = race.curves(*race.BUILDERS)
    assert set(curves["network"]) == set(race.BUILDERS)
    for _, run in curves.groupby(["network", "seed"]):
        assert run["epoch"].tolist() == [*range(1, train.EPOCHS + 1)]
        assert np.isfinite(run[list(race.CURVES)].to_numpy()).all()


def ends(*names):
    """The last epoch's numbers, a mean over the seeds each."""
    curves = race.curves(*names)
    last = curves[curves["epoch"] == curves["epoch"].max()]
    return last.groupby("network").mean(numeric_only=True)


def test_the_six_are_spread_between_chance_and_certainty():
    accuracy = ends()["test_accuracy"]
    assert accuracy.idxmin() == "LeNet"
    assert accuracy["LeNet"] > 0.15
    assert accuracy.drop("LeNet").between(0.65, 0.95).all()


def test_what_stops_lenet_is_neither_its_size_nor_its_depth():
    end = ends("LeNet", "LeNet-ReLU")["test_accuracy"]
    assert end["LeNet-ReLU"] > end["LeNet"] + 0.3


def test_depth_harms_the_plain_network_on_what_it_is_trained_on_too_and_not_the_residual_one():
    end = ends("Plain-8", "Plain-32", "ResNet-8", "ResNet-32")
    for part in ("accuracy", "test_accuracy"):
        assert end.loc["Plain-32", part] < end.loc["Plain-8", part] - 0.1
        assert end.loc["ResNet-32", part] > end.loc["ResNet-8", part]


def test_batch_normalisation_bears_a_larger_rate_and_ends_higher():
    assert store.record("VGG-BN")["rate"] > store.record("VGG")["rate"]
    end = ends("VGG", "VGG-BN")["test_accuracy"]
    assert end["VGG-BN"] > end["VGG"] + 0.02


@pytest.mark.parametrize("name", [name for name, recipe in train.RECIPES.items() if recipe.weights])
def test_what_is_stored_fits_the_network_and_its_digest(name):
    model = race.build(name)
    assert [array.shape for array in store.weights(name)] == [
        weight.shape for weight in model.weights
    ]


def test_all_weights_are_small():
    assert sum(path.stat().st_size for path in store.FOLDER.iterdir()) < 3_000_000


@pytest.mark.parametrize("name", ["VGG", "ResNet"])
def test_half_precision_costs_no_accuracy(name):
    split, model = race.data(), race.trained(name)
    guesses = model.predict(split.x_test, batch_size=250, verbose=0).argmax(axis=1)
    curves = race.curves(name).query("seed == 0")
    assert (guesses == split.y_test).mean() == pytest.approx(
        curves["test_accuracy"].iloc[-1], abs=0.003
    )


@pytest.mark.parametrize("ask", [race.build, race.trained, race.curves])
def test_an_unknown_name_is_answered_with_those_there_are(ask):
    with pytest.raises(ValueError, match=r"name='Transformer'.*LeNet.*ResNet"):
        ask("Transformer")


def test_weights_of_a_network_whose_curves_alone_are_stored_are_refused():
    with pytest.raises(ValueError, match=r"VGG-BN.*no weights"):
        race.trained("VGG-BN")


@pytest.mark.parametrize("name", race.NETWORKS)
def test_the_head_comes_off_at_every_stage(name):
    model = race.build(name)
    stages = [layer.name for layer in model.layers if layer.name.startswith("stage")]
    assert stages == [f"stage{i + 1}" for i in range(len(stages))]
    images = np.zeros((2, 32, 32, 3), "float32")
    for stage in stages:
        maps = model.get_layer(stage).output.shape
        assert race.features(model, stage, images).shape == (2, maps[-1])


@pytest.mark.slow
def test_what_was_learnt_from_digits_serves_letters_and_more_so_the_deeper():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def learn_ten_of_each(model, layer):
        few, others = (race.features(model, layer, x) for x in (new.x_train[:100], new.x_test))
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
        return probe.fit(few, new.y_train[:100]).score(others, new.y_test)

    new, model = race.new_data(), race.trained("ResNet")
    first, second, third = (learn_ten_of_each(model, f"stage{i}") for i in (1, 2, 3))
    assert first + 0.1 < second < third - 0.1
    assert third > learn_ten_of_each(race.build("ResNet"), "stage3") + 0.3


def test_a_layer_that_is_not_there_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match=r"expected one of conv1, stage1, stage2, dense1, dense2$"):
        race.features(race.build("LeNet"), "stage9", np.zeros((1, 32, 32, 3), "float32"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for path in store.FOLDER.glob("LeNet.*"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    return tmp_path


def test_a_damaged_file_is_refused_with_what_was_expected(folder):
    data = bytearray((folder / "LeNet.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "LeNet.npz").write_bytes(data)
    expected = store.record("LeNet")["sha256"]
    with pytest.raises(ValueError, match=rf"LeNet\.npz.*expected {expected}.*zoo\.train LeNet"):
        store.weights("LeNet")


def test_what_is_saved_comes_back_in_half_precision(folder):
    arrays = [np.float32([[1.0, 1 / 3]]), np.float32(2.5)]
    store.save("two", arrays, rate=0.1)
    back = store.weights("two")
    assert [array.dtype for array in back] == [np.float32] * 2
    assert all(np.allclose(*pair, rtol=1e-3) for pair in zip(arrays, back, strict=True))
    assert store.record("two") == {
        "command": "python -m utils.zoo.train two",
        "sha256": store.record("two")["sha256"],
        "rate": 0.1,
    }


def test_numbers_too_large_for_half_precision_are_refused(folder):
    with pytest.raises(ValueError, match="big: array 1"):
        store.save("big", [np.float32([1]), np.float32([1e5])])
    assert not (folder / "big.npz").exists()


def test_a_run_that_is_stored_is_not_trained_again_and_the_best_rate_is_taken(folder, monkeypatch):
    done = []

    def fit(name, recipe, rate, seed, epochs):
        done.append((rate, seed))
        run = {"seed": seed, "seconds": 1, "curves": {"val_accuracy": [1 - abs(rate - 0.003)]}}
        return race.build(name), run

    monkeypatch.setattr(train, "fit", fit)
    (folder / "LeNet.json").write_text(json.dumps({"rate": 0.003, "runs": [{"seed": 1}]}))
    train.train_network("LeNet")
    trials = [(rate, train.TRIAL_SEED) for rate in train.RECIPES["LeNet"].rates]
    assert done == [*trials, (0.003, 0), (0.003, 2)]
    assert store.record("LeNet")["rate"] == 0.003
    train.train_network("LeNet")
    assert len(done) == len(trials) + 2


def test_a_network_can_be_trained(monkeypatch):
    def few(held_out):
        labels = np.arange(40) % 10
        images = np.random.default_rng(0).random((40, 32, 32, 3), "float32")
        return datasets.Split(images, labels, images, labels)

    monkeypatch.setattr(collage, "digits", few)
    model, run = train.fit("LeNet", train.RECIPES["LeNet"], 1e-3, seed=3, epochs=2)
    assert model.name == "LeNet"
    assert run["seed"] == 3
    assert run["curves"]["epoch"] == [1, 2]
    assert set(run["curves"]) == {"epoch", *race.CURVES}


def test_the_command_names_what_it_can_make(capsys):
    with pytest.raises(SystemExit):
        train.main(["Transformer"])
    assert "unknown: Transformer; expected some of baselines, LeNet" in capsys.readouterr().err
