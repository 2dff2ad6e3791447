"""The pictures of the notebooks, against those in `baseline/`; and what they must show.

After a wanted change, draw the baselines anew and look at them:
`pytest tests/test_plotting.py --mpl-generate-path=tests/baseline`.
"""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from itertools import combinations
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv, to_rgb

from utils import plotting
from utils.summary import LayerRow, ModelSummary

picture = pytest.mark.mpl_image_compare(
    style="default", backend="agg", savefig_kwargs={"dpi": 60}, deterministic=True
)
BLOCKS = {
    "vgg11": ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)),
    "vgg16": ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    "vgg19": ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
}
HISTORY = {
    "loss": [2.1, 1.2, 0.7, 0.5],
    "accuracy": [0.3, 0.6, 0.8, 0.9],
    "val_loss": [1.8, 1.1, 0.8, 0.9],
    "val_accuracy": [0.4, 0.65, 0.79, 0.8],
}


def row(name, kind, shape, params=0, macs=0, inputs=("before",), **config):
    """A layer's row with what a drawing reads; the rest is None."""
    nothing = dict.fromkeys(field.name for field in dataclasses.fields(LayerRow))
    size = {"params": params, "macs": macs, "activation_bytes": 4 * math.prod(filter(None, shape))}
    known = {"name": name, "kind": kind, "inputs": inputs, "output_shape": shape, "config": config}
    return LayerRow(**nothing | size | known)


def chain(*rows, name="chain"):
    return ModelSummary(name, rows[0].output_shape, rows, convention="How MACs are counted.")


def vgg(name):
    rows = [row("input_layer_7", "InputLayer", (224, 224, 3), inputs=())]
    size, depth = 224, 3
    for block, (convolutions, filters) in enumerate(BLOCKS[name], start=1):
        for index in range(1, convolutions + 1):
            weights = 9 * depth * filters
            cost = {"params": weights + filters, "macs": weights * size**2}
            shape = (size, size, filters)
            rows.append(row(f"block{block}_conv{index}", "Conv2D", shape, **cost))
            depth = filters
        size //= 2
        rows.append(row(f"block{block}_pool", "MaxPooling2D", (size, size, depth)))
    rows.append(row("flatten", "Flatten", (size * size * depth,)))
    depth *= size * size
    for layer, units in (("fc1", 4096), ("fc2", 4096), ("predictions", 1000)):
        rows.append(row(layer, "Dense", (units,), depth * units + units, depth * units))
        depth = units
    return chain(*rows, name=name)


def lenet():
    return chain(
        row("image", "InputLayer", (32, 32, 1)),
        row("c1", "Conv2D", (28, 28, 6)),
        row("s2", "AveragePooling2D", (14, 14, 6)),
        row("c3", "Conv2D", (10, 10, 16)),
        row("s4", "AveragePooling2D", (5, 5, 16)),
        row("c5", "Conv2D", (1, 1, 120)),
        row("f6", "Dense", (84,)),
        row("output", "Dense", (10,)),
    )


def conv(name, source, channels, kernel=3, activation="relu"):
    shape = (28, 28, channels)
    made = row(name, "Conv2D", shape, inputs=(source,), activation=activation)
    return dataclasses.replace(made, kernel_size=(kernel, kernel), strides=(1, 1))


def inception():
    """Block 3a of GoogLeNet; the rows stand as Keras walks the graph, not as it concatenates."""
    pool = row("pool", "MaxPooling2D", (28, 28, 192), inputs=("image",))
    return chain(
        row("image", "InputLayer", (28, 28, 192), inputs=()),
        dataclasses.replace(pool, kernel_size=(3, 3), strides=(1, 1)),
        conv("reduce5", "image", 16, 1),
        conv("reduce3", "image", 96, 1),
        conv("conv5", "reduce5", 32, 5),
        conv("conv3", "reduce3", 128, 3),
        conv("project", "pool", 32, 1),
        conv("conv1", "image", 64, 1),
        row("all", "Concatenate", (28, 28, 256), inputs=("conv1", "conv3", "conv5", "project")),
    )


