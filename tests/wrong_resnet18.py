"""Answers to the ResNet-18 challenge as plain data: what the check must say of each, its points.

Each is the lesson's solution with a few words changed, or another spelling of the same network.
`SOLUTION` is the lesson's own.
"""

from __future__ import annotations

import answering
from answering import Answer

from ci.answers import answers

STAGES = "STAGES = ((2, 64), (2, 128), (2, 256), (2, 512))\n"


SOLUTION = answers("challenge_resnet18")["resnet18"]

# The lines that mistakes are made in.
PROJECTED = "    if strides != 1 or x.shape[-1] != filters:\n"
PROJECTION = (
    "        shortcut = layers.Conv2D(filters, 1, strides, use_bias=False,"
    ' name=f"{name}_proj")(x)\n'
)
PROJECTION_BN = '        shortcut = layers.BatchNormalization(name=f"{name}_proj_bn")(shortcut)\n'
CONV1 = (
    '    x = layers.Conv2D(filters, 3, strides, "same", use_bias=False, name=f"{name}_conv1")(x)\n'
)
CONV2 = '    x = layers.Conv2D(filters, 3, 1, "same", use_bias=False, name=f"{name}_conv2")(x)\n'
BN1, BN2 = (
    f'    x = layers.BatchNormalization(name=f"{{name}}_bn{number}")(x)\n' for number in (1, 2)
)
RELU1 = '    x = layers.ReLU(name=f"{name}_relu1")(x)\n'
ADD = '    x = layers.Add(name=f"{name}_add")([x, shortcut])\n'
RETURN = '    return layers.ReLU(name=f"{name}_relu2")(x)\n'
SHORTCUT = "    shortcut = x\n"
STEM = '    x = layers.Conv2D(64, 7, 2, "same", use_bias=False, name="conv1")(image)\n'
STEM_BN = '    x = layers.BatchNormalization(name="bn1")(x)\n'
STEM_RELU = '    x = layers.ReLU(name="relu1")(x)\n'
POOL = '    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)\n'
STRIDES = "            strides = 2 if stage > 2 and block == 1 else 1\n"
BLOCK = '            x = basic_block(x, filters, strides, name=f"conv{stage}_{block}")\n'
HEAD = "    if include_top:\n"
GAP = '        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)\n'
DENSE = '        x = layers.Dense(classes, activation="softmax", name="predictions")(x)\n'
MEAN = "        x = keras.ops.mean(x, axis=(1, 2))\n"
PYTORCH_BN = "layers.BatchNormalization(epsilon=1e-5, "
OTHER_BN = ("layers.BatchNormalization(", PYTORCH_BN)
MODEL = '    return keras.Model(image, x, name="resnet18")'


def but(*changes: str) -> str:
    """The solution with changes, given as old, new, old, new, …"""
    return answering.but(SOLUTION, *changes)


def wrong(code: str, points: float, *changes: str) -> Answer:
    """The solution with changes, and the one mistake in it."""
    return Answer("resnet18", but(*changes), (code,), points)


def unlike(code: str, points: float, *changes: str) -> Answer:
    """The solution with changes after which two paths can't be added, and why."""
    return Answer("resnet18", but(*changes), ("unlike_branches", code), points)


# Branches in another order, another operator, no Add layer, no name given.
SHORTCUT_LAST = """\
import keras
from keras import layers as L

def conv_bn(t, width, size, step):
    t = L.Conv2D(width, size, strides=step, padding="same", use_bias=False)(t)
    return L.BatchNormalization()(t)

def basic_block(t, filters, strides=1, name=None):
    main = conv_bn(t, filters, 3, strides)
    main = conv_bn(keras.activations.relu(main), filters, 3, 1)
    if t.shape[-1] != filters or strides > 1:
        t = conv_bn(t, filters, 1, strides)
    return keras.activations.relu(t + main)

def ResNet18(input_shape=(224, 224, 3), include_top=True, classes=1000):
    image = keras.Input(input_shape)
    t = L.MaxPool2D(3, 2, padding="same")(keras.activations.relu(conv_bn(image, 64, 7, 2)))
    for width in (64, 128, 256, 512):
        t = basic_block(t, width, 1 if width == 64 else 2)
        t = basic_block(t, width)
    if include_top:
        t = L.Dense(classes, "softmax")(L.GlobalAvgPool2D()(t))
    return keras.Model(image, t)
"""

