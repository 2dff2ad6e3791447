"""One race, really run: six classic networks, thin, at one budget of MACs, on one colour task.

The task is digits on photographs (`utils.zoo.collage`). `python -m utils.zoo.train` trained each
network with the same recipe and several seeds; the weights of seed 0 and all curves are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.datasets import Split
from utils.zoo import collage, store

if TYPE_CHECKING:
    import keras
    import pandas as pd

NETWORKS = ("LeNet", "AlexNet", "NiN", "VGG", "GoogLeNet", "ResNet")
CLASSES = tuple("0123456789")
NEW_CLASSES = collage.LETTERS
CURVES = ("loss", "accuracy", "val_accuracy", "test_loss", "test_accuracy")
BUDGET = 4_000_000  # MACs an image, within 10 %


def data() -> Split:
    """Return the race's images: 10,500 to train on, 2,000 to test on, (32, 32, 3) in [0, 1]."""
    return collage.digits("test")


def test_data() -> tuple[np.ndarray, np.ndarray]:
    """Return the 2,000 images of `data` to test on, and their classes; no other image is drawn."""
    return collage.looked_at("test")


def new_data() -> Split:
    """Return letters, which no network of the race has seen: 1,000 and 1,000 images.

    Both parts run through the classes A, B, …: the first 10·k images are k of each.
    """
    return collage.letters()


HE: dict[str, Any] = {"kernel_initializer": "he_normal"}  # where ReLU follows (He et al. 2015)

DROPOUT = 0.2  # the papers take 0.4 and 0.5; thin networks have less to spare

# Every function below takes the images and returns the class scores. Layers whose names begin with
# `stage` or `dense` are those that `features` is asked for; the last layer is `head`.


def lenet(
    x: Any, activation: str = "tanh", pooling: str = "AveragePooling2D", normalise: bool = False
) -> Any:
    """5×5, tanh, average pooling, three dense layers; wider than LeCun et al. 1998."""
    from keras import layers

    for stage, filters in enumerate((20, 54), start=1):
        x = layers.Conv2D(filters, 5, name=f"conv{stage}")(x)
        x = _activate(x, activation, normalise)
        x = getattr(layers, pooling)(2, name=f"stage{stage}")(x)
    return _dense(layers.Flatten()(x), (120, 84), activation, normalise=normalise)


def alexnet(x: Any) -> Any:
    """A large first kernel with strides, ReLU, overlapping pooling, dropout (2012)."""
    from keras import initializers, layers

    small = initializers.RandomNormal(stddev=0.01)  # the paper's: what is seen later was learnt
    x = layers.Conv2D(
        *(24, 7, 2, "same"), activation="relu", kernel_initializer=small, name="conv1"
    )(x)
    x = layers.MaxPooling2D(3, 2, padding="same", name="stage1")(x)
    x = layers.Conv2D(48, 5, padding="same", activation="relu", **HE, name="conv2")(x)
    x = layers.MaxPooling2D(3, 2, padding="same", name="stage2")(x)
    for i, filters in enumerate((56, 56, 48), start=3):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", **HE, name=f"conv{i}")(x)
    x = layers.MaxPooling2D(3, 2, padding="same", name="stage3")(x)
    return _dense(layers.Flatten()(x), (256, 256), "relu", dropout=DROPOUT)


def nin(x: Any) -> Any:
    """After each convolution two of 1×1; the last maps are the classes, averaged (2013)."""
    from keras import layers

    for stage, (filters, size) in enumerate(((12, 5), (24, 5), (48, 3)), start=1):
        for i, kernel in enumerate((size, 1, 1)):
            name = f"stage{stage}" if i == 2 else f"conv{stage}{'ab'[i]}"
            x = layers.Conv2D(filters, kernel, padding="same", activation="relu", **HE, name=name)(
                x
            )
        if stage < 3:
            x = layers.MaxPooling2D(3, 2, padding="same")(x)
            x = layers.Dropout(DROPOUT)(x)
    x = layers.Conv2D(len(CLASSES), 1, name="classes")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Softmax(name="head")(x)


