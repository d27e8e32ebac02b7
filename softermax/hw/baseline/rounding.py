"""Parts that all operators share: fields of a binary16 operand, normalisation, packing."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.utils import ceil_log2

from .ripple import name_value

__all__ = ["Operand", "normalise", "pack"]


@dataclass(frozen=True)
class Operand:
    """A binary16 operand, perhaps without high bits that are always 0; a subnormal one is a zero."""

    raw: Value

    @property
    def sign(self) -> Value:
        return self.raw[15]

    @property
    def magnitude(self) -> Value:
        return self.raw[:15]

    @property
    def fraction(self) -> Value:
        return self.raw[:10]

    @property
    def exponent(self) -> Value:
        return self.raw[10:15]

    @property
    def nonzero(self) -> Value:
        return self.exponent.any()

    @property
    def special(self) -> Value:
        """Infinity or NaN."""
        return self.exponent.all()

    @property
    def no_number(self) -> Value:
        return self.special & self.fraction.any()

    @property
    def significand(self) -> Value:
        """Significand of 11 bits of a number other than zero."""
        return Cat(self.fraction, Const(1, 1))


def normalise(m: Module, value: Value, *, digits: int | None = None) -> tuple[Value, Value]:
    """The value with its leading one moved to the top, and by how many places.

    Found digit by digit; so many digits do where there cannot be more zeros. What stands where zeros were found need
    not be cleared, only the rest.
    """
    width, zeros = len(value), []
    for digit in reversed(range(ceil_log2(width) if digits is None else digits)):
        places = 1 << digit
        zero = name_value(m, ~value[-places:].any(), f"zeros_{digit}")
        low, high = value[: width - places], value[width - places :]
        kept = Cat(low & (~zero).replicate(len(low)), high)
        moved = Cat(Const(0, places), low & zero.replicate(len(low)))
        value = name_value(m, kept | moved, f"normal_{digit}")
        zeros.insert(0, zero)
    return value, Cat(zeros)


def pack(m: Module, sign: Value, exponent: Value, fraction: Value, *, zero=0, infinite=0, no_number=0) -> Value:
    """The result from a rounded magnitude, whose exponent may be out of range.

    Parameters
    ----------
    sign, zero, infinite, no_number : Value, 1 bit each
        The last three override exponent and fraction, the later ones the earlier.
    exponent : Value, 7 bits, signed
    fraction : Value, 10 bits
    """
    exponent = name_value(m, exponent[:7].as_signed(), "exponent")
    negative, above, low = exponent[6], exponent[5], exponent[:5]
    overflow = name_value(m, (~negative & (above | low.all()) & ~zero) | infinite | no_number, "overflow")
    flushed = negative | ~(above | low.any()) | zero
    numeric = name_value(m, ~(flushed | overflow), "numeric")
    kept = fraction & numeric.replicate(10)
    field = (low & numeric.replicate(5)) | overflow.replicate(5)
    return Cat(kept[:9], kept[9] | no_number, field, sign & ~no_number)
