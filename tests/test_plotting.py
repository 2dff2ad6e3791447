"""The pictures of the notebooks, against those in `baseline/`; and what they must show.

After a wanted change, draw the baselines anew and look at them:
`pytest tests/test_plotting.py --mpl-generate-path=tests/baseline`.
"""

from __future__ import annotations

import dataclasses
import doctest
import math
import subprocess
import sys
from itertools import combinations
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas
import pytest
from matplotlib.colors import rgb_to_hsv, to_rgb

from utils import fonts, plotting
from utils.plotting import looks
from utils.summary import LayerRow, ModelSummary

picture = pytest.mark.mpl_image_compare(
    style=fonts.STYLE, backend="agg", savefig_kwargs={"dpi": 60}, deterministic=True
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
    assert set(drawn[1:]) | {"輸入"} <= set(words(ax))


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
    for one, other in combinations(looks.LOOKS.values(), 2):
        brightness = [rgb_to_hsv(to_rgb(look.colour))[1] for look in (one, other)]
        assert one.hatch != other.hatch or abs(np.subtract(*brightness)) > 0.2


def test_branches_stand_in_the_order_in_which_they_are_concatenated():
    boxes = [text for text in plotting.block_diagram(inception()).texts if text.get_text()]
    height = {text.get_text(): text.get_position()[1] for text in boxes}
    last = [text for text in boxes if text.get_position()[1] == height["3×3 卷積, 128\nReLU"]]
    assert [text.get_text() for text in sorted(last, key=lambda text: text.get_position())] == [
        "1×1 卷積, 64\nReLU",
        "3×3 卷積, 128\nReLU",
        "5×5 卷積, 32\nReLU",
        "1×1 卷積, 32\nReLU",
    ]


def test_batch_normalisation_and_relu_stand_in_the_box_of_their_layer():
    said = {word for word in words(plotting.block_diagram(residual())) if word}
    assert said == {
        "輸入, 28×28×64",
        "3×3 卷積, 64\nBN, ReLU",
        "3×3 卷積, 64\nBN",
        "+\nReLU",
    }


def test_batch_normalisation_on_one_of_two_paths_has_a_box_of_its_own():
    image, *_, total, _ = residual().rows
    bn = row("bn", "BatchNormalization", (28, 28, 64), inputs=("image",))
    total = dataclasses.replace(total, inputs=("bn", "image"))
    ax = plotting.block_diagram(chain(image, bn, total))
    assert "BN" in words(ax)
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
    assert [text.get_text() for text in ax.get_legend().texts] == ["訓練 training"]


def test_the_first_dense_layer_holds_most_parameters_of_vgg16_and_few_macs():
    params, macs, _ = plotting.budget(vgg("vgg16"))
    assert params.get_title() == "參數 parameters：138.4 M"
    assert macs.get_title() == "乘加 MACs：15.47 G"
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
        ("layer", ["0", "288  100%", "沒有數"]),
        ("block", ["0", "沒有數"]),
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
        lambda ax: plotting.curves(trainings(), ax=ax),
        lambda ax: plotting.bars({"a": 1}, ax=ax),
        lambda ax: plotting.spread({"a": [1]}, ax=ax),
        lambda ax: plotting.bubbles([1], [1], [1], ["a"], ax=ax),
        lambda ax: plotting.receptive_boxes(np.zeros((4, 4)), {"a": 2}, ax=ax),
        lambda ax: plotting.stages([("a", np.zeros((2, 2, 3)))], ax=ax),
        lambda ax: plotting.difference(np.zeros((2, 2)), np.zeros((2, 2)), ax=ax),
        lambda ax: plotting.landscape(lambda x: x[:, 0], np.eye(2), [0, 1], ax=ax),
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


@pytest.mark.parametrize(
    ("x", "y", "sizes"),
    [([0, 1, 20], [0, 0, 0], [1, 1, 1]), ([0, 4, 20], [0, 1, 20], [1, 9, 1])],
)
def test_the_label_of_a_bubble_avoids_the_others(x, y, sizes):
    ax = plotting.bubbles(x, y, sizes, ["a long name", "b", "c"])
    ax.figure.draw_without_rendering()
    middles = ax.transData.transform(np.column_stack([x, y]))
    radii = np.sqrt(ax.collections[0].get_sizes() / math.pi) * ax.figure.dpi / 72
    for text, own in zip(ax.texts, range(3), strict=True):
        box = text.get_window_extent()
        for other in {0, 1, 2} - {own}:
            nearest = np.clip(middles[other], box.min, box.max)
            assert np.linalg.norm(nearest - middles[other]) >= radii[other]


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
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


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
    drawn = [bar.get_segments()[0] for bar in ax.collections]
    assert [start[1] for start, end in drawn if start[1] == end[1] and start[0] != end[0]] == [
        0.3,
        0.4,
    ]
    assert drawn[0][:, 1].tolist() == [0.1, 0.5]  # the strip reaches from the least to the most


@picture
def test_picture_of_bars():
    values = {"AlexNet": 57.1, "VGG-16": 71.5, "ResNet-50": 74.9, "VGG-19": 71.3}
    return plotting.bars(values, ["AlexNet", "VGG", "ResNet", "VGG"], "{:.1f}%").figure


def test_bars_are_sorted_unless_told_otherwise():
    values = {"a": 1, "b": 3, "c": 2}
    for sort, names in ((True, ["b", "c", "a"]), (False, ["a", "b", "c"])):
        ax = plotting.bars(values, sort=sort)
        assert [label.get_text() for label in ax.get_yticklabels()] == names
    assert words(ax) == ["1", "3", "2"]


def test_families_of_bars_differ_without_colour():
    ax = plotting.bars({"a": 1, "b": 2, "c": 3}, ["one", "two", "one"], sort=False)
    hatches = [bar.get_hatch() for bar in ax.patches]
    assert hatches[0] == hatches[2] != hatches[1]


def trainings():
    """Three seeds of three networks: one learns late, and two end close together."""
    rows = [
        (network, seed, epoch, top * (1 - math.exp(-epoch / speed)) + 0.02 * (seed - 1))
        for network, top, speed in (("VGG", 0.8, 2), ("ResNet", 0.9, 3), ("LeNet", 0.78, 9))
        for seed in range(3)
        for epoch in range(1, 21)
    ]
    return pandas.DataFrame(rows, columns=["network", "seed", "epoch", "accuracy"])


@picture
def test_picture_of_curves():
    return plotting.curves(trainings()).figure


def test_a_curve_is_the_median_of_the_seeds_within_a_band_from_least_to_most():
    frame = pandas.DataFrame({"network": "a", "epoch": 1, "accuracy": [0.1, 0.2, 0.9]})
    ax = plotting.curves(frame)
    assert ax.lines[0].get_ydata().tolist() == [0.2]
    (band,) = ax.collections
    assert sorted(set(band.get_paths()[0].vertices[:, 1])) == [0.1, 0.9]


def test_curves_differ_without_colour():
    lines = plotting.curves(trainings()).lines
    for one, other in combinations(lines, 2):
        assert (
            one.get_linestyle() != other.get_linestyle() or one.get_marker() != other.get_marker()
        )


def test_the_names_of_curves_that_end_together_are_apart():
    ax = plotting.curves(trainings())
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert sorted(words(ax)) == ["LeNet", "ResNet", "VGG"]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_looks_of_series_can_be_told_apart_by_red_green_blind_people():
    """As Machado et al. (2009) simulate what they see, at severity 1."""
    protan = [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
    deutan = [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
    for one, other in combinations(looks.STYLES, 2):
        assert one.marker != other.marker and one.dash != other.dash and one.hatch != other.hatch
        for sight in (protan, deutan):
            seen = [np.clip(np.array(sight) @ to_rgb(look.colour), 0, 1) for look in (one, other)]
            assert np.linalg.norm(seen[0] - seen[1]) > 0.1


@picture
def test_picture_of_receptive_boxes():
    photo = np.random.RandomState(1).random((224, 224)) * np.linspace(0, 1, 224)
    fields = {"block1": 6, "block2": 16, "block3": 44, "block4": 100, "block5": 212}
    return plotting.receptive_boxes(photo, fields).figure


def test_receptive_boxes_are_nested_around_the_middle():
    ax = plotting.receptive_boxes(np.zeros((100, 80)), {"small": 6, "large": 120})
    places = [(patch.get_xy(), patch.get_width(), patch.get_height()) for patch in ax.patches]
    assert places == [((-20, -10), 120, 120), ((37, 47), 6, 6)]
    assert words(ax) == ["large：120×120", "small：6×6"]
    left, right = ax.get_xlim()
    assert left < -20 and right > 100  # a box in the padding is seen whole


@picture
def test_picture_of_stages():
    digit = np.zeros((32, 32, 1))
    digit[6:26, 14:18] = 1
    c1, c3 = np.maximum(noise(28, 28, 6), 0), np.maximum(noise(1, 10, 10, 16), 0)
    return plotting.stages([("數字", digit), ("C1", c1), ("C3", c3)]).figure


def test_every_channel_of_every_stage_has_a_tile_of_one_size():
    ax = plotting.stages([("數字", np.eye(32)[..., None]), ("C3", noise(10, 10, 16))])
    sizes = {tuple(np.abs(np.diff(image.get_extent())[::2])) for image in ax.images}
    assert len(ax.images) == 1 + 16
    assert np.allclose(list(sizes), 1)
    assert words(ax) == ["數字：32×32", "C3：16 張 10×10"]


@picture
def test_picture_of_a_difference():
    before = np.linspace(0, 1, 64).reshape(8, 8)
    return plotting.difference(before, np.clip(before + 0.02 * np.eye(8), 0, 1)).figure


def test_a_difference_is_amplified_as_its_title_says_around_grey():
    ax = plotting.difference(np.full((2, 2), 0.5), np.array([[0.5, 0.51], [0.45, 0.9]]), factor=10)
    assert np.allclose(ax.images[-1].get_array(), [[0.5, 0.6], [0, 1]])
    assert words(ax)[-1] == "差異放大 10 倍"


@picture
def test_picture_of_families_of_bubbles():
    operations, accuracies = [1.4, 3.2, 7.7, 30.9, 31.2], [57, 69, 75, 71, 71.3]
    labels = ["AlexNet", "GoogLeNet", "ResNet-50", "VGG-16", "VGG-19"]
    families = ["AlexNet", "Inception", "ResNet", "VGG", "VGG"]
    sizes = [61, 7, 25.6, 138, 144]
    axis = {"xlabel": "運算 GFLOPs", "ylabel": "Top-1（引用）"}
    return plotting.bubbles(
        operations, accuracies, sizes, labels, "M 參數", families=families, **axis
    ).figure


def test_labels_of_bubbles_do_not_cover_each_other():
    place = np.random.RandomState(3)
    names = [f"network {number}" for number in range(12)]
    ax = plotting.bubbles(place.random(12), place.random(12), place.random(12) + 0.1, names)
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_families_of_bubbles_differ_without_colour():
    ax = plotting.bubbles([0, 1], [0, 1], [1, 1], "ab", families=["x", "y"])
    handles = ax.get_legend().legend_handles
    assert len({handle.get_marker() for handle in handles}) == 2


@picture
def test_picture_of_a_landscape():
    """Two regions: inside a circle and outside, with a point of each class."""
    points = np.array([[0, 0], [2, 1]])
    return plotting.landscape(lambda x: (x**2).sum(axis=1) - 1, points, [0, 1]).figure


@picture
def test_picture_of_a_landscape_with_levels():
    points = np.array([[0, 0], [2, 1]])
    levels = (0.1, 0.5, 0.9)
    return plotting.landscape(
        lambda x: np.exp(-(x**2).sum(axis=1)), points, [0, 1], levels, label="把握 confidence"
    ).figure


def test_a_landscape_explains_its_marks_and_its_shades():
    points = np.array([[0, 0], [2, 1]])
    names = [
        [
            text.get_text()
            for text in plotting.landscape(lambda x: x[:, 0], points, [0, 1], levels)
            .get_legend()
            .texts
        ]
        for levels in ((0,), (0, 1))
    ]
    assert names == [["類別 0", "類別 1", "判為類別 0", "判為類別 1"], ["類別 0", "類別 1"]]


def test_a_level_that_no_value_reaches_leaves_one_region():
    ax = plotting.landscape(lambda x: np.ones(len(x)), np.array([[0, 0], [2, 1]]), [0, 1])
    assert ax.get_legend()


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
        (
            lambda: plotting.bars({"a": 1}, ["x", "y"]),
            "got 1 values, 2 families; expected values, a family for each",
        ),
        (
            lambda: plotting.curves(trainings(), y="loss"),
            "columns network, seed, epoch, accuracy; expected rows, with 'epoch', 'loss'",
        ),
        (
            lambda: plotting.receptive_boxes(np.zeros((4, 4)), {"a": 0}),
            r"fields={'a': 0}: expected the side in pixels, above 0, of each",
        ),
        (lambda: plotting.stages([]), r"got no stages; expected \(title, maps\) of each"),
        (
            lambda: plotting.difference(np.zeros((2, 2)), np.zeros((2, 3))),
            r"the images have shapes \(2, 2\) and \(2, 3\); expected one",
        ),
        (lambda: plotting.spread({"a": []}), r"results={'a': \[\]}: expected a number or more"),
    ],
)
def test_a_wrong_argument_is_named_with_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name", plotting.__all__)
def test_the_example_of_a_picture_runs(name):
    # Stands in for Keras, which takes long to load.
    applications = SimpleNamespace(VGG16=lambda weights: vgg("vgg16"))
    keras = SimpleNamespace(applications=applications, Model=lambda x, y: residual())
    known = {"plotting": plotting, "np": np, "keras": keras, "x": None, "y": None}
    finder = doctest.DocTestFinder(recurse=False)
    (found,) = finder.find(getattr(plotting, name), name, globs=known)
    assert found.examples
    assert not doctest.DocTestRunner().run(found).failed


def test_drawing_and_data_load_neither_tensorflow_nor_pandas():
    code = (
        "import sys, utils; assert 'matplotlib' not in sys.modules;"
        "import utils.plotting, utils.datasets;"
        "assert not {'keras', 'tensorflow', 'pandas', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@picture
def test_picture_of_functions_beside_their_derivatives():
    pairs = {
        "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        "x²": (np.square, lambda x: 2 * x),
        "sin": (np.sin, np.cos),
        "exp": (np.exp, np.exp),
    }
    axes = plotting.functions(pairs, (-3, 3))
    assert [ax.get_title() for ax in axes] == list(pairs)
    for ax, (_, derivative) in zip(axes, pairs.values(), strict=True):
        drawn = ax.lines[1]
        np.testing.assert_allclose(drawn.get_ydata(), derivative(drawn.get_xdata()))
    return axes[0].figure


def test_functions_without_one_are_refused():
    with pytest.raises(ValueError, match="pairs is empty"):
        plotting.functions({})
