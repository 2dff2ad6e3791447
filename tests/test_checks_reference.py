"""NumPy computes what Keras computes, up to whole architectures; the rest it refuses."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from utils.checks import reference
from utils.checks.layers import MERGES, Layer, make, read_layers, same
from utils.checks.network import Network
from utils.checks.probe import _tensor, build, fill
from utils.checks.reading import difference
from utils.checks.weights import Repeated, Weight, draw, seeded_images
from utils.summary import summarize

SIZE = (96, 96, 3)  # enough for the deepest

# Each architecture of keras.applications that is computed; a family's members differ in numbers.
COMPUTED = (
    *("VGG16", "ResNet50", "ResNet50V2", "InceptionV3", "Xception", "DenseNet121"),
    *("MobileNet", "MobileNetV2", "NASNetMobile"),
)
REFUSED = {
    "ConvNeXtTiny": "Normalization",
    "EfficientNetB0": "Normalization",
    "InceptionResNetV2": "CustomScaleLayer",
    "MobileNetV3Small": "add[_0-9]*: a Add",  # of a number that the summary does not tell
}


def application(name: str) -> keras.Model:
    return getattr(keras.applications, name)(include_top=False, weights=None, input_shape=SIZE)


def distance(model: keras.Model, shape: tuple[int, ...], seed: int = 3) -> float:
    """The largest relative difference of NumPy's outputs from Keras's."""
    fill(model, seed)
    found = np.asarray(model(seeded_images(seed, shape), training=False))[0]
    right = reference.outputs(read_layers(summarize(model)), shape, seed)
    assert found.shape == right.shape
    return difference(found, right)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPUTED)
def test_whole_architectures_are_computed(name, record_property):
    worst = distance(application(name), SIZE)
    record_property("largest relative difference", worst)
    assert worst < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_computed_is_refused_by_name(name):
    with pytest.raises(reference.Unknown, match=REFUSED[name]):
        reference.refuse(read_layers(summarize(application(name))))


L = keras.layers
LAYERS = {
    "a stride": lambda x: L.Conv2D(5, 3, strides=(2, 3), padding="same")(x),
    "an even kernel": lambda x: L.Conv2D(5, (4, 2), strides=2, padding="same")(x),
    "dilation": lambda x: L.Conv2D(5, 3, dilation_rate=2, padding="same")(x),
    "groups": lambda x: L.Conv2D(8, 3, groups=2)(x),
    "no bias": lambda x: L.Conv2D(8, 3, use_bias=False, activation="tanh")(x),
    "depthwise": lambda x: L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)(x),
    "separable": lambda x: L.SeparableConv2D(6, 3, padding="same")(x),
    "max pooling, padded": lambda x: L.MaxPooling2D(3, strides=2, padding="same")(x),
    "average pooling, padded": lambda x: L.AveragePooling2D((3, 2), strides=1, padding="same")(x),
    "pooling with gaps": lambda x: L.AveragePooling2D(2, strides=3)(x),
    "normalisation": lambda x: L.BatchNormalization(epsilon=1e-2, scale=False)(x),
    "normalisation of channels": lambda x: L.LayerNormalization()(x),
    "zeros": lambda x: L.ZeroPadding2D(((1, 2), (0, 3)))(x),
    "cropping": lambda x: L.Cropping2D(((1, 2), (0, 3)))(x),
    "upsampling": lambda x: L.UpSampling2D((2, 3))(x),
    "rescaling": lambda x: L.Rescaling(1 / 127.5, offset=-1)(x),
    "reshaping": lambda x: L.Reshape((-1, 4))(x),
    "global maximum": lambda x: L.GlobalMaxPooling2D(keepdims=True)(x),
    "dense on maps": lambda x: L.Dense(7, activation="softmax")(x),
    "called twice": lambda x: (c := L.Conv2D(4, 3, padding="same"))(L.ReLU()(c(x))),
    **{
        name: lambda x, name=name: getattr(L, name)()(
            [L.Conv2D(4, 3, padding="same")(x), L.Conv2D(4, 1, activation="relu")(x)]
        )
        for name in (*MERGES, "Concatenate")
    },
}


@pytest.mark.parametrize("name", LAYERS)
def test_each_kind_of_layer_is_computed(name):
    image = keras.Input((11, 10, 4))
    model = keras.Model(image, LAYERS[name](image))
    assert distance(model, (11, 10, 4)) < 1e-5


OTHER_ACTIVATIONS = {"glu", "sparse_plus", "sparse_sigmoid", "sparsemax", "threshold"}


def test_every_activation_of_keras_with_a_formula_is_computed():
    names = {
        name
        for name in dir(keras.activations)
        if name not in ("deserialize", "get", "serialize") and not name.startswith("_")
    }
    aliases = {"swish": "silu", "hard_swish": "hard_silu"}
    assert names - OTHER_ACTIVATIONS - aliases.keys() <= reference.ACTIVATIONS.keys()
    x = np.linspace(-7, 7, 57, dtype="float32")[None]
    for name in sorted(names - OTHER_ACTIVATIONS):
        expected = np.asarray(getattr(keras.activations, name)(keras.ops.convert_to_tensor(x)))
        found = reference.ACTIVATIONS[aliases.get(name, name)](x)
        assert np.allclose(found, expected, atol=2e-6), name


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (make("Conv2D", "c1", filters=3, kernel_size=(3, 3), activation="sparsemax"), "sparsemax"),
        (make("Concatenate", "both", axis=1), "axis=1"),
        (make("UpSampling2D", "up", size=(2, 2), interpolation="bilinear"), "bilinear"),
        (Layer("Permute", "turn"), "a Permute"),
    ],
)
def test_a_setting_that_is_not_computed_is_refused_with_its_layer(layer, said):
    with pytest.raises(reference.Unknown, match=said) as refused:
        reference.refuse([layer])
    assert layer.name in str(refused.value)


def residual(branch_first: bool, skip_from: str, names: str) -> keras.Model:
    """A block whose skip comes from the image's convolution, or from the block's own first one."""
    image = keras.Input((8, 8, 3))
    start = L.Conv2D(4, 3, padding="same", name=f"{names}0")(image)
    side = L.Conv2D(4, 1, name=f"{names}1") if branch_first else None
    shortcut = side(start) if side else None
    first = L.Conv2D(4, 3, padding="same", activation="relu", name=f"{names}2")(start)
    second = L.Conv2D(4, 3, padding="same", name=f"{names}3")(first)
    side = side or L.Conv2D(4, 1, name=f"{names}1")
    shortcut = side({"start": start, "first": first}[skip_from]) if shortcut is None else shortcut
    return keras.Model(image, L.Add()([second, shortcut]))


def outputs(model: keras.Model) -> np.ndarray:
    fill(model, 5)
    return np.asarray(model(seeded_images(5, (8, 8, 3)), training=False))


def test_neither_names_nor_the_order_of_branches_change_the_weights():
    right = residual(True, "start", "a")
    other = residual(False, "start", "z")
    wrong = residual(False, "first", "a")
    assert difference(outputs(other), outputs(right)) < 1e-6
    assert difference(outputs(wrong), outputs(right)) > 0.1
    graphs = [read_layers(summarize(model)) for model in (right, other, wrong)]
    assert same(graphs[0], graphs[1])
    assert not same(graphs[0], graphs[2])


def test_what_was_written_down_is_what_keras_builds():
    net = Network()
    x = net.activation(net.norm(net.conv(net.image, 4, 3, strides=2, use_bias=False)), "relu")
    y = net.activation(net.add("Add", x, net.conv(x, 4, 3)), "relu")
    net.dense(net.add("GlobalAveragePooling2D", net.average_pool(y)), 5, "softmax")
    model = build(net.layers, (12, 10, 3), "net")
    assert same(read_layers(summarize(model)), net.layers)
    assert distance(model, (12, 10, 3)) < 1e-5


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"keras_class": "LSTM"}, "no LSTM"),
        ({"keras_class": "Dense", "unit": 3}, "no setting unit"),
    ],
)
def test_a_network_that_the_checks_do_not_know_is_refused_where_it_is_written(settings, said):
    with pytest.raises(ValueError, match=said):
        Network().add(settings.pop("keras_class"), Network.image, name="one", **settings)


@pytest.mark.parametrize("shape", [(3, 3, 300, 400), (1500, 2100), (2, 600_001)])
def test_a_product_with_a_large_kernel_is_that_with_the_numbers_it_repeats(shape):
    (kernel,) = draw(3, 1, [Weight("kernel", shape)])
    assert isinstance(kernel, Repeated)
    whole = np.asarray(kernel).reshape(-1, shape[-1])
    x = np.random.default_rng(0).uniform(-1, 1, (5, len(whole))).astype("float32")
    assert difference(kernel.product(x), x.astype(float) @ whole) < 1e-5
    assert len({row.tobytes() for row in whole}) == len(whole)  # no two inputs are alike


def test_what_two_networks_begin_with_is_computed_once(monkeypatch):
    computed = []
    conv = reference.COMPUTE["conv"]
    monkeypatch.setitem(
        reference.COMPUTE, "conv", lambda layer, *x: computed.append(layer.name) or conv(layer, *x)
    )
    made = {}
    for end in ("GlobalMaxPooling2D", "GlobalAveragePooling2D", "Flatten"):
        net = Network()
        net.add(end, net.conv(net.conv(net.image, 4, 3, name="one"), 5, 3, name="two"))
        made[end] = reference.outputs(net.layers, (6, 7, 3), 11)
    assert computed == ["one", "two"]
    maps = made["Flatten"].reshape(6, 7, 5)
    assert np.array_equal(made["GlobalMaxPooling2D"], maps.max((0, 1)))
    assert np.array_equal(made["GlobalAveragePooling2D"], maps.mean((0, 1)))
    reference.outputs(net.layers, (6, 7, 3), 12)
    assert computed == ["one", "two"] * 2, "of another seed, nothing is known"


def test_the_student_s_side_draws_the_numbers_that_the_reference_has():
    for place, weight in enumerate([Weight("kernel", (900, 700)), Weight("gamma", (7,))]):
        (theirs,) = draw(3, place, [weight])
        ours = np.asarray(_tensor(3, place, 1, 0, weight))
        assert np.array_equal(ours, np.asarray(theirs))