def residual():
    return chain(
        row("image", "InputLayer", (28, 28, 64), inputs=()),
        conv("first", "image", 64, activation="linear"),
        row("bn1", "BatchNormalization", (28, 28, 64), inputs=("first",)),
        row("relu1", "ReLU", (28, 28, 64), inputs=("bn1",)),
        conv("second", "relu1", 64, activation="linear"),
        row("bn2", "BatchNormalization", (28, 28, 64), inputs=("second",)),
        row("sum", "Add", (28, 28, 64), inputs=("bn2", "image")),
        row("relu2", "ReLU", (28, 28, 64), inputs=("sum",)),
    )


def noise(*shape):
    return np.random.RandomState(0).normal(size=shape)


def fronts(ax):
    """The (length, height) of each box: the third of its three faces."""
    return [np.ptp(patch.get_xy(), axis=0) for patch in ax.patches[2::3]]


def words(ax):
    return [text.get_text() for text in ax.texts]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_pictures_are_compared(request):
    options = request.config.option
    assert options.mpl or options.mpl_generate_path, "run pytest with --mpl"


@picture
def test_picture_of_vgg19():
    return plotting.architecture(vgg("vgg19")).figure


@picture
def test_picture_of_lenet():
    return plotting.architecture(lenet()).figure


@picture
def test_picture_of_a_budget():
    return plotting.budget(vgg("vgg16"), by="block")[0].figure


@picture
def test_picture_of_several_budgets():
    return plotting.budget([vgg(name) for name in BLOCKS])[0].figure


@picture
def test_picture_of_training_curves():
    return plotting.training_curves(HISTORY)[0].figure


@picture
def test_picture_of_an_image_grid():
    wide = np.linspace(0, 1, 12).reshape(3, 4)
    tall = np.arange(0, 240, 10, dtype="uint8").reshape(4, 2, 3)
    return plotting.image_grid([wide, tall, wide[..., np.newaxis]], ["wide", "tall", 3]).figure


@picture
def test_picture_of_feature_maps():
    return plotting.feature_maps(np.maximum(noise(1, 7, 5, 20), 0), limit=6).figure


@picture
def test_picture_of_kernels():
    return plotting.kernels(noise(3, 3, 3, 64), filters=8).figure


@picture
def test_picture_of_an_inception_block():
    return plotting.block_diagram(inception()).figure


@picture
def test_picture_of_a_residual_block():
    return plotting.block_diagram(residual()).figure


def test_a_box_is_to_scale():
    ax = plotting.architecture(vgg("vgg16"))
    boxes = fronts(ax)
    first, pool, last = boxes[1], boxes[3], boxes[17]
    assert first[1] / pool[1] == pytest.approx(math.sqrt(224 / 112))
    assert last[0] / first[0] == pytest.approx(math.sqrt(512 / 64))


def test_every_convolution_pooling_and_dense_layer_of_vgg16_has_a_named_box():
    ax = plotting.architecture(vgg("vgg16"))
    drawn = [line.name for line in vgg("vgg16").rows if line.name != "flatten"]
    assert len(fronts(ax)) == len(drawn) == 1 + 13 + 5 + 3
    assert set(drawn[1:]) | {"input"} <= set(words(ax))


def test_neighbours_of_one_size_share_the_label_of_their_shape():
    shapes = [word for word in words(plotting.architecture(vgg("vgg16"))) if word[0].isdigit()]
    assert shapes == [
        *("224×224×64", "112×112×128", "56×56×256", "28×28×512", "14×14×512", "7×7×512"),
        *("4096", "1000"),
    ]


def test_channels_first_is_the_same_network():
    last = chain(
        row("image", "InputLayer", (32, 24, 3)),
        row("conv", "Conv2D", (16, 12, 8), data_format="channels_last"),
    )
    first = chain(
        row("image", "InputLayer", (3, 32, 24)),
        row("conv", "Conv2D", (8, 16, 12), data_format="channels_first"),
    )
    boxes = [fronts(plotting.architecture(summary)) for summary in (last, first)]
    assert np.allclose(*boxes)


