"""AXI4-Stream: the standard's ports, and a complete softmax behind them."""

from __future__ import annotations

from amaranth.hdl import Cat, ClockDomain, Const, DomainRenamer, Module, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Member, Out

from softermax.model.shape import RowShape

from .softmax_hardware import softmax_hardware

__all__ = ["ROW_FLAGS", "AxiStreamSoftmax", "axi_clock", "axi_stream", "connect_numbers", "lane_bytes", "row_flags"]

#: Bits of ``tuser`` beside probabilities, and what they are of a row, lowest first.
ROW_FLAGS = ("saturated", "overlong")


def lane_bytes(layout: data.ArrayLayout) -> int:
    """Whole bytes that a number of an array takes in ``tdata``."""
    return -(-layout.elem_shape.width // 8)


def axi_stream(prefix: str, layout: data.ArrayLayout, *, user: int = 0) -> dict[str, Member]:
    """The ports of an AXI4-Stream as its sender has them, for an array of numbers in whole bytes each.

    Parameters
    ----------
    prefix : str
        Prefix of the ports' names: ``{prefix}_tdata``, ...
    user : int
        Bits of ``tuser``; with none there is no such port.
    """
    size = layout.length * lane_bytes(layout)
    ports = {"tdata": Out(8 * size), "tkeep": Out(size), "tlast": Out(1), "tvalid": Out(1), "tready": In(1)}
    ports |= {"tuser": Out(user)} if user else {}
    return {f"{prefix}_{name}": member for name, member in ports.items()}


def axi_clock(m: Module, component: wiring.Component) -> DomainRenamer:
    """Renamer with which ``aclk`` and ``aresetn``, low to reset, drive a component's submodules."""
    m.domains.axi = domain = ClockDomain(local=True)
    m.d.comb += [domain.clk.eq(component.aclk), domain.rst.eq(~component.aresetn)]
    return DomainRenamer("axi")


def connect_numbers(
    m: Module, component: wiring.Component, prefix: str, o: stream.Interface, numbers: data.View, flags: Value | None
):
    """Drive an AXI4-Stream of a component from a stream of ``numbers``, with ``last`` in its payload.

    A number fills its bytes up with its sign, or with zeros if it has none. All bytes are kept. Nothing is valid under
    reset.
    """
    port = {name: getattr(component, f"{prefix}_{name}") for name in ("tdata", "tkeep", "tlast", "tvalid", "tready")}
    width = 8 * lane_bytes(numbers.shape())
    m.d.comb += [port["tdata"][lane * width :][:width].eq(number) for lane, number in enumerate(numbers)]
    m.d.comb += [
        port["tkeep"].eq(~0),
        port["tlast"].eq(o.payload.last),
        port["tvalid"].eq(o.valid & component.aresetn),
        o.ready.eq(port["tready"]),
    ]
    if flags is not None:
        m.d.comb += getattr(component, f"{prefix}_tuser").eq(flags)


def row_flags(payload: data.View) -> Value:
    """``tuser`` beside probabilities: bit 0 saturated (never of the baseline, whose sums do not), bit 1 overlong."""
    known = payload.shape().members
    return Cat(payload[flag] if flag in known else Const(0) for flag in ROW_FLAGS)


class AxiStreamSoftmax(wiring.Component):
    """A complete softmax with AXI4-Stream ports: a packet is a row, a beat a slice.

    Only wiring, so latency and throughput are the softmax's. A lane takes whole bytes, lane 0 the lowest. Bits of a
    lane beyond its score are ignored; those beyond a probability are 0. A lane takes part if all of its bytes are kept,
    otherwise it is masked: with holes in ``tkeep``, and with nothing kept in a beat, which is a slice all the same. Out
    come as many beats as went in, but no more than ``config.max_slices``, with all bytes kept.

    Parameters
    ----------
    config : RowShape
        Config of a softmax with hardware, such as a SoftermaxConfig or a BaselineConfig; or the name of a
        preset of these.

    Members
    -------
    aclk : In, 1
    aresetn : In, 1
        Synchronous, low to reset. As long as it is low, nothing is taken or offered, and what has been taken is lost.
    s_axis_tdata, s_axis_tkeep, s_axis_tlast, s_axis_tvalid : In; s_axis_tready : Out
    m_axis_tdata, m_axis_tkeep, m_axis_tlast, m_axis_tvalid : Out; m_axis_tready : In
    m_axis_tuser : Out, 2
        Bit 0: the row's power sum saturated. Bit 1: the row was longer than ``config.max_slices``, and cut.

    Attributes
    ----------
    inner : Component
        The softmax itself.
    latency : int
        Its latency.

    Raises
    ------
    TypeError
        If the config has no hardware.
    """

    def __init__(self, config: RowShape):
        config = RowShape.of(config) if isinstance(config, str) else config
        self.config = config
        self.inner = softmax_hardware(config).softmax(config)
        self.latency = self.inner.latency
        scores = axi_stream("s_axis", self.inner.i.payload.x.shape())
        probabilities = axi_stream("m_axis", self.inner.o.payload.y.shape(), user=len(ROW_FLAGS))
        super().__init__(
            {
                "aclk": In(1),
                "aresetn": In(1),
                **{name: member.flip() for name, member in scores.items()},
                **probabilities,
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.softmax = axi_clock(m, self)(self.inner)
        i, o = self.inner.i, self.inner.o
        size = lane_bytes(i.payload.x.shape())
        all_kept = Signal(self.config.lanes)
        m.d.comb += [
            i.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(i.ready & self.aresetn),
            i.payload.last.eq(self.s_axis_tlast),
            i.payload.keep.eq(all_kept),
        ]
        for lane, x in enumerate(i.payload.x):
            m.d.comb += [
                x.eq(self.s_axis_tdata[8 * size * lane :][: len(x)]),
                all_kept[lane].eq(self.s_axis_tkeep[size * lane :][:size].all()),
            ]
        connect_numbers(m, self, "m_axis", o, o.payload.y, row_flags(o.payload))
        return m
