"""A network that is written down makes a task, or is refused by name before a student sees it."""

from __future__ import annotations

import inspect
import sys
import warnings
from functools import partial

import pytest

from utils.checks.models import ModelTask
from utils.checks.network import Network
from utils.checks.reading import Reading, outputs
from utils.checks.rubric import Rubric

PARTS = {"maps": ("卷積", 3.0), "head": ("分類器", 1.0)}
RUBRIC = Rubric("small", "Small", "小網路", PARTS, own=tuple(PARTS))
CASE = {"seed": 1, "calls": {"made": {"run_at": [9, 8, 3]}}}


def small(net: Network) -> None:
    x = net.conv(net.image, 4, 3, padding="valid", activation="relu", name="c1")
    x = net.max_pool(x, name="s2")
    x = net.conv(x, 5, 3, activation="relu", name="c3")
    net.dense(net.add("Flatten", x, name="flatten"), 6, "softmax", name="head")


def part_of(name: str) -> str:
    return "head" if name in ("flatten", "head") else "maps"


def task(write, part_of=part_of, **more):
    def networks(asked):
        net = Network()
        write(net)
        return [net.layers]

    made = ModelTask(RUBRIC, networks, part_of, **more)
    return made.task(lambda: CASE, lambda seed: CASE | {"seed": seed})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda net: net.conv("", 4, 3, activation="sparsemax", name="c1"), "c1: activation='spar"),
        (lambda net: net.conv("", 4, 3, padding="causal", name="c1"), "c1: padding='causal' of a"),
        (lambda net: net.add("ZeroPadding2D", "", padding=3, name="c1"), "c1: padding=3 of a pad"),
        (lambda net: net.add("Concatenate", "", "", axis=1, name="c1"), "c1: axis=1 of a merge"),
        (lambda net: net.add("LSTM", "", name="c1"), "c1: no LSTM in a task's network"),
        (lambda net: net.add("Dropout", "", rate=0.5, name="c1"), "c1: leave Dropout out"),
        (
            lambda net: net.add("Conv2D", "", filter=3, name="c1"),
            "c1: Conv2D has no setting filter",
        ),
        (lambda net: net.add("Conv2D", "", filters=3, name="c1"), "c1: Conv2D needs kernel_size"),
        (lambda net: net.conv("c9", 4, 3, name="c1"), "c1 reads 'c9', which is not above it"),
        (lambda net: [net.norm("", name="c1") for _ in "ab"], "c1: there are two layers of that"),
    ],
)
def test_what_the_checks_can_t_compute_is_refused_with_its_layer_and_setting(wrong, said):
    with pytest.raises(ValueError, match="c1") as refused:
        task(wrong, part_of=lambda name: "maps")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"part_of": lambda name: "tail" if name == "head" else "maps"}, "part 'head'"),
        ({"part_of": lambda name: "maps"}, "part 'head'"),
        ({"codes": {("conv", "filters"): "too_narow"}}, "no mistake 'too_narow'"),
    ],
)
def test_a_part_or_a_mistake_that_is_nowhere_is_refused(more, said):
    with pytest.raises(ValueError, match="task 'small'") as refused:
        task(small, **more)
    assert said in str(refused.value)


def test_sizes_may_be_written_as_in_keras():
    net = Network()
    net.add("DepthwiseConv2D", net.max_pool(net.image, 3), kernel_size=3, strides=2)
    net.add("MaxPooling2D", net.image, pool_size=2)
    pool, depthwise, other = net.layers
    assert (pool.get("pool_size"), pool.get("strides")) == ((3, 3), (3, 3))
    assert (depthwise.get("kernel_size"), depthwise.get("strides")) == ((3, 3), (2, 2))
    assert other.get("strides") == (2, 2)


def model(shape=(9, 8, 3), pool=True, double=False):
    import keras
    from keras import layers

    image = keras.Input(shape)
    x = layers.Conv2D(4, 3, activation="relu")(image)
    x = layers.MaxPooling2D()(x) if pool else x
    x = layers.Conv2D(5, 3, padding="same", activation=twice if double else "relu")(x)
    return keras.Model(image, layers.Dense(6, activation="softmax")(layers.Flatten()(x)))


def twice(x):
    return 2 * x * (x > 0)


twice.__name__ = "relu"  # as a student's own may be called

SMALL = task(small)


@pytest.mark.parametrize(
    ("function", "code", "points"),
    [
        (lambda: model(), None, 4),
        (lambda: model(double=True), "numbers", 0),
        (lambda: model(shape=(28, 28, 3)), "defaults", 1),
        (lambda: model(pool=False), "missing_pool", 2),
    ],
)
def test_a_function_without_arguments_is_run_at_the_shape_that_the_case_names(
    function, code, points
):
    score = SMALL.check(function)
    assert [diagnosis.code for diagnosis in score.diagnoses] == [code] * (code is not None)
    assert score.points == points


