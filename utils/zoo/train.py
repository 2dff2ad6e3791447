"""Remake the stored weights and curves: `python -m utils.zoo.train [NAME …]`.

Every run is written when it ends; what is there is not trained again, unless `--again` is said.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.zoo import collage, lenet, race, store

if TYPE_CHECKING:
    import keras

EPOCHS = 20
TRIAL_EPOCHS = 5  # of a run that tries a rate
BATCH = 64
SEEDS = (0, 1, 2)
TRIAL_SEED = 100


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: the rate rises for an epoch and falls as a cosine to 0."""

    optimizer: str = "Adam"
    rates: tuple[float, ...] = (3e-4, 1e-3, 3e-3, 1e-2)  # the best on the validation part is taken
    seeds: tuple[int, ...] = SEEDS
    weights: bool = True  # those of seed 0 are stored


PAIR = (0, 1)
RECIPES = {
    **dict.fromkeys(race.NETWORKS, Recipe()),
    "Plain-8": Recipe(rates=(1e-3, 3e-3, 1e-2), seeds=PAIR, weights=False),
    "Plain-32": Recipe(rates=(1e-3, 3e-3, 1e-2), seeds=PAIR),
    "ResNet-8": Recipe(rates=(1e-3, 3e-3, 1e-2), seeds=PAIR, weights=False),
    "ResNet-32": Recipe(rates=(1e-3, 3e-3, 1e-2), seeds=PAIR),
    "VGG-BN": Recipe(rates=(3e-3, 1e-2), seeds=PAIR, weights=False),
    "VGG-5x5": Recipe(rates=(1e-3, 3e-3), seeds=PAIR, weights=False),
    "LeNet-ReLU": Recipe(rates=(1e-3, 3e-3), seeds=PAIR, weights=False),
    **{
        f"LeNet-{kind}-SGD": Recipe("SGD", (0.01, 0.03, 0.1, 0.3, 1.0), seeds=PAIR, weights=False)
        for kind in ("ReLU", "sigmoid", "sigmoid-BN")
    },
}


def train_network(name: str, again: bool = False) -> None:
    """Train a network of the race with each seed of its recipe, at the best rate of its grid."""
    recipe = RECIPES[name]
    record: dict[str, Any] = {} if again or name not in store.names() else store.record(name)
    rates = record.get("rates", {})
    for rate in recipe.rates:
        if len(recipe.rates) > 1 and str(rate) not in rates:
            _, run = fit(name, recipe, rate, TRIAL_SEED, TRIAL_EPOCHS)
            rates[str(rate)] = run["curves"]["val_accuracy"][-1]
            store.note(name, rates=rates)
    best = max(recipe.rates, key=lambda rate: rates.get(str(rate), 0))
    runs = record.get("runs", []) if record.get("rate") == best else []
    store.note(name, optimizer=recipe.optimizer, rate=best, runs=runs)
    for seed in recipe.seeds:
        if seed in [run["seed"] for run in runs]:
            continue
        model, run = fit(name, recipe, best, seed, EPOCHS)
        runs = sorted([*runs, run], key=lambda run: run["seed"])
        if seed == 0 and recipe.weights:
            store.save(name, model.get_weights(), runs=runs)
        else:
            store.note(name, runs=runs)


def fit(
    name: str, recipe: Recipe, rate: float, seed: int, epochs: int
) -> tuple[keras.Model, dict[str, Any]]:
    """Train a fresh network; return it, and its run: seed, processor seconds, curves."""
    import keras

    test, validation = collage.digits("test"), collage.digits("validation")
    keras.utils.set_random_seed(seed)
    model = race.build(name)
    steps = len(test.x_train) // BATCH + 1
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, (epochs - 1) * steps, warmup_target=rate, warmup_steps=steps
    )
    momentum = {"momentum": 0.9} if recipe.optimizer == "SGD" else {}
    model.compile(
        getattr(keras.optimizers, recipe.optimizer)(schedule, **momentum),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    curves: dict[str, list[float]] = {key: [] for key in ("epoch", *race.CURVES)}

    def note(epoch: int, logs: dict[str, float]) -> None:
        loss, accuracy = model.evaluate(test.x_test, test.y_test, 250, verbose=0)
        values = {**logs, "test_loss": loss, "test_accuracy": accuracy}
        curves["epoch"].append(epoch + 1)
        for key in race.CURVES:
            curves[key].append(round(float(values[key]), 4))
        line = " ".join(f"{key} {curves[key][-1]:.4f}" for key in race.CURVES)
        print(f"{name} seed {seed} rate {rate:g} epoch {epoch + 1}/{epochs}: {line}", flush=True)

    start = time.process_time()
    model.fit(
        *(test.x_train, test.y_train, BATCH, epochs),
        verbose=0,
        validation_data=(validation.x_test, validation.y_test),
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)],
    )
    return model, {"seed": seed, "seconds": round(time.process_time() - start), "curves": curves}


def fit_baselines(again: bool = False) -> None:
    """Fit linear classifiers on colours and on pixels, as strict as validation likes them."""
    if "baselines" in store.names() and not again:
        return
    from sklearn.linear_model import RidgeClassifier

    test, validation = collage.digits("test"), collage.digits("validation")
    accuracy = {"chance": 1 / len(race.CLASSES)}
    for method, inputs in {"colours": histogram, "pixels": flat}.items():
        fitted = [
            RidgeClassifier(alpha=alpha).fit(inputs(test.x_train), test.y_train)
            for alpha in (1.0, 100.0, 10_000.0)
        ]
        best = max(fitted, key=lambda one: one.score(inputs(validation.x_test), validation.y_test))
        accuracy[method] = round(float(best.score(inputs(test.x_test), test.y_test)), 4)
    store.note("baselines", accuracy=accuracy)


def flat(images: np.ndarray) -> np.ndarray:
    """Return the pixels in a row: (images, 3072)."""
    return images.reshape(len(images), -1)


def histogram(images: np.ndarray) -> np.ndarray:
    """Return which part of the pixels has each of 4×4×4 colours: (images, 64)."""
    levels = np.minimum((images * 4).astype(int), 3)
    colours = (levels @ [16, 4, 1]).reshape(len(images), -1)
    return np.stack([np.bincount(row, minlength=64) / len(row) for row in colours])


# What makes each stored name: `MAKERS[name](again)`.
MAKERS: dict[str, Callable[[bool], None]] = {
    "baselines": fit_baselines,
    **{name: partial(train_network, name) for name in race.BUILDERS},
    **{name: partial(lenet.make, name) for name in lenet.NETWORKS},
}


def main(arguments: list[str] | None = None) -> None:
    """Train what is named, or all."""
    parser = argparse.ArgumentParser(prog="python -m utils.zoo.train", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MAKERS)}")
    parser.add_argument("--again", action="store_true", help="also what is stored already")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(MAKERS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; expected some of {', '.join(MAKERS)}")
    # Before TensorFlow is imported: fused kernels train three times as fast.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for name in options.names or MAKERS:
        MAKERS[name](options.again)


if __name__ == "__main__":
    main(sys.argv[1:])
