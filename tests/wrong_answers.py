"""Answers to the homework as plain data: source text, the diagnosis it must get, its points.

Each mistake is the lesson's solution with a few words changed.
"""

from __future__ import annotations

import re

import answering
from answering import Answer

from ci.answers import answers

SOLUTION = answers("Day018_vgg16")["vgg16"]


def answer(source: str, codes: str, points: float) -> Answer:
    """An answer with these mistakes, a blank between them."""
    return Answer("vgg16", source, tuple(codes.split()), points)


def but(*changes: str) -> str:
    """The solution with changes, given as old, new, old, new, …"""
    return answering.but(SOLUTION, *changes)


def conv(name: str, filters: int) -> str:
    """The solution's line for one convolution."""
    options = 'activation="relu", padding="same"'
    return f'    x = layers.Conv2D({filters}, (3, 3), {options}, name="{name}")(x)\n'


def pool(name: str) -> str:
    """The solution's line for one pooling."""
    return f'    return layers.MaxPooling2D((2, 2), strides=(2, 2), name="{name}")(x)\n'


def block(number: int, filters: int) -> str:
    """The solution's lines for block 3, 4 or 5."""
    convs = "".join(conv(f"block{number}_conv{index}", filters) for index in (1, 2, 3))
    return convs + pool(f"block{number}_pool")


def conv_3(number: int, filters: int) -> str:
    """The solution's line for the third convolution of a block."""
    return conv(f"block{number}_conv3", filters)


def conv_4(number: int, filters: int) -> str:
    """A line for a fourth convolution, as VGG19 has it."""
    return conv(f"block{number}_conv4", filters)


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

# A block is a layer of one's own, which holds Keras's.
OWN_LAYERS = """\
import keras
from keras import layers

class Block(layers.Layer):
    def __init__(self, number, convs, filters):
        super().__init__(name=f"block{number}")
        self.convs = [layers.Conv2D(filters, 3, padding="same", activation="relu",
                                    name=f"block{number}_conv{i + 1}") for i in range(convs)]
        self.pool = layers.MaxPooling2D(name=f"block{number}_pool")

    def call(self, x):
        for conv in self.convs:
            x = conv(x)
        return self.pool(x)

def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    inputs = x = keras.Input(input_shape) if input_tensor is None else input_tensor
    for number, size in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], 1):
        x = Block(number, *size)(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, "relu", name="fc1")(x)
        x = layers.Dense(4096, "relu", name="fc2")(x)
        x = layers.Dense(classes, "softmax", name="predictions")(x)
    elif pooling:
        x = {"max": layers.GlobalMaxPooling2D, "avg": layers.GlobalAveragePooling2D}[pooling]()(x)
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

# A class decides itself what its input is, so that no tensor can be given to it.
OWN_CLASS = """\
import keras
from keras import layers

class Net(keras.Model):
    def __init__(self, tail):
        super().__init__()
        sizes = enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1)
        self.parts = [layer for block in sizes for layer in self.block(*block)] + tail

    def block(self, number, size):
        filters, depth = size
        for i in range(1, depth + 1):
            yield layers.Conv2D(filters, 3, padding="same", activation="relu",
                                name=f"block{number}_conv{i}")
        yield layers.MaxPooling2D(name=f"block{number}_pool")

    def call(self, x, training=False):
        for layer in self.parts:
            x = layer(x)
        return x

def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    pools = {"max": [layers.GlobalMaxPooling2D()], "avg": [layers.GlobalAveragePooling2D()]}
    if not include_top:
        return Net(pools.get(pooling, []))
    return Net([layers.Flatten(name="flatten"),
                layers.Dense(4096, activation="relu", name="fc1"),
                layers.Dense(4096, activation="relu", name="fc2"),
                layers.Dense(classes, activation="softmax", name="predictions")])
"""
OWN_CLASS_CALLED = (
    OWN_CLASS.replace("def VGG16", "def net")
    + """
def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    image = keras.Input(input_shape) if input_tensor is None else input_tensor
    return keras.Model(image, net(include_top, None, None, pooling, classes)(image))
"""
)
SUBCLASSED = """\
import keras

class Net(keras.Model):
    def call(self, x):
        return x.numpy()

