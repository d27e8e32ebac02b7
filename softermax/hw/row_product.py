"""Row Product: every product that a row's numerators can have with its reciprocal."""

from __future__ import annotations

from amaranth.hdl import Module

from softermax.model import SoftermaxConfig

from .arithmetic import drop_fraction
from .elastic import StageOutput, elastic_register
from .streams import row_products, row_scale
from .unit import StreamUnit

__all__ = ["RowProduct"]


class RowProduct(StreamUnit):
    """The reciprocal times 2**t for every fraction t of a score, once for each row.

    With f fraction bits a numerator has only 2**f mantissas. The factors are constants, so these are sums of shifted
    reciprocals, not multipliers.

    Parameters
    ----------
    config : SoftermaxConfig

    Members
    -------
    i : In, stream of :func:`row_scale`
    o : Out, stream of :func:`row_products`

    Attributes
    ----------
    latency : int
        Clock cycles from a scale entering to its products standing at the output.
    """

    latency = 1

    def __init__(self, config: SoftermaxConfig):
        config = SoftermaxConfig.of(config)
        super().__init__(config, inputs={"i": row_scale}, outputs={"o": row_products})

    def elaborate(self, platform):
        m = Module()
        scale, products = self.i.payload, self.o.payload
        factors = self.config.product_table.values.tolist()
        results = {f"product_{t}": self._product(m, scale.mantissa, t, factor) for t, factor in enumerate(factors)}
        kept = {name: scale[name] for name in ("exponent", "saturated", "overlong")}
        register, [head] = elastic_register(m, StageOutput.of(self.i), {**results, **kept})
        head.feed(m, self.o)
        m.d.comb += [products.products[t].eq(register[name]) for t, name in enumerate(results)]
        m.d.comb += [products[name].eq(register[name]) for name in kept]
        return m

    def _product(self, m, mantissa, t, factor):
        """One product, rounded to the products' fraction bits."""
        dropped = self.config.reciprocal.fraction_bits
        bias = (1 << dropped) - 1 if self.config.rounding == "directed" else 1 << (dropped - 1)
        return drop_fraction(m, mantissa * factor + bias, dropped, self.config.product_width, f"exact_{t}")
