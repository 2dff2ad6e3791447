"""What a model costs: parameters, multiply-accumulates, memory; and how a summary is shown."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from summary_models import vgg, weightless

from utils.summary import ModelSummary, blueprint, summarize
from utils.summary.table import OPTIMIZER_SLOTS


def of_layer(layer: Any, shape: tuple[int, ...]) -> Any:
    """Return the row of one layer on an input of a shape."""
    import keras

    return summarize(keras.Sequential([keras.Input(shape), layer])).rows[-1]


@pytest.fixture
def small() -> Any:
    """Return a small VGG: two blocks and a head, at 8x8."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((8, 8, 3), name="image"),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="block1_conv1"),
            layers.MaxPooling2D(name="block1_pool"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="block2_conv1"),
            layers.MaxPooling2D(name="block2_pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", name="predictions"),
        ],
        name="small",
    )


@pytest.mark.parametrize(
    ("config", "without_top", "with_top", "giga_macs", "field"),
    [
        ("VGG11", 9_220_480, 132_863_336, 7.61, 150),
        ("VGG13", 9_404_992, 133_047_848, 11.31, 156),
        ("VGG16", 14_714_688, 138_357_544, 15.47, 212),
        ("VGG19", 20_024_384, 143_667_240, 19.63, 268),
    ],
)
def test_vgg_has_the_numbers_of_its_paper(config, without_top, with_top, giga_macs, field):
    summary = summarize(weightless(vgg, config)[0])
    last_pool = next(row for row in summary.rows if row.name == "block5_pool")
    top = sum(row.params for row in summary.rows if row.kind == "Dense")
    assert (summary.params, summary.params - top) == (with_top, without_top)
    assert round(summary.macs / 1e9, 2) == giga_macs
    assert summary.flops == 2 * summary.macs
    assert last_pool.receptive_field == field
    assert last_pool.rf_stride == 32


@pytest.mark.parametrize(
    ("kind", "settings", "shape", "params", "macs"),
    [
        ("Conv1D", {"filters": 4, "kernel_size": 5}, (20, 3), 5 * 3 * 4 + 4, 16 * 4 * 5 * 3),
        ("Conv2D", {"filters": 4, "kernel_size": 3}, (8, 8, 3), 9 * 3 * 4 + 4, 6 * 6 * 4 * 9 * 3),
        ("Conv3D", {"filters": 2, "kernel_size": 3}, (5, 5, 5, 3), 27 * 6 + 2, 27 * 2 * 27 * 3),
        (
            "Conv2D",  # each of 2 groups sees half of the channels
            {"filters": 4, "kernel_size": 3, "groups": 2},
            (8, 8, 6),
            9 * 3 * 4 + 4,
            6 * 6 * 4 * 9 * 3,
        ),
        (
            "Conv2D",  # dilation widens the window from 3 to 5, not the work in it
            {"filters": 4, "kernel_size": 3, "dilation_rate": 2},
            (8, 8, 3),
            9 * 3 * 4 + 4,
            4 * 4 * 4 * 9 * 3,
        ),
        (
            "Conv2D",
            {"filters": 4, "kernel_size": 3, "data_format": "channels_first"},
            (3, 8, 8),
            9 * 3 * 4 + 4,
            6 * 6 * 4 * 9 * 3,
        ),
        (
            "DepthwiseConv2D",
            {"kernel_size": 3, "depth_multiplier": 2},
            (8, 8, 3),
            9 * 3 * 2 + 6,
            6 * 6 * 6 * 9,
        ),
        (
            "SeparableConv2D",  # depthwise 3x3 to 6 channels, then 1x1 to 4
            {"filters": 4, "kernel_size": 3, "depth_multiplier": 2},
            (8, 8, 3),
            9 * 6 + 6 * 4 + 4,
            6 * 6 * (9 * 6 + 6 * 4),
        ),
        (
            "Conv2DTranspose",  # every input value meets the whole kernel
            {"filters": 4, "kernel_size": 3, "strides": 2},
            (8, 8, 3),
            9 * 3 * 4 + 4,
            8 * 8 * 3 * 9 * 4,
        ),
        ("Dense", {"units": 10}, (16,), 170, 160),
        ("Dense", {"units": 10}, (7, 16), 170, 7 * 160),
        ("BatchNormalization", {}, (8, 8, 3), 4 * 3, 0),
        ("MaxPooling2D", {}, (8, 8, 3), 0, 0),
    ],
)
def test_a_layer_costs_what_arithmetic_says(kind, settings, shape, params, macs):
    import keras

    row = of_layer(getattr(keras.layers, kind)(**settings), shape)
    assert (row.params, row.macs) == (params, macs)


