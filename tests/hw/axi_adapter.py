"""Units with AXI4-Stream ports, with the ports of the units in them again: so they play those units' traces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from amaranth.hdl import Cat, ClockSignal, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped

from softermax.hw import AxiStreamProcessingElement, AxiStreamSoftmax
from softermax.hw.axi_stream import ROW_FLAGS, lane_bytes
from softermax.sim.trace import Trace


class SoftmaxThroughAxi(wiring.Component):
    """A complete softmax, all through its AXI4-Stream ports.

    In the bits of a lane beyond its score is something else than its sign, and one byte of a masked lane is not kept.
    """

    def __init__(self, config):
        self._axi = AxiStreamSoftmax(config)
        super().__init__(self._axi.inner.signature)

    def elaborate(self, platform):
        m = Module()
        axi, i = self._axi, self.i
        _connect_common(m, axi, self.o, self.o.payload.y)
        size = lane_bytes(i.payload.x.shape())
        m.d.comb += [
            axi.s_axis_tdata.eq(Cat(Cat(x, (~x[-1]).replicate(8 * size - len(x))) for x in i.payload.x)),
            axi.s_axis_tkeep.eq(
                Cat(
                    keep if byte == lane % size else 1
                    for lane, keep in enumerate(i.payload.keep)
                    for byte in range(size)
                )
            ),
            axi.s_axis_tlast.eq(i.payload.last),
            axi.s_axis_tvalid.eq(i.valid),
            i.ready.eq(axi.s_axis_tready),
        ]
        return m


class ElementThroughAxi(wiring.Component):
    """A processing element, all through its AXI4-Stream ports; ``k_last``, ``q_last`` and ``v_last`` end packets."""

    def __init__(self, config):
        self._axi = AxiStreamProcessingElement(config)
        members = self._axi.inner.signature.members
        self._matrices = [name for name in "kqv" if name in members]
        super().__init__({**members, **{f"{name}_last": In(1) for name in self._matrices}})

    def elaborate(self, platform):
        m = Module()
        axi, payload = self._axi, self.o.payload
        _connect_common(m, axi, self.o, payload.x if "x" in payload.shape().members else payload.y)
        connect(m, flipped(self.csr), axi.csr)
        m.d.comb += self.done.eq(axi.done)
        for name in self._matrices:
            words, port = getattr(self, name), f"s_axis_{name}_t"
            m.d.comb += [
                getattr(axi, f"{port}data").eq(words.payload.as_value()),
                getattr(axi, f"{port}keep").eq(~0),
                getattr(axi, f"{port}last").eq(getattr(self, f"{name}_last")),
                getattr(axi, f"{port}valid").eq(words.valid),
                words.ready.eq(getattr(axi, f"{port}ready")),
            ]
        return m


def _connect_common(m, axi, o, numbers):
    """Clock, reset, and an output stream from packets."""
    m.submodules.axi = axi
    size = lane_bytes(numbers.shape())
    m.d.comb += [
        axi.aclk.eq(ClockSignal()),
        axi.aresetn.eq(~ResetSignal()),
        *(number.eq(axi.m_axis_tdata[8 * size * lane :][: len(number)]) for lane, number in enumerate(numbers)),
        o.payload.last.eq(axi.m_axis_tlast),
        o.valid.eq(axi.m_axis_tvalid),
        axi.m_axis_tready.eq(o.ready),
    ]
    known = o.payload.shape().members
    m.d.comb += [o.payload[flag].eq(axi.m_axis_tuser[place]) for place, flag in enumerate(ROW_FLAGS) if flag in known]


def with_packets(trace: Trace, words: dict[str, list[int]]) -> Trace:
    """A trace of a processing element with the ports that end packets.

    Readiness while nothing is offered is not compared: before sizes are written, no packet can be begun.

    Parameters
    ----------
    words : dict of str to list of int
        Of each stream the words of its packets, in order.
    """
    ends, readies = {}, {}
    for name, lengths in words.items():
        last = np.zeros(sum(lengths) + 1, int)
        last[np.cumsum(lengths) - 1] = 1
        handshakes = list(zip(trace.inputs[f"{name}__valid"], trace.outputs[f"{name}__ready"], strict=True))
        moved = np.array([bool(valid and ready) for valid, ready in handshakes])
        ends[f"{name}_last"] = last[np.cumsum(moved) - moved].tolist()
        readies[f"{name}__ready"] = [ready if valid else None for valid, ready in handshakes]
    return replace(trace, inputs=trace.inputs | ends, outputs=trace.outputs | readies)
