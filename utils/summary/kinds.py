"""The vocabulary of Keras kinds, grouped by what a kind does to places and to numbers.

A subclass counts as its Keras parent as long as it inherits `call`; raw operations (`x + y`,
`keras.ops.relu(x)`) are kinds as well.
"""

from __future__ import annotations


def per_rank(pattern: str, ranks: tuple[int, ...] = (1, 2, 3)) -> list[str]:
    """Return the names of one kind for each number of spatial axes: Conv1D, Conv2D, Conv3D."""
    return [pattern.format(rank) for rank in ranks]


# Read the same place of every input, at inference.
POINTWISE = (
    *("Identity", "Rescaling", "Normalization", "BatchNormalization", "ActivityRegularization"),
    *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU"),
    *("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"),
    *per_rank("SpatialDropout{}D"),
    *("Add", "Subtract", "Multiply", "Maximum", "Minimum"),
    # Parts of keras.applications.
    *("LayerScale", "StochasticDepth", "CustomScaleLayer"),
    # Augmentation: passes the image on.
    *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation"),
    *("RandomBrightness", "RandomContrast"),
    # Raw operations.
    *("Divide", "TrueDivide", "Power", "Negative", "Absolute", "Abs", "Square", "Sqrt"),
    *("Exp", "Log", "Clip", "Where", "Cast", "StopGradient"),
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "HardSilu"),
    *("Sigmoid", "HardSigmoid", "Tanh", "Softplus", "Softsign"),
)

# Do so where their `axis` is the channels'.
CHANNELWISE = (
    *("Concatenate", "Average", "Softmax"),
    *("LayerNormalization", "RMSNormalization", "UnitNormalization"),
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
    # Raw operations.
    *("Transpose", "Squeeze", "ExpandDims", "GetItem", "Split", "Stack", "Pad", "BroadcastTo"),
    *("Mean", "Sum", "Max", "Min", "MaxPool", "AveragePool"),
)

CONVOLUTION = tuple(per_rank("Conv{}D"))
DEPTHWISE = tuple(per_rank("DepthwiseConv{}D", (1, 2)))
SEPARABLE = tuple(per_rank("SeparableConv{}D", (1, 2)))
TRANSPOSED = tuple(per_rank("Conv{}DTranspose"))