@pytest.mark.parametrize(
    ("kind", "settings", "shape", "factors"),
    [
        ("Dense", {"units": 10}, (16,), (16, 10)),
        ("Dense", {"units": 10}, (7, 16), (16, 10)),
        ("Conv1D", {"filters": 4, "kernel_size": 5, "padding": "causal"}, (20, 3), (5 * 3, 4)),
        ("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2}, (8, 8, 6), (9 * 3, 4)),
        ("Embedding", {"input_dim": 50, "output_dim": 8}, (5,), (50, 8)),
    ],
)
def test_lora_trains_two_factors_and_multiplies_them_at_each_call(kind, settings, shape, factors):
    import keras

    rank, (high, wide) = 2, factors
    layer = getattr(keras.layers, kind)(**settings)
    plain = of_layer(layer, shape)
    layer.enable_lora(rank)
    row = of_layer(layer, shape)
    assert row.params == plain.params + rank * (high + wide) == layer.count_params()
    assert row.trainable_params == row.params - high * wide
    assert row.macs == plain.macs + high * rank * wide


def test_the_products_of_a_quantised_lora_are_not_counted():
    import keras

    layer = keras.layers.Dense(10)
    of_layer(layer, (16,))
    layer.enable_lora(2)
    layer.quantize("int8")
    assert of_layer(layer, (16,)).macs is None


def test_a_bias_adds_parameters_and_no_macs():
    from keras import layers

    with_bias = of_layer(layers.Conv2D(4, 3), (8, 8, 3))
    without = of_layer(layers.Conv2D(4, 3, use_bias=False), (8, 8, 3))
    assert with_bias.params == without.params + 4
    assert with_bias.macs == without.macs


def test_a_blueprint_is_the_summary_of_a_model_whose_weights_take_no_memory(monkeypatch):
    import keras

    asked = {"include_top": False, "classes": 10}
    drawn = blueprint(vgg, "VGG11", **asked)
    assert drawn.diff(summarize(vgg("VGG11", **asked))) is None
    assert drawn == blueprint(vgg, "VGG11", **asked) and drawn.rows[0].name == "input_layer"
    monkeypatch.setattr(keras.initializers.GlorotUniform, "__call__", lambda *_, **__: 1 / 0)
    assert blueprint(vgg, "VGG16").params == 138_357_544
    with pytest.raises(TypeError, match="'depth'"):
        blueprint(vgg, "VGG16", depth=7)


def test_what_is_built_after_a_blueprint_can_be_saved_in_a_checkpoint(tmp_path):
    import keras
    import tensorflow as tf

    blueprint(vgg, "VGG11")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    saved = tf.train.list_variables(tf.train.Checkpoint(model).write(str(tmp_path / "saved")))
    assert {(3, 2), (2,)} <= {tuple(shape) for _, shape in saved}


def test_a_shared_layer_has_its_weights_once_and_its_macs_at_each_call():
    import keras
    from keras import layers

    inputs = keras.Input((8, 8, 3))
    shared = layers.Conv2D(3, 3, padding="same", name="shared")
    model = keras.Model(inputs, shared(shared(inputs)))
    summary = summarize(model)
    assert [row.name for row in summary.rows[1:]] == ["shared", "shared#2"]
    assert [row.params for row in summary.rows[1:]] == [84, 0]
    assert summary.params == model.count_params()
    assert summary.macs == 2 * (8 * 8 * 3 * 9 * 3)
    assert summary.rows[-1].inputs == ("shared",)


def test_inner_models_are_read_layer_by_layer_at_each_call():
    import keras
    from keras import layers

    twin = keras.Sequential(
        [layers.Conv2D(4, 3, name="conv"), layers.Flatten(name="flat")], name="twin"
    )
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")
    model = keras.Model([left, right], layers.Concatenate(name="both")([twin(left), twin(right)]))
    summary = summarize(model)
    names = ["left", "right", "twin/conv", "twin/flat", "twin#2/conv", "twin#2/flat", "both"]
    assert [row.name for row in summary.rows] == names
    assert summary.rows[-1].inputs == ("twin/flat", "twin#2/flat")
    assert summary.input_shape == ((8, 8, 3), (8, 8, 3))
    assert summary.params == model.count_params() == 112
    assert summary.macs == 2 * (6 * 6 * 4 * 9 * 3)


def test_another_input_shape_gives_what_a_model_of_that_shape_has():
    small, large = (weightless(backbone, size)[0] for size in (32, 96))
    assert summarize(small, (96, 96, 3)).diff(summarize(large)) is None
    assert summarize(small, (96, 96, 3)).macs == 9 * summarize(small).macs


def backbone(size: int) -> Any:
    import keras
    from keras import layers

    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    x = layers.MaxPooling2D()(x + layers.Conv2D(4, 1)(inputs))
    x = keras.Sequential([layers.Conv2D(8, 3, padding="same", strides=2)])(x)
    return keras.Model(inputs, keras.ops.relu(x))


def test_a_dense_layer_holds_a_model_to_its_input_size(small):
    with pytest.raises(ValueError, match=r"Dense 'predictions' was built for 32 .* the 128 "):
        summarize(small, (16, 16, 3))


def test_a_first_convolution_holds_a_model_to_its_channels(small):
    with pytest.raises(ValueError, match=r"Conv2D 'block1_conv1' was built for 3 .* the 1 "):
        summarize(small, (8, 8, 1))


def test_an_image_smaller_than_its_pooling_is_refused_by_the_layer_that_fails(small):
    with pytest.raises(ValueError, match="'block2_pool' cannot take"):
        summarize(small, (2, 2, 3))


def test_an_open_input_size_must_be_given():
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3)])
    with pytest.raises(ValueError, match=r"summarize\(model, input_shape="):
        summarize(model)
    assert summarize(model, (8, 8, 3)).macs == 6 * 6 * 4 * 27