@pytest.mark.parametrize("where", ["before", "in the function"])
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("dtype_policy", "mixed_float16"),
        ("dtype_policy", "mixed_bfloat16"),
        ("dtype_policy", "float16"),
        ("floatx", "bfloat16"),
        ("floatx", "float64"),
    ],
)
def test_precision_costs_nothing_and_stays_as_the_student_set_it(setting, value, where):
    import keras

    tell, set_to = getattr(keras.config, setting), getattr(keras.config, f"set_{setting}")
    before = tell()
    try:
        if where == "before":
            set_to(value)
            assert SMALL.check(model).points == 4
            assert getattr(tell(), "name", tell()) == value
        else:
            assert SMALL.check(lambda: set_to(value) or model()).points == 4
    finally:
        set_to(before)


def test_what_a_layer_says_of_its_precision_costs_nothing():
    import keras
    from keras import layers

    def own():
        half = keras.DTypePolicy("mixed_bfloat16")
        image = keras.Input((9, 8, 3), dtype="bfloat16")
        x = layers.Conv2D(4, 3, activation="relu", dtype=half)(image)
        x = layers.Conv2D(5, 3, padding="same", activation="relu", dtype="float16")(
            layers.MaxPooling2D()(x)
        )
        x = layers.Flatten()(x)
        return keras.Model(image, layers.Dense(6, activation="softmax", dtype="float64")(x))

    assert SMALL.check(own).points == 4


def test_other_settings_cost_nothing_and_stay_as_the_student_set_them():
    import keras
    import numpy as np
    import tensorflow as tf

    limit, one = sys.getrecursionlimit(), tf.compat.v1
    try:
        with np.errstate(all="raise"), warnings.catch_warnings(), tf.Graph().as_default():
            warnings.simplefilter("error")
            one.disable_v2_tensorshape()
            keras.config.set_image_data_format("channels_first")
            sys.setrecursionlimit(len(inspect.stack()) + 30)
            assert SMALL.check(model).points == 4
            assert np.geterr()["under"] == "raise"
            assert keras.config.image_data_format() == "channels_first"
            assert not isinstance(tf.TensorShape([1])[0], int)
    finally:
        one.enable_v2_tensorshape()
        keras.config.set_image_data_format("channels_last")
        sys.setrecursionlimit(limit)


def test_a_check_multiplies_in_full_and_leaves_the_student_s_precision_as_it_was():
    """A GPU multiplies in TensorFloat-32 unless it is told not to."""
    import tensorflow as tf

    is_short, within = tf.config.experimental.tensor_float_32_execution_enabled, []

    def noting():
        within.append(is_short())
        return model()

    assert is_short()
    assert SMALL.check(noting).points == 4
    assert (set(within), is_short()) == ({False}, True)


