"""Integers, and yes or no, as users have them: Python's, NumPy's or a tensor's. What stores them stores plain ones."""

from __future__ import annotations

from operator import index

import numpy as np

__all__ = ["plain_bool", "plain_int", "positive_int"]


def plain_int(name: str, value) -> int:
    """The plain integer of anything that is one; TypeError, in a sentence, for what is none, as a bool."""
    # A bool, also a tensor's or an array's, is no size.
    if np.asarray(value).dtype != bool:
        try:
            return index(value)
        except TypeError:
            pass
    raise TypeError(f"{name} must be an integer, not {value!r}")


def positive_int(name: str, value) -> int:
    """The plain integer of anything that is one and is 1 or more; ValueError, in a sentence, for what is not."""
    try:
        number = plain_int(name, value)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"{name} must be an integer of 1 or more, not {value!r}")
    return number


def plain_bool(name: str, value) -> bool:
    """The plain bool of Python's or of NumPy's; TypeError, in a sentence, for anything else."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be a bool, not {value!r}")
    return bool(value)
