"""The vocabulary of Keras kinds, grouped by what a kind does to places and to numbers.

A subclass counts as its Keras parent as long as it inherits `call`; raw operations (`x + y`,
`keras.ops.relu(x)`) are kinds as well.
"""

from __future__ import annotations


def per_rank(pattern: str, ranks: tuple[int, ...] = (1, 2, 3)) -> list[str]:
    """Return the names of one kind for each number of spatial axes: Conv1D, Conv2D, Conv3D."""
    return [pattern.format(rank) for rank in ranks]


# Read the same place of every input, at inference. A kind with an `axis` does so only where that
# is the axis of the channels.
POINTWISE = (
    *("Identity", "Rescaling", "Normalization", "ActivityRegularization"),
    *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"),
    *(
        "Dropout",
        "AlphaDropout",
        "GaussianDropout",
        "GaussianNoise",
        *per_rank("SpatialDropout{}D"),
    ),
    *("BatchNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"),
    # of keras.applications
    *("LayerScale", "StochasticDepth", "CustomScaleLayer"),
    # augmentation, which passes the image on at inference
    *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation"),
    *("RandomBrightness", "RandomContrast"),
    # raw operations
    *(
        "Divide",
        "TrueDivide",
        "Power",
        "Negative",
        "Absolute",
        "Abs",
        "Square",
        "Sqrt",
        "Exp",
        "Log",
    ),
    *("Clip", "Where", "Cast", "StopGradient", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu"),
    *("Silu", "HardSilu", "HardSigmoid", "Sigmoid", "Tanh", "Softplus", "Softsign"),
)

# Read every place.
GLOBAL = (
    *per_rank("GlobalMaxPooling{}D"),
    *per_rank("GlobalAveragePooling{}D"),
    "GroupNormalization",
)

POOLING = (*per_rank("MaxPooling{}D"), *per_rank("AveragePooling{}D"))
PADDING = tuple(per_rank("ZeroPadding{}D"))
CROPPING = tuple(per_rank("Cropping{}D"))
UPSAMPLING = tuple(per_rank("UpSampling{}D"))

# Move or reduce numbers in a manner whose places are not followed.
REARRANGING = (
    *("Reshape", "Permute", "RepeatVector", "Masking", "Embedding"),
    *per_rank("AdaptiveMaxPooling{}D"),
    *per_rank("AdaptiveAveragePooling{}D"),
    *("Resizing", "CenterCrop", "RandomCrop"),
    # raw operations
    *("Transpose", "Squeeze", "ExpandDims", "GetItem", "Split", "Stack", "Pad", "BroadcastTo"),
    *("Mean", "Sum", "Max", "Min", "MaxPool", "AveragePool"),
)

CONVOLUTION = tuple(per_rank("Conv{}D"))
DEPTHWISE = tuple(per_rank("DepthwiseConv{}D", (1, 2)))
SEPARABLE = tuple(per_rank("SeparableConv{}D", (1, 2)))
TRANSPOSED = tuple(per_rank("Conv{}DTranspose"))
