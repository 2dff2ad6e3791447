"""LeNet-5 as LeCun et al. published it in 1998 (Proc. IEEE 86(11), section II.B), and a twin.

The lecture builds the same network before the reader's eyes; here it is for whoever wants it whole.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from utils import datasets
from utils.zoo import store

if TYPE_CHECKING:
    import keras

# Table I: the maps of S2 that each of the sixteen maps of C3 sees.
CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),  # three neighbours
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),  # four, not all neighbours
    (0, 1, 2, 3, 4, 5),
)

# A 7 × 12 bitmap of each digit, in the manner of figure 3's printed characters.
PIXELS = """
.#####. ...##.. .#####. .#####. ....##. ####### ..####. ####### .#####. .#####.
##...## ..###.. ##...## ##...## ...###. ##..... .##.... ##...## ##...## ##...##
##...## .####.. ##...## .....## ..####. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## .....## .##.##. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## .....## .##.##. ######. ######. ....##. ##...## ##...##
##...## ...##.. ....##. ..####. ##..##. ##...## ##...## ....##. .#####. ##...##
##...## ...##.. ...##.. .....## ##..##. .....## ##...## ...##.. ##...## .######
##...## ...##.. ..##... .....## ####### .....## ##...## ...##.. ##...## .....##
##...## ...##.. .##.... .....## ....##. .....## ##...## ..##... ##...## .....##
##...## ...##.. ##..... .....## ....##. .....## ##...## ..##... ##...## .....##
##...## ...##.. ##..... ##...## ....##. ##...## ##...## ..##... ##...## ....##.
.#####. .###### ####### .#####. ....##. .#####. .#####. ..##... .#####. .####..
"""


def _bitmaps() -> np.ndarray:
    """Return `PIXELS` as (10 digits, 12 rows, 7 columns): ink +1, paper -1."""
    lines = [line.split() for line in PIXELS.strip().split("\n")]
    pixels = np.array([[list(word) for word in line] for line in lines])
    return np.where(pixels.swapaxes(0, 1) == "#", 1, -1).astype("float32")


# What F6 should say of each digit: (10, 84).
PROTOTYPES = _bitmaps().reshape(10, 84)


def scale(images: Any) -> Any:
    """Bring pixels from 0…1 to -0.1…1.175, so that their mean is about 0 (section II.B)."""
    return 1.275 * images - 0.1


def squash(x: Any) -> Any:
    """1.7159 tanh(2x/3), so that f(1) = 1 and f(-1) = -1 (appendix A)."""
    from keras import ops

    return 1.7159 * ops.tanh(2 / 3 * x)


def penalty_loss(labels: Any, penalties: Any, j: float = 10.0) -> Any:
    """Return the loss of each image from its penalties, (images, 10): equation (9).

    Pulls the penalty of the right digit down and pushes the others up; exp(-j) stands for a class
    "none of them", whose penalty is always `j`. The paper does not say which j it took.
    """
    from keras import ops

    labels = ops.cast(ops.reshape(labels, (-1,)), "int32")
    own = ops.sum(penalties * ops.one_hot(labels, 10), axis=-1)
    none_of_them = ops.full_like(penalties[:, :1], -j)
    everyone = ops.concatenate([none_of_them, -penalties], axis=-1)
    return own + ops.logsumexp(everyone, axis=-1)


class _Layers(NamedTuple):
    """The two kinds of layer that Keras does not have."""

    Subsampling: Any
    RBF: Any


@cache
def _own_layers() -> _Layers:
    """Define the layers once, and only when they are wanted: importing Keras takes seconds."""
    import keras
    from keras import ops

    class Subsampling(keras.layers.Layer):  # type: ignore[misc]
        """The sum of 2 × 2, times a coefficient, plus a bias, squashed: two weights a channel."""

        def build(self, shape: tuple[int, ...]) -> None:
            quarter = keras.initializers.Constant(0.25)  # begins as the mean
            self.coefficient = self.add_weight((shape[-1],), quarter, name="coefficient")
            self.bias = self.add_weight((shape[-1],), "zeros", name="bias")

        def call(self, x: Any) -> Any:
            return squash(self.coefficient * 4 * ops.average_pool(x, 2) + self.bias)

    class RBF(keras.layers.Layer):  # type: ignore[misc]
        """Squared distances to the fixed prototypes: a penalty for each class."""

        def build(self, shape: tuple[int, ...]) -> None:
            self.prototypes = self.add_weight(
                PROTOTYPES.shape, "zeros", trainable=False, name="prototypes"
            )
            self.prototypes.assign(PROTOTYPES)

        def call(self, x: Any) -> Any:
            return ops.sum((x[:, None, :] - self.prototypes) ** 2, axis=-1)

    return _Layers(Subsampling, RBF)


def lenet5() -> keras.Model:
    """Return LeNet-5, a Keras model: (32, 32, 1), as `scale` gives it, to ten penalties.

    Layers C1, S2, C3 (joins the convolutions C3_0 … C3_15), S4, C5, F6, output. Trainable weights:
    156 + 12 + 1,516 + 32 + 48,120 + 10,164 = 60,000 (section II.B).
    """
    return _network("lenet5", _own_layers().RBF(name="output"))


def lenet5_softmax() -> keras.Model:
    """Return LeNet-5 up to F6 with today's output, ten probabilities, for comparison."""
    from keras import layers

    return _network("lenet5_softmax", layers.Dense(10, activation="softmax", name="output"))


