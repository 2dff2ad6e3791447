"""Answers to the homework as plain data: source text, the diagnosis it must get, its points.

Each mistake is the solution with a few words changed. `code` is None where nothing may be said.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SOLUTION = """\
import keras
from keras import layers


def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    image = keras.Input(shape=input_shape) if input_tensor is None else input_tensor
    x = layers.Conv2D(64, 3, padding="same", activation="relu", name="block1_conv1")(image)
    x = layers.Conv2D(64, 3, padding="same", activation="relu", name="block1_conv2")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block1_pool")(x)
    x = layers.Conv2D(128, 3, padding="same", activation="relu", name="block2_conv1")(x)
    x = layers.Conv2D(128, 3, padding="same", activation="relu", name="block2_conv2")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block2_pool")(x)
    x = layers.Conv2D(256, 3, padding="same", activation="relu", name="block3_conv1")(x)
    x = layers.Conv2D(256, 3, padding="same", activation="relu", name="block3_conv2")(x)
    x = layers.Conv2D(256, 3, padding="same", activation="relu", name="block3_conv3")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block3_pool")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block4_conv1")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block4_conv2")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block4_conv3")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block4_pool")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block5_conv1")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block5_conv2")(x)
    x = layers.Conv2D(512, 3, padding="same", activation="relu", name="block5_conv3")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block5_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    elif pooling == "avg":
        x = layers.GlobalAveragePooling2D()(x)
    elif pooling == "max":
        x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(image, x, name="vgg16")
"""


class Answer(NamedTuple):
    """A notebook's answer and what the check must say of it."""

    source: str
    code: str | None
    points: float


def solution_but(*changes: tuple[str, str]) -> str:
    """The solution with each (old, new) replaced everywhere."""
    source = SOLUTION
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def conv(name: str, filters: int) -> str:
    """The solution's line for one convolution."""
    options = 'padding="same", activation="relu"'
    return f'    x = layers.Conv2D({filters}, 3, {options}, name="{name}")(x)\n'


def pool(name: str) -> str:
    """The solution's line for one pooling."""
    return f'    x = layers.MaxPooling2D(2, strides=2, name="{name}")(x)\n'


def block(number: int, filters: int) -> str:
    """The solution's lines for block 3, 4 or 5."""
    convs = "".join(conv(f"block{number}_conv{index}", filters) for index in (1, 2, 3))
    return convs + pool(f"block{number}_pool")


def without_conv(number: int, filters: int) -> tuple[str, str]:
    """A change that drops the third convolution of a block."""
    return conv(f"block{number}_conv3", filters), ""


def with_fourth_conv(number: int, filters: int) -> tuple[str, str]:
    """A change that adds a fourth convolution to a block."""
    name = f"block{number}_conv"
    return conv(f"{name}3", filters), conv(f"{name}3", filters) + conv(f"{name}4", filters)


BLANK = """\
def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    raise NotImplementedError("接起五個 block")
"""

# The same network in a table and a loop, with nothing named as in the solution's text.
LOOPED = """\
from tensorflow.keras import layers as L, models, Input

def stage(t, number, filters, depth):
    for i in range(depth):
        t = L.Conv2D(filters=filters, kernel_size=(3, 3), padding='same',
                     name='block%d_conv%d' % (number, i + 1))(t)
        t = L.Activation('relu')(t)
    return L.MaxPool2D(name='block%d_pool' % number)(t)

def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 1), pooling='max',
          classes=1000):
    source = Input(input_shape) if input_tensor is None else input_tensor
    t = source
    for number, (filters, depth) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        t = stage(t, number, filters, depth)
    if include_top:
        t = L.Flatten(name='flatten')(t)
        for name in ('fc1', 'fc2'):
            t = L.Dropout(0.5)(L.ReLU()(L.Dense(4096, name=name)(t)))
        t = L.Softmax()(L.Dense(classes, name='predictions')(t))
    elif pooling:
        t = {'max': L.GlobalMaxPool2D, 'avg': L.GlobalAvgPool2D}[pooling]()(t)
    return models.Model(source, t)
"""

