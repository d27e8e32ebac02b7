"""Fixed-point formats: Q(i, f) signed and UQ(i, f) unsigned, raw integers and the real numbers they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .scalars import plain_bool, plain_int

__all__ = ["UQ", "Q", "QFormat", "integer_dtype"]


@dataclass(frozen=True)
class QFormat:
    """A fixed-point format: a raw integer ``r`` stands for the real number ``r * 2**-fraction_bits``.

    Build one with :func:`Q` or :func:`UQ`, or read one with :meth:`parse`.

    Parameters
    ----------
    integer_bits : int
        Bits left of the binary point; a signed format counts its sign bit here, so the paper's Q(6,2) has 8 bits.
    fraction_bits : int
        Bits right of the binary point.
    signed : bool
        Two's complement if true.

    Raises
    ------
    TypeError
        If a number of bits is not an integer.
    ValueError
        If a number of bits is negative, or the format has no bit, or a signed one no sign bit.
    """

    integer_bits: int
    fraction_bits: int
    signed: bool

    def __post_init__(self):
        for name in ("integer_bits", "fraction_bits"):
            bits = plain_int(name, getattr(self, name))
            object.__setattr__(self, name, bits)
            if bits < 0:
                raise ValueError(f"{name} must be 0 or more, not {bits!r}")
        object.__setattr__(self, "signed", plain_bool("signed", self.signed))
        if self.signed and self.integer_bits == 0:
            raise ValueError("integer_bits of a signed format must be 1 or more (the sign counts), not 0")
        if not 1 <= self.width <= 53:
            raise ValueError(f"the width of a format must be 1 to 53 bits, not {self.width!r}")

    @classmethod
    def parse(cls, text: str) -> QFormat:
        """Read a format as the paper writes it: ``"Q(6,2)"`` or ``"UQ(1,15)"``."""
        return cls.of(text, "a format")

    @classmethod
    def of(cls, value: QFormat | str, name: str) -> QFormat:
        """The format itself, or what a text says; TypeError or ValueError, in a sentence on ``name``, if it is none."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a QFormat, not {value!r}")
        match = re.fullmatch(r"\s*(U?)Q\(\s*(\d{1,4})\s*,\s*(\d{1,4})\s*\)\s*", value, flags=re.IGNORECASE)
        if match is None:
            raise ValueError(f"{name} must be written Q(i,f) or UQ(i,f), not {value!r}")
        return cls(int(match[2]), int(match[3]), signed=not match[1])

    @property
    def width(self) -> int:
        """Total number of bits."""
        return self.integer_bits + self.fraction_bits

    @property
    def min_raw(self) -> int:
        """Smallest raw integer."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def max_raw(self) -> int:
        """Largest raw integer."""
        return (1 << (self.width - self.signed)) - 1

    @property
    def ulp(self) -> float:
        """One unit in the last place, as a real number."""
        return 2.0**-self.fraction_bits

    def quantise(self, values) -> np.ndarray:
        """Real numbers to raw integers: round to nearest, ties to even, then saturate.

        Parameters
        ----------
        values : array_like of float, any shape
            Must not hold NaN, but where a masked array masks them.

        Returns
        -------
        ndarray of the same shape, of the narrowest signed integer type that holds the format
            Raw integers; for a masked array, a masked array with its mask.
        """
        if isinstance(values, np.ma.MaskedArray):
            return np.ma.MaskedArray(self.quantise(values.filled(0)), values.mask)
        with np.errstate(over="ignore"):
            scaled = np.asarray(np.multiply(values, float(1 << self.fraction_bits), dtype=np.float64))
        np.rint(scaled, out=scaled)
        np.clip(scaled, self.min_raw, self.max_raw, out=scaled)
        return scaled.astype(integer_dtype(self.width + (not self.signed)))

    def to_real(self, raw) -> np.ndarray:
        """Raw integers to the real numbers they stand for, as float64 (exact)."""
        return np.multiply(raw, self.ulp, dtype=np.float64)

    def __str__(self):
        return f"{'Q' if self.signed else 'UQ'}({self.integer_bits},{self.fraction_bits})"


def Q(integer_bits: int, fraction_bits: int) -> QFormat:
    """Signed two's complement format; the sign bit is one of the integer bits."""
    return QFormat(integer_bits, fraction_bits, signed=True)


def UQ(integer_bits: int, fraction_bits: int) -> QFormat:
    """Unsigned format."""
    return QFormat(integer_bits, fraction_bits, signed=False)


def integer_dtype(bits: int) -> np.dtype:
    """The narrowest signed NumPy integer type of at least ``bits`` bits (at most 64)."""
    return np.dtype(next(f"i{size}" for size in (1, 2, 4, 8) if 8 * size >= bits))
