"""Lets a notebook go on while an answer is not right yet: Keras' own VGG16 stands in for it."""

from __future__ import annotations

import gc
from collections.abc import Callable

from utils.summary import summarize

# Built small: 32 pixels are the fewest that five poolings leave anything of.
CASES = (
    {"include_top": True, "input_shape": (32, 32, 3), "pooling": None, "classes": 10},
    {"include_top": False, "input_shape": (32, 32, 1), "pooling": None, "classes": 10},
)


def or_reference(build: Callable) -> Callable:
    """Return `build` if it builds the paper's VGG16, else a stand-in with the same arguments.

    Prints one line (Chinese) that says which, and raises nothing: the cells below run either way.
    """
    problem = _problem(build)
    gc.collect()  # Keras' models hold cycles; the networks of 34 million parameters made here go
    if problem is None:
        print("以下各節用的是你自己的 VGG16。")
        return build
    print(
        f"你的 VGG16 {problem}。以下各節先借用 keras.applications.VGG16，讓你看看完成後的樣子；"
        "改好之後從這一格往下重新執行，就會換成你自己的。"
    )
    return reference


def reference(
    include_top=True, input_tensor=None, input_shape=(224, 224, 3), pooling="max", classes=1000
):
    """Build keras.applications.VGG16 with random weights, behind the homework's arguments."""
    import keras

    if input_tensor is None:
        input_tensor = keras.Input(input_shape, name="input")
    model = keras.applications.VGG16(
        include_top=include_top,
        weights=None,
        input_tensor=input_tensor,
        pooling=pooling,
        classes=classes,
    )
    # Keras' takes a list of one tensor; the homework's takes a tensor.
    return keras.Model(input_tensor, model.output, name="vgg16")


def _problem(build: Callable) -> str | None:
    """What keeps `build` from being used, as the end of a sentence (Chinese); None: nothing."""
    try:
        for case in CASES:
            ours = build(**case)
            theirs = reference(**case, input_tensor=ours.inputs[0])
            if summarize(ours).diff(summarize(theirs)):
                return "和作業要的還不完全一樣（看上一格檢查的說明）"
    except NotImplementedError:
        return "尚未完成"
    except Exception as error:  # the student's own: named here, shown in full by the check above
        return f"執行時出錯（{type(error).__name__}，看上一格檢查的說明）"
    return None
