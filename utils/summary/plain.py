"""Summaries as plain JSON data, and back from data that nobody vouches for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# Deeper than any row, larger than any model: such data is made to do harm.
MAX_DEPTH = 8
MAX_NUMBER = 2**63


def listed(value: Any) -> Any:
    """Return plain data with lists for tuples, as JSON gives it back."""
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return [listed(item) for item in value] if isinstance(value, tuple | list) else value


def tupled(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return plain data with tuples for lists; ValueError at anything that is not plain."""
    if depth == 0:
        raise ValueError(f"not a model summary: it is nested more than {MAX_DEPTH} deep.")
    if isinstance(value, dict):
        return {key: tupled(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(tupled(item, depth - 1) for item in value)
    if not (is_text(value) or is_setting(value)):
        raise ValueError(f"not a model summary: {type(value).__name__} {value!s:.40} is in it.")
    return value


def checked(data: Any, columns: Mapping[str, Callable[[Any], bool]], place: str) -> dict[str, Any]:
    """Return `data` if it has just these columns and each passes its check, else ValueError."""
    if not isinstance(data, dict) or set(data) != set(columns):
        raise ValueError(f"not a model summary: {place} does not have just {', '.join(columns)}.")
    for column, holds in columns.items():
        if not holds(data[column]):
            raise ValueError(f"not a model summary: {column} of {place} is {data[column]!r:.80}.")
    return data


def is_text(value: Any) -> bool:
    """Whether it is a string."""
    return isinstance(value, str)


def is_number(value: Any) -> bool:
    """Whether it is a number that can be shown and added."""
    return type(value) in (int, float) and -MAX_NUMBER < value < MAX_NUMBER


def is_count(value: Any) -> bool:
    """Whether it is a whole number from 0 on."""
    return type(value) is int and 0 <= value < MAX_NUMBER


def is_count_or_none(value: Any) -> bool:
    """Whether it is a count, or None for "not known"."""
    return value is None or is_count(value)


def is_numbers(value: Any) -> bool:
    """Whether it is a number for all axes, a tuple of them, or None."""
    return value is None or is_number(value) or (isinstance(value, tuple) and is_shape(value))


def is_shape(value: Any) -> bool:
    """Whether it is a tuple of sizes, or of shapes."""
    return isinstance(value, tuple) and all(map(is_numbers, value))


def is_setting(value: Any) -> bool:
    """Whether it is what a layer can be set to: a number, a switch, a word, or some of them."""
    if isinstance(value, tuple):
        return all(map(is_setting, value))
    return value is None or isinstance(value, bool) or is_text(value) or is_number(value)


def is_settings(value: Any) -> bool:
    """Whether it is settings by name."""
    return (
        isinstance(value, dict)
        and all(map(is_text, value))
        and all(map(is_setting, value.values()))
    )


def is_texts(value: Any) -> bool:
    """Whether it is a tuple of strings."""
    return isinstance(value, tuple) and all(map(is_text, value))


def is_rows(value: Any) -> bool:
    """Whether it is a tuple, of rows that have a check of their own."""
    return isinstance(value, tuple)
