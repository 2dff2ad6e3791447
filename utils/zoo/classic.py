"""The classic networks that Keras does not ship, at full size and untrained.

`utils.summary.blueprint(classic.alexnet)` counts one without its weights. The reading notebooks
build most of them step by step and hold them against these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

# Widths of 1×1, 1×1 before 3×3, 3×3, 1×1 before 5×5, 5×5, 1×1 after the pooling, by block.
# Szegedy et al. 2014, arXiv:1409.4842, Table 1.
GOOGLENET = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
# One text a block: `;` parts paths side by side, `>` goes on, `|` branches from one point,
# "3x3/2 96 V" is a convolution with stride 2 and no padding, "max/2" a 3×3 pooling.
# TF-Slim's inception_v2.py, with a plain first convolution.
INCEPTION_V2 = (
    "7x7/2 64 > max/2 > 1x1 64 > 3x3 192 > max/2",
    "1x1 64; 1x1 64 > 3x3 64; 1x1 64 > 3x3 96 > 3x3 96; avg > 1x1 32",
    "1x1 64; 1x1 64 > 3x3 96; 1x1 64 > 3x3 96 > 3x3 96; avg > 1x1 64",
    "1x1 128 > 3x3/2 160; 1x1 64 > 3x3 96 > 3x3/2 96; max/2",
    "1x1 224; 1x1 64 > 3x3 96; 1x1 96 > 3x3 128 > 3x3 128; avg > 1x1 128",
    "1x1 192; 1x1 96 > 3x3 128; 1x1 96 > 3x3 128 > 3x3 128; avg > 1x1 128",
    "1x1 160; 1x1 128 > 3x3 160; 1x1 128 > 3x3 160 > 3x3 160; avg > 1x1 96",
    "1x1 96; 1x1 128 > 3x3 192; 1x1 160 > 3x3 192 > 3x3 192; avg > 1x1 96",
    "1x1 128 > 3x3/2 192; 1x1 192 > 3x3 256 > 3x3/2 256; max/2",
    "1x1 352; 1x1 192 > 3x3 320; 1x1 160 > 3x3 224 > 3x3 224; avg > 1x1 128",
    "1x1 352; 1x1 192 > 3x3 320; 1x1 192 > 3x3 224 > 3x3 224; max > 1x1 128",
)
# Szegedy et al. 2016, arXiv:1602.07261, figures 3 to 8.
V4_STEM = (
    "3x3/2 32 V > 3x3 32 V > 3x3 64 > max/2 V | 3x3/2 96 V",
    "1x1 64 > 3x3 96 V; 1x1 64 > 7x1 64 > 1x7 64 > 3x3 96 V",
    "3x3/2 192 V | max/2 V",
)
V4_A = "avg > 1x1 96; 1x1 96; 1x1 64 > 3x3 96; 1x1 64 > 3x3 96 > 3x3 96"
V4_TO_17 = "max/2 V; 3x3/2 384 V; 1x1 192 > 3x3 224 > 3x3/2 256 V"
V4_B = (
    "avg > 1x1 128; 1x1 384; 1x1 192 > 1x7 224 > 7x1 256;"
    "1x1 192 > 1x7 192 > 7x1 224 > 1x7 224 > 7x1 256"
)
V4_TO_8 = "max/2 V; 1x1 192 > 3x3/2 192 V; 1x1 256 > 1x7 256 > 7x1 320 > 3x3/2 320 V"
V4_C = (
    "avg > 1x1 256; 1x1 256; 1x1 384 > 1x3 256 | 3x1 256;"
    "1x1 384 > 1x3 448 > 3x1 512 > 3x1 256 | 1x3 256"
)
INCEPTION_V4 = (*V4_STEM, *[V4_A] * 4, V4_TO_17, *[V4_B] * 7, V4_TO_8, *[V4_C] * 3)

# The kind of block, and how many in each of the four stages: He et al. 2015, arXiv:1512.03385,
# Table 1. Keras ships the three deeper ones.
RESNETS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}


def alexnet(classes: int = 1000) -> keras.Model:
    """Two groups, 227 × 227: Krizhevsky et al. 2012, NeurIPS 25, section 3 and figure 2."""
    from keras import layers

    x = image = layers.Input((227, 227, 3), name="image")
    x = _conv(x, 96, 11, "conv1", strides=4, padding="valid")
    x = layers.MaxPooling2D(3, 2, name="pool1")(_lrn("norm1")(x))
    x = _conv(x, 256, 5, "conv2", groups=2)
    x = layers.MaxPooling2D(3, 2, name="pool2")(_lrn("norm2")(x))
    x = _conv(x, 384, 3, "conv3")
    x = _conv(x, 384, 3, "conv4", groups=2)
    x = _conv(x, 256, 3, "conv5", groups=2)
    return _dense_head(image, layers.MaxPooling2D(3, 2, name="pool5")(x), classes, "alexnet")


def zfnet(classes: int = 1000) -> keras.Model:
    """AlexNet with a smaller first window: Zeiler & Fergus 2013, arXiv:1311.2901, figure 3.

    Its contrast normalisation has no parameters and is left out.
    """
    from keras import layers

    x = image = layers.Input((224, 224, 3), name="image")
    x = layers.ZeroPadding2D(1, name="pad")(x)
    x = _conv(x, 96, 7, "conv1", strides=2, padding="valid")
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)
    x = _conv(x, 256, 5, "conv2", strides=2, padding="valid")
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool2")(x)
    for name, filters in (("conv3", 384), ("conv4", 384), ("conv5", 256)):
        x = _conv(x, filters, 3, name)
    return _dense_head(image, layers.MaxPooling2D(3, 2, name="pool5")(x), classes, "zfnet")


def nin(classes: int = 1000) -> keras.Model:
    """Network in Network: Lin et al. 2013, arXiv:1312.4400, figure 2.

    The widths are those of the authors' ImageNet network in Caffe's model zoo; the paper itself
    tells CIFAR, SVHN and MNIST.
    """
    from keras import layers

    blocks = ((96, 11, 4, 96), (256, 5, 1, 256), (384, 3, 1, 384), (1024, 3, 1, classes))
    x = image = layers.Input((224, 224, 3), name="image")
    for number, (filters, size, strides, last) in enumerate(blocks, start=1):
        if number > 1:
            x = layers.MaxPooling2D(3, 2, name=f"pool{number - 1}")(x)
        padding = "valid" if strides > 1 else "same"
        x = _conv(x, filters, size, f"conv{number}", strides=strides, padding=padding)
        x = _conv(x, filters, 1, f"conv{number}_1x1_1")
        x = _conv(x, last, 1, f"conv{number}_1x1_2")
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return _model(image, layers.Softmax(name="softmax")(x), "nin")


def googlenet(classes: int = 1000, heads: bool = False) -> keras.Model:
    """Inception V1: Szegedy et al. 2014, arXiv:1409.4842, Table 1; without the two LRN layers.

    `heads`: with the two auxiliary classifiers of training (section 5).
    """
    from keras import layers

    x = image = layers.Input((224, 224, 3), name="image")
    x = layers.MaxPooling2D(3, 2, "same")(_conv(x, 64, 7, "conv1", strides=2))
    x = _conv(_conv(x, 64, 1, "conv2_reduce"), 192, 3, "conv2")
    x = layers.MaxPooling2D(3, 2, "same")(x)
    outputs = []
    for name, widths in GOOGLENET.items():
        if name in ("4a", "5a"):
            x = layers.MaxPooling2D(3, 2, "same")(x)
        x = inception(x, name, *widths)
        if heads and name in ("4a", "4d"):
            outputs.append(_auxiliary(x, f"aux{name}", classes))
    x = layers.Dropout(0.4)(layers.GlobalAveragePooling2D(name="average")(x))
    main = layers.Dense(classes, activation="softmax", name="main")(x)
    return _model(image, [main, *outputs] if heads else main, "googlenet")


def inception(
    x: Any, name: str, n1: int, reduce3: int, n3: int, reduce5: int, n5: int, project: int
) -> Any:
    """The block of Inception V1, four paths side by side: arXiv:1409.4842, figure 2(b)."""
    from keras import layers

    paths = [
        _conv(x, n1, 1, f"{name}_1x1"),
        _conv(_conv(x, reduce3, 1, f"{name}_3x3_reduce"), n3, 3, f"{name}_3x3"),
        _conv(_conv(x, reduce5, 1, f"{name}_5x5_reduce"), n5, 5, f"{name}_5x5"),
        _conv(layers.MaxPooling2D(3, 1, "same")(x), project, 1, f"{name}_project"),
    ]
    return layers.Concatenate(name=name)(paths)


def inception_v2(classes: int = 1000) -> keras.Model:
    """BN-Inception: Ioffe & Szegedy 2015, arXiv:1502.03167, with TF-Slim's widths."""
    return _of_blocks(INCEPTION_V2, 224, classes, "inception_v2")


