"""Answers to the homework that fail, or drop what they made: the first cause is told, by its code.

Each is the lesson's solution with one line changed.
"""

from __future__ import annotations

from answering import Answer
from wrong_answers import FLATTEN, LAST, MODEL, but, conv, pool

CONV = conv("block3_conv2", 256)
POOL3 = pool("block3_pool")
FIRST = "    x = input_tensor\n"
HEAD = "        x = head(x, classes)\n"
GLOBAL = 'layers.GlobalAveragePooling2D(name="global_pool")(x)'

CHAIN = "    x = input_tensor\n    for block in (block1, block2, block3, block4, block5):\n"
CHAIN += "        x = block(x)\n"
INNER = "    def body(x):\n        layers.Conv2D(256, 3)(x)\n\n    return body(x)\n"


def chain(third: str) -> str:
    """The solution with its blocks one a line, and `third` for that of block 3."""
    lines = ("x = block1(input_tensor)", "x = block2(x)", third, "x = block4(x)", "x = block5(x)")
    return but(CHAIN, "".join(f"    {line}\n" for line in lines))


def line(*changes: str) -> str:
    """The solution with changes in the line of one convolution, given as old, new, …"""
    changed = CONV
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in changed, old
        changed = changed.replace(old, new)
    return but(CONV, changed)


def then(statement: str) -> str:
    """The solution with a statement more in block 3."""
    return but(CONV, CONV + f"    {statement}\n")


def case(source: str, code: str, points: float = 6.75) -> Answer:
    return Answer("vgg16", source, (code,), points)


VERSION_1 = "    import tensorflow as tf\n\n    tf.compat.v1.disable_v2_tensorshape()\n"
PLOTTED = f"model = {MODEL}\n    keras.utils.plot_model(model)\n    return model"

ANSWERS: dict[str, Answer] = {
    "version_1_inside": Answer("vgg16", but(FIRST, VERSION_1 + FIRST), (), 10.0),
    "plotted_without_pydot": Answer("vgg16", but(f"return {MODEL}", PLOTTED), (), 10.0),
    # A layer, a model or a function that is not called, told at its own line.
    "second_not_called": case(line(")(x)", ")"), "not_called"),
    "pool_3_not_called": case(but(POOL3, POOL3.replace(")(x)", ")")), "not_called"),
    "last_not_called": case(but(LAST, LAST.removesuffix("(x)")), "not_called", 7.25),
    "global_not_called": case(but(GLOBAL, GLOBAL.removesuffix("(x)")), "not_called", 9.75),
    "function_not_called": case(chain("x = block3"), "not_called", 8.5),
    "sequential_given_on": case(then("x = keras.Sequential([layers.ReLU()])"), "not_called"),
    "model_given_on": case(
        but(POOL3, POOL3.replace("return ", "y = ") + "    return keras.Model(x, y)\n"),
        "not_called",
    ),
    "tensor_as_setting": case(
        but(GLOBAL, "layers.GlobalAveragePooling2D(x)"), "tensor_as_setting", 9.75
    ),
    "flatten_of_x": case(but(FLATTEN + "(x)", "layers.Flatten(x)"), "tensor_as_setting", 7.25),
    # None, told where the `return` is missing.
    "block_without_return": case(but(POOL3, POOL3.replace("return ", "x = ")), "no_return"),
    "block_passed": case(but(CONV, CONV + "    return None\n"), "no_return"),
    "head_without_return": case(but(f"return {LAST}", f"x = {LAST}"), "no_return", 7.25),
    "summary_returned": case(but(f"return {MODEL}", f"return {MODEL}.summary()"), "no_return", 8.5),
    "inner_without_return": case(
        "def VGG16(**arguments):\n    return (lambda: None)()\n", "returns_none", 0.0
    ),
    # What is left to do.
    "old_word": case(but("(4096, activation", "(應該是多少, activation"), "placeholder", 7.25),
    "dots_in_a_comment": case(line("padding", "paddin", "(x)", "(x)  # ..."), "wrong_keyword"),
    # A result that nothing reads.
    "conv_not_stored": case(line("x = ", ""), "not_stored", 8.25),
    "conv_in_y": case(line("x = ", "y = "), "not_stored", 8.25),
    "block_not_stored": case(chain("block3(x)"), "not_stored", 8.25),
    "head_dropped": case(but(HEAD, HEAD.replace("x = ", "")), "not_stored", 7.25),
    # Tensors are no arrays.
    "tensorflow_function": case(
        "import tensorflow as tf\n\n" + then("x = tf.nn.relu(x)"), "tensorflow_function"
    ),
    "numpy_function": case("import numpy as np\n\n" + then("x = np.abs(x)"), "symbolic"),
    "length": case(then("len(x)"), "symbolic"),
    "iterated": case(then("for row in x: pass"), "symbolic"),
    "truth": case(but("if input_tensor is None", "if not input_tensor"), "truth", 9.75),
    "comma_behind": case(line("(x)\n", "(x),\n"), "comma"),
    "comma_between": case(line(")(x)", "), (x)"), "comma"),
    "model_and_output": case(but(MODEL, f"{MODEL}, x"), "comma", 8.5),
    "arguments_swapped": case(
        but("head(x, classes)\n    elif", "head(classes, x)\n    elif"), "no_tensor", 9.5
    ),
    "flat_too_early": case(then("x = layers.Flatten()(x)"), "rank"),
    # Words and numbers.
    "capital_activation": case(line('"relu"', '"Relu"'), "unknown_activation"),
    "full_width": case(line('"relu"', '"ｒｅｌｕ"'), "fullwidth"),
    "padding_misspelt": case(line('"same"', '"some"'), "unknown_padding"),
    "no_f_string": case(
        line("block3_conv2", "block3_conv{i}").replace("block3_conv1", "block3_conv{i}"),
        "no_f_string",
    ),
    "text_for_a_number": case(line("256", '"256"'), "bad_argument"),
    "other_order": case(
        line('activation="relu", padding="same"', '"relu", "same"'), "bad_argument"
    ),
    "slash_in_name": case(line("block3_conv2", "block3/conv2"), "bad_argument"),
    # Names.
    "capitals": case(line("Conv2D", "Conv2d"), "no_attribute"),
    "no_value_yet": case(but(FIRST, ""), "unbound", 8.5),
    "no_layers": case(line("layers.", "Layers."), "undefined_name"),
    "number_called": case(line("layers.Conv2D", "layers"), "not_callable"),
    "no_module": case(then("import pydot"), "no_module"),
    "no_file": case(then("open('vgg16.h5')"), "no_file"),
    "calls_itself": case(but(FIRST, "    x = VGG16(include_top, input_tensor)\n"), "endless", 8.5),
}
