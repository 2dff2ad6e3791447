"""Models for the tests of `utils.summary`, built without their weights' memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from utils.summary import without_weights

VGG_CONFIGS = {
    "VGG11": (1, 1, 2, 2, 2),
    "VGG13": (2, 2, 2, 2, 2),
    "VGG16": (2, 2, 3, 3, 3),
    "VGG19": (2, 2, 4, 4, 4),
}


def weightless(build: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """Return what `build` makes and the TensorFlow graph around it.

    ResNet-152 takes a second instead of four, ConvNeXt-XLarge no gigabyte. The graph keeps
    constants out of eager execution.
    """
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default(), without_weights():
        model = build(*args, **kwargs)
    return model, graph


def vgg(config: str, include_top: bool = True, classes: int = 1000) -> Any:
    """Build a configuration of Simonyan and Zisserman, ICLR 2015, Table 1."""
    import keras
    from keras import layers

    inputs = x = keras.Input((224, 224, 3))
    widths = (64, 128, 256, 512, 512)
    for block, (depth, width) in enumerate(zip(VGG_CONFIGS[config], widths, strict=True), start=1):
        for number in range(1, depth + 1):
            name = f"block{block}_conv{number}"
            x = layers.Conv2D(width, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, x, name=config.lower())