# Every line written out, every layer named otherwise; Activation for ReLU, Softmax stands apart.
WRITTEN_OUT = """\
from tensorflow.keras.layers import (Activation, Add, BatchNormalization, Conv2D, Dense,
                                     GlobalAveragePooling2D, Input, MaxPooling2D, Softmax)
from tensorflow.keras.models import Model

def basic_block(x, filters, strides=1, name="block"):
    y = Conv2D(filters, (3, 3), strides=(strides, strides), padding="same", use_bias=False)(x)
    y = BatchNormalization()(y)
    y = Activation("relu")(y)
    y = Conv2D(filters, (3, 3), padding="same", use_bias=False)(y)
    y = BatchNormalization()(y)
    if strides == 1 and x.shape[-1] == filters:
        skip = x
    else:
        skip = Conv2D(filters, (1, 1), strides=(strides, strides), padding="valid",
                      use_bias=False)(x)
        skip = BatchNormalization()(skip)
    return Activation("relu")(Add()([skip, y]))

def ResNet18(input_shape=(224, 224, 3), include_top=True, classes=1000):
    inputs = Input(shape=input_shape)
    x = Conv2D(64, (7, 7), strides=(2, 2), padding="same", use_bias=False, name="stem")(inputs)
    x = Activation("relu", name="stem_out")(BatchNormalization(name="stem_norm")(x))
    x = MaxPooling2D(pool_size=(3, 3), strides=(2, 2), padding="same")(x)
    x = basic_block(x, 64)
    x = basic_block(x, 64)
    x = basic_block(x, 128, 2)
    x = basic_block(x, 128)
    x = basic_block(x, 256, 2)
    x = basic_block(x, 256)
    x = basic_block(x, 512, 2)
    x = basic_block(x, 512)
    if not include_top:
        return Model(inputs, x)
    x = GlobalAveragePooling2D()(x)
    return Model(inputs, Softmax()(Dense(classes)(x)))
"""

# The stem is a model, and so is every block.
NESTED = """\
import keras
from keras import layers

def stem(input_shape):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(64, 7, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(3, strides=2, padding="same"),
    ], name="stem")

def basic_block(x, filters, strides=1, name="block"):
    size = x.shape[1:]
    inner = keras.Input(size)
    main = keras.Sequential([
        keras.Input(size),
        layers.Conv2D(filters, 3, strides, "same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2D(filters, 3, 1, "same", use_bias=False),
        layers.BatchNormalization(),
    ])(inner)
    side = inner
    if strides != 1 or size[-1] != filters:
        side = layers.Conv2D(filters, 1, strides, use_bias=False)(side)
        side = layers.BatchNormalization()(side)
    block = keras.Model(inner, keras.ops.relu(keras.ops.add(main, side)), name=name)
    return block(x)

def ResNet18(input_shape=(224, 224, 3), include_top=True, classes=1000):
    image = keras.Input(input_shape)
    x = stem(input_shape)(image)
    for number, filters in enumerate((64, 64, 128, 128, 256, 256, 512, 512)):
        x = basic_block(x, filters, 2 if number in (2, 4, 6) else 1, f"block{number}")
    if include_top:
        x = keras.ops.mean(x, axis=(1, 2))
        x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x)
"""

