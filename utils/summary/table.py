"""What a summary is: rows of plain data, their totals, and the first difference between two."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

CONVENTION = (
    "MACs: multiply-accumulates of convolution and dense layers at batch 1, padding included, "
    "biases not; FLOPs = 2 x MACs."
)

# Copies of the trainable weights that an optimiser keeps, besides the weights and their gradients.
OPTIMIZER_SLOTS = {
    "sgd": 0,
    "momentum": 1,
    "adagrad": 1,
    "rmsprop": 1,
    "lion": 1,
    "adam": 2,
    "adamw": 2,
    "adamax": 2,
    "nadam": 2,
    "adadelta": 2,
    "ftrl": 2,
}


@dataclass(frozen=True)
class LayerRow:
    """One call of one layer. Shapes are without the batch; None stands where nothing is known."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    output_shape: tuple[int | None, ...]
    kernel_size: tuple[int, ...] | None
    strides: tuple[int, ...] | None
    padding: Any
    config: dict[str, Any]
    params: int
    trainable_params: int
    macs: int | None
    activations: int | None
    activation_bytes: int | None
    receptive_field: int | tuple[int, ...] | None
    rf_stride: float | tuple[float, ...] | None
    rf_offset: int | tuple[int, ...] | None
    weight_bytes: int
    trainable_bytes: int


@dataclass(frozen=True)
class Difference:
    """The first field in which two summaries differ."""

    index: int
    layer: str
    field: str
    mine: Any
    expected: Any

    def __str__(self) -> str:
        return (
            f"Layer {self.index + 1} ({self.layer}) differs in {self.field}: "
            f"{self.mine!r} where {self.expected!r} is expected."
        )


@dataclass(frozen=True)
class ModelSummary:
    """The layers of a model and what they cost."""

    name: str
    input_shape: tuple[Any, ...]
    rows: tuple[LayerRow, ...]
    convention: str = CONVENTION

    @property
    def params(self) -> int:
        """Weights of the model, shared ones counted once."""
        return sum(row.params for row in self.rows)

    @property
    def trainable_params(self) -> int:
        """Weights that training changes."""
        return sum(row.trainable_params for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the counted layers; `not_counted` names the others."""
        return sum(row.macs or 0 for row in self.rows)

    @property
    def flops(self) -> int:
        """2 x MACs."""
        return 2 * self.macs

    @property
    def activations(self) -> int:
        """Numbers that the layers make for one example, the input included."""
        return sum(row.activations or 0 for row in self.rows)

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Names of the layers whose MACs are not known."""
        return tuple(row.name for row in self.rows if row.macs is None)

    @property
    def weight_bytes(self) -> int:
        """Memory of the weights."""
        return sum(row.weight_bytes for row in self.rows)

    def forward_bytes(self, batch_size: int = 1) -> int:
        """Memory of one forward pass: weights, and the most activations alive at one time."""
        last_reader = {}
        for index, row in enumerate(self.rows):
            for name in (row.name, *row.inputs):
                last_reader[name] = index
        size = {row.name: row.activation_bytes or 0 for row in self.rows}
        alive = peak = 0
        for index, row in enumerate(self.rows):
            alive += size[row.name]
            peak = max(peak, alive)
            alive -= sum(
                size[name] for name in {row.name, *row.inputs} if last_reader[name] == index
            )
        return self.weight_bytes + batch_size * peak

    def training_bytes(self, batch_size: int, optimizer: str = "adam") -> int:
        """Memory of one training step: weights, gradients, optimiser slots, all activations."""
        if optimizer not in OPTIMIZER_SLOTS:
            raise ValueError(
                f"unknown optimizer {optimizer!r}; known are {', '.join(sorted(OPTIMIZER_SLOTS))}."
            )
        copies = 1 + OPTIMIZER_SLOTS[optimizer]
        trainable = sum(row.trainable_bytes for row in self.rows)
        activations = sum(row.activation_bytes or 0 for row in self.rows)
        return self.weight_bytes + copies * trainable + batch_size * activations

    def to_frame(self) -> Any:
        """Return a pandas DataFrame, a row a layer."""
        import pandas as pd

        names = [field.name for field in fields(LayerRow)]
        return pd.DataFrame([[getattr(row, n) for n in names] for row in self.rows], columns=names)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "name": self.name,
            "input_shape": _lists(self.input_shape),
            "rows": [
                {f.name: _lists(getattr(row, f.name)) for f in fields(row)} for row in self.rows
            ],
            "convention": self.convention,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ModelSummary:
        """Rebuild a summary from `to_dict()`."""
        rows = tuple(
            LayerRow(**{key: _tuples(value) for key, value in row.items()}) for row in data["rows"]
        )
        return cls(data["name"], _tuples(data["input_shape"]), rows, data["convention"])

    def diff(self, other: ModelSummary) -> Difference | None:
        """Return the first layer and field in which this model differs from `other`."""
        for index, (mine, theirs) in enumerate(zip(self.rows, other.rows, strict=False)):
            for field in fields(LayerRow):
                pair = getattr(mine, field.name), getattr(theirs, field.name)
                if pair[0] != pair[1]:
                    return Difference(index, mine.name, field.name, *pair)
        if len(self.rows) != len(other.rows):
            index = min(len(self.rows), len(other.rows))
            longer = max(self.rows, other.rows, key=len)
            return Difference(index, longer[index].name, "layers", len(self.rows), len(other.rows))
        return None

    def _repr_html_(self) -> str:
        from utils.summary.render import html

        return html(self)

    def __str__(self) -> str:
        from utils.summary.render import text

        return text(self)


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, tuple | list) else value


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
