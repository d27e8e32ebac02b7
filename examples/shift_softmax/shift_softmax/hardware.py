"""The unit: a memory for a row, a running maximum and sum, and a shifter in each lane."""

from __future__ import annotations

from functools import reduce

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from softermax.hw.arithmetic import shift_right
from softermax.hw.framing import frame_rows
from softermax.hw.streams import scores_of, shape_of

from .model import LOWEST, OUTPUT, SCORE, ShiftConfig

__all__ = ["ShiftSoftmax", "probability_slice"]

#: Integer part of a score.
INTEGER = signed(SCORE.integer_bits)


def probability_slice(config: ShiftConfig) -> data.StructLayout:
    """Probabilities ``y`` (an array of lanes), ``last`` of a row, and whether the row was cut, ``overlong``."""
    return data.StructLayout({"y": data.ArrayLayout(shape_of(OUTPUT), config.lanes), "last": 1, "overlong": 1})


class ShiftSoftmax(wiring.Component):
    """Slices of scores in, slices of probabilities out; rows one after the other, each in and then out.

    Parameters
    ----------
    config : ShiftConfig

    Members
    -------
    i : In, stream of :func:`softermax.hw.streams.scores_of`
    o : Out, stream of :func:`probability_slice`

    Attributes
    ----------
    latency : int
        Clock cycles from a row's last slice entering to its first probabilities standing at the output.
    """

    latency = 1

    def __init__(self, config: ShiftConfig):
        self.config = config
        self._taken = data.StructLayout({"e": data.ArrayLayout(INTEGER, config.lanes), "keep": config.lanes})
        super().__init__(
            {
                "i": In(stream.Signature(scores_of(SCORE, config.lanes))),
                "o": Out(stream.Signature(probability_slice(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.memory = memory = Memory(shape=self._taken, depth=config.max_slices, init=[])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        giving, first = Signal(), Signal(init=1)
        place, final = Signal(range(config.max_slices)), Signal(range(config.max_slices))
        maximum, total, overlong = Signal(INTEGER), Signal(config.sum_bits), Signal()
        keeps, last, cuts = frame_rows(m, self.i, config.max_slices)
        takes, gives = self.i.valid & ~giving & keeps, giving & self.o.ready
        m.d.comb += [
            self.i.ready.eq(~giving),
            self.o.valid.eq(giving),
            self.o.payload.last.eq(place == final),
            self.o.payload.overlong.eq(overlong),
            write.en.eq(takes),
            write.addr.eq(place),
            write.data.keep.eq(self.i.payload.keep),
            read.addr.eq(place),
        ]
        m.d.comb += [e.eq(x >> SCORE.fraction_bits) for e, x in zip(write.data.e, self.i.payload.x, strict=True)]
        raised, summed = self._reduce(m, write.data, first, maximum, total)
        with m.If(takes):
            m.d.sync += [maximum.eq(raised), total.eq(summed), overlong.eq(cuts), first.eq(last)]
            m.d.sync += [place.eq(Mux(last, 0, place + 1)), final.eq(place), giving.eq(last)]
        with m.If(gives):
            ends = self.o.payload.last
            m.d.sync += [place.eq(Mux(ends, 0, place + 1)), giving.eq(~ends)]
        exponent = Signal(range(config.sum_bits))
        for bit in range(config.sum_fraction_bits, config.sum_bits):
            with m.If(total[bit]):
                m.d.comb += exponent.eq(bit - config.sum_fraction_bits)
        one = Const(1 << OUTPUT.fraction_bits, OUTPUT.width)
        for lane, y in enumerate(self.o.payload.y):
            below = (maximum - read.data.e[lane]).as_unsigned() + exponent
            m.d.comb += y.eq(shift_right(one, below, clear=~read.data.keep[lane]))
        return m

    def _reduce(self, m: Module, taken: data.View, first, maximum, total) -> tuple[Value, Value]:
        """Running maximum and sum with a slice: M' = max(M, M_s), D' = (D >> M' - M) + (S >> M' - M_s)."""
        config = self.config
        kept = [Mux(keep, e, LOWEST) for e, keep in zip(taken.e, taken.keep, strict=True)]
        of_slice, raised = Signal(INTEGER), Signal(INTEGER)
        m.d.comb += of_slice.eq(reduce(lambda a, b: Mux(a > b, a, b), kept))
        m.d.comb += raised.eq(Mux(first | (of_slice > maximum), of_slice, maximum))
        one = Const(1 << config.sum_fraction_bits, config.sum_fraction_bits + 1)
        powers = [
            shift_right(one, (of_slice - e).as_unsigned(), clear=~keep)
            for e, keep in zip(taken.e, taken.keep, strict=True)
        ]
        summed = Signal(config.sum_bits)
        m.d.comb += summed.eq(sum(powers))
        before = shift_right(total, (raised - maximum).as_unsigned(), clear=first)
        return raised, before + shift_right(summed, (raised - of_slice).as_unsigned())