def _network(name: str, output: Any) -> keras.Model:
    import keras
    from keras import layers

    subsampling = _own_layers().Subsampling
    x = inputs = keras.Input((32, 32, 1))
    x = _convolution(6, "C1")(x)
    x = subsampling(name="S2")(x)
    x = _connect(x)
    x = subsampling(name="S4")(x)
    x = _convolution(120, "C5")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(84, activation=squash, kernel_initializer="lecun_uniform", name="F6")(x)
    return keras.Model(inputs, output(x), name=name)


def _convolution(filters: int, name: str) -> Any:
    from keras import layers

    return layers.Conv2D(
        filters, 5, activation=squash, kernel_initializer="lecun_uniform", name=name
    )


def _connect(s2: Any) -> Any:
    """C3: each map sees those of S2 that Table I tells."""
    from keras import layers, ops

    maps = ops.split(s2, 6, axis=-1)
    outputs = [
        _convolution(1, f"C3_{number}")(layers.Concatenate()([maps[i] for i in seen]))
        for number, seen in enumerate(CONNECTIONS)
    ]
    return layers.Concatenate(name="C3")(outputs)


# What is trained, and on which loss.
NETWORKS = {
    "lenet5": (lenet5, penalty_loss),
    "lenet5_softmax": (lenet5_softmax, "sparse_categorical_crossentropy"),
}
SEEDS = (0, 1, 2, 3, 4)  # the weights of the first are stored
EPOCHS = 20  # as in section III.B
BATCH = 32
RATE = 2e-3


def trained(name: str) -> keras.Model:
    """Return a network of `NETWORKS` with its stored weights."""
    weights = store.weights(name)
    build, _ = NETWORKS[name]
    model = build()
    model.set_weights(weights)
    return model


def strangers(count: int = 1000, seed: int = 17) -> dict[str, np.ndarray]:
    """Return what is no digit, (count, 32, 32, 1) each, in 0…1: `noise` and `patches`.

    Noise is uniform, pixel by pixel; patches are cut at random from the grey photographs of
    `datasets.PHOTOS`, as many from each.
    """
    draw = np.random.default_rng(seed)
    photos = [datasets.photo(name).mean(axis=-1, keepdims=True) / 255 for name in datasets.PHOTOS]

    def patch(photo: np.ndarray) -> np.ndarray:
        top, left = (draw.integers(side - 31) for side in photo.shape[:2])
        return photo[top : top + 32, left : left + 32]

    noise = draw.random((count, 32, 32, 1))
    patches = np.stack([patch(photos[i % len(photos)]) for i in range(count)])
    return {"noise": noise.astype("float32"), "patches": patches.astype("float32")}


def judge(model: keras.Model) -> dict[str, float]:
    """Return the test error of a network of `NETWORKS`, and how well it tells strangers apart.

    `error`: the share of the 1,000 test digits that it misreads. `noise`, `patches`: the area under
    the ROC curve of test digits against `strangers`, by the network's best class: its penalty or
    its probability. 1 is perfect, 0.5 is chance.
    """
    from sklearn.metrics import roc_auc_score

    sign = -1 if model.name == "lenet5" else 1  # penalties or probabilities

    def likeness(images: np.ndarray) -> np.ndarray:
        found: np.ndarray = sign * model(scale(images)).numpy()
        return found

    test = datasets.mnist_digits(size=32)
    digits = likeness(test.x_test)
    judged = {"error": float(np.mean(digits.argmax(axis=1) != test.y_test))}
    for kind, images in strangers().items():
        best = np.concatenate([digits.max(axis=1), likeness(images).max(axis=1)])
        is_digit = np.arange(len(best)) < len(digits)
        judged[kind] = float(roc_auc_score(is_digit, best))
    return judged


def make(name: str, again: bool = False) -> None:
    """Train a network of `NETWORKS` with each seed, and store the first one's weights and all runs.

    On the 4,000 digits of `datasets.mnist_digits`; Adam, whose rate falls to 0 along a cosine.
    """
    runs = [] if again or name not in store.names() else store.record(name)["runs"]
    for seed in SEEDS:
        if seed in [run["seed"] for run in runs]:
            continue
        model = _train(name, seed)
        judged = {key: round(value, 4) for key, value in judge(model).items()}
        runs = [*runs, {"seed": seed, **judged}]
        print(name, runs[-1], flush=True)
        if seed == SEEDS[0]:
            store.save(name, model.get_weights(), runs=runs)
        else:
            store.note(name, runs=runs)


def _train(name: str, seed: int) -> keras.Model:
    import keras

    build, loss = NETWORKS[name]
    digits = datasets.mnist_digits(size=32)
    keras.utils.set_random_seed(seed)
    model = build()
    steps = EPOCHS * -(-len(digits.x_train) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    model.fit(scale(digits.x_train), digits.y_train, BATCH, EPOCHS, verbose=0)
    return model
