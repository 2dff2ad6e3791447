"""Right answers to the tasks, with which a notebook goes on while the student's are not right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from .challenge.backbone import INCEPTION
from .probe import build
from .task import Function
from .vgg import network


def application(
    name: str,
    include_top: bool = True,
    input_tensor: Any = None,
    input_shape: tuple[int, ...] = (224, 224, 3),
    pooling: str | None = "max",
    classes: int = 1000,
) -> Any:
    """Keras' own VGG16 or VGG19 with random weights, behind the homework's arguments."""
    import keras

    if input_tensor is None:
        input_tensor = keras.Input(input_shape, name="input")
    model = getattr(keras.applications, name)(
        include_top=include_top,
        weights=None,
        input_tensor=input_tensor,
        pooling=pooling,
        classes=classes,
    )
    # Keras' takes a list of one tensor; the homework's takes a tensor.
    return keras.Model(input_tensor, model.output, name=name.lower())


def build_vgg(
    config: str,
    include_top: bool = True,
    input_shape: tuple[int, ...] = (224, 224, 3),
    classes: int = 1000,
    width: float = 1.0,
) -> Any:
    """A column of the paper's table 1."""
    layers = network(config, include_top, classes, lambda number: round(number * width))
    return build(layers, input_shape, f"VGG-{config}")


def carry_over(shallow: Any, deep: Any) -> list[str]:
    """Copy the first four convolutions and the dense layers to those of the same names."""
    convolutions = [layer for layer in shallow.layers if type(layer).__name__ == "Conv2D"]
    dense = [layer for layer in shallow.layers if type(layer).__name__ == "Dense"]
    copied = [*convolutions[:4], *dense]
    for layer in copied:
        deep.get_layer(layer.name).set_weights(layer.get_weights())
    return [layer.name for layer in copied]


def to_convolutional(model: Any) -> Any:
    """The same network for images of any size: its dense layers are convolutions."""
    import keras

    x = image = keras.Input((None, None, model.input_shape[-1]))
    size = model.get_layer("flatten").input.shape[1:3]
    for layer in model.layers[1:]:
        if isinstance(layer, keras.layers.Dense):
            settings = {"activation": layer.activation, "name": layer.name}
            x = _with_weights(keras.layers.Conv2D(layer.units, size, **settings), layer, x)
            size = (1, 1)
        elif not isinstance(layer, keras.layers.Flatten):
            x = _copy(layer, x)
    return keras.Model(image, x, name=f"{model.name}-convolutional")


def _copy(layer: Any, x: Any) -> Any:
    return _with_weights(type(layer).from_config(layer.get_config()), layer, x)


def _with_weights(new: Any, old: Any, x: Any) -> Any:
    """Apply `new` and give it the weights of `old`, in its own shapes."""
    y = new(x)
    weights = zip(old.get_weights(), new.weights, strict=True)
    new.set_weights([values.reshape(weight.shape) for values, weight in weights])
    return y


def features(model: Any, names: Sequence[str]) -> Any:
    """The outputs of the named layers."""
    import keras

    return keras.Model(model.input, [model.get_layer(name).output for name in names])


def with_inception(model: Any, width: float = 1.0) -> Any:
    """The same network with an Inception block for the convolutions of block 3 and block 5."""
    import keras

    x = image = keras.Input(model.input_shape[1:], name="input")
    for layer in model.layers[1:]:
        block, _, rest = layer.name.partition("_")
        if block not in INCEPTION or rest == "pool":
            x = _copy(layer, x)
        elif rest == "conv1":
            x = _inception(x, block, width)
    return keras.Model(image, x, name=f"{model.name}-inception")


def _inception(x: Any, block: str, width: float) -> Any:
    from keras import layers

    def conv(x: Any, filters: int, size: int, name: str) -> Any:
        settings = {"padding": "same", "activation": "relu", "name": f"{block}_{name}"}
        return layers.Conv2D(round(filters * width), size, **settings)(x)

    (n1,), (reduce3, n3), (reduce5, n5), (project,) = INCEPTION[block]
    pooled = layers.MaxPooling2D(3, strides=1, padding="same", name=f"{block}_pool3")(x)
    paths = [
        conv(x, n1, 1, "1x1"),
        conv(conv(x, reduce3, 1, "3x3_reduce"), n3, 3, "3x3"),
        conv(conv(x, reduce5, 1, "5x5_reduce"), n5, 5, "5x5"),
        conv(pooled, project, 1, "project"),
    ]
    return layers.Concatenate(name=f"{block}_inception")(paths)


def budget_net(input_shape: tuple[int, ...] = (32, 32, 1), classes: int = 10) -> Any:
    """Three blocks of one convolution: well under the budget, and with room to do better."""
    import keras
    from keras import layers

    x = image = keras.Input(input_shape, name="input")
    for number, filters in enumerate((8, 16, 32), start=1):
        settings = {"padding": "same", "activation": "relu", "name": f"block{number}_conv1"}
        x = layers.Conv2D(filters, 3, **settings)(x)
        x = layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(image, x, name="budget_net")


# Task -> a function for each that the task asks for.
STAND_INS: dict[str, tuple[Function, ...]] = {
    "vgg16": (partial(application, "VGG16"),),
    "vgg19": (partial(application, "VGG19"),),
    "family": (build_vgg,),
    "carry_over": (carry_over,),
    "convolutional": (to_convolutional,),
    "backbone": (features, with_inception),
    "budget": (budget_net,),
}