def test_an_unbuilt_sequential_is_read_at_the_shape_asked_and_stays_unbuilt():
    import keras
    from keras import layers

    class Scale(layers.Layer):
        def build(self, shape):
            self.factor = self.add_weight(shape=shape[-1:])

        def call(self, x):
            return x * self.factor

    model = keras.Sequential([layers.Conv2D(4, 3), layers.Lambda(abs), Scale(), layers.Dense(2)])
    with pytest.raises(ValueError, match="no input shape yet"):
        summarize(model)
    assert summarize(model, (8, 8, 3)).params == 112 + 4 + 10
    assert not model.built
    assert not model.layers[0].built


def test_a_subclassed_model_is_refused():
    import keras

    class Subclassed(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(TypeError, match="Functional or Sequential Keras model, got Subclassed"):
        summarize(Subclassed())


def test_what_cannot_be_counted_is_named_in_every_output():
    import keras
    from keras import layers

    model = keras.Sequential(
        [keras.Input((8, 4)), layers.Dense(4), layers.LSTM(3, name="memory"), layers.Dense(2)]
    )
    summary = summarize(model)
    row = summary.rows[2]
    assert (row.macs, row.params) == (None, model.get_layer("memory").count_params())
    assert summary.not_counted == ("memory",)
    assert summary.macs == 8 * 4 * 4 + 3 * 2
    assert "MACs not counted: memory" in str(summary)
    assert "未計入 MACs 的層：memory" in summary._repr_html_()
    assert summary.to_dict()["rows"][2]["macs"] is None
    assert summary.to_frame()["macs"].isna().tolist() == [False, False, True, False]


def test_a_layer_of_ones_own_counts_as_its_parent_only_while_it_computes_the_same():
    from keras import layers

    class Renamed(layers.Conv2D):
        pass

    class Doubled(layers.Conv2D):
        def call(self, x):
            return 2 * super().call(x)

    assert of_layer(Renamed(4, 3), (8, 8, 3)).macs == 6 * 6 * 4 * 27
    assert of_layer(Doubled(4, 3), (8, 8, 3)).macs is None


def test_a_layer_of_ones_own_can_be_declared_to_be_like_a_kind():
    import keras
    from keras import layers

    class Subsampling(layers.Layer):
        pool_size, strides, padding, data_format = (2, 2), (2, 2), "valid", "channels_last"

        def call(self, x):
            return keras.ops.average_pool(x, 2)

    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), Subsampling()])
    unknown, declared = (
        summarize(model, own_kinds=kinds).rows[-1]
        for kinds in (None, {"Subsampling": "MaxPooling2D"})
    )
    assert (unknown.macs, unknown.receptive_field) == (None, None)
    assert (declared.macs, declared.receptive_field, declared.rf_stride) == (0, 4, 2)