def test_kinds_of_layers_differ_without_colour():
    for one, other in combinations(plotting.LOOKS.values(), 2):
        brightness = [rgb_to_hsv(to_rgb(look.colour))[1] for look in (one, other)]
        assert one.hatch != other.hatch or abs(np.subtract(*brightness)) > 0.2


def test_branches_stand_in_the_order_in_which_they_are_concatenated():
    boxes = [text for text in plotting.block_diagram(inception()).texts if text.get_text()]
    height = {text.get_text(): text.get_position()[1] for text in boxes}
    last = [text for text in boxes if text.get_position()[1] == height["3×3 conv, 128\nReLU"]]
    assert [text.get_text() for text in sorted(last, key=lambda text: text.get_position())] == [
        "1×1 conv, 64\nReLU",
        "3×3 conv, 128\nReLU",
        "5×5 conv, 32\nReLU",
        "1×1 conv, 32\nReLU",
    ]


def test_batch_normalisation_and_relu_stand_in_the_box_of_their_layer():
    said = {word for word in words(plotting.block_diagram(residual())) if word}
    assert said == {
        "input, 28×28×64",
        "3×3 conv, 64\nBN, ReLU",
        "3×3 conv, 64\nBN",
        "+\nReLU",
    }


def test_batch_normalisation_on_one_of_two_paths_has_a_box_of_its_own():
    image, *_, total, _ = residual().rows
    bn = row("bn", "BatchNormalization", (28, 28, 64), inputs=("image",))
    total = dataclasses.replace(total, inputs=("bn", "image"))
    ax = plotting.block_diagram(chain(image, bn, total))
    assert "BatchNormalization" in words(ax)
    assert len(ax.patches) == 3


def test_a_raw_operation_with_one_number_for_all_axes_has_a_box():
    image = row("image", "InputLayer", (8, 8, 3), inputs=())
    pool = row("max_pool", "MaxPool", (4, 4, 3), inputs=("image",))
    pool = dataclasses.replace(pool, kernel_size=2, strides=2)
    assert "MaxPool" in words(plotting.block_diagram(chain(image, pool)))


def test_training_and_validation_differ_without_colour():
    training, validation = plotting.training_curves(HISTORY)[0].lines
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()


def test_a_metric_without_validation_has_one_curve_from_epoch_1():
    history = SimpleNamespace(history={"loss": [3, 2]})
    (ax,) = plotting.training_curves(history)
    (line,) = ax.lines
    assert line.get_xydata().tolist() == [[1, 3], [2, 2]]
    assert [text.get_text() for text in ax.get_legend().texts] == ["training"]


def test_the_first_dense_layer_holds_most_parameters_of_vgg16_and_few_macs():
    params, macs, _ = plotting.budget(vgg("vgg16"))
    assert params.get_title() == "Parameters: 138.4 M"
    assert macs.get_title() == "MACs: 15.47 G"
    index = [label.get_text() for label in params.get_yticklabels()].index("fc1")
    assert words(params)[index] == "102.8 M  74%"
    assert words(macs)[index] == "102.8 M  <1%"


def test_the_convention_stands_under_the_macs():
    summary = vgg("vgg16")
    assert plotting.budget(summary)[1].get_xlabel() == summary.convention


def test_what_is_not_counted_is_said_so_and_never_0():
    summary = chain(
        row("image", "InputLayer", (4, 4, 1)),
        row("block1_conv", "Conv2D", (4, 4, 2), 20, 288),
        row("block1_mystery", "Mystery", (4, 4, 2), 7, None),
    )
    for by, lines in (
        ("layer", ["0", "288  100%", "not counted"]),
        ("block", ["0", "not counted"]),
    ):
        assert words(plotting.budget(summary, by=by)[1]) == lines


