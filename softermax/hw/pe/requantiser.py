"""Requantiser: from sums of products to scores in the softmax's format, or to context."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from softermax.model.pe_config import ACCUMULATOR_BITS, SHIFT_BITS, ProcessingElementConfig

from ..elastic import StageOutput, elastic_register
from ..streams import scores_of
from .streams import accumulated_slice, context_slice

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
        For the slice at ``i``.
    o : Out, stream of :func:`softermax.hw.streams.scores_of` the score format
    context : Out, stream of :func:`softermax.hw.pe.streams.context_slice`
        With values only; a slice goes to either.

    Attributes
    ----------
    latency : int
        Clock cycles from a slice entering to its scores standing at the output.
    """

    latency = 1

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        members = {
            "i": In(stream.Signature(accumulated_slice(config))),
            "multiplier": In(config.scale_bits),
            "shift": In(SHIFT_BITS),
            "o": Out(stream.Signature(scores_of(config.score, config.lanes))),
        }
        if config.values:
            members["context"] = Out(stream.Signature(context_slice(config)))
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        i, o = self.i.payload, self.o.payload
        scores = {f"x_{lane}": self._lane(m, lane, sums) for lane, sums in enumerate(i.accumulators)}
        keep = Cat(1, *(~i.last | (i.last_lane >= lane) for lane in range(1, self.config.lanes)))
        outputs, feeds = [self.o], (1,)
        if self.config.values:
            outputs, feeds = [self.o, self.context], (~i.context, i.context)
        held, heads = elastic_register(m, StageOutput.of(self.i), {**scores, "keep": keep, "last": i.last}, feeds=feeds)
        for port, head in zip(outputs, heads, strict=True):
            head.feed(m, port)
            m.d.comb += port.payload.last.eq(held["last"])
            m.d.comb += [x.eq(held[name]) for x, name in zip(port.payload.x, scores, strict=True)]
        m.d.comb += o.keep.eq(held["keep"])
        return m

    def _lane(self, m, number, accumulator):
        """A lane's score."""
        m.submodules[f"lane_{number}"] = lane = RequantiserLane(self.config)
        m.d.comb += [
            lane.accumulator.eq(accumulator),
            lane.multiplier.eq(self.multiplier),
            lane.shift.eq(self.shift),
        ]
        return lane.score


class RequantiserLane(wiring.Component):
    """A lane's multiplication, shift, rounding and saturation. Combinational.

    Parameters
    ----------
    config : ProcessingElementConfig

    Members
    -------
    accumulator, multiplier, shift : In
    score : Out, in ``config.score``
    """

    def __init__(self, config: ProcessingElementConfig):
        self.config = config
        super().__init__(
            {
                "accumulator": In(signed(ACCUMULATOR_BITS)),
                "multiplier": In(config.scale_bits),
                "shift": In(SHIFT_BITS),
                "score": Out(signed(config.score.width)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config, width = self.config, self.config.score.width
        product = Signal(signed(ACCUMULATOR_BITS + config.scale_bits))
        m.d.comb += product.eq(self.accumulator * self.multiplier)
        # A bit below the last place is kept, from which to round.
        shifted = Signal(signed(len(product) + 1))
        m.d.comb += shifted.eq(Cat(Const(0, 1), product).as_signed() >> self.shift)
        rounded = Signal(signed(width + 1))
        m.d.comb += rounded.eq((shifted[: width + 1].as_signed() + 1) >> 1)
        # A result that does not fit has bits above that differ from the sign, or is rounded up to the power of two.
        above, sign = shifted[width:-1], shifted[-1]
        too_high = ~sign & (above.any() | rounded[width - 1])
        too_low = sign & ~above.all()
        clipped = Mux(too_low, config.score.min_raw, rounded[:width].as_signed())
        m.d.comb += self.score.eq(Mux(too_high, config.score.max_raw, clipped))
        return m