def test_a_squeeze_and_excitation_lets_every_unit_see_the_whole_image():
    import keras
    from keras import layers

    inputs = keras.Input((32, 32, 4))
    gate = layers.Reshape((1, 1, 4))(layers.GlobalAveragePooling2D()(inputs))
    gate = layers.Conv2D(4, 1, activation="sigmoid")(gate)
    row = summarize(keras.Model(inputs, layers.Multiply()([inputs, gate]))).rows[-1]
    assert (row.receptive_field, row.rf_stride) == (32, None)


def test_a_dense_layer_sees_no_more_of_the_image_than_the_layers_before_it():
    import keras
    from keras import layers

    # Windows of 3, one every 4 pixels: the last of 8 starts at 28, so that pixel 31 is never read.
    model = keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(2, 3, strides=4),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    assert [row.receptive_field for row in summarize(model).rows] == [1, 3, 3, 31]


def test_frozen_layers_are_not_trainable(small):
    small.get_layer("block1_conv1").trainable = False
    summary = summarize(small)
    assert summary.params - summary.trainable_params == 3 * 3 * 3 * 4 + 4


def test_half_precision_halves_the_activations_and_not_the_weights(small):
    import keras

    copy = keras.models.clone_model(
        small,
        clone_function=lambda layer: type(layer).from_config(
            {**layer.get_config(), "dtype": "mixed_float16"}
        ),
    )
    full, half = summarize(small), summarize(copy)
    assert half.weight_bytes == full.weight_bytes == 4 * full.params
    assert half.rows[1].activation_bytes * 2 == full.rows[1].activation_bytes == 8 * 8 * 4 * 4
    assert half.activations == full.activations


def test_a_forward_pass_holds_a_skipped_connection_until_it_is_added():
    import keras
    from keras import layers

    inputs = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    x = layers.Conv2D(4, 3, padding="same")(x)
    chain, skip = (summarize(keras.Model(inputs, y)) for y in (x, layers.Add()([x, inputs])))
    image = 8 * 8 * 4 * 4
    assert chain.forward_bytes(1) - chain.weight_bytes == 2 * image
    assert skip.forward_bytes(1) - skip.weight_bytes == 3 * image
    assert skip.forward_bytes(5) - skip.weight_bytes == 5 * 3 * image