def vgg(
    x: Any,
    widths: tuple[int, ...] = (10, 20, 40),
    kernels: tuple[int, ...] = (3, 3),
    normalise: bool = False,
) -> Any:
    """Stacks of 3×3, then a pooling; double the filters, halve the map (2014)."""
    from keras import layers

    for stage, filters in enumerate(widths, start=1):
        for i, kernel in enumerate(kernels):
            name = f"conv{stage}{'ab'[i]}"
            x = layers.Conv2D(filters, kernel, padding="same", **HE, name=name)(x)
            x = _activate(x, "relu", normalise)
        x = layers.MaxPooling2D(2, name=f"stage{stage}")(x)
    return _dense(layers.Flatten()(x), (128, 128), "relu", DROPOUT, normalise)


def inception(x: Any, one: int, three: tuple[int, int], five: tuple[int, int], pool: int) -> Any:
    """Four branches side by side; 1×1 make 3×3 and 5×5 cheap (Szegedy et al. 2014, figure 2b)."""
    from keras import layers

    def conv(x: Any, filters: int, size: int) -> Any:
        return layers.Conv2D(filters, size, padding="same", activation="relu", **HE)(x)

    return layers.Concatenate()(
        [
            conv(x, one, 1),
            conv(conv(x, three[0], 1), three[1], 3),
            conv(conv(x, five[0], 1), five[1], 5),
            conv(layers.MaxPooling2D(3, 1, padding="same")(x), pool, 1),
        ]
    )


def googlenet(x: Any) -> Any:
    """A stem, four inception blocks, global average pooling, dropout (2014)."""
    from keras import layers

    x = layers.Conv2D(16, 3, padding="same", activation="relu", **HE, name="conv1")(x)
    x = layers.MaxPooling2D(3, 2, padding="same", name="stage1")(x)
    x = inception(x, 12, (8, 16), (4, 8), 8)
    x = inception(x, 16, (12, 24), (4, 8), 8)
    x = layers.MaxPooling2D(3, 2, padding="same", name="stage2")(x)
    x = inception(x, 24, (16, 32), (6, 12), 12)
    x = inception(x, 32, (20, 40), (6, 12), 12)
    x = layers.GlobalAveragePooling2D(name="stage3")(x)
    return _dense(layers.Dropout(DROPOUT)(x), (), "relu")


def resnet(
    x: Any, blocks: int = 2, widths: tuple[int, ...] = (12, 24, 48), residual: bool = True
) -> Any:
    """Blocks of two 3×3 with a shortcut (2015); `residual=False`: the same without shortcuts."""
    from keras import layers

    def conv(x: Any, filters: int, size: int, strides: int = 1, **name: str) -> Any:
        x = layers.Conv2D(
            *(filters, size, strides, "same"),
            use_bias=False,
            **HE,
            **name,
        )(x)
        return layers.BatchNormalization(momentum=0.9)(x)

    x = layers.ReLU()(conv(x, widths[0], 3, name="conv1"))
    x = layers.MaxPooling2D(2)(x)
    for stage, filters in enumerate(widths, start=1):
        for block in range(blocks):
            strides = 2 if stage > 1 and block == 0 else 1
            y = layers.ReLU()(conv(x, filters, 3, strides))
            y = conv(y, filters, 3)
            if residual:
                shortcut = x if strides == 1 else conv(x, filters, 1, strides)
                y = layers.Add()([shortcut, y])
            name = {"name": f"stage{stage}"} if block == blocks - 1 else {}
            x = layers.ReLU(**name)(y)
    return _dense(layers.GlobalAveragePooling2D()(x), (), "relu")


def _dense(
    x: Any,
    widths: tuple[int, ...],
    activation: str,
    dropout: float = 0.0,
    normalise: bool = False,
) -> Any:
    from keras import layers

    for i, units in enumerate(widths, start=1):
        x = layers.Dense(units, name=f"linear{i}")(x)
        x = _activate(x, activation, normalise, name=f"dense{i}")
        if dropout:
            x = layers.Dropout(dropout)(x)
    return layers.Dense(len(CLASSES), activation="softmax", name="head")(x)


def _activate(x: Any, activation: str, normalise: bool, **name: str) -> Any:
    """Apply the activation, after batch normalisation where that is asked for."""
    from keras import layers

    if normalise:
        x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.Activation(activation, **name)(x)


MAX: dict[str, Any] = {"pooling": "MaxPooling2D"}

