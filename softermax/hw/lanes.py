"""The lanes of the Normalization Unit: what each style does with a slice, combinationally."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from softermax.model import SoftermaxConfig

from .arithmetic import drop_fraction, saturate, shift_right
from .cascade import result_width

__all__ = ["multiply_numerators", "select_products"]


def multiply_numerators(m: Module, i: data.View, row: data.View, config: SoftermaxConfig) -> list[Value]:
    """Shift each numerator to the row maximum, multiply it by the reciprocal; round to nearest, saturate.

    Parameters
    ----------
    i : View of :func:`unnormed_slice`
    row : View of :func:`row_scale`

    Returns
    -------
    list of Value
        A probability for each lane; for a cascade a result, as :class:`softermax.hw.cascade.Cascade` takes it.
    """
    shift = Signal(range((1 << config.input.integer_bits) + config.max_exponent + 1))
    m.d.comb += shift.eq(row.exponent - i.maximum)
    return [_multiply(m, u, shift, row.mantissa, config, lane) for lane, u in enumerate(i.u)]


def _multiply(m, u, shift, mantissa, config, lane):
    numerator = Signal(config.unnormed.width, name=f"numerator_{lane}")
    m.d.comb += numerator.eq(shift_right(u, shift))
    dropped = config.product_shift
    # A numerator and a reciprocal are at most 1, and their product is doubled.
    if config.rounding == "cascade":
        return drop_fraction(m, numerator * mantissa, dropped - 1, result_width(config), f"product_{lane}")
    width = max((2 << config.output.fraction_bits).bit_length(), config.output.width)
    half = (1 << max(dropped, 0)) >> 1
    return _fit(drop_fraction(m, numerator * mantissa + half, dropped, width, f"rounded_{lane}"), config)


def select_products(m: Module, i: data.View, row: data.View, config: SoftermaxConfig) -> list[Value]:
    """Select the row product for each score's fraction, shift it by the score's distance from the row's maximum.

    Parameters
    ----------
    i : View of :func:`score_slice`
    row : View of :func:`row_products`

    Returns
    -------
    list of Value
        A probability for each lane; for a cascade a result, as :class:`softermax.hw.cascade.Cascade` takes it.
    """
    # The exponent counts from 1/2, so a product is shifted by one place less than it says.
    base = Signal(row.exponent.shape(), name="shift_base")
    m.d.comb += base.eq(row.exponent - 1)
    return [_select(m, x, i.keep[lane], base, row.products, config, lane) for lane, x in enumerate(i.x)]


def _select(m, x, keep, base, products, config, lane):
    fraction_bits = config.input.fraction_bits
    shift = Signal(range((1 << config.input.integer_bits) + config.max_exponent), name=f"shift_{lane}")
    m.d.comb += shift.eq(base - x[fraction_bits:].as_signed())
    choices = list(products)
    for bit in x[:fraction_bits]:
        choices = [Mux(bit, odd, even) for even, odd in zip(choices[0::2], choices[1::2], strict=True)]
    # Rounding to nearest needs one bit below the result.
    below = 0 if config.rounding == "directed" else 1
    dropped = config.product.fraction_bits - config.result_bits - below
    # Where the result is finer than a product, the bits that it lacks are there before the shift, which loses none.
    product = Cat(Const(0, max(-dropped, 0)), choices[0])
    selected = Signal(len(product), name=f"selected_{lane}")
    m.d.comb += selected.eq(product)
    shifted = shift_right(selected, shift, clear=~keep)
    if config.rounding == "cascade":
        return drop_fraction(m, shifted, max(dropped, 0), result_width(config), f"shifted_{lane}")
    width = max((2 << config.output.fraction_bits).bit_length(), config.output.width)
    fine = drop_fraction(m, shifted, max(dropped, 0), width + below, f"shifted_{lane}")
    return _fit(drop_fraction(m, fine + 1, 1, width, f"rounded_{lane}") if below else fine, config)


def _fit(y: Value, config: SoftermaxConfig) -> Value:
    """A result at the output's width; saturated where it can exceed it."""
    return saturate(y, config.output.width) if config.output_can_saturate else y[: config.output.width]
