"""What a summary is: rows of plain data, their totals, and the first difference between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from utils.summary import plain
from utils.summary.compare import Difference, first_difference
from utils.summary.render import html, text
from utils.summary.row import ROW_COLUMNS, LayerRow

CONVENTION = (
    "MACs: multiply-accumulates of convolution and dense layers at batch 1, padding included, "
    "biases not; FLOPs = 2 x MACs."
)

# Numbers that an optimiser keeps for each trainable one, beside the gradient.
OPTIMIZER_SLOTS = {
    "sgd": 0,
    "momentum": 1,
    "adagrad": 1,
    "lion": 1,
    "rmsprop": 1,
    "adadelta": 2,
    "adam": 2,
    "adamax": 2,
    "adamw": 2,
    "ftrl": 2,
    "nadam": 2,
}


SUMMARY_COLUMNS = {
    **dict.fromkeys(("name", "convention"), plain.is_text),
    "input_shape": plain.is_shape,
    "rows": plain.is_rows,
}


@dataclass(frozen=True, repr=False)
class ModelSummary:
    """The calls of a model in order, and what they cost together."""

    name: str
    input_shape: tuple[Any, ...]
    rows: tuple[LayerRow, ...]
    convention: str = CONVENTION

    @property
    def params(self) -> int:
        """Weights, shared ones once."""
        return self._total("params")

    @property
    def trainable_params(self) -> int:
        """Weights that training changes."""
        return self._total("trainable_params")

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one example, without the layers that `not_counted` names."""
        return self._total("macs")

    @property
    def flops(self) -> int:
        """Floating-point operations: 2 x MACs."""
        return 2 * self.macs

    @property
    def activations(self) -> int:
        """Numbers in all outputs for one example, the input among them."""
        return self._total("activations")

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Layers whose MACs are not known."""
        return tuple(row.name for row in self.rows if row.macs is None)

    @property
    def weight_bytes(self) -> int:
        """Memory of the weights."""
        return self._total("weight_bytes")

    def forward_bytes(self, batch_size: int = 1) -> int:
        """Memory of a forward pass: weights, and the most activations alive at one time.

        An output lives until its last reader has run; what nobody reads is a result and stays.
        """
        last_read = {name: row.name for row in self.rows for name in row.inputs}
        sizes: dict[str, int] = {}
        alive = peak = 0
        for row in self.rows:
            sizes[row.name] = row.activation_bytes or 0
            alive += sizes[row.name]
            peak = max(peak, alive)
            alive -= sum(sizes.pop(name, 0) for name in row.inputs if last_read[name] == row.name)
        return self.weight_bytes + batch_size * peak

    def training_bytes(self, batch_size: int, optimizer: str = "adam") -> int:
        """Memory of a training step: weights, gradients, optimiser slots, every activation.

        A lower bound: the gradients of activations and a kernel's workspace come on top.

        Raises:
            ValueError: `optimizer` is not in `OPTIMIZER_SLOTS`.
        """
        slots = OPTIMIZER_SLOTS.get(optimizer.lower())
        if slots is None:
            known = ", ".join(OPTIMIZER_SLOTS)
            raise ValueError(f"unknown optimizer {optimizer!r}, expected one of {known}.")
        learned = self._total("trainable_bytes") * (1 + slots)
        return self.weight_bytes + learned + batch_size * self._total("activation_bytes")

    def diff(self, expected: ModelSummary) -> Difference | None:
        """Return the first difference from another summary, None if there is none.

        Structure comes first, from the first row to the last; only where all of it agrees do names
        count, and of these not the ones that Keras has numbered by itself (conv2d_7).
        """
        return first_difference(self.rows, expected.rows)

    def to_frame(self) -> Any:
        """Return a pandas DataFrame, a row a call, a column a field; NA: not known."""
        import pandas as pd

        rows = [vars(row) for row in self.rows]
        return pd.DataFrame(rows, columns=list(ROW_COLUMNS)).convert_dtypes()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, from which `from_dict` makes an equal summary."""
        columns = {**vars(self), "rows": [vars(row) for row in self.rows]}
        return {name: plain.listed(column) for name, column in columns.items()}

    @classmethod
    def from_dict(cls, data: Any) -> ModelSummary:
        """Make a summary from what `to_dict` gave; needs no Keras and trusts nothing.

        Raises:
            ValueError: the data is not of that form; the message names the place.
        """
        values = plain.checked(plain.tupled(data), SUMMARY_COLUMNS, "the summary")
        rows = (
            LayerRow(**plain.checked(row, ROW_COLUMNS, f"row {number}"))
            for number, row in enumerate(values["rows"], start=1)
        )
        return cls(**{**values, "rows": tuple(rows)})

    def _total(self, column: str) -> int:
        return sum(getattr(row, column) or 0 for row in self.rows)

    def _repr_html_(self) -> str:
        return html(self)

    def __str__(self) -> str:
        return text(self)

    __repr__ = __str__
