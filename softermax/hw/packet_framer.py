"""Packet framer: packets of any length become packets of the right one."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["PacketFramer", "packet_word"]


def packet_word(size: int) -> data.StructLayout:
    """A word of ``size`` bytes as it comes: ``data``, ``keep`` (a bit per byte), ``last`` of a packet."""
    return data.StructLayout({"data": data.ArrayLayout(8, size), "keep": size, "last": 1})


class PacketFramer(wiring.Component):
    """Gives of each packet exactly ``words`` words, so that what counts words stays in step with packets.

    A packet that ends early is filled up with zeros, during which nothing is taken; of one that ends late, what is too
    much is dropped. Bytes that are not kept are zeros. No packet is begun while ``words`` is not 1 to ``most``.

    Packets of the right length pass without latency and without a bubble.

    Parameters
    ----------
    size : int
        Bytes of a word.
    most : int
        Words of the longest packet.

    Members
    -------
    i : In, stream of :func:`packet_word`
    o : Out, stream of an array of ``size`` bytes
    words : In
    restart : In, 1
        Forget the present packet: the rest of one that has begun is dropped. In this cycle no word may be taken from
        ``o``, and one that is offered may change.
    ends_early, ends_late : Out, 1
        A packet ends early; goes on where it should end. For a cycle each, as that word is taken.
    """

    def __init__(self, size: int, most: int):
        self._most = most
        super().__init__(
            {
                "i": In(stream.Signature(packet_word(size))),
                "o": Out(stream.Signature(packet_word(size)["data"].shape)),
                "words": In(range(most + 1)),
                "restart": In(1),
                "ends_early": Out(1),
                "ends_late": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        i, o = self.i.payload, self.o.payload
        place = Signal(range(self._most))
        filling = Signal()
        dropping = Signal()
        fits = Signal()
        completes = Signal()
        taken = Signal()
        kept = [Mux(keep & ~filling, byte, 0) for byte, keep in zip(i.data, i.keep, strict=True)]
        m.d.comb += [
            # Comparisons that are always true, where the most is 1 or words have no bit to spare, linters remark on.
            fits.eq((self.words != 0) & (1 if self._most.bit_count() == len(self.words) else self.words <= self._most)),
            completes.eq(1 if self._most == 1 else place + 1 >= self.words),
            o.as_value().eq(Cat(kept)),
            self.o.valid.eq((filling | (self.i.valid & ~dropping)) & fits),
            self.i.ready.eq(dropping | (self.o.ready & ~filling & fits)),
            taken.eq(self.i.valid & self.i.ready),
            self.ends_early.eq(taken & ~dropping & i.last & ~completes),
            self.ends_late.eq(taken & ~dropping & ~i.last & completes),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += place.eq(Mux(completes, 0, place + 1))
            with m.If(completes):
                m.d.sync += filling.eq(0)
        with m.If(taken):
            m.d.sync += dropping.eq(~i.last & (dropping | completes))
        with m.If(self.ends_early):
            m.d.sync += filling.eq(1)
        with m.If(self.restart):
            m.d.sync += [place.eq(0), filling.eq(0)]
            with m.If((place != 0) & ~filling):
                m.d.sync += dropping.eq(1)
        return m