# A block is a layer of one's own, and holds another one.
OWN_LAYERS = """\
import keras
from keras import layers

class ConvBN(layers.Layer):
    def __init__(self, filters, size, strides=1, **options):
        super().__init__(**options)
        self.conv = layers.Conv2D(filters, size, strides, "same", use_bias=False)
        self.bn = layers.BatchNormalization()

    def call(self, x):
        return self.bn(self.conv(x))

class Block(layers.Layer):
    def __init__(self, filters, strides, projected, **options):
        super().__init__(**options)
        self.first, self.second = ConvBN(filters, 3, strides), ConvBN(filters, 3)
        self.project = ConvBN(filters, 1, strides) if projected else None

    def call(self, x):
        y = self.second(keras.ops.relu(self.first(x)))
        return keras.ops.relu(y + (self.project(x) if self.project else x))

def ResNet18(input_shape=(224, 224, 3), include_top=True, classes=1000):
    image = keras.Input(input_shape)
    x = layers.MaxPooling2D(3, 2, "same")(layers.ReLU()(ConvBN(64, 7, 2)(image)))
    for filters in (64, 128, 256, 512):
        x = Block(filters, 1 if filters == 64 else 2, filters > 64)(x)
        x = Block(filters, 1, False)(x)
    if include_top:
        x = layers.Dense(classes, "softmax")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, x)
"""

PYTORCH_STEM = but(
    STEM,
    "    x = layers.ZeroPadding2D(3)(image)\n"
    '    x = layers.Conv2D(64, 7, 2, "valid", use_bias=False, name="conv1")(x)\n',
    POOL,
    "    x = layers.ZeroPadding2D(1)(x)\n"
    '    x = layers.MaxPooling2D(3, 2, "valid", name="pool1")(x)\n',
)
POOLED_WHOLE = but(
    GAP,
    "        x = layers.Flatten()(layers.AveragePooling2D(x.shape[1:3])(x))\n",
)

RIGHT: dict[str, str] = {
    "solution": SOLUTION,
    "shortcut_last": SHORTCUT_LAST,
    "written_out": WRITTEN_OUT,
    "nested": NESTED,
    "own_layers": OWN_LAYERS,
    "pytorch_stem": PYTORCH_STEM,
    "pooled_whole": POOLED_WHOLE,
    "plus": but(ADD, "    x = x + shortcut\n"),
    "shortcut_first": but("[x, shortcut]", "[shortcut, x]"),
    "unnamed": but(', name=f"{name}_conv1"', "", ', name="predictions"', "", 'name="bn1"', ""),
    "pool_before_relu": but(STEM_RELU + POOL, POOL + STEM_RELU),
    "relu_of_the_shortcut": but(SHORTCUT, "    shortcut = layers.ReLU()(x)\n"),
    "mean": but(GAP, MEAN),
    "epsilon_of_pytorch_in_blocks": but("layers.BatchNormalization(name=f", f"{PYTORCH_BN}name=f"),
    "epsilon_of_pytorch_in_projections": but(PROJECTION_BN, PROJECTION_BN.replace(*OTHER_BN)),
    "dropout_in_head": but(DENSE, f"        x = layers.Dropout(0.5)(x)\n{DENSE}"),
    "keepdims": but(
        'name="avg_pool"', "keepdims=True", DENSE, f"        x = layers.Flatten()(x)\n{DENSE}"
    ),
}

BLANK = """\
def basic_block(x, filters, strides=1, name="block"):
    raise NotImplementedError("請把這一行換成你的程式碼")


def ResNet18(input_shape=(224, 224, 3), include_top=True, classes=1000):
    raise NotImplementedError("請把這一行換成你的程式碼")
"""
HALF_BLANK = SOLUTION[: SOLUTION.index("def ResNet18")] + BLANK[BLANK.index("def ResNet18") :]