# The race's six, then the variants that the experiments train.
BUILDERS: dict[str, Callable[[Any], Any]] = {
    "LeNet": lenet,
    "AlexNet": alexnet,
    "NiN": nin,
    "VGG": vgg,
    "GoogLeNet": googlenet,
    "ResNet": resnet,
    "Plain-8": partial(resnet, blocks=1, widths=(8, 16, 32), residual=False),
    "ResNet-8": partial(resnet, blocks=1, widths=(8, 16, 32)),
    "Plain-32": partial(resnet, blocks=5, widths=(8, 16, 32), residual=False),
    "ResNet-32": partial(resnet, blocks=5, widths=(8, 16, 32)),
    "VGG-BN": partial(vgg, normalise=True),
    "VGG-5x5": partial(vgg, widths=(11, 22, 44), kernels=(5,)),
    "LeNet-ReLU": partial(lenet, **MAX, activation="relu"),
    "LeNet-ReLU-SGD": partial(lenet, **MAX, activation="relu"),
    "LeNet-sigmoid-SGD": partial(lenet, **MAX, activation="sigmoid"),
    "LeNet-sigmoid-BN-SGD": partial(lenet, **MAX, activation="sigmoid", normalise=True),
}


def build(name: str) -> keras.Model:
    """Return a fresh network for the race's images: (32, 32, 3) in [0, 1] to 10 probabilities.

    Raises:
        ValueError: `name` is no key of `BUILDERS`.
    """
    if name not in BUILDERS:
        raise ValueError(f"name={name!r}: expected one of {', '.join(BUILDERS)}")
    import keras

    images = keras.Input((32, 32, 3), name="images")
    centred = keras.layers.Rescaling(2.0, -1.0, name="centred")(images)
    return keras.Model(images, BUILDERS[name](centred), name=name)


def trained(name: str) -> keras.Model:
    """Return a network of `build` with its stored weights, those of seed 0."""
    model = build(name)
    model.set_weights(store.weights(name))
    return model


def curves(*names: str) -> pd.DataFrame:
    """Return how training went: a row an epoch of every seed, of the six or of `names`.

    Columns: network, seed, epoch (from 1), loss and accuracy (on the training images, while they
    are learnt: with dropout, averaged over the epoch), val_accuracy, test_loss, test_accuracy.
    """
    import pandas as pd

    return pd.concat(
        [
            pd.DataFrame(run["curves"]).assign(network=name, seed=run["seed"])
            for name in names or NETWORKS
            for run in store.record(name)["runs"]
        ],
        ignore_index=True,
    )[["network", "seed", "epoch", *CURVES]]


def table(*names: str) -> pd.DataFrame:
    """Return a row a network: what it costs, and its accuracy on the test images over the seeds.

    Columns: network, params, macs (an image), rate, seeds, accuracy, lowest, highest (mean, least
    and greatest after the last epoch), seconds (the processor's, of a run with one thread).
    """
    import pandas as pd

    from utils import summary

    rows = []
    for name in names or NETWORKS:
        cost = summary.summarize(build(name))
        record = store.record(name)
        ends = [run["curves"]["test_accuracy"][-1] for run in record["runs"]]
        rows.append(
            {
                "network": name,
                "params": cost.params,
                "macs": cost.macs,
                "rate": record["rate"],
                "seeds": len(ends),
                "accuracy": float(np.mean(ends)),
                "lowest": min(ends),
                "highest": max(ends),
                "seconds": float(np.mean([run["seconds"] for run in record["runs"]])),
            }
        )
    return pd.DataFrame(rows)


def baselines() -> pd.DataFrame:
    """Return what needs no network: chance, and linear classifiers on colours and on pixels.

    Columns: method, accuracy (on the test images). `colours`: a histogram of 4×4×4 colours.
    """
    import pandas as pd

    return pd.DataFrame(
        store.record("baselines")["accuracy"].items(), columns=["method", "accuracy"]
    )


def features(model: keras.Model, layer: str, images: np.ndarray) -> np.ndarray:
    """Take the head off: what `layer` says of each image, maps averaged: (images, channels).

    Raises:
        ValueError: the model has no such layer; the message names those that it has.
    """
    named = [one.name for one in model.layers if one.name.startswith(("stage", "dense", "conv1"))]
    if layer not in {one.name for one in model.layers}:
        raise ValueError(f"layer={layer!r}: expected one of {', '.join(named)}")
    import keras

    output = model.get_layer(layer).output
    if len(output.shape) == 4:
        output = keras.layers.GlobalAveragePooling2D()(output)
    backbone = keras.Model(model.input, output)
    parts = np.array_split(images, -(-len(images) // 250))
    return np.concatenate([np.asarray(backbone(part, training=False)) for part in parts])