def test_feature_maps_share_a_scale_unless_told_otherwise():
    maps = np.stack([np.eye(3), 9 * np.eye(3)], axis=-1)
    shared, alone = (plotting.feature_maps(maps, shared=shared) for shared in (True, False))
    assert [image.get_clim() for image in shared.images] == [(0, 9), (0, 9)]
    assert [image.get_clim() for image in alone.images] == [(0, 1), (0, 9)]


def test_grey_is_a_weight_of_0():
    ax = plotting.kernels(noise(3, 3, 2, 4) - 1)
    least, largest = ax.images[0].get_clim()
    assert least == -largest


def test_a_column_is_a_filter_and_a_row_an_input_channel():
    weights = noise(3, 3, 2, 4)
    images = plotting.kernels(weights).images
    assert np.array_equal(images[4 * 1 + 3].get_array(), weights[:, :, 1, 3])


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plotting.architecture(lenet(), ax=ax),
        lambda ax: plotting.block_diagram(residual(), ax=ax),
        lambda ax: plotting.image_grid([np.zeros((2, 2))], ax=ax),
        lambda ax: plotting.feature_maps(np.zeros((2, 2, 3)), ax=ax),
        lambda ax: plotting.kernels(noise(2, 2, 2, 2), ax=ax),
        lambda ax: plotting.training_curves({"loss": [1]}, axes=ax)[0],
    ],
)
def test_a_function_draws_on_the_axes_it_is_given(draw):
    _, ax = plt.subplots()
    assert draw(ax) is ax
    assert len(plt.get_fignums()) == 1


@picture
def test_picture_of_bubbles():
    """The figure of CNNs against their costs: labels beside the circles, three sizes explained."""
    operations, accuracies = [1.4, 3.2, 7.7, 30.9], [57, 69, 75, 71]
    labels = ["AlexNet", "GoogLeNet", "ResNet-50", "VGG-16"]
    ax = plotting.bubbles(operations, accuracies, [61, 7, 25.6, 138], labels, unit="M params")
    return ax.figure


def test_the_label_of_a_bubble_avoids_the_next_one():
    ax = plotting.bubbles([0, 1, 20], [0, 0, 0], [1, 1, 1], ["a long name", "b", "c"])
    assert [text.get_ha() for text in ax.texts] == ["right", "left", "left"]


def test_the_label_of_a_bubble_avoids_the_rim_of_a_large_one_above():
    ax = plotting.bubbles([0, 1, 20], [0, 1, 20], [1, 9, 1], ["a long name", "b", "c"])
    assert [text.get_ha() for text in ax.texts] == ["right", "left", "left"]


def test_a_bubble_of_twice_the_size_has_twice_the_area():
    ax = plotting.bubbles([0, 1], [0, 1], [50, 100], "ab")
    small, large = ax.collections[0].get_sizes()
    assert large == 2 * small


def test_the_legend_of_bubbles_has_room_for_its_circles():
    ax = plotting.bubbles([0, 1], [0, 1], [11, 155], "ab")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["6", "30", "100"]


def test_bubbles_can_be_drawn_in_a_part_of_a_figure():
    ax = plt.figure(layout="constrained").subfigures(1, 2)[0].subplots()
    plotting.bubbles([0, 1, 20], [0, 0, 0], [1, 1, 1], ["a long name", "b", "c"], ax=ax)
    assert [text.get_ha() for text in ax.texts] == ["right", "left", "left"]


@picture
def test_picture_of_a_network_under_dropout():
    kept = [[1, 0, 1, 1, 0], [0, 1, 1, 0, 1], [1, 1, 0, 0, 1], [1]]
    return plotting.network(kept).figure


def test_a_dropped_unit_is_crossed_out_and_has_no_connection():
    ax = plotting.network([[True, True, False], [True, False]])
    assert len(ax.lines) == 2 * 1
    crosses = [dots for dots in ax.collections if len(dots.get_paths()[0].vertices) == 4]
    assert [len(dots.get_offsets()) for dots in crosses] == [1, 1]