# A skip taken from before the wrong layer: where `shortcut` is set, and what it holds.
FROM_CONV1 = (SHORTCUT, "", PROJECTED + PROJECTION + PROJECTION_BN, "", CONV1, CONV1 + SHORTCUT)
FROM_BN1 = (SHORTCUT, "", PROJECTED + PROJECTION + PROJECTION_BN, "", BN1, BN1 + SHORTCUT)
FROM_RELU1 = (SHORTCUT, "", PROJECTED + PROJECTION + PROJECTION_BN, "", RELU1, RELU1 + SHORTCUT)
# The projections are right; the other blocks add what their first convolution or ReLU gives.
UNPROJECTED = "    if strides == 1 and shortcut.shape[-1] == filters:\n        shortcut = x\n"
# From before the previous block: the second block of a stage skips both.
FROM_STAGE_START = (
    *('strides=1, name="block"):', 'strides=1, name="block", source=None):'),
    *(SHORTCUT, "    shortcut = x if source is None else source\n"),
    *("        for block in", "        start = x if stage == 2 else None\n        for block in"),
    *(BLOCK, BLOCK.replace('{block}")', '{block}", source=start)')),
)
NO_PROJECTION = (PROJECTED + PROJECTION + PROJECTION_BN, "")
SLICED = (
    PROJECTION + PROJECTION_BN,
    "        shortcut = layers.Concatenate()([shortcut] * (filters // x.shape[-1]))\n"
    "        shortcut = shortcut[:, ::strides, ::strides]\n",
)
POOLED_SKIP = (
    PROJECTION,
    '        shortcut = layers.AveragePooling2D(strides, padding="same")(x)\n'
    "        shortcut = layers.Conv2D(filters, 1, use_bias=False)(shortcut)\n",
)
PRE_ACTIVATION = (
    *(
        CONV1 + BN1 + RELU1 + CONV2 + BN2,
        BN1 + RELU1 + CONV1 + BN2 + RELU1.replace("1", "2") + CONV2,
    ),
    *(RETURN, "    return x\n"),
)

