"""Events inside binary16 operations, for coverage: kinds of numbers, alignment, cancellation, rounding."""

from __future__ import annotations

import numpy as np

from .coverpoints import amount_bins, amounts, counted
from .flow import each

__all__ = ["KINDS", "ROUNDINGS", "exponents", "is_normal", "kinds", "roundings", "sum_bins", "sums"]

#: Kinds of numbers by name, as least and greatest magnitude.
_KINDS = {
    "0": (0, 0),
    "subnormal": (1, 0x3FF),
    "smallest normal": (0x400, 0x400),
    "normal": (0x401, 0x7BFE),
    "largest": (0x7BFF, 0x7BFF),
    "infinity": (0x7C00, 0x7C00),
    "NaN": (0x7C01, 0x7FFF),
}
KINDS = each(("+", "-"), _KINDS)

#: From this distance on the smaller operand of a sum only rounds.
FAR = 13
#: The smallest normal number, and the bound of infinity, in units of 2**-24, in which all sums are integers.
LEAST_NORMAL, OVERFLOW = 1 << 10, 65520 << 24


def kinds(raw: np.ndarray) -> dict[str, int]:
    """How often each kind of number occurs, sign by sign."""
    magnitude, negative = raw & 0x7FFF, raw >> 15 != 0
    cases = {
        f"{sign}: {name}": holds & (least <= magnitude) & (magnitude <= most)
        for sign, holds in (("+", ~negative), ("-", negative))
        for name, (least, most) in _KINDS.items()
    }
    return counted(cases)


def exponents(raw: np.ndarray) -> np.ndarray:
    """Exponents of normal numbers: of 1 it is 0."""
    field = (raw & 0x7FFF).astype(np.int64) >> 10
    return field[(field > 0) & (field < 31)] - 15


def _integers(raw: np.ndarray) -> np.ndarray:
    """Finite numbers in units of 2**-24, subnormals as 0."""
    raw = raw.astype(np.int64)
    field, fraction = (raw >> 10) & 31, raw & 0x3FF
    magnitude = np.where(field == 0, 0, (fraction | 0x400) << np.maximum(field - 1, 0))
    return np.where(raw >> 15, -magnitude, magnitude)


ROUNDINGS = ("exact", "up, to a power of two", "tie, down", "tie, up", "up", "down")


def roundings(exact: np.ndarray) -> dict[str, int]:
    """How often integers are rounded so to 11 significant bits; a tie goes to the even one."""
    dropped = np.maximum(_length(exact) - 11, 0)
    kept, rest, half = exact >> dropped, exact & ((1 << dropped) - 1), (1 << dropped) >> 1
    tie = (rest == half) & (rest > 0)
    up = (rest > half) | (tie & (kept & 1 == 1))
    cases = (rest == 0, up & (kept == 0x7FF), tie & ~up, tie, up, ~up)
    return counted(dict(zip(ROUNDINGS, cases, strict=True)))


def _length(integers: np.ndarray) -> np.ndarray:
    """Bits of integers of 0 to 2**53."""
    return np.frexp(integers.astype(np.float64))[1].astype(np.int64)


def sum_bins(*, differing_signs: bool) -> list[str]:
    """Bins of :func:`sums`, of operands that have one sign or can have two."""
    bins = [*each(["exponents apart"], amount_bins(FAR, FAR)), *each(["rounding"], ROUNDINGS), "no carry", "carry"]
    if differing_signs:
        bins += [*each(["places cancelled"], range(12)), "cancels to 0", "flushed to 0", "overflows"]
    return bins


def sums(a: np.ndarray, b: np.ndarray) -> dict[str, int]:
    """Events in additions of finite numbers of which neither counts as 0."""
    a, b = (x.reshape(-1).astype(np.int64) for x in np.broadcast_arrays(a, b))
    normal = is_normal(a) & is_normal(b)
    a, b = a[normal], b[normal]
    exact = np.abs(_integers(a) + _integers(b))
    gained = _length(exact) - _length(np.maximum(np.abs(_integers(a)), np.abs(_integers(b))))
    alike = (a ^ b) >> 15 == 0
    flushed, overflows = exact < LEAST_NORMAL, exact >= OVERFLOW
    cancelled = gained[~alike & ~flushed]
    found = {
        "exponents apart": amounts(np.abs((a >> 10 & 31) - (b >> 10 & 31)), FAR),
        "rounding": roundings(exact[~flushed & ~overflows]),
        "places cancelled": {str(place): int(hits) for place, hits in enumerate(np.bincount(-cancelled)) if hits},
    }
    hits = {f"{what}: {name}": n for what, answers in found.items() for name, n in answers.items()}
    ends = {"cancels to 0": exact == 0, "flushed to 0": flushed, "overflows": overflows}
    return hits | counted(ends) | counted({"carry": alike & (gained > 0), "no carry": alike})


def is_normal(raw: np.ndarray) -> np.ndarray:
    """Whether numbers are finite and do not count as 0."""
    field = raw >> 10 & 31
    return (field > 0) & (field < 31)