def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max",
          classes=1000):
    return Net()
"""

DEF = "\n\ndef VGG16"
ABS = "\n\ndef relu(x):\n    return keras.ops.abs(x)\n"
STUBBORN = """

def relu(x):
    import tensorflow as tf
    if tf.executing_eagerly():
        raise RuntimeError("no numbers today")
    return keras.ops.relu(x)
"""

GIVEN = """\
    if input_tensor is None:
        input_tensor = keras.Input(shape=input_shape, name="input")
"""
NEW_INPUT = '    input_tensor = keras.Input(shape=input_shape, name="input")\n'
MODEL = 'keras.Model(input_tensor, x, name="vgg16")'
LAST = 'layers.Dense(classes, activation="softmax", name="predictions")(x)'
FC2 = 'layers.Dense(4096, activation="relu", name="fc2")'
FLATTEN = 'layers.Flatten(name="flatten")'
BLOCKS = "(block1, block2, block3, block4, block5)"
CHAINED = "        x = block(x)\n"
POOLED = SOLUTION[SOLUTION.index('    elif pooling == "avg"') : SOLUTION.index("    return keras")]
ALWAYS_MAX = "    else:\n        x = layers.GlobalMaxPooling2D()(x)\n"

CHAIN = SOLUTION[SOLUTION.index("    x = input_tensor\n") : SOLUTION.index("    return keras")]
TODO = '    raise NotImplementedError("請把這一行換成你的程式碼")\n'
AVG = 'layers.GlobalAveragePooling2D(name="global_pool")(x)'
MAX = 'layers.GlobalMaxPooling2D(name="global_pool")(x)'
AVG_OF, MAX_OF = "layers.GlobalAveragePooling2D(x)", "layers.GlobalMaxPooling2D(x)"
IN_LOOP = """\
    for i in (1, 2, 3):
        x = layers.Conv2D(512, 3, activation="relu", padding="same", name=f"block4_conv{i}")(x)
    return layers.MaxPooling2D(name="block4_pool")(x)
"""
POOL_IN_LOOP = IN_LOOP.replace(
    '    return layers.MaxPooling2D(name="block4_pool")(x)\n',
    '        x = layers.MaxPooling2D(name=f"block4_pool{i}")(x)\n    return x\n',
)

# All in one function, as the course gave it out before, with a blank left in the head.
OLD_SHEET = """\
from tensorflow.keras import layers, models, Input

def VGG16(include_top=True, input_tensor=None, input_shape=(224, 224, 1), pooling='max',
          classes=1000):
    img_input = Input(shape=input_shape) if input_tensor is None else input_tensor
    x = img_input
    for number, (depth, filters) in enumerate([(2, 64), (2, 128), (3, 128), (3, 512), (3, 512)], 1):
        for i in range(depth):
            x = layers.Conv2D(filters, (3, 3), activation='relu', padding='same',
                              name='block%d_conv%d' % (number, i + 1))(x)
        x = layers.MaxPooling2D((2, 2), strides=(2, 2), name='block%d_pool' % number)(x)
    if include_top:
        x = layers.Flatten(name='flatten')(x)
        x = layers.Dense('填入', activation='relu', name='fc1')(x)
        x = layers.Dense(4096, activation='relu', name='fc2')(x)
        x = layers.Dense(classes, activation='softmax', name='predictions')(x)
    elif pooling == 'avg':
        x = layers.GlobalAveragePooling2D()(x)
    elif pooling == 'max':
        x = layers.GlobalMaxPooling2D()(x)
    return models.Model(img_input, x)
"""

RIGHT = {
    "solution": SOLUTION,
    "looped": LOOPED,
    "nested": NESTED,
    "own_layers": OWN_LAYERS,
    "from_keras": FROM_KERAS,
    "own_class_called": OWN_CLASS_CALLED,
}

CONV31, CONV32 = conv("block3_conv1", 256), conv("block3_conv2", 256)
CONV52, CONV53 = conv("block5_conv2", 512), conv("block5_conv3", 512)
OWN = ((3, 256), (4, 512), (5, 512))

ARGUMENTS = (
    'include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max", classes=1000'
)
DEFAULTS = """\
    told = {"input_shape": (224, 224, 3), "pooling": "max", "classes": 1000} | told
    input_shape, pooling, classes = told["input_shape"], told["pooling"], told["classes"]