ANSWERS: dict[str, Answer] = {
    **{name: Answer("resnet18", source, (), 10.0) for name, source in RIGHT.items()},
    "blank": Answer("resnet18", BLANK, ("unfinished",), 0),
    "half_blank": Answer("resnet18", HALF_BLANK, ("unfinished",), 3.5),
    "nothing_defined": Answer("resnet18", "answer = 42\n", ("missing",), 0),
    "returns_tensor": wrong("not_a_model", 9, MODEL, "    return x"),
    "no_return": wrong("no_return", 9, MODEL, MODEL.replace("return", "model =")),
    # Where the shortcut starts.
    "skip_after_conv1": wrong("skip_source", 6, *FROM_CONV1),
    "skip_after_bn1": wrong("skip_source", 4.5, *FROM_BN1),
    "skip_after_relu1": wrong("skip_source", 6, *FROM_RELU1),
    "identity_after_conv1": wrong("skip_source", 7.25, CONV1, CONV1 + UNPROJECTED),
    "identity_after_relu1": wrong("skip_source", 7.25, RELU1, RELU1 + UNPROJECTED),
    "skip_from_stage_start": wrong("skip_source", 9.25, *FROM_STAGE_START),
    "skip_overwritten": wrong("skip_source", 6, ADD, ADD.replace("shortcut", "x")),
    "no_skip": wrong("no_skip", 6, ADD, ""),
    # What is done where the two meet.
    "relu_before_add": wrong(
        *("relu_before_add", 5.25, BN2, f'{BN2}    x = layers.ReLU(name=f"{{name}}_last")(x)\n'),
        *(RETURN, "    return x\n"),
    ),
    "relu_twice": wrong(
        "relu_before_add", 8.5, BN2, f'{BN2}    x = layers.ReLU(name=f"{{name}}_last")(x)\n'
    ),
    "no_last_relu": wrong("missing_relu", 6.75, RETURN, "    return x\n"),
    "tanh": wrong("activation", 8.5, RELU1, RELU1.replace("ReLU(", 'Activation("tanh", ')),
    "relu6": wrong("activation", 4.5, "layers.ReLU(", "layers.ReLU(6.0, "),
    "no_first_relu": wrong("missing_relu", 8.5, RELU1, ""),
    "bn_after_add": wrong("bn_after_add", 5.25, BN2 + ADD, ADD + BN2),
    "pre_activation": wrong("pre_activation", 7, *PRE_ACTIVATION),
    "concatenated": wrong("concatenated", 6.75, "layers.Add(", "layers.Concatenate("),
    "multiplied": wrong("not_added", 6.75, "layers.Add(", "layers.Multiply("),
    "averaged": wrong("not_added", 6.75, "layers.Add(", "layers.Average("),
    "halved": wrong("scaled_skip", 7.25, "[x, shortcut]", "[x, 0.5 * shortcut]"),
    # The projection.
    "no_projection": unlike("no_projection", 6, *NO_PROJECTION),
    "projection_without_stride": unlike(
        "projection_pooled", 7.25, "Conv2D(filters, 1, strides,", "Conv2D(filters, 1,"
    ),
    "projection_of_x_changed": unlike(
        *("wiring", 7.25, PROJECTED + PROJECTION + PROJECTION_BN, ""),
        *(ADD, PROJECTED + PROJECTION + PROJECTION_BN + ADD),
    ),
    "shortcut_sliced": wrong("no_projection", 7, *SLICED),
    "shortcut_pooled": wrong("projection_pooled", 8.25, *POOLED_SKIP),
    "projection_without_bn": wrong("projection_bn", 8.25, PROJECTION_BN, ""),
    "projection_with_relu": wrong(
        "projection_relu",
        8.25,
        PROJECTION_BN,
        f"{PROJECTION_BN}        shortcut = layers.ReLU()(shortcut)\n",
    ),
    "projection_3x3": wrong(
        "projection_kernel",
        8.25,
        PROJECTION,
        PROJECTION.replace("1, strides,", '3, strides, "same",'),
    ),
    "projected_always": wrong("projected_always", 9, PROJECTED, "    if True:\n"),
    # Strides and settings of the main path.
    "stride_in_conv2": wrong(
        *("stride_place", 8.75),
        *(CONV1, CONV1.replace("3, strides", "3, 1")),
        *(CONV2, CONV2.replace("3, 1", "3, strides")),
    ),
    "stride_in_second_block": wrong("stride_place", 6.5, "block == 1", "block == 2"),
    "stride_in_conv2_x": wrong("stride_place", 9.5, "stage > 2 and ", ""),
    "never_strided": wrong("stride_place", 7.5, STRIDES, "            strides = 1\n"),
    "bias_kept": wrong("bias", 5.25, ", use_bias=False", ""),
    # What is right in another style costs nothing beside it.
    "bias_and_other_styles": wrong(
        *("bias", 8.5, CONV2, CONV2.replace(", use_bias=False", "")),
        *(GAP, GAP.replace("name", "keepdims=True, name") + "        x = layers.Flatten()(x)\n"),
        *(PROJECTION_BN, PROJECTION_BN.replace(*OTHER_BN)),
    ),
    "bias_in_stem": wrong("bias", 9.25, STEM, STEM.replace(", use_bias=False", "")),
    "no_bn": wrong("missing_bn", 4.5, BN1, "", BN2, "", PROJECTION_BN, "", STEM_BN, ""),
    "no_second_bn": wrong("missing_bn", 8.5, BN2, ""),
    "relu_then_bn": wrong("bn_order", 7.75, BN1 + RELU1, RELU1 + BN1),
    "valid_conv2": unlike("padding", 7.5, CONV2, CONV2.replace("same", "valid")),
    # The stem.
    "stem_3x3": wrong("kernel_size", 9.25, STEM, STEM.replace("64, 7, 2", "64, 3, 2")),
    "stem_without_stride": wrong("strides", 9.25, STEM, STEM.replace("7, 2", "7, 1")),
    "stem_without_bn": wrong("missing_bn", 9, STEM_BN, ""),
    "stem_relu_then_bn": wrong("bn_order", 9, STEM_BN + STEM_RELU, STEM_RELU + STEM_BN),
    "stem_bn_after_pool": wrong(
        "bn_after_add", 9, STEM_BN + STEM_RELU + POOL, STEM_RELU + POOL + STEM_BN
    ),
    "stem_without_relu": wrong("missing_relu", 9.25, STEM_RELU, ""),
    "stem_leaky": wrong(
        "activation", 9.25, STEM_RELU, STEM_RELU.replace("ReLU(", "LeakyReLU(0.01, ")
    ),
    "stem_without_shift": wrong(
        "setting", 9.25, STEM_BN, STEM_BN.replace('name="bn1"', 'center=False, name="bn1"')
    ),
    "one_relu_then_bn": wrong(
        *("bn_order", 9.5, BN1 + RELU1),
        '    late = name == "conv4_2"\n'
        "    x = layers.ReLU()(x) if late else x\n"
        f"{BN1}    x = x if late else layers.ReLU()(x)\n",
    ),
    "one_relu_missing": wrong(
        *("missing_relu", 9.75, RELU1),
        f'    if name != "conv4_2":\n    {RELU1}',
    ),
    "no_pool": wrong("missing_pool", 9.25, POOL, ""),
    "average_pool": wrong("pool_kind", 9.25, "layers.MaxPooling2D", "layers.AveragePooling2D"),
    "pool_2x2": wrong("pool_size", 9.25, "MaxPooling2D(3,", "MaxPooling2D(2,"),
    # Blocks and widths.
    "resnet34": wrong("resnet34", 7, STAGES, "STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))\n"),
    "resnet10": wrong("blocks", 7, STAGES, STAGES.replace("(2,", "(1,")),
    "one_block_short": wrong("blocks", 7, STAGES, STAGES.replace("(2, 256)", "(1, 256)")),
    "no_conv5": wrong("blocks", 7, ", (2, 512))", ")"),
    "always_64": wrong("widths", 7, STAGES, "STAGES = ((2, 64), (2, 64), (2, 64), (2, 64))\n"),
    "widths_256": wrong("widths", 7, "(2, 512)", "(2, 256)"),
    "block_not_stored": wrong("blocks", 6, BLOCK, BLOCK.replace("x = basic", "y = basic")),
    "shared_block": wrong("duplicate_names", 9, "conv{stage}_{block}", "conv{stage}"),
    # The head and the arguments.
    "flattened": wrong("missing_gap", 9.25, GAP, "        x = layers.Flatten()(x)\n"),
    "no_first_relu_and_mean": wrong("missing_relu", 8.5, RELU1, "", GAP, MEAN),
    "maximum": wrong("head_pool", 9.25, GAP, MEAN.replace("mean", "max")),
    "mean_of_columns": wrong(
        "missing_gap", 9.25, GAP, MEAN.replace("(1, 2)", "1") + "        x = x[:, 0]\n"
    ),
    "softmax_of_the_batch": wrong(
        *("last_activation", 9.25, DENSE),
        DENSE.replace(', activation="softmax"', "") + "        x = layers.Softmax(axis=0)(x)\n",
    ),
    "max_pooled_head": wrong("head_pool", 9.25, "GlobalAverageP", "GlobalMaxP"),
    "sigmoid": wrong("last_activation", 9.25, '"softmax"', '"sigmoid"'),
    "no_softmax": wrong("last_activation", 9.25, ', activation="softmax"', ""),
    "vgg_head": wrong(
        "extra_layer", 9.25, DENSE, f'        x = layers.Dense(4096, "relu")(x)\n{DENSE}'
    ),
    "pooled_only": wrong("missing_dense", 9.25, DENSE, ""),
    "top_always": wrong("include_top", 9.25, HEAD, "    if True:\n"),
    "top_never": wrong("include_top", 8.75, HEAD, "    if False:\n"),
    "pooled_without_top": wrong(
        "pooled_features", 9.5, HEAD + GAP, GAP.replace("        x", "    x") + HEAD
    ),
    "softmax_on_features": wrong(
        *("pooled_features", 9.5, MODEL),
        '    else:\n        x = layers.Softmax(name="probabilities")(x)\n' + MODEL,
    ),
    "thousand_classes": wrong("classes", 9.75, "Dense(classes", "Dense(1000"),
    "size_open": Answer(
        "resnet18", but("shape=input_shape", "shape=(None, None, input_shape[-1])"), (), 10
    ),
    "three_channels": wrong("input_shape", 9.75, "shape=input_shape", "shape=(None, None, 3)"),
    "shape_fixed": wrong("input_shape", 9.75, "shape=input_shape", "shape=(224, 224, 3)"),
    "no_top_by_default": wrong("defaults", 9.75, "include_top=True", "include_top=False"),
    "no_defaults": wrong(
        *("no_default", 9.5, "input_shape=(224, 224, 3), include_top=True, classes=1000"),
        "input_shape, include_top, classes",
    ),
    "ten_by_default": wrong("defaults", 9.75, "classes=1000", "classes=10"),
    "fewer_arguments": wrong(
        *("signature", 9.25, ", include_top=True, classes=1000", ", classes=1000"),
        *(HEAD, "    if True:\n"),
    ),
}
