"""Requantiser: from dot products to scores in the softmax's format."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe import ACCUMULATOR_BITS, SHIFT_BITS, ProcessingElementConfig

from ..elastic import Head, elastic_register
from ..streams import scores_of
from .streams import accumulated_slice

__all__ = ["Requantiser"]


class Requantiser(wiring.Component):
    """Multiplies a slice of sums by multiplier / 2**shift, rounds to nearest (ties up), saturates, and masks.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    i : In, stream of :func:`softermax.hw.pe.streams.accumulated_slice`
    multiplier, shift : In
    o : Out, stream of :func:`softermax.hw.streams.scores_of` the score format

    Attributes
    ----------
    latency : int
        Clock cycles from a slice entering to its scores standing at the output.
    """

    latency = 1

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(accumulated_slice(config))),
                "multiplier": In(config.scale_bits),
                "shift": In(SHIFT_BITS),
                "o": Out(stream.Signature(scores_of(config.score, config.lanes))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        i, o = self.i.payload, self.o.payload
        scores = {f"x_{lane}": self._scale(m, sums, lane) for lane, sums in enumerate(i.accumulators)}
        keep = Cat(1, *(~i.last | (i.last_lane >= lane) for lane in range(1, self.config.lanes)))
        held, [head] = elastic_register(m, Head.of(self.i), {**scores, "keep": keep, "last": i.last})
        m.d.comb += [self.o.valid.eq(head.valid), head.ready.eq(self.o.ready)]
        m.d.comb += [x.eq(held[name]) for x, name in zip(o.x, scores, strict=True)]
        m.d.comb += [o.keep.eq(held["keep"]), o.last.eq(held["last"])]
        return m

    def _scale(self, m, accumulator, lane):
        """A score, rounded from one bit below its last place."""
        config, width = self.config, self.config.score.width
        product = Signal(signed(ACCUMULATOR_BITS + config.scale_bits), name=f"product_{lane}")
        m.d.comb += product.eq(accumulator * self.multiplier)
        shifted = Signal(signed(len(product) + 1), name=f"shifted_{lane}")
        m.d.comb += shifted.eq(Cat(Const(0, 1), product).as_signed() >> self.shift)
        rounded = Signal(signed(width + 1), name=f"rounded_{lane}")
        m.d.comb += rounded.eq((shifted[: width + 1].as_signed() + 1) >> 1)
        # What does not fit has bits above that differ from the sign, or is rounded up to the power of two.
        above, sign = shifted[width:-1], shifted[-1]
        too_high = ~sign & (above.any() | rounded[width - 1])
        too_low = sign & ~above.all()
        clipped = Mux(too_low, config.score.min_raw, rounded[:width].as_signed())
        return Mux(too_high, config.score.max_raw, clipped)[:width].as_signed()
