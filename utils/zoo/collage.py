"""Digits and letters on photographs: a small colour task that needs no network.

A handwritten digit is turned, scaled and moved, then cut out of a piece of one photograph and laid
on a piece of another, as in MNIST-M (Ganin & Lempitsky 2015, section 4.1, there on BSDS500). What
is to be seen is the shape; colours and textures belong to neither class.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from utils import datasets
from utils.datasets import Split

SIZE = 32

# The columns of each photograph, as parts of its width, that the pieces of a part come from.
# Between them lies a gap; what is scaled is scaled after it was cut out.
PLACES = {"train": (0.0, 0.6), "validation": (0.62, 0.78), "test": (0.8, 1.0)}
SCALES = (1.0, 0.7, 0.5)

# The mean colours of figure and ground differ by at least this, as a distance in RGB (0…1.73).
CONTRAST = 0.25

FEW = 500  # masks warped at a time, which take 8 kB a step each


def region(name: str, part: str) -> np.ndarray:
    """Return the columns of a photograph that belong to a part: uint8, (height, width, 3)."""
    photo = datasets.photo(name)
    left, right = (round(edge * photo.shape[1]) for edge in PLACES[part])
    columns: np.ndarray = photo[:, left:right]
    return columns


@lru_cache(maxsize=3)
def _regions(part: str) -> list[np.ndarray]:
    from skimage.transform import rescale

    return [
        rescale(region(name, part) / 255, scale, channel_axis=-1, anti_aliasing=True).astype(
            "float32"
        )
        for name in datasets.PHOTOS
        for scale in SCALES
    ]


def pieces(part: str, count: int, generator: np.random.Generator) -> np.ndarray:
    """Cut pieces out of the photographs: float32 in [0, 1], shape (count, 32, 32, 3).

    Each is mirrored, turned by right angles, its channels are permuted and its brightness is
    changed at random.
    """
    regions = _regions(part)
    found = np.empty((count, SIZE, SIZE, 3), "float32")
    source = generator.integers(len(regions), size=count)
    for i, which in enumerate(source):
        image = regions[which]
        top, left = (generator.integers(side - SIZE + 1) for side in image.shape[:2])
        piece = image[top : top + SIZE, left : left + SIZE, generator.permutation(3)]
        piece = np.rot90(piece, int(generator.integers(4)))
        found[i] = piece[:, ::-1] if generator.random() < 0.5 else piece
    found **= generator.uniform(0.6, 1.6, (count, 1, 1, 1)).astype("float32")
    return found


def warp(shapes: np.ndarray, which: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Turn, scale, slant and move masks (images, 28, 28): float32, (len(which), 32, 32)."""
    from scipy.ndimage import map_coordinates

    count = len(which)
    angle = generator.uniform(-0.4, 0.4, count)
    scale = generator.uniform(0.7, 1.15, (2, count))
    slant = generator.uniform(-0.25, 0.25, count)
    move = generator.uniform(-3, 3, (2, count))
    rows, columns = np.mgrid[:SIZE, :SIZE].reshape(2, 1, -1) - (SIZE - 1) / 2
    middle = (shapes.shape[1] - 1) / 2
    masks = np.empty((count, SIZE, SIZE), "float32")
    for start in range(0, count, FEW):
        part = slice(start, start + FEW)
        y, x = rows - move[0, part, None], columns - move[1, part, None]
        cos, sin = np.cos(angle[part, None]), np.sin(angle[part, None])
        y, x = cos * y - sin * x, sin * y + cos * x
        y, x = y / scale[0, part, None], x / scale[1, part, None]
        x += slant[part, None] * y
        index = np.broadcast_to(which[part, None], y.shape)
        found = map_coordinates(shapes, [index, y + middle, x + middle], order=1, output="float32")
        masks[part] = found.reshape(-1, SIZE, SIZE)
    return masks


def compose(masks: np.ndarray, part: str, generator: np.random.Generator) -> np.ndarray:
    """Lay masks, filled with pieces of photographs, on other pieces: float32 in [0, 1]."""
    ground = pieces(part, len(masks), generator)
    figure = pieces(part, len(masks), generator)
    beneath, above = _colours(ground), _colours(figure)
    alike = np.arange(len(masks))
    for _ in range(20):
        distance = np.linalg.norm(beneath[alike] - above[alike], axis=1)
        alike = alike[distance < CONTRAST]
        if not len(alike):
            break
        figure[alike] = again = pieces(part, len(alike), generator)
        above[alike] = _colours(again)
    figure -= ground  # in place: ten thousand images are 130 MB
    figure *= masks[..., np.newaxis]
    figure += ground
    return figure


def _colours(images: np.ndarray) -> np.ndarray:
    """Return the mean colour of each image."""
    means: np.ndarray = images.mean(axis=(1, 2))
    return means


LETTERS = tuple("ABCDEFGHJK")  # not I, which many fonts draw as a stroke

# Faces that matplotlib's wheel holds.
FACES = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
    *("cmr10", "cmb10", "cmss10", "cmtt10", "cmti10"),
)


def digits(held_out: str = "test", seed: int = 0) -> Split:
    """Return handwritten digits on photographs: 10,500 to train on, the rest to look at.

    `held_out`: "test" (2,000 images of 1,000 digits) or "validation" (1,000 of 500): neither the
    digits nor the places of the photographs are among those trained on, nor the other part's.
    Both run through the digits 0, 1, … 9.
    """
    if held_out not in ("test", "validation"):
        raise ValueError(f"held_out={held_out!r}: expected 'test' or 'validation'")
    return Split(*_digits("train", seed), *looked_at(held_out, seed))


def looked_at(held_out: str = "test", seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return what `digits` holds out alone, images and classes: most are trained on."""
    return _digits(held_out, seed)


@lru_cache(maxsize=6)
def _digits(part: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    source = datasets.mnist_digits(seed=seed)
    shapes, labels, copies = {
        "train": (source.x_train[:3500], source.y_train[:3500], 3),
        "validation": (source.x_train[3500:], source.y_train[3500:], 2),
        "test": (source.x_test, source.y_test, 2),
    }[part]
    return _draw(part, shapes[..., 0], labels, copies, seed)


@lru_cache(maxsize=4)
def letters(seed: int = 0) -> Split:
    """Return printed letters on photographs: 1,000 images to train on and 1,000 to test on.

    The test's faces are others than those trained on. Both parts run through `LETTERS`.
    """
    parts = []
    for part, faces in (("train", FACES[::2]), ("test", FACES[1::2])):
        shapes = np.stack([_glyph(face, letter) for face in faces for letter in LETTERS])
        labels = np.tile(np.arange(len(LETTERS)), len(faces))
        copies = -(-1000 // len(labels))
        images, classes = _draw(part, shapes, labels, copies, seed)
        parts += [images[:1000], classes[:1000]]
    return Split(*parts)


def _draw(
    part: str, shapes: np.ndarray, labels: np.ndarray, copies: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw every shape `copies` times, each time otherwise, with its label."""
    generator = np.random.default_rng([seed, *map(ord, part)])
    which = np.tile(np.arange(len(labels)), copies)
    return compose(warp(shapes, which, generator), part, generator), labels[which]


def _glyph(face: str, letter: str) -> np.ndarray:
    """Return a letter as MNIST has its digits: (28, 28) in [0, 1], 20 pixels high, centred."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/{face}.ttf", 26)
    image = Image.new("L", (28, 28))
    ImageDraw.Draw(image).text((14, 14), letter, fill=255, font=font, anchor="mm")
    return np.asarray(image, "float32") / 255