def inception_v4(classes: int = 1000) -> keras.Model:
    """Inception-v4: Szegedy et al. 2016, arXiv:1602.07261, figures 3 to 9."""
    return _of_blocks(INCEPTION_V4, 299, classes, "inception_v4")


def resnet(depth: int, classes: int = 1000) -> keras.Model:
    """ResNet-18 or -34: He et al. 2015, arXiv:1512.03385, Table 1, projections as option B.

    Raises ValueError for another depth; Keras ships 50, 101 and 152.
    """
    from keras import layers

    if depth not in RESNETS:
        raise ValueError(f"depth={depth!r}: expected 18 or 34; keras.applications has the others")
    x = image = layers.Input((224, 224, 3), name="image")
    x = layers.ReLU()(_conv_bn(x, 64, 7, strides=2))
    x = layers.MaxPooling2D(3, 2, "same")(x)
    for stage, blocks in enumerate(RESNETS[depth]):
        for block in range(blocks):
            x = _residual(x, 64 * 2**stage, strides=2 if stage and not block else 1)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return _model(image, layers.Dense(classes, activation="softmax")(x), f"resnet{depth}")


def vit(classes: int = 1000) -> keras.Model:
    """ViT-B/16 at 224 × 224: Dosovitskiy et al. 2020, arXiv:2010.11929, Table 1 (86M parameters).

    Attention is written out, so that its dense layers are counted one by one.
    """
    from keras import layers

    width, hidden, depth = 768, 3072, 12
    x = image = layers.Input((224, 224, 3), name="image")
    x = layers.Conv2D(width, 16, strides=16, name="patches")(x)
    x = _tokens()(layers.Reshape((-1, width))(x))
    for block in range(1, depth + 1):
        x = x + _attention(layers.LayerNormalization(epsilon=1e-6)(x), width, f"block{block}")
        change = layers.LayerNormalization(epsilon=1e-6)(x)
        change = layers.Dense(hidden, activation="gelu", name=f"block{block}_mlp1")(change)
        x = x + layers.Dense(width, name=f"block{block}_mlp2")(change)
    x = layers.LayerNormalization(epsilon=1e-6)(x)[:, 0]
    return _model(image, layers.Dense(classes, name="head")(x), "vit_b16")