def own_class():
    import keras
    from keras import layers

    class Small(keras.Model):
        def __init__(self, filters=4, looks=False):
            super().__init__()
            self.first = layers.Conv2D(filters, 3, activation="relu")
            self.rest = [
                *(layers.MaxPooling2D(), layers.Conv2D(5, 3, padding="same", activation="relu")),
                *(layers.Flatten(), layers.Dense(6, activation="softmax")),
            ]
            self.looks = looks

        def call(self, x, training=False):
            x = self.first(x)
            for layer in self.rest:
                x = layer(x.numpy() if self.looks else x)
            return x

    class Outer(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = Small()

        def call(self, x):
            return self.inner(x)

    def built():
        made = Small()
        made(keras.ops.zeros((1, 9, 8, 3)))
        return made

    return {
        "right": (Small, [], 4),
        "in another": (Outer, [], 4),
        "built": (built, [], 4),
        "as Sequential without an input": (
            lambda: keras.Sequential([Small().first, *Small().rest]),
            [],
            4,
        ),
        "wrong": (lambda: Small(filters=3), ["filters"], 2),
        "not to be read": (lambda: Small(looks=True), ["unreadable"], 0),
    }


def test_a_class_of_one_s_own_is_read_by_what_its_call_does():
    cases = own_class()
    scores = {name: SMALL.check(made) for name, (made, _, _) in cases.items()}
    told = {
        name: ([diagnosis.code for diagnosis in score.diagnoses], score.points)
        for name, score in scores.items()
    }
    assert told == {name: (codes, points) for name, (_, codes, points) in cases.items()}


def with_layer(layer):
    """The right network with one more layer."""
    import keras

    rest = model().layers[1:]
    image = x = keras.Input((9, 8, 3))
    for made in rest:
        x = made(x)
        if made is rest[0]:
            x = layer(x)
    return keras.Model(image, x)


def idle_layers():
    from keras import layers

    return [
        *(layers.Identity(), layers.Dropout(0.0), layers.Dropout(0.5), layers.GaussianNoise(0.1)),
        *(layers.Activation("linear"), layers.ReLU(negative_slope=1.0), layers.MaxPooling2D(1)),
        *(layers.Lambda(lambda x: x), layers.RandomFlip(), layers.RandomRotation(0.1)),
        *(layers.ZeroPadding2D(0), layers.Rescaling(1.0), layers.SpatialDropout2D(0.5)),
    ]


def test_layers_that_change_nothing_are_told_to_the_instructor_and_cost_nothing():
    found = {
        type(layer).__name__: (score.points, score.flags)
        for layer in idle_layers()
        for score in [SMALL.check(lambda layer=layer: with_layer(layer))]
    }
    assert found == {kind: (4, (f"有不改變輸出的層：`{kind}`。",)) for kind in found}


def test_what_else_costs_nothing_is_told_to_the_instructor(monkeypatch):
    import keras

    def marked(**changes):
        made = model()
        for name, value in changes.items():
            setattr(made.layers[1], name, value)
        return made

    def imported():
        keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
        return model()

    told = {
        "常數": lambda: marked(kernel_initializer=keras.initializers.Zeros()),
        "凍結": lambda: marked(trainable=False),
        "正則化": lambda: marked(kernel_regularizer=keras.regularizers.L2(1e-4)),
        "`keras.applications`": imported,
    }
    scores = {word: SMALL.check(made) for word, made in told.items()}
    assert {score.points for score in scores.values()} == {4}
    assert [word for word, score in scores.items() if word in "".join(score.flags)] == list(told)
    assert {len(score.flags) for score in scores.values()} == {1}
    assert SMALL.check(model).flags == ()
    assert "凍結" not in scores["凍結"]._repr_html_()


def test_a_missing_pooling_is_told_with_the_last_maps():
    (diagnosis,) = SMALL.check(lambda: model(pool=False)).diagnoses
    assert "`s2`：最後的特徵圖是 7 × 6 × 5" in diagnosis.message


def branches(net: Network, order: str = "abc", more: int = 8) -> None:
    """An Inception block of three branches, concatenated in that order."""
    x = net.conv(net.image, 6, 3, activation="relu", name="stem")
    made = {
        "a": net.conv(x, 8, 1, activation="relu", name="one"),
        "b": net.conv(net.conv(x, 4, 1, name="reduce"), more, 3, name="three"),
        "c": net.conv(
            net.max_pool(x, 3, strides=1, padding="same", name="pool"), 4, 1, name="proj"
        ),
    }
    x = net.add("Concatenate", *(made[branch] for branch in order), name="concat")
    x = net.add("SeparableConv2D", x, filters=5, kernel_size=3, padding="same", name="last")
    net.dense(net.add("Flatten", x, name="flatten"), 6, "softmax", name="head")


def built(**how):
    from utils.checks.probe import build

    net = Network()
    branches(net, **how)
    return build(net.layers, (9, 8, 3), "branches")


@pytest.mark.parametrize(
    ("how", "codes", "points"),
    [
        ({}, [], 4),
        ({"order": "bca"}, [], 4),  # its numbers are those of the same branches in that order
        ({"more": 7}, ["filters"], 3.25),
        ({"order": "ac"}, ["missing_conv"], 2.5),
    ],
)
def test_branches_may_be_concatenated_in_any_order_and_none_may_be_lacking(how, codes, points):
    score = task(branches).check(lambda: built(**how))
    assert [diagnosis.code for diagnosis in score.diagnoses] == codes, score.diagnoses
    assert score.points == points


@pytest.mark.parametrize(
    ("activations", "is_right"),
    [
        (["relu", "", "relu"], True),
        (["", "relu", "relu"], True),  # the largest of what is not below 0
        (["relu", "relu", "relu"], True),
        (["relu", "", "sparsemax"], True),  # what can't be computed: the numbers decide
        (["relu", "", "leaky_relu(-.-)"], True),
        (["relu", "", "relu(3)"], True),
        (["relu", "", "clipped_relu"], True),
        (["relu", "", "leaky_relu(1e999)"], False),
        (["", "", "relu"], False),
        (["leaky_relu(0.001)", "", "relu"], False),
        (["relu", "", "gelu"], False),
    ],
)
def test_another_activation_is_another_network_however_little_it_shows(activations, is_right):
    def network(*activations):
        net, x = Network(), Network.image
        conv = partial(net.conv, filters=4, kernel_size=3)
        for add, activation in zip((conv, net.max_pool, conv), activations, strict=True):
            x = add(x)
            x = net.activation(x, activation) if activation else x
        return net.layers

    right, shape = network("relu", "", "relu"), (9, 8, 3)
    told = Reading(
        *("Small()", {"input_shape": shape}, right, 1),
        layers=network(*activations),
        input_shape=shape,
        output_shape=(4, 4, 4),
        outputs=outputs(right, shape, 1) * 1.0005,
    )
    assert told.proven == is_right