@picture
def test_picture_of_a_spread():
    runs = {"none": [0.81, 0.83, 0.82], "shift": [0.88, 0.9, 0.86], 0.5: [0.85]}
    return plotting.spread(runs).figure


def test_a_spread_shows_every_run_and_the_mean():
    ax = plotting.spread({"a": [0.1, 0.5], "b": [0.4]})
    assert [list(dots.get_ydata()) for dots in ax.lines] == [[0.1, 0.5], [0.4]]
    assert [bar.get_segments()[0][0, 1] for bar in ax.collections] == [0.3, 0.4]


@picture
def test_picture_of_a_landscape():
    """Two regions: inside a circle and outside, with a point of each class."""
    points = np.array([[0, 0], [2, 1]])
    return plotting.landscape(lambda x: (x**2).sum(axis=1) - 1, points, [0, 1]).figure


def test_a_landscape_keeps_its_frame_when_more_is_drawn():
    ax = plotting.landscape(lambda x: x[:, 0], np.array([[-1, -1], [1, 1]]), [0, 1])
    frame = ax.axis()
    ax.add_patch(plt.Circle((0, 0), 50))
    assert ax.axis() == frame


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: plotting.architecture(
                chain(row("sum", "Add", (4, 4, 1), inputs=("left", "right")))
            ),
            "layer 'sum' of chain takes from 2 layers; expected a chain",
        ),
        (
            lambda: plotting.architecture(chain(row("image", "InputLayer", (None, None, 3)))),
            r"layer 'image' puts out \(None, None, 3\); expected the known size",
        ),
        (lambda: plotting.budget(lenet(), by="kind"), "by='kind': expected 'layer' or 'block'"),
        (lambda: plotting.budget([]), r"model=\[\]: expected at least one model"),
        (
            lambda: plotting.budget(lenet(), axes=plt.subplots(1, 2)[1]),
            "axes: got 2, expected 3",
        ),
        (lambda: plotting.training_curves({}), "history={}: expected what model.fit returns"),
        (lambda: plotting.training_curves([0.5]), r"history=\[0.5\]: expected what model.fit"),
        (
            lambda: plotting.image_grid(np.zeros((8, 9, 3))),
            r"images is one image, \(8, 9, 3\); expected several, as \[image\]",
        ),
        (lambda: plotting.image_grid([]), "got 0 images, no titles; expected images"),
        (
            lambda: plotting.image_grid([np.zeros((2, 2))], ["a", "b"]),
            "got 1 images, 2 titles; expected images, and a title for each",
        ),
        (
            lambda: plotting.image_grid([np.zeros((2, 2, 4))]),
            r"an image has shape \(2, 2, 4\); expected \(height, width",
        ),
        (
            lambda: plotting.image_grid([np.array([[-1.5, 200]])]),
            r"an image holds float64 from -1.5 to 200; expected uint8 in 0…255, or float",
        ),
        (
            lambda: plotting.feature_maps(np.zeros((2, 4, 4, 3))),
            r"activations have shape \(2, 4, 4, 3\); expected one array \(height, width, channels",
        ),
        (
            lambda: plotting.kernels([np.zeros((3, 3, 1, 2)), np.zeros(2)]),
            r"weights are a list of arrays of unlike shapes; expected one array \(height",
        ),
        (
            lambda: plotting.bubbles([1, 2], [3, 4], [5, 6], ["one"]),
            r"got 2 x, 2 y, 2 sizes, 1 labels; expected as many of each",
        ),
        (
            lambda: plotting.network([[True, False], []]),
            r"kept=\[\[True, False\], \[\]\]: expected a list of true and false for each",
        ),
        (lambda: plotting.spread({"a": []}), r"results={'a': \[\]}: expected a number or more"),
    ],
)
def test_a_wrong_argument_is_named_with_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_drawing_and_data_load_neither_tensorflow_nor_pandas():
    code = (
        "import sys, utils; assert 'matplotlib' not in sys.modules;"
        "import utils.plotting, utils.datasets;"
        "assert not {'keras', 'tensorflow', 'pandas', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