def test_a_training_step_adds_gradients_slots_and_every_activation(small):
    summary = summarize(small)
    weights, activations = 4 * summary.params, 4 * summary.activations
    assert summary.training_bytes(2, "sgd") == 2 * weights + 2 * activations
    assert summary.training_bytes(2, "momentum") == 3 * weights + 2 * activations
    assert summary.training_bytes(2, "adam") == 4 * weights + 2 * activations
    with pytest.raises(ValueError, match="'adan', expected one of sgd, momentum"):
        summary.training_bytes(2, "adan")


@pytest.mark.parametrize("name", OPTIMIZER_SLOTS)
def test_an_optimiser_keeps_as_many_numbers_as_the_table_says(name):
    import keras

    weight = keras.Variable([[1.0, 2.0], [3.0, 4.0]])
    if name == "momentum":
        optimizer = keras.optimizers.SGD(momentum=0.9)
    else:
        optimizer = keras.optimizers.get(name)
    optimizer.build([weight])
    slots = [variable for variable in optimizer.variables if variable.shape == weight.shape]
    assert len(slots) == OPTIMIZER_SLOTS[name]


def test_a_summary_survives_json(small):
    summary = summarize(small)
    assert ModelSummary.from_dict(json.loads(json.dumps(summary.to_dict()))) == summary


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("rows",), None),
        (("rows", 1), []),
        (("rows", 1, "params"), -1),
        (("rows", 1, "params"), True),
        (("rows", 1, "params"), 10**400),
        (("rows", 1, "macs"), "0"),
        (("rows", 1, "macs"), float("nan")),
        (("rows", 1, "name"), ["<b>"]),
        (("rows", 1, "inputs"), "image"),
        (("rows", 1, "kernel_size"), {"a": 1}),
        (("rows", 1, "config"), {"activation": object()}),
        (("rows", 1, "config"), {"filters": [[[[[[[[[[4]]]]]]]]]]}),
        (("extra",), 1),
    ],
)
def test_data_that_is_no_summary_is_refused(small, path, value):
    data = summarize(small).to_dict()
    *places, last = path
    target = data
    for place in places:
        target = target[place]
    target[last] = value
    with pytest.raises(ValueError, match="not a model summary"):
        ModelSummary.from_dict(data)


def test_equal_models_do_not_differ_though_keras_numbers_their_layers_on():
    first, second = (summarize(weightless(backbone, 32)[0]) for _ in range(2))
    assert first.rows[1].name != second.rows[1].name
    assert first.diff(second) is None


def changed(model: Any, layer_name: str, /, **settings: Any) -> ModelSummary:
    """Return the summary of a copy of `model` with other settings in one layer."""
    import keras

    def copied(layer: Any) -> Any:
        extra = settings if layer.name == layer_name else {}
        return type(layer).from_config({**layer.get_config(), **extra})

    return summarize(keras.models.clone_model(model, clone_function=copied))


@pytest.mark.parametrize(
    ("name", "settings", "field", "mine", "expected"),
    [
        ("block2_conv1", {"filters": 9}, "filters", 9, 8),
        ("block2_conv1", {"kernel_size": 5}, "kernel_size", (5, 5), (3, 3)),
        ("block2_conv1", {"strides": 2}, "strides", (2, 2), (1, 1)),
        ("block1_conv1", {"padding": "valid"}, "padding", "valid", "same"),
        ("block1_conv1", {"use_bias": False}, "use_bias", False, True),
        ("predictions", {"activation": "relu"}, "activation", "relu", "softmax"),
        ("block1_pool", {"name": "pool1"}, "name", "pool1", "block1_pool"),
    ],
)
def test_the_first_difference_is_named(small, name, settings, field, mine, expected):
    difference = changed(small, name, **settings).diff(summarize(small))
    assert (difference.field, difference.mine, difference.expected) == (field, mine, expected)
    assert difference.layer == settings.get("name", name)
    assert f"{field} is {mine!r}, expected {expected!r}" in str(difference)