NESTED = """\
import keras
from keras import layers

def block(number, convs, filters):
    stack = keras.Sequential(name=f"block{number}")
    for i in range(convs):
        stack.add(layers.Conv2D(filters, 3, padding="same", activation="relu",
                                name=f"block{number}_conv{i + 1}"))
    stack.add(layers.MaxPooling2D(name=f"block{number}_pool"))
    return stack

def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    inputs = input_tensor if input_tensor is not None else keras.Input(input_shape)
    x = inputs
    for number, size in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], 1):
        x = block(number, *size)(x)
    if include_top:
        x = layers.Reshape((-1,), name="flatten")(x)
        x = layers.Dense(4096, "relu", name="fc1")(x)
        x = layers.Dense(4096, "relu", name="fc2")(x)
        x = layers.Dense(classes, "softmax", name="predictions")(x)
    elif pooling is not None:
        x = {"max": keras.ops.max, "avg": keras.ops.mean}[pooling](x, axis=(1, 2))
    return keras.Model(inputs, x)
"""

FROM_KERAS = """\
import keras

def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    return keras.applications.VGG16(include_top=include_top, weights=None,
                                    input_tensor=input_tensor, input_shape=input_shape,
                                    pooling=pooling, classes=classes)
"""

SEQUENTIAL = """\
import keras
from keras import layers

def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    model = keras.Sequential([keras.Input(input_shape)])
    for number, (convs, filters) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], 1):
        for i in range(convs):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu",
                                    name=f"block{number}_conv{i + 1}"))
        model.add(layers.MaxPooling2D(name=f"block{number}_pool"))
    if include_top:
        model.add(layers.Flatten(name="flatten"))
        model.add(layers.Dense(4096, activation="relu", name="fc1"))
        model.add(layers.Dense(4096, activation="relu", name="fc2"))
        model.add(layers.Dense(classes, activation="softmax", name="predictions"))
    elif pooling == "avg":
        model.add(layers.GlobalAveragePooling2D())
    elif pooling == "max":
        model.add(layers.GlobalMaxPooling2D())
    return model
"""

SUBCLASSED = """\
import keras

class Net(keras.Model):
    def call(self, x):
        return x

def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    return Net()
"""

GIVEN = "    image = keras.Input(shape=input_shape) if input_tensor is None else input_tensor\n"
MODEL = 'keras.Model(image, x, name="vgg16")'
LAST = 'layers.Dense(classes, activation="softmax", name="predictions")(x)'
FC2 = 'layers.Dense(4096, activation="relu", name="fc2")'
FLATTEN = 'layers.Flatten(name="flatten")'
BLOCKS = "".join(block(number, filters) for number, filters in ((3, 256), (4, 512), (5, 512)))
POOLED = SOLUTION[SOLUTION.index('    elif pooling == "avg"') : SOLUTION.index("    return")]

RIGHT = {
    "solution": SOLUTION,
    "looped": LOOPED,
    "nested": NESTED,
    "from_keras": FROM_KERAS,
}

