"""Answers to the challenge as plain data: task, source, the diagnoses they must get, points.

Each mistake is the lesson's solution with a few words changed.
"""

from __future__ import annotations

import answering
import wrong_answers
from answering import Answer

from ci.answers import answers

SOLUTIONS = answers("challenge_vgg19")
# What the sheet gives, for other spellings.
GIVEN = SOLUTIONS["backbone"].partition("def features")[0]

# The same networks from letters; a layer of one's own normalises, ReLU stands apart.
FAMILY_FROM_LETTERS = """\
TABLE = {"A": "a|b|cc|dd|dd", "A-LRN": "an|b|cc|dd|dd", "B": "aa|bb|cc|dd|dd",
         "C": "aa|bb|ccC|ddD|ddD", "D": "aa|bb|ccc|ddd|ddd", "E": "aa|bb|cccc|dddd|dddd"}

class Normalise(layers.Layer):
    def call(self, x):
        padded = keras.ops.pad(x * x, [[0, 0]] * 3 + [[2, 2]])
        sums = sum(padded[..., i : i + x.shape[-1]] for i in range(5))
        return x / (2.0 + 1e-4 * sums) ** 0.75

def build_vgg(config, include_top=True, input_shape=(224, 224, 3), classes=1000, width=1.0):
    net = keras.Sequential([keras.Input(input_shape)])
    for number, letters in enumerate(TABLE[config].split("|"), 1):
        for index, letter in enumerate(letters, 1):
            if letter == "n":
                net.add(Normalise(name="block1_lrn"))
                continue
            filters = {"a": 64, "b": 128, "c": 256, "d": 512}[letter.lower()]
            net.add(layers.Conv2D(round(filters * width), 3 if letter.islower() else 1,
                                  padding="same", name=f"block{number}_conv{index}"))
            net.add(layers.ReLU())
        net.add(layers.MaxPooling2D(name=f"block{number}_pool"))
    if include_top:
        net.add(layers.Flatten(name="flatten"))
        for name in ("fc1", "fc2"):
            net.add(layers.Dense(round(4096 * width), "relu", name=name))
            net.add(layers.Dropout(0.5))
        net.add(layers.Dense(classes, "softmax", name="predictions"))
    return net
"""

CARRY_OVER_BY_NAME = """\
def carry_over(shallow, deep):
    names = ("block1_conv1", "block2_conv1", "block3_conv1", "block3_conv2",
             "fc1", "fc2", "predictions")
    for name in names:
        target = deep.get_layer(name)
        target.kernel.assign(shallow.get_layer(name).kernel)
        target.bias.assign(shallow.get_layer(name).bias)
    return names
"""

# The blocks are shared as one inner model; the last two dense layers work on a map as they are.
CONVOLUTIONAL_NESTED = """\
def to_convolutional(model):
    given = keras.Model(model.input, model.get_layer("block5_pool").output)
    height, width, channels = given.output.shape[1:]
    free = (None, None, model.input_shape[-1])
    image = keras.Input(free)
    blocks = keras.Sequential([keras.Input(free), *given.layers[1:]])
    fc1 = model.get_layer("fc1")
    conv = layers.Conv2D(fc1.units, (height, width), activation="relu", name="fc1")
    x = conv(blocks(image))
    conv.kernel.assign(keras.ops.reshape(fc1.kernel, (height, width, channels, -1)))
    conv.bias.assign(fc1.bias)
    for name in ("fc2", "predictions"):
        x = copied(model.get_layer(name), x)
    return keras.Model(image, x)
"""

# The layers themselves are used again, not copies of them.
BACKBONE_SHARED = """\
def features(model, names):
    outputs = {layer.name: layer.output for layer in model.layers}
    if len(names) == 1:
        return keras.Model(model.inputs, outputs[names[0]])
    return keras.Model(model.inputs, tuple(outputs[name] for name in names))

def with_inception(model, width=1.0):
    x = model.input
    for layer in model.layers[1:]:
        if layer.name in ("block3_conv1", "block5_conv1"):
            x = inception(x, layer.name[:6], width)
        elif not layer.name.startswith(("block3_conv", "block5_conv")):
            x = layer(x)
    return keras.Model(model.input, x)
"""