def _attention(x: Any, width: int, name: str, heads: int = 12) -> Any:
    """Multi-head self-attention: arXiv:2010.11929, appendix A."""
    from keras import layers, ops

    def of_heads(role: str) -> Any:
        projected = layers.Dense(width, name=f"{name}_{role}")(x)
        return ops.transpose(
            ops.reshape(projected, (-1, x.shape[1], heads, width // heads)), (0, 2, 1, 3)
        )

    query, key, value = of_heads("query"), of_heads("key"), of_heads("value")
    scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / (width // heads) ** 0.5
    mixed = ops.transpose(ops.matmul(ops.softmax(scores), value), (0, 2, 1, 3))
    return layers.Dense(width, name=f"{name}_out")(ops.reshape(mixed, (-1, x.shape[1], width)))


def _tokens() -> Any:
    """The layer that puts a class token first and adds the place of each patch."""
    from keras import layers, ops

    class Tokens(layers.Layer):  # type: ignore[misc]
        def build(self, shape: tuple[int, ...]) -> None:
            self.token = self.add_weight(shape=(1, 1, shape[-1]), name="class_token")
            self.places = self.add_weight(shape=(1, shape[1] + 1, shape[-1]), name="places")

        def call(self, x: Any) -> Any:
            token = ops.tile(self.token, (ops.shape(x)[0], 1, 1))
            return ops.concatenate([token, x], axis=1) + self.places

    return Tokens(name="tokens")


def _conv(x: Any, filters: int, size: int, name: str, **settings: Any) -> Any:
    from keras import layers

    settings = {"padding": "same", "activation": "relu", **settings}
    return layers.Conv2D(filters, size, name=name, **settings)(x)


def _conv_bn(x: Any, filters: int, size: int | tuple[int, ...], **settings: Any) -> Any:
    from keras import layers

    settings = {"padding": "same", "use_bias": False, **settings}
    return layers.BatchNormalization()(layers.Conv2D(filters, size, **settings)(x))


def lrn(x: Any) -> Any:
    """Local response normalisation over five channels: Krizhevsky et al. 2012, section 3.3."""
    from keras import ops

    padded = ops.pad(x * x, [(0, 0)] * 3 + [(2, 2)])
    squares = sum(padded[..., i : i + x.shape[-1]] for i in range(5))
    return x / (2 + 1e-4 * squares) ** 0.75


def _lrn(name: str) -> Any:
    from keras import layers

    return layers.Activation(lrn, name=name)


def _dense_head(image: Any, x: Any, classes: int, name: str) -> keras.Model:
    """Two dense layers of 4,096 with dropout 0.5 and the classes, as AlexNet ends."""
    from keras import layers

    x = layers.Flatten(name="flatten")(x)
    for layer in ("fc6", "fc7"):
        x = layers.Dense(4096, activation="relu", name=layer)(x)
        x = layers.Dropout(0.5, name=f"{layer}_dropout")(x)
    x = layers.Dense(classes, name="fc8")(x)
    return _model(image, layers.Softmax(name="softmax")(x), name)


def _auxiliary(x: Any, name: str, classes: int) -> Any:
    """An auxiliary classifier: arXiv:1409.4842, section 5."""
    from keras import layers

    x = layers.AveragePooling2D(5, strides=3)(x)
    x = layers.Flatten()(_conv(x, 128, 1, f"{name}_conv"))
    x = layers.Dense(1024, activation="relu", name=f"{name}_fc")(x)
    return layers.Dense(classes, activation="softmax", name=name)(layers.Dropout(0.7)(x))


def _residual(x: Any, width: int, strides: int) -> Any:
    """Two 3×3 convolutions and their input: arXiv:1512.03385, figure 5 (left)."""
    from keras import layers

    change = layers.ReLU()(_conv_bn(x, width, 3, strides=strides))
    change = _conv_bn(change, width, 3)
    if change.shape != x.shape:
        x = _conv_bn(x, width, 1, strides=strides)
    return layers.ReLU()(change + x)


def _of_blocks(blocks: Sequence[str], size: int, classes: int, name: str) -> keras.Model:
    from keras import layers

    x = image = layers.Input((size, size, 3), name="image")
    for text in blocks:
        x = branches(x, text)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D(name="average")(x))
    return _model(image, layers.Dense(classes, activation="softmax")(x), name)


def branches(x: Any, text: str) -> Any:
    """A block of Inception V2 to V4, written as in `INCEPTION_V2`: all paths begin at `x`."""
    ends = []
    for path in text.split(";"):
        heads = [x]
        for steps in path.split(">"):
            trunk = _concatenate(heads)
            heads = [_step(trunk, step) for step in steps.split("|")]
        ends += heads
    return _concatenate(ends)


def _step(x: Any, text: str) -> Any:
    """One step: "3x3/2 96 V" is convolution, batch normalisation, ReLU; "max/2" a 3×3 pooling."""
    from keras import layers

    window, *rest = text.split()
    window, _, stride = window.partition("/")
    strides, padding = int(stride or 1), "valid" if "V" in rest else "same"
    if window in ("max", "avg"):
        pooling = {"max": layers.MaxPooling2D, "avg": layers.AveragePooling2D}[window]
        return pooling(3, strides, padding)(x)
    size = tuple(map(int, window.split("x")))
    x = layers.Conv2D(int(rest[0]), size, strides, padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(scale=False)(x))


def _concatenate(tensors: Sequence[Any]) -> Any:
    from keras import layers

    return layers.Concatenate()(tensors) if len(tensors) > 1 else tensors[0]


def _model(image: Any, output: Any, name: str) -> keras.Model:
    import keras

    return keras.Model(image, output, name=name)