ANSWERS: dict[str, Answer] = {
    **{name: Answer(source, None, 10.0) for name, source in RIGHT.items()},
    "blank": Answer(BLANK, "unfinished", 0.0),
    "nothing_defined": Answer("answer = 42\n", "missing", 0.0),
    # Placeholders, and code that stops.
    "ellipsis_filters": Answer(
        solution_but((block(4, 512), block(4, 512).replace("512", "..."))), "placeholder", 0.0
    ),
    "zero_filters": Answer(
        solution_but((conv("block3_conv1", 256), conv("block3_conv1", 0))), "placeholder", 0.0
    ),
    "words_in_head": Answer(solution_but((FC2, FC2.replace("4096", '"填入"'))), "placeholder", 0),
    "head_left_blank": Answer(
        solution_but((FLATTEN + "(x)", 'None\n        raise NotImplementedError("head")')),
        "unfinished",
        0,
    ),
    "activation_misspelt": Answer(
        solution_but(('"softmax"', '"softmx"'), (FC2, FC2.replace("4096", "128"))),
        "unknown_activation",
        0,
    ),
    "name_error": Answer(
        solution_but((MODEL, MODEL.replace("image", "imgae"))), "undefined_name", 0
    ),
    "old_keyword": Answer(
        solution_but((FC2, FC2.replace("4096", "output_dim=4096"))), "wrong_keyword", 0
    ),
    "index_error": Answer(
        solution_but((GIVEN, GIVEN + "    size = input_shape[7]\n")), "exception", 0
    ),
    "returns_none": Answer(
        solution_but((f"return {MODEL}", f"model = {MODEL}")), "returns_none", 0
    ),
    "returns_tensor": Answer(solution_but((f"return {MODEL}", "return x")), "not_a_model", 0),
    "subclassed": Answer(SUBCLASSED, "unreadable", 0),
    "duplicate_names": Answer(
        solution_but(("block4_conv2", "block4_conv1")), "duplicate_names", 0.0
    ),
    "untied": Answer(
        solution_but((MODEL, MODEL.replace("image", "keras.Input(input_shape)"))), "untied", 0.0
    ),
    # Another network.
    "vgg11": Answer(
        solution_but(
            (conv("block2_conv2", 128), ""),
            (conv("block1_conv2", 64), ""),
            *(without_conv(n, f) for n, f in ((3, 256), (4, 512), (5, 512))),
        ),
        "vgg11",
        0,
    ),
    "vgg13": Answer(
        solution_but(*(without_conv(n, f) for n, f in ((3, 256), (4, 512), (5, 512)))), "vgg13", 0
    ),
    "vgg19": Answer(
        solution_but(*(with_fourth_conv(n, f) for n, f in ((3, 256), (4, 512), (5, 512)))),
        "vgg19",
        0,
    ),
    "block_order": Answer(
        solution_but((BLOCKS, block(4, 512) + block(3, 256) + block(5, 512))), "block_order", 0
    ),
    "block_4_on_input": Answer(
        solution_but(('name="block4_conv1")(x)', 'name="block4_conv1")(image)')), "detached", 0
    ),
    "block_5_on_input": Answer(
        solution_but(('name="block5_conv1")(x)', 'name="block5_conv1")(image)')), "detached", 0
    ),
    "old_sheet_blank": Answer(solution_but((BLOCKS, "")), "missing_block", 0),
    "block_4_not_stored": Answer(
        solution_but((block(4, 512), block(4, 512).replace("x = ", "y = "))), "missing_block", 0
    ),
    # One layer.
    "block5_pool_left_out": Answer(solution_but((pool("block5_pool"), "")), "missing_pool", 0),
    "block3_pool_left_out": Answer(solution_but((pool("block3_pool"), "")), "missing_pool", 0),
    "conv_left_out": Answer(solution_but(without_conv(4, 512)), "missing_conv", 0),
    "batch_norm": Answer(
        solution_but(
            (pool("block3_pool"), "    x = layers.BatchNormalization()(x)\n" + pool("block3_pool"))
        ),
        "extra_layer",
        0,
    ),
    "filters": Answer(
        solution_but((conv("block3_conv2", 256), conv("block3_conv2", 128))), "filters", 0
    ),
    "kernel_5": Answer(
        solution_but(
            (conv("block3_conv3", 256), conv("block3_conv3", 256).replace("256, 3", "256, 5"))
        ),
        "kernel_size",
        0,
    ),
    "kernel_1": Answer(
        solution_but(
            *(
                (line, line.replace(f"{filters}, 3", f"{filters}, 1"))
                for number, filters in ((3, 256), (4, 512), (5, 512))
                for line in [conv(f"block{number}_conv3", filters)]
            )
        ),
        "kernel_size",
        0,
    ),
    "stride_2": Answer(
        solution_but(
            (conv("block3_conv1", 256), conv("block3_conv1", 256).replace("256, 3", "256, 3, 2"))
        ),
        "strides",
        0,
    ),
    "valid_everywhere": Answer(solution_but(('padding="same"', 'padding="valid"')), "padding", 0),
    "valid_in_block3": Answer(
        solution_but((block(3, 256), block(3, 256).replace("same", "valid"))), "padding", 0
    ),
    "linear_block": Answer(
        solution_but((block(5, 512), block(5, 512).replace(', activation="relu"', ""))),
        "activation",
        0,
    ),
    "relu6": Answer(
        solution_but(
            (conv("block3_conv1", 256), conv("block3_conv1", 256).replace("relu", "relu6"))
        ),
        "activation",
        0,
    ),
    "average_pooling": Answer(
        solution_but(("layers.MaxPooling2D", "layers.AveragePooling2D")), "pool_kind", 0
    ),
    "pool_stride_1": Answer(
        solution_but((pool("block5_pool"), pool("block5_pool").replace("strides=2", "strides=1"))),
        "pool_size",
        0,
    ),
    "no_bias": Answer(
        solution_but((block(3, 256), block(3, 256).replace("padding", "use_bias=False, padding"))),
        "setting",
        0,
    ),
    # Right layers, other numbers.
    "residual": Answer(
        solution_but((pool("block4_pool"), "    x = x * 2\n" + pool("block4_pool"))),
        "extra_layer",
        0,
    ),
    "custom_activation": Answer(
        solution_but(
            ("\n\ndef VGG16", "\n\ndef relu(x):\n    return keras.ops.abs(x)\n\n\ndef VGG16"),
            ('activation="relu", name="block3_conv1"', 'activation=relu, name="block3_conv1"'),
        ),
        "numbers",
        0,
    ),
    # The head.
    "relu_last": Answer(solution_but(('"softmax"', '"relu"')), "last_activation", 0),
    "sigmoid_last": Answer(solution_but(('"softmax"', '"sigmoid"')), "last_activation", 0),
    "narrow_fc2": Answer(solution_but((FC2, FC2.replace("4096", "1024"))), "units", 0),
    "linear_fc1": Answer(
        solution_but(
            ('layers.Dense(4096, activation="relu", name="fc1")', 'layers.Dense(4096, name="fc1")')
        ),
        "activation",
        0,
    ),
    "no_fc2": Answer(solution_but((f"        x = {FC2}(x)\n", "")), "missing_dense", 0),
    "pooled_head": Answer(
        solution_but((FLATTEN, 'layers.GlobalMaxPooling2D(name="flatten")')), "missing_flatten", 0
    ),
    "extra_dense": Answer(
        solution_but(
            (f"x = {LAST}", f"x = layers.Dense(4096, activation='relu')(x)\n        x = {LAST}")
        ),
        "extra_layer",
        0,
    ),
    # Arguments.
    "top_always": Answer(solution_but(("if include_top:", "if True:")), "include_top", 0),
    "top_never": Answer(solution_but(("if include_top:", "if False:")), "include_top", 0),
    "softmax_without_top": Answer(
        solution_but((POOLED, POOLED + f"    if not include_top:\n        x = {LAST}\n")),
        "softmax_without_top",
        0,
    ),
    "input_tensor_ignored": Answer(
        solution_but((" if input_tensor is None else input_tensor", "")), "input_tensor", 0
    ),
    "sequential": Answer(SEQUENTIAL, "sequential", 0),
    "three_channels": Answer(
        solution_but(("shape=input_shape", "shape=(*input_shape[:2], 3)")), "input_shape", 0
    ),
    "shape_fixed": Answer(
        solution_but(("shape=input_shape", "shape=(224, 224, 1)")), "input_shape", 0
    ),
    "pooling_ignored": Answer(
        solution_but((POOLED, "    else:\n        x = layers.GlobalMaxPooling2D()(x)\n")),
        "pooling",
        0,
    ),
    "never_pooled": Answer(solution_but((POOLED, "")), "pooling", 0),
    "thousand_classes": Answer(solution_but(("Dense(classes", "Dense(1000")), "classes", 0),
    "other_defaults": Answer(solution_but(('pooling="max"', 'pooling="avg"')), "defaults", 0),
    "fewer_arguments": Answer(
        solution_but(
            (
                'include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",',
                "include_top=True, input_shape=(224, 224, 3),",
            ),
            (" if input_tensor is None else input_tensor", ""),
            (POOLED, "    else:\n        x = layers.GlobalMaxPooling2D()(x)\n"),
        ),
        "signature",
        0,
    ),
    # Names.
    "unnamed": Answer(re.sub(r', name="[a-z0-9_]+"|name="flatten"', "", SOLUTION), "names", 0),
    "one_other_name": Answer(solution_but(("block5_pool", "last_pool")), "names", 0),
}