BUDGET_AVERAGED = """\
def budget_net(input_shape=(32, 32, 1), classes=10):
    x = image = keras.Input(input_shape)
    for filters in (8, 16, 32):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(x))
"""

BUDGET_DENSE = """\
def budget_net(input_shape=(32, 32, 1), classes=10):
    net = keras.Sequential([keras.Input(input_shape)])
    for filters in (8, 16, 16, 24):
        net.add(layers.Conv2D(filters, 3, padding="same"))
        net.add(layers.ReLU())
        net.add(layers.MaxPooling2D())
    net.add(layers.Flatten())
    net.add(layers.Dense(64, "relu"))
    net.add(layers.Dropout(0.5))
    net.add(layers.Dense(classes))
    net.add(layers.Softmax())
    return net
"""

BLANKS = {
    "vgg19": "def VGG19(**arguments):\n",
    "family": "def build_vgg(**arguments):\n",
    "carry_over": "def carry_over(shallow, deep):\n",
    "convolutional": "def to_convolutional(model):\n",
    "backbone": "def with_inception(model, width=1.0):\n    pass\n\ndef features(model, names):\n",
    "budget": "def budget_net(**arguments):\n",
}
FULL = {"vgg19": 4, "family": 4, "carry_over": 3, "convolutional": 3, "backbone": 3, "budget": 3}


def but(task: str, *changes: str) -> str:
    """A task's solution with changes, given as old, new, old, new, …"""
    return answering.but(SOLUTIONS[task], *changes)


def blocks(filters: int, count: int) -> tuple[str, str]:
    """VGG19's blocks of so many filters, and the same with another number of convolutions."""
    return f"(4, {filters})", f"({count}, {filters})"


def right(task: str, source: str) -> Answer:
    """An answer of which nothing may be said."""
    return Answer(task, source, (), FULL[task])


def wrong(task: str, code: str, points: float, *changes: str) -> Answer:
    """The solution with changes, and the one mistake in it."""
    return Answer(task, but(task, *changes), (code,), points)


COPY = "deep.get_layer(layer.name).set_weights(layer.get_weights())"
RESHAPED = "kernel.reshape(conv.kernel.shape)"
LAYERS = "type(layer).from_config(layer.get_config())"
NORMALISED = 'layers.Activation(lrn, name=f"block{number}_lrn")'
ACTIVATED = 'activation="relu", name=name)(x)\n        x = layers.Max'
AS_LAMBDA = ("Activation(", "Lambda(")
RELU_BUT_BEFORE_LRN = """\
                if index == len(sizes) or sizes[index] != "LRN":
                    x = layers.ReLU()(x)
"""
OWN_RELU = "x = layers.Lambda(lambda t: ops.maximum(t, 0))(x)\n        x = layers.Max"
BN = "            x = layers.BatchNormalization()(x)\n            x = layers.ReLU()(x)"
DENSE_LIST = "[layer.name for layer in convolutions + dense]"
LISTED = "[model.get_layer(name).output for name in names]"

HOMEWORK = wrong_answers.SOLUTION
VGG19_BLANK = f"\n\n{BLANKS['vgg19']}    raise NotImplementedError\n"
VGG19_PIECES = (
    answering.but(
        HOMEWORK,
        *(
            text
            for own in wrong_answers.OWN
            for text in (
                wrong_answers.conv_3(*own),
                wrong_answers.conv_3(*own) + wrong_answers.conv_4(*own),
            )
        ),
    )
    + VGG19_BLANK
)

