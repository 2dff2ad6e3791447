"""The images that the notebooks use: where they come from, their shapes and their ranges."""

from __future__ import annotations

import socket
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from utils import datasets


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(self, address):
        raise AssertionError(f"a connection to {address} was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def keras_data(monkeypatch):
    """Stand in for `keras.datasets`: call it with what `cifar10.load_data` is to do."""

    def install(load_data):
        sets = SimpleNamespace(cifar10=SimpleNamespace(load_data=load_data))
        monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(datasets=sets))

    return install


def test_mnist_has_5000_digits_in_the_unit_range_with_a_channel_axis():
    digits = datasets.mnist_digits()
    assert digits.x_train.shape == (4000, 28, 28, 1)
    assert digits.x_test.shape == (1000, 28, 28, 1)
    assert digits.x_train.dtype == np.float32
    assert digits.y_train.dtype == np.int64
    assert (digits.x_train.min(), digits.x_train.max()) == (0, 1)


def test_both_parts_and_every_prefix_hold_each_digit_equally_often():
    digits = datasets.mnist_digits()
    assert np.bincount(digits.y_train).tolist() == [400] * 10
    assert np.bincount(digits.y_test).tolist() == [100] * 10
    assert np.bincount(digits.y_train[:20]).tolist() == [2] * 10


def test_no_digit_is_both_trained_and_tested_on():
    digits = datasets.mnist_digits()
    seen = {image.tobytes() for image in digits.x_train}
    assert not [image for image in digits.x_test if image.tobytes() in seen]


def test_the_labels_name_the_digits():
    # The mean image of a digit, from the training part, classifies most of the test part.
    digits = datasets.mnist_digits()
    means = np.stack([digits.x_train[digits.y_train == digit].mean(axis=0) for digit in range(10)])
    distances = ((digits.x_test[:, np.newaxis] - means) ** 2).sum(axis=(2, 3, 4))
    assert (distances.argmin(axis=1) == digits.y_test).mean() > 0.75


def test_a_seed_fixes_the_split_and_another_draws_another():
    first, same, other = (datasets.mnist_digits(seed=seed).x_test for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_lenet_sees_two_black_pixels_around_each_digit():
    plain, padded = (datasets.mnist_digits(size).x_test for size in (28, 32))
    assert np.array_equal(padded[:, 2:-2, 2:-2], plain)
    assert padded.sum(dtype="float64") == plain.sum(dtype="float64")


def test_three_channels_are_the_same_grey():
    grey, colour = (datasets.mnist_digits(channels=channels).x_test for channels in (1, 3))
    assert np.array_equal(colour, np.concatenate([grey] * 3, axis=-1))


def test_a_split_shows_its_shapes_and_not_its_pixels():
    assert repr(datasets.mnist_digits()) == (
        "Split(x_train=(4000, 28, 28, 1), y_train=(4000,), x_test=(1000, 28, 28, 1), "
        "y_test=(1000,))"
    )


@pytest.mark.parametrize("name", datasets.PHOTOS)
def test_every_photograph_is_inside_an_installed_package(name):
    image = datasets.photo(name)
    assert image.dtype == np.uint8
    assert image.shape[2:] == (3,)
    assert min(image.shape[:2]) >= 300
    assert image.max() > 200


def test_a_photograph_is_cut_and_scaled_without_distortion():
    whole = datasets.photo("coffee")
    assert whole.shape == (400, 600, 3)
    assert np.array_equal(datasets.photo("coffee", (400, 400)), whole[:, 100:500])
    small = datasets.photo("coffee", (100, 50)).astype(float)
    means = whole[:, 200:400].reshape(100, 4, 50, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - means).mean() < 5


def test_the_large_sets_are_fetched_only_when_asked(keras_data):
    keras_data(lambda: pytest.fail("fetched"))
    with pytest.raises(ValueError, match=r"cifar10 is fetched .* \(170 MB, once\).*download=True"):
        datasets.keras_dataset("cifar10")


def test_the_large_sets_come_in_the_same_form_as_the_digits(keras_data):
    images = np.full((7, 32, 32, 3), 51, "uint8")
    labels = np.arange(7, dtype="uint8").reshape(7, 1)
    keras_data(lambda: ((images, labels), (images[:2], labels[:2])))
    split = datasets.keras_dataset("cifar10", download=True)
    assert split.x_train.dtype == np.float32
    assert np.allclose(split.x_test, 0.2)
    assert split.y_train.tolist() == list(range(7))


def test_without_a_network_the_set_is_named_with_what_to_do(keras_data):
    def load_data():
        # What keras.utils.get_file raises, word for word.
        raise Exception("URL fetch failure on https://a.b/c: None -- [Errno -2] Name not known")

    keras_data(load_data)
    with pytest.raises(ConnectionError, match=r"cifar10 could not be fetched .*mnist_digits\(\)"):
        datasets.keras_dataset("cifar10", download=True)


def test_another_failure_while_fetching_is_not_called_a_network_failure(keras_data):
    def load_data():
        raise ValueError("Incomplete or corrupted file detected.")

    keras_data(load_data)
    with pytest.raises(ValueError, match="corrupted"):
        datasets.keras_dataset("cifar10", download=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.mnist_digits(size=30), "size=30: expected 28"),
        (lambda: datasets.mnist_digits(channels=2), r"channels=2: expected 1 \(grey\)"),
        (lambda: datasets.photo("cat"), "name='cat': expected one of astronaut, chelsea"),
        (lambda: datasets.photo("coffee", (0, 5)), r"size=\(0, 5\): expected \(height, width\)"),
        (lambda: datasets.keras_dataset("imdb"), "name='imdb': expected one of mnist"),
    ],
)
def test_a_wrong_argument_is_named_with_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