def test_a_wrong_layer_counts_before_a_wrong_name(small):
    renamed = changed(small, "block1_conv1", name="first")
    twice = changed(small, "predictions", units=11)
    assert renamed.diff(twice).field == "units"


def test_a_missing_layer_shows_in_its_place_or_as_an_end():
    import keras
    from keras import layers

    def stack(*names: str) -> ModelSummary:
        kinds = {"conv": lambda name: layers.Conv2D(4, 3, name=name), "pool": layers.MaxPooling2D}
        return summarize(
            keras.Sequential([keras.Input((32, 32, 3)), *(kinds[n[:4]](name=n) for n in names)])
        )

    expected = stack("conv1", "pool1", "conv2", "pool2")
    assert str(stack("conv1", "conv2", "pool2").diff(expected)) == (
        "Row 3, 'conv2': kind is 'Conv2D', expected 'MaxPooling2D'."
    )
    assert str(stack("conv1", "pool1", "conv2").diff(expected)) == (
        "Row 5: the model ends where 'pool2' is expected."
    )
    assert str(expected.diff(stack("conv1", "pool1", "conv2"))) == (
        "Row 5: 'pool2' comes after the expected end."
    )


def test_a_block_tied_to_the_input_again_differs_in_its_inputs(small):
    import keras
    from keras import layers

    def network(again: bool) -> Any:
        inputs = keras.Input((8, 8, 4), name="image")
        first = layers.Conv2D(4, 1, name="first")(inputs)
        second = layers.Conv2D(4, 1, name="second")(inputs if again else first)
        return summarize(keras.Model(inputs, layers.Add(name="sum")([first, second])))

    difference = network(again=True).diff(network(again=False))
    assert (difference.layer, difference.field) == ("second", "inputs")
    assert (difference.mine, difference.expected) == (("image",), ("first",))


def test_the_text_is_aligned_and_says_what_is_counted(small):
    summary = summarize(small)
    lines = str(summary).splitlines()
    table = lines[2 : 2 + len(summary.rows)]
    column = lines[0].index("params") + len("params")
    assert [line[:column].split()[-1] for line in table] == [f"{r.params:,}" for r in summary.rows]
    assert all(line[column] == " " for line in table)
    assert summary.convention in lines
    assert "biases not" in summary.convention
    assert repr(summary) == str(summary)


class Cells(HTMLParser):
    """Collect what a browser would fold, draw and read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.folded = 0
        self.bars: list[float] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.folded += tag == "details"
        style = dict(attrs).get("style", "")
        if style.startswith("width:"):
            self.bars.append(float(style.removeprefix("width:").removesuffix("%")))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_html_folds_blocks_and_draws_shares(small):
    html = summarize(small)._repr_html_()
    cells = Cells(html)
    assert cells.open == []
    assert cells.folded == 2
    assert max(cells.bars) <= 100
    assert "FLOPs = 2 × MACs" in html
    assert "<script" not in html


def test_a_name_cannot_break_out_of_the_html(small):
    html = summarize(small).to_dict()
    html["name"] = html["rows"][1]["name"] = html["rows"][1]["kind"] = (
        "<img src=x onerror=alert(1)>"
    )
    html["rows"][2]["padding"] = html["convention"] = "<img src=x>"
    assert "<img" not in ModelSummary.from_dict(html)._repr_html_()


def test_reading_and_showing_a_summary_needs_neither_keras_nor_pandas(small):
    script = (
        "import json, sys; from utils.summary import ModelSummary, summarize\n"
        "summary = ModelSummary.from_dict(json.load(sys.stdin))\n"
        "str(summary), summary._repr_html_(), summary.diff(summary)\n"
        "print(sorted({'keras', 'tensorflow', 'pandas', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    data = json.dumps(summarize(small).to_dict())
    run = subprocess.run(
        [sys.executable, "-c", script], input=data, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