"""

ANSWERS: dict[str, Answer] = {
    **{name: answer(source, "", 10.0) for name, source in RIGHT.items()},
    "blank": answer(BLANK, "unfinished", 0.0),
    "nothing_defined": answer("answer = 42\n", "missing", 0.0),
    # Placeholders, and code that stops.
    "ellipsis_filters": answer(but(CONV31, CONV31.replace("256", "...")), "placeholder", 6.75),
    "zero_filters": answer(but(CONV31, CONV31.replace("256", "0")), "bad_argument", 6.75),
    "words_in_head": answer(but(FC2, FC2.replace("4096", '"填入"')), "placeholder", 7.25),
    "head_left_blank": answer(
        but(FLATTEN + "(x)", 'None\n    raise NotImplementedError("head")'), "unfinished", 7.25
    ),
    "activation_misspelt": answer(
        but('"softmax"', '"softmx"', FC2, FC2.replace("4096", "128")), "unknown_activation", 7.25
    ),
    "name_error": answer(but("Model(input_tensor", "Model(input_tensro"), "undefined_name", 8.5),
    "old_keyword": answer(but(FC2, FC2.replace("4096", "output_dim=4096")), "wrong_keyword", 7.25),
    "index_error": answer(but(GIVEN, GIVEN + "    size = input_shape[7]\n"), "exception", 8.5),
    "returns_none": answer(but("return keras", "model = keras"), "no_return", 8.5),
    "returns_tensor": answer(but(f"return {MODEL}", "return x"), "not_a_model", 8.5),
    "subclassed": answer(SUBCLASSED, "unreadable", 0.0),
    "own_class": answer(OWN_CLASS, "input_tensor", 9.75),
    "duplicate_names": answer(but("block4_conv2", "block4_conv1"), "duplicate_names", 6.75),
    "untied": answer(but("Model(input_tensor", "Model(keras.Input(input_shape)"), "untied", 8.5),
    "pool_4": answer(
        but("D((2, 2), strides=(2, 2)", "D((4, 4), strides=(4, 4)"), "pool_size unseen", 2.75
    ),
    "looped_pool_4": answer(
        answering.but(LOOPED, "MaxPool2D(name", "MaxPool2D(4, name"), "pool_size unseen", 2.75
    ),
    # What was written on the way, where the whole does not build.
    "model_left_blank": answer(but(CHAIN, TODO), "unfinished", 8.5),
    "model_passes": answer(but(CHAIN + f"    return {MODEL}\n", "    pass\n"), "no_return", 8.5),
    "model_not_defined": answer(SOLUTION[: SOLUTION.index("def VGG16")], "missing", 8.5),
    "model_left_blank_filters": answer(
        but(CHAIN, TODO, CONV32, CONV32.replace("256", "128")), "unfinished filters", 6.75
    ),
    "model_left_blank_valid": answer(
        but(
            CHAIN,
            TODO,
            '512, (3, 3), activation="relu", padding="same"',
            "512, 3, 1, 'valid', activation='relu'",
        ),
        "unfinished padding",
        5.0,
    ),
    "model_left_blank_vgg13": answer(
        but(CHAIN, TODO, *(text for own in OWN for text in (conv_3(*own), ""))),
        "unfinished missing_conv missing_conv missing_conv",
        3.25,
    ),
    "model_left_blank_thousand": answer(
        but(CHAIN, TODO, "Dense(classes", "Dense(1000"), "unfinished fixed_classes", 8.5
    ),
    "model_left_blank_custom": answer(
        but(
            CHAIN,
            TODO,
            "def block3",
            ABS[2:] + "\ndef block3",
            CONV31,
            CONV31.replace('"relu"', "relu"),
        ),
        "unfinished numbers",
        6.75,
    ),
    "model_left_blank_unnamed": answer(
        re.sub(r'(, )?name="\w+"', "", but(CHAIN, TODO)), "unfinished names", 8.0
    ),
    "model_left_blank_nothing_right": answer(
        but(
            CHAIN, TODO, '"same"', '"valid"', "Flatten", "GlobalMaxPooling2D", '"softmax"', '"relu"'
        ),
        "unfinished missing_flatten padding last_activation",
        0.0,
    ),
    "block3_left_blank": answer(but(block(3, 256), TODO), "unfinished", 6.75),
    "block4_not_defined": answer(but("def block4(", "def block_4("), "undefined_name", 6.75),
    "blocks_not_defined": answer(
        but("def block4(", "def block_4(", "def block5(", "def Block5("), "undefined_name", 5.0
    ),
    "block3_passes": answer(but(block(3, 256), "    pass\n"), "no_return", 6.75),
    "conv_not_called": answer(but(CONV32, CONV32.replace("(x)", "")), "not_called", 6.75),
    "pool_not_called": answer(
        but(pool("block4_pool"), pool("block4_pool").replace("(x)", "")),
        "not_called",
        6.75,
    ),
    "block_4_twice": answer(
        but(BLOCKS, "(block1, block2, block3, block4, block4)"), "duplicate_names", 8.5
    ),
    "name_without_f": answer(but(block(4, 512), IN_LOOP.replace('f"', '"')), "no_f_string", 6.75),
    "pool_in_loop": answer(but(block(4, 512), POOL_IN_LOOP), "extra_layer names unseen", 6.75),
    "head_name_error": answer(
        but("head(x, classes)\n", "head(x, clases)\n"), "undefined_name", 9.5
    ),
    "head_name_error_narrow": answer(
        but("head(x, classes)\n", "head(x, clases)\n", FC2, FC2.replace("4096", "1024")),
        "undefined_name units",
        8.25,
    ),
    "own_signature": answer(
        but("def block3(x)", "def block3(x, filters)", "x = block(x)", "x = block(x, filtres)"),
        "undefined_name",
        6.75,
    ),
    # Both the blank and what is wrong beside it are told.
    "head_left_blank_filters": answer(
        but(FLATTEN + "(x)", "x\n" + TODO, CONV32, CONV32.replace("256", "128")),
        "unfinished filters",
        5.5,
    ),
    "words_in_head_filters": answer(
        but(FC2, FC2.replace("4096", '"填入"'), CONV32, CONV32.replace("256", "128")),
        "placeholder filters",
        5.5,
    ),
    "old_sheet": answer(OLD_SHEET, "placeholder filters", 5.5),
    "old_sheet_blank": answer(OLD_SHEET.replace("512", "填入"), "placeholder", 0.0),
    # No pieces, and Keras refuses the whole: what stands there is judged all the same.
    "looped_one_name": answer(
        answering.but(LOOPED, "conv%d' % (number, i + 1)", "conv' % number"),
        "duplicate_names",
        8.0,
    ),
    "looped_one_name_filters": answer(
        answering.but(
            LOOPED, "conv%d' % (number, i + 1)", "conv' % number", "(128, 2)", "(100, 2)"
        ),
        "duplicate_names filters",
        7.75,
    ),
    "looped_strides": answer(
        answering.but(LOOPED, "padding='same'", "padding='same', strides=2"), "shrunk", 0
    ),
    "looped_no_return": answer(
        answering.but(LOOPED, "return models.Model", "model = models.Model"), "no_return", 8.5
    ),
    "looped_tensor": answer(
        answering.but(LOOPED, "models.Model(source, t)", "t"), "not_a_model", 8.5
    ),
    # A call that fails costs its argument.
    "avg_not_called": answer(but(AVG, AVG_OF), "tensor_as_setting", 9.75),
    "max_not_called": answer(but(MAX, MAX_OF), "tensor_as_setting", 9.5),
    "neither_called": answer(
        but(AVG, AVG_OF, MAX, MAX_OF), "tensor_as_setting tensor_as_setting", 9.5
    ),
    "no_layer_of_that_name": answer(
        but(POOLED, "    else:\n        x = layers.GlobalPooling2D()(x)\n"), "no_attribute", 9.0
    ),
    "tensor_looked_at_as_of_old": answer(
        but(GIVEN, GIVEN + "    else:\n        keras.backend.is_a_keras_tensor(input_tensor)\n"),
        "no_attribute",
        9.75,
    ),
    # Another network.
    "vgg11": answer(
        but(
            *(conv("block1_conv2", 64), ""),
            *(conv("block2_conv2", 128), ""),
            *(text for own in OWN for text in (conv_3(*own), "")),
        ),
        "vgg11",
        4.25,
    ),
    "vgg13": answer(but(*(text for own in OWN for text in (conv_3(*own), ""))), "vgg13", 4.75),
    "vgg19": answer(
        but(*(text for own in OWN for text in (conv_3(*own), conv_3(*own) + conv_4(*own)))),
        "vgg19",
        4.75,
    ),
    "one_more_each": answer(
        re.sub(r'( .*"block._)conv1(.*\n)', r"\1conv1\2\1conv0\2", SOLUTION), "each_block", 4.25
    ),
    "block_order": answer(
        but(BLOCKS, "(block1, block2, block4, block3, block5)"), "block_order", 6.5
    ),
    "block_4_on_input": answer(
        but(CHAINED, "        x = block(input_tensor if block is block4 else x)\n"), "detached", 6.0
    ),
    "blocks_left_out": answer(but(BLOCKS, "(block1, block2)"), "missing_block", 4.75),
    "block_4_not_stored": answer(
        but(CHAINED, "        y = block(x)\n        x = x if block is block4 else y\n"),
        "missing_block",
        8.25,
    ),
    # One kind of mistake in one or more layers.
    "block5_pool_left_out": answer(
        but(pool("block5_pool"), "    return x\n"), "missing_pool", 8.25
    ),
    "conv_left_out": answer(but(conv_3(4, 512), ""), "missing_conv", 8.25),
    "batch_norm": answer(
        but(CONV31, CONV31 + "    x = layers.BatchNormalization()(x)\n"), "extra_layer", 8.25
    ),
    "batch_norm_everywhere": answer(
        re.sub(
            r', activation="relu"(, padding="same", name="\w+"\)\(x\))',
            r"\1\n    x = layers.ReLU()(layers.BatchNormalization()(x))",
            SOLUTION,
        ),
        "extra_layer",
        4.25,
    ),
    "four_in_block3": answer(
        but(CONV31, CONV31.replace("conv1", "conv0") + CONV31), "extra_layer", 8.25
    ),
    "separable": answer(
        but(conv("block4_conv1", 512), conv("block4_conv1", 512).replace("Conv", "SeparableConv")),
        "missing_conv extra_layer",
        8.25,
    ),
    "padded_twice": answer(
        but(CONV31, "    x = layers.ZeroPadding2D(2)(x)\n" + CONV31.replace("same", "valid")),
        "extra_layer padding",
        8.25,
    ),
    "layer_norm": answer(
        but(
            CONV31,
            CONV31.replace(', activation="relu"', "")
            + "    x = layers.ReLU()(layers.LayerNormalization()(x))\n",
        ),
        "extra_layer",
        8.25,
    ),
    "pool_too_many": answer(
        but("        x = block(x)\n", "        x = block(x)\n    x = layers.MaxPooling2D()(x)\n"),
        "extra_layer unseen",
        7.75,
    ),
    "doubled": answer(but(CONV31, CONV31 + "    x = x * 2\n"), "extra_layer", 8.25),
    "filters": answer(but(CONV32, CONV32.replace("256", "128")), "filters", 8.25),
    "kernel_1": answer(
        but(
            *(
                text
                for own in OWN
                for text in (conv_3(*own), conv_3(*own).replace("(3, 3)", "(1, 1)"))
            )
        ),
        "kernel_size",
        4.75,
    ),
    "stride_2": answer(but(CONV31, CONV31.replace("(3, 3)", "(3, 3), 2")), "strides", 8.25),
    "valid_everywhere": answer(but('"same"', '"valid"'), "padding unseen", 3.0),
    "valid_in_block3": answer(
        but(block(3, 256), block(3, 256).replace("same", "valid")), "padding", 8.25
    ),
    "linear_block": answer(
        but(block(5, 512), block(5, 512).replace('activation="relu", ', "")), "activation", 8.25
    ),
    "softmax_in_block3": answer(but(CONV31, CONV31.replace("relu", "softmax")), "activation", 8.25),
    "leaky_relu": answer(
        but(CONV31, CONV31.replace('"relu"', "layers.LeakyReLU()")), "activation", 8.25
    ),
    "leaky_relu_as_text": answer(
        but(CONV31, CONV31.replace("relu", "leaky_relu")), "activation", 8.25
    ),
    "relu6": answer(but(CONV31, CONV31.replace("relu", "relu6")), "activation", 8.25),
    "average_pooling": answer(but("layers.MaxP", "layers.AverageP"), "pool_kind", 4.25),
    "pools_padded": answer(but("strides=(2, 2)", 'padding="same"'), "pool_size", 4.25),
    "pool_of_block1_padded": answer(
        but(pool("block1_pool"), pool("block1_pool").replace("strides=(2, 2)", 'padding="same"')),
        "pool_size",
        9.75,
    ),
    "pool_of_block5_padded": answer(
        but(pool("block5_pool"), pool("block5_pool").replace("strides=(2, 2)", 'padding="same"')),
        "pool_size",
        8.25,
    ),
    "pools_of_3": answer(but("D((2, 2), strides", "D((3, 3), strides"), "pool_size", 4.25),
    "pool_stride_1": answer(
        but(pool("block5_pool"), pool("block5_pool").replace("es=(2, 2)", "es=(1, 1)")),
        "pool_size",
        8.25,
    ),
    "no_bias": answer(
        but(CONV31, CONV31.replace("padding", "use_bias=False, padding")), "bias", 8.25
    ),
    "conv_used_twice": answer(
        but(
            CONV52 + CONV53,
            CONV52.replace("x = ", "again = ").replace("(x)", "") + "    x = again(again(x))\n",
        ),
        "shared_layer",
        8.25,
    ),
    # Layers that read right and compute something else, or nothing.
    "custom_activation": answer(
        but(DEF, ABS + DEF, CONV31, CONV31.replace('"relu"', "relu")), "numbers", 4.25
    ),
    "only_symbolic": answer(
        but(DEF, STUBBORN + DEF, CONV31, CONV31.replace('"relu"', "relu")), "no_numbers", 4.25
    ),
    # What is right in another style costs nothing beside a mistake.
    "valid_and_other_styles": answer(
        but(
            *(CONV31, CONV31.replace('"same"', '"valid"')),
            *(FLATTEN, FLATTEN.replace("layers.Flatten(", "layers.Reshape((-1,), ")),
            "layers.GlobalAveragePooling2D(",
            "layers.Flatten()(layers.GlobalAveragePooling2D(keepdims=True, ",
            *(
                'AveragePooling2D(keepdims=True, name="global_pool")(x)',
                'AveragePooling2D(keepdims=True, name="global_pool")(x))',
            ),
        ),
        "padding",
        8.25,
    ),
    "whole_numbers": answer(but("keras.Input(", 'keras.Input(dtype="uint8", '), "no_numbers", 4.25),
    # The head.
    "flattened_before": answer(
        but("head(x, classes)\n", "head(layers.Flatten()(x), classes)\n"), "", 10.0
    ),
    "flattened_always": answer(
        but("    if include_top:", "    x = layers.Flatten()(x)\n    if include_top:"),
        "rank rank pooling",
        9.5,
    ),
    "relu_last": answer(but('"softmax"', '"relu"'), "last_activation", 9.0),
    "softmax_after_relu": answer(
        but(
            f"return {LAST}",
            f"x = {LAST}\n    return layers.Softmax()(x)".replace('"softmax"', '"relu"'),
        ),
        "extra_layer last_activation",
        9.0,
    ),
    "narrow_fc2": answer(but(FC2, FC2.replace("4096", "1024")), "units", 8.75),
    "linear_fc2": answer(but(FC2, FC2.replace(', activation="relu"', "")), "activation", 8.75),
    "pooled_before_flatten": answer(
        but(f"    x = {FLATTEN}", f"    x = layers.MaxPooling2D()(x)\n    x = {FLATTEN}"),
        "extra_layer",
        8.75,
    ),
    "no_fc2": answer(but(f"    x = {FC2}(x)\n", ""), "missing_dense", 8.75),
    "pooled_head": answer(but("Flatten(", "GlobalMaxPooling2D("), "missing_flatten", 8.75),
    "extra_dense": answer(
        but(f"return {LAST}", f"x = layers.Dense(4096, 'relu')(x)\n    return {LAST}"),
        "extra_layer",
        8.75,
    ),
    # Arguments.
    "top_always": answer(but("if include_top:", "if True:"), "include_top", 9.25),
    "top_never": answer(but("if include_top:", "if False:"), "include_top", 7.25),
    "softmax_without_top": answer(
        but(POOLED, POOLED + f"    if not include_top:\n        x = {LAST}\n"),
        "softmax_without_top",
        9.25,
    ),
    "input_tensor_ignored": answer(but(GIVEN, NEW_INPUT), "input_tensor", 9.75),
    "sequential": answer(SEQUENTIAL, "sequential", 9.75),
    "three_channels": answer(
        but("shape=input_shape", "shape=(*input_shape[:2], 3)"), "input_shape", 9.75
    ),
    "size_open": answer(
        but("shape=input_shape", "shape=(None, None, input_shape[-1])"), "open_shape", 9.5
    ),
    "size_open_in_colour": answer(
        but("shape=input_shape", "shape=(None, None, 3)"), "open_shape input_shape", 9.25
    ),
    "channels_open": answer(
        but("shape=input_shape", "shape=(None, None, None)"), "open_shape", 8.75
    ),
    "shape_fixed": answer(but("shape=input_shape", "shape=(224, 224, 1)"), "input_shape", 9.75),
    "pooling_ignored": answer(but(POOLED, ALWAYS_MAX), "pooling", 9.75),
    "never_pooled": answer(but(POOLED, ""), "pooling", 9.75),
    "average_in_full": answer(but('"avg"', '"average"'), "pooling", 9.75),
    "pooled_by_twos": answer(but(MAX, "layers.MaxPooling2D((2, 2))(x)"), "pooling", 9.75),
    "pooled_by_twos_both": answer(
        but(AVG, "layers.AveragePooling2D((2, 2))(x)", MAX, "layers.MaxPooling2D((2, 2))(x)"),
        "shrunk pooling",
        9.75,
    ),
    "pooled_as_a_whole": answer(
        but(MAX, "layers.Flatten()(layers.MaxPooling2D(x.shape[1:3])(x))"), "", 10.0
    ),
    "ten_classes": answer(but("head(x, classes)\n", "head(x, 10)\n"), "classes", 9.75),
    "head_not_stored": answer(but("x = head(x, classes)", "head(x, classes)"), "not_stored", 7.25),
    "two_dense_layers": answer(but(f"return {LAST}", "return x"), "missing_dense", 9.0),
    "thousand_classes": answer(but("Dense(classes", "Dense(1000"), "classes", 9.75),
    "ten_by_default": answer(but("classes=1000", "classes=10"), "default_value", 9.75),
    "no_top_by_default": answer(
        but("include_top=True", "include_top=False"), "default_value", 9.75
    ),
    "top_without_default": answer(but("include_top=True", "include_top"), "default_value", 9.75),
    "no_defaults": answer(
        but(ARGUMENTS, "include_top, input_tensor, input_shape, pooling, classes"),
        "no_default",
        9.75,
    ),
    "classes_by_name_alone": answer(but("classes=1000", "*, classes"), "no_default", 9.75),
    "defaults_in_a_dictionary": answer(
        but(
            *(ARGUMENTS, "include_top=True, input_tensor=None, **told"),
            *("    if input_tensor is None", f"{DEFAULTS}    if input_tensor is None"),
        ),
        "",
        10.0,
    ),
    "other_defaults": answer(but('pooling="max"', 'pooling="avg"'), "defaults", 9.75),
    "fewer_arguments": answer(
        but("input_tensor=None, ", "", ', pooling="max"', "", GIVEN, NEW_INPUT, POOLED, ALWAYS_MAX),
        "signature",
        9.5,
    ),
    # Names.
    "unnamed": answer(re.sub(r'(, )?name="\w+"', "", SOLUTION), "names", 9.5),
    "one_other_name": answer(but("block5_pool", "last_pool"), "names", 9.75),
}