ANSWERS: dict[str, Answer] = {
    **{f"{task}_solution": right(task, source) for task, source in SOLUTIONS.items()},
    **{
        f"{task}_blank": Answer(task, f"{blank}    raise NotImplementedError\n", ("unfinished",), 0)
        for task, blank in BLANKS.items()
        if task != "backbone"
    },
    "family_from_letters": right("family", GIVEN + FAMILY_FROM_LETTERS),
    "family_own_relu": right(
        "family", but("family", ACTIVATED, f"name=name)(x)\n                {OWN_RELU}")
    ),
    "family_lambda": right("family", but("family", "Activation(lrn,", "Lambda(lrn,")),
    "carry_over_by_name": right("carry_over", GIVEN + CARRY_OVER_BY_NAME),
    "convolutional_nested": right("convolutional", GIVEN + CONVOLUTIONAL_NESTED),
    "backbone_shared": right("backbone", GIVEN + BACKBONE_SHARED),
    "budget_averaged": right("budget", GIVEN + BUDGET_AVERAGED),
    "budget_dense": right("budget", GIVEN + BUDGET_DENSE),
    # 1 VGG19
    "vgg16_again": wrong("vgg19", "vgg16", 0, *(text for n in (256, 512) for text in blocks(n, 3))),
    "vgg13_instead": wrong(
        "vgg19", "vgg13", 0, *(text for n in (256, 512) for text in blocks(n, 2))
    ),
    # The homework's pieces for configuration E, and nothing made of them yet.
    "vgg19_pieces": Answer("vgg19", VGG19_PIECES, ("unfinished",), 3.5),
    "vgg19_pieces_of_vgg16": Answer(
        "vgg19", HOMEWORK + VGG19_BLANK, ("unfinished", *("missing_conv",) * 3), 0
    ),
    "vgg19_one_less_each": wrong("vgg19", "each_block", 0, "count + 1", "count"),
    "vgg18": wrong("vgg19", "missing_conv", 3.25, "(4, 512), (4, 512)", "(3, 512), (4, 512)"),
    "vgg19_same_name": wrong(
        *("vgg19", "duplicate_names", 3.25, "_conv{index}", "_conv{min(index, 3)}")
    ),
    "vgg19_no_last_pool": wrong(
        *("vgg19", "missing_pool", 3.25),
        *("        x = layers.MaxP", "        if number < 5:\n            x = layers.MaxP"),
    ),
    "vgg19_relu_last": wrong("vgg19", "last_activation", 3.75, '"softmax"', '"relu"'),
    "vgg19_untied": wrong(
        "vgg19", "untied", 0, "Model(input_tensor", "Model(keras.Input(input_shape)"
    ),
    # 2 the family
    "always_d": wrong("family", "config_ignored", 1.0, "VGG_CONFIGS[config]", 'VGG_CONFIGS["D"]'),
    "c_without_1x1": wrong("family", "other_config", 3.5, ", 1)", ", 3)"),
    "three_columns_wrong": Answer(
        "family",
        but(
            "family",
            *("(3, 3, 1)", "(3, 1, 3)"),
            *("(3,) * 4", "(3,) * 3"),
            *('"B": (((3, 3), 64), ((3, 3), 128)', '"B": (((3,), 64), ((3,), 128)'),
        ),
        ("other_config", "other_config", "kernel_size"),
        2.5,
    ),
    "lrn_left_out": wrong("family", "missing_lrn", 3.5, f"x = {NORMALISED}(x)", "pass"),
    "lrn_after_pool": wrong(
        "family",
        "lrn_place",
        3.5,
        f"x = {NORMALISED}(x)",
        "pass",
        'name=f"block{number}_pool")(x)\n',
        'name=f"block{number}_pool")(x)\n        if "LRN" in sizes:\n'
        f"            x = {NORMALISED}(x)\n",
    ),
    "lrn_before_relu": Answer(
        "family",
        but(
            *("family", ACTIVATED, f"name=name)(x)\n{RELU_BUT_BEFORE_LRN}        x = layers.Max"),
            *(f"x = {NORMALISED}(x)", f"x = layers.ReLU()({NORMALISED.replace(*AS_LAMBDA)}(x))"),
        ),
        ("extra_layer", "activation"),
        3.5,
    ),
    "lrn_radius_5": wrong(
        "family", "lrn_numbers", 3.5, "[(2, 2)]", "[(5, 5)]", "range(5)", "range(11)"
    ),
    "batch_norm": Answer(
        "family",
        but("family", NORMALISED, "layers.BatchNormalization()"),
        ("lrn_replaced",),
        3.5,
    ),
    "no_a_lrn": wrong("family", "exception", 3.5, '"A-LRN"', '"ALRN"'),
    "width_ignored": wrong("family", "width_ignored", 3.75, " * width", ""),
    "width_cut": wrong("family", "width_rounded", 3.75, "round(", "int("),
    "width_up": wrong(
        *("family", "width_rounded", 3.75, "import keras\n", "import math\nimport keras\n"),
        *("round(", "math.ceil("),
    ),
    "width_cut_in_convolutions": wrong(
        "family", "width_rounded", 3.75, "round(filters", "int(filters"
    ),
    "width_cut_in_head": wrong("family", "width_rounded", 3.75, "round(4096", "int(4096"),
    "family_same_name": wrong("family", "duplicate_names", 3.25, "block{number}_conv", "conv"),
    "wide_head": wrong("family", "width_head", 3.75, "4096 * width", "4096"),
    "linear_fc1": wrong(
        *("family", "activation", 3.75),
        *('4096 * width), activation="relu"', '4096 * width), "relu" if name == "fc2" else None'),
    ),
    "family_arguments": Answer(
        "family",
        but(
            "family",
            *("if include_top", "if True"),
            *("shape=input_shape", "shape=(*input_shape[:2], 1)"),
            *("Dense(classes", "Dense(1000"),
        ),
        ("include_top", "input_shape", "classes"),
        3.5,
    ),
    "family_pooled": wrong(
        "family",
        "extra_layer",
        3.75,
        "    return keras.Model",
        "    else:\n        x = layers.GlobalMaxPooling2D()(x)\n    return keras.Model",
    ),
    "family_unnamed": wrong("family", "names", 3.75, '("fc1", "fc2")', '("dense_1", "fc2")'),
    # 3 weights carried over
    "not_stored": wrong("carry_over", "nothing_copied", 0, COPY, "layer.get_weights()"),
    "by_position": wrong(
        "carry_over",
        "unlike_shapes",
        1.0,
        f"for layer in convolutions + dense:\n        {COPY}",
        "deep_ones = [layer for layer in deep.layers if isinstance(layer, layers.Conv2D)]\n"
        "    for own, layer in zip(deep_ones, convolutions):\n"
        "        own.set_weights(layer.get_weights())",
    ),
    "every_name": Answer(
        "carry_over", but("carry_over", "[:4]", ""), ("too_many", "wrong_list"), 1.75
    ),
    "three_convolutions": Answer(
        "carry_over", but("carry_over", "[:4]", "[:3]"), ("not_copied", "wrong_list"), 2.25
    ),
    "no_dense": Answer(
        "carry_over",
        but("carry_over", "convolutions + dense", "convolutions"),
        ("not_copied", "wrong_list"),
        1.75,
    ),
    "wrong_way": wrong(
        "carry_over",
        "reversed",
        0,
        COPY,
        "layer.set_weights(deep.get_layer(layer.name).get_weights())",
    ),
    "kernels_only": wrong(
        "carry_over",
        "half_copied",
        2.0,
        COPY,
        "deep.get_layer(layer.name).kernel.assign(layer.kernel)",
    ),
    "halved": wrong(
        "carry_over",
        "altered",
        0,
        COPY,
        COPY.replace("layer.get_weights()", "[w / 2 for w in layer.get_weights()]"),
    ),
    "source_cleared": wrong(
        "carry_over",
        "shallow_changed",
        2.25,
        COPY,
        f"{COPY}\n        layer.set_weights([0 * w for w in layer.get_weights()])",
    ),
    "no_list": wrong("carry_over", "returns_none", 2.5, f"return {DENSE_LIST}", "pass"),
    "layers_listed": wrong("carry_over", "wrong_list", 2.5, DENSE_LIST, "convolutions + dense"),
    # 4 dense layers that slide
    "as_it_was": Answer(
        "convolutional",
        "def to_convolutional(model):\n    return model\n",
        ("still_dense", "fixed_input"),
        0,
    ),
    "fresh_weights": wrong(
        "convolutional", "weights_left", 1.5, f"conv.set_weights([{RESHAPED}, bias])", "pass"
    ),
    "channels_first": wrong(
        "convolutional",
        "kernel_order",
        1.5,
        RESHAPED,
        "kernel.reshape(-1, *size, layer.units).transpose(1, 2, 0, 3)",
    ),
    "padded": wrong(
        "convolutional",
        "dense_padding",
        0.75,
        "size, activation",
        'size, padding="same", activation',
    ),
    "always_7": wrong(
        "convolutional", "unlike_shapes", 0, 'model.get_layer("flatten").input.shape[1:3]', "(7, 7)"
    ),
    "linear": Answer(
        "convolutional",
        but("convolutional", "activation=layer.activation, ", ""),
        ("activation", "last_activation"),
        0.75,
    ),
    "fixed_size": wrong(
        "convolutional",
        "fixed_input",
        1.75,
        "(None, None, model.input_shape[-1])",
        "model.input_shape[1:]",
    ),
    "averaged": wrong(
        "convolutional",
        "pooled_after",
        0.75,
        "Model(image, x,",
        "Model(image, layers.GlobalAveragePooling2D()(x),",
    ),
    "one_pixel": wrong(
        "convolutional",
        "dense_kernel",
        0.75,
        *('model.get_layer("flatten").input.shape[1:3]', "(1, 1)"),
        *(f"conv.set_weights([{RESHAPED}, bias])", "pass"),
    ),
    "too_many_filters": wrong(
        "convolutional",
        "dense_filters",
        0.75,
        *("Conv2D(layer.units, size", "Conv2D(4 * layer.units, size"),
        *(f"conv.set_weights([{RESHAPED}, bias])", "pass"),
    ),
    "no_fc2": wrong(
        "convolutional",
        "missing_convolution",
        0.75,
        "        if isinstance(layer, layers.Dense):",
        '        if layer.name == "fc2":\n            continue\n'
        "        if isinstance(layer, layers.Dense):",
    ),
    "map_as_list": wrong(
        "convolutional",
        "output_map",
        1.5,
        "Model(image, x,",
        "Model(image, layers.Reshape((-1, model.output_shape[-1]))(x),",
    ),
    "old_model_inside": Answer(
        "convolutional",
        GIVEN
        + CONVOLUTIONAL_NESTED.replace(
            "keras.Sequential([keras.Input(free), *given.layers[1:]])", "given"
        ),
        ("stops",),
        2.25,
    ),
    "rescaled": wrong(
        "convolutional",
        "windows",
        1.5,
        "    size = model",
        "    x = layers.Rescaling(1 / 255)(x)\n    size = model",
    ),
    "renamed": wrong(
        "convolutional", "names", 2.75, "name=layer.name", 'name=layer.name + "_conv"'
    ),
    "blocks_anew": wrong(
        "convolutional", "weights_left", 1.5, "x = copied(layer, x)", f"x = {LAYERS}(x)"
    ),
    # 5 a backbone
    "half_blank": Answer(
        "backbone",
        but(
            "backbone",
            "    x = image = keras.Input(model",
            "    raise NotImplementedError\n    x = image = keras.Input(model",
        ),
        ("unfinished",),
        1.25,
    ),
    "in_model_order": wrong(
        "backbone", "features_order", 2.5, "for name in names]", "for name in sorted(names)]"
    ),
    "one_output": wrong("backbone", "features_count", 1.75, LISTED, f"{LISTED}[-1]"),
    "input_of_layer": wrong("backbone", "features_numbers", 1.75, ").output for", ").input for"),
    "cloned": wrong(
        "backbone",
        "features_numbers",
        1.75,
        "return keras.Model(model.input, [",
        "model = keras.models.clone_model(model)\n    return keras.Model(model.input, [",
    ),
    "cloned_with_weights": wrong(
        "backbone",
        "features_copied",
        2.5,
        "return keras.Model(model.input, [",
        "own = keras.models.clone_model(model)\n    own.set_weights(model.get_weights())\n"
        "    model = own\n    return keras.Model(model.input, [",
    ),
    "one_block": Answer(
        "backbone",
        but("backbone", "block not in INCEPTION", 'block != "block3"'),
        ("no_inception", "convolutions_left"),
        1.75,
    ),
    "beside": wrong(
        "backbone",
        "convolutions_left",
        1.75,
        'elif rest == "conv1":\n            x = inception(x, block, width)',
        'else:\n            x = copied(layer, x)\n            if rest == "conv2":\n'
        "                x = inception(x, block, width)",
    ),
    "headless": wrong(
        "backbone",
        "layers_lost",
        2.0,
        "        if block not",
        '        if layer.name == "flatten":\n            break\n        if block not',
    ),
    "pools_lost": wrong("backbone", "unlike_shapes", 1.25, ' or rest == "pool"', ""),
    "full_width": Answer(
        "backbone",
        but("backbone", "block, width)", "block)", "x = copied(layer, x)", f"x = {LAYERS}(x)"),
        ("inception_width", "weights_lost"),
        1.25,
    ),
    "three_blocks": Answer(
        "backbone",
        but(
            "backbone",
            *("def with", 'INCEPTION["block4"] = INCEPTION["block5"]\n\ndef with'),
        ),
        ("extra_inception", "layers_lost"),
        1.25,
    ),
    "negated": wrong(
        "backbone",
        "inception_numbers",
        2.5,
        "x = inception(x, block, width)",
        "x = keras.activations.relu(-inception(x, block, width))",
    ),
    "linear_paths": wrong(
        "backbone", "inception_numbers", 2.5, 'padding="same", activation="relu"', 'padding="same"'
    ),
    "average_in_inception": wrong(
        "backbone", "inception_numbers", 2.5, "layers.MaxPooling2D(3", "layers.AveragePooling2D(3"
    ),
    "unpooled_path": wrong(
        "backbone", "inception_numbers", 2.5, "conv(pooled, project", "conv(x, project"
    ),
    "anew": wrong("backbone", "weights_lost", 2.5, "x = copied(layer, x)", f"x = {LAYERS}(x)"),
    # 6 under a budget
    "too_wide": wrong("budget", "over_macs", 2.25, "(1, 8)", "(1, 32)"),
    "flat_head": wrong(
        "budget",
        "over_params",
        2.25,
        "    x = layers.Dense(classes",
        '    x = layers.Dense(128, "relu")(x)\n    x = layers.Dense(classes',
    ),
    "large_kernels": wrong("budget", "not_vgg", 2.5, "filters, (3, 3)", "filters, (1, 1)"),
    "one_block_only": wrong("budget", "few_blocks", 0, ", (2, 16), (2, 32))", ",)"),
    "normalised": wrong(
        *(
            "budget",
            "with_norm",
            2.5,
            ', activation="relu", name=name)(x)',
            ", name=name)(x)\n" + BN,
        ),
    ),
    "separable": wrong(
        "budget", "split_convolution", 2.5, "layers.Conv2D", "layers.SeparableConv2D"
    ),
    "digits_only": wrong(
        *("budget", "input_shape", 2.5, "shape=input_shape", "shape=(32, 32, 1)"),
    ),
    "ten_only": wrong(
        *("budget", "exception", 2.5, "    blocks = (", "    assert classes == 10\n    blocks = ("),
    ),
    "no_softmax": wrong("budget", "budget_output", 2.5, ', activation="softmax"', ""),
    "ten_classes": wrong("budget", "budget_output", 2.5, "Dense(classes", "Dense(10"),
}
