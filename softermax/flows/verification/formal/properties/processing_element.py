"""Properties of the processing element, for a host that loads keys, starts a head and streams queries."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Mux, Signal

from softermax.hw.pe.mac_array import MacArray
from softermax.hw.pe.requantiser import Requantiser
from softermax.model.pe import Register

from ..harness import Harness
from .streams import check_progress, keep_contract, transfer

__all__ = ["progress", "rows"]


class _Host:
    """Writes the sizes of a head, which the environment chooses, loads its keys and starts it; then it only watches.

    Attributes
    ----------
    queries, keys, causal : Signal
        Settings that the host has chosen.
    started : Value
        From the cycle after the start on.
    """

    def __init__(self, h: Harness):
        m, config, csr = h.m, h.component.config, h.port.csr
        keep_contract(h)
        self.queries = h.chosen(range(config.max_len + 1), "queries")
        self.keys = h.chosen(range(config.max_len + 1), "keys")
        self.causal = h.chosen(1, "causal")
        for size in (self.queries, self.keys):
            h.assume((size != 0) & (size <= config.max_len))
        writes = (
            (Register.QUERIES, self.queries),
            (Register.KEYS, self.keys),
            (Register.D_HEAD, Const(config.max_d_head)),
            (Register.MASK, self.causal),
            (Register.CONTROL, Const(1)),
        )
        step, start = Signal(range(len(writes) + 1), name="host_step"), len(writes) - 1
        loaded = Signal(range(config.max_len * config.max_chunks + 1), name="host_loaded")
        complete = loaded == self.keys * config.max_chunks
        taken = transfer(h.port.k)
        m.d.sync += loaded.eq(loaded + taken)
        with m.If((step != start) & (step < len(writes)) | (step == start) & complete):
            m.d.sync += step.eq(step + 1)
        h.assume(~h.port.k.valid | (step == start) & ~complete)
        h.assume(csr.write_strobe == ((step < start) | (step == start) & complete))
        h.assume(csr.address == Array([*(register for register, _ in writes), 0])[step])
        h.assume(csr.write_data == Array([*(value for _, value in writes), Const(0)])[step])
        h.assume(~csr.read_strobe)
        self.started = step == len(writes)


def rows(h: Harness):
    """A head gives a row for each query, of the slices with the keys that it may see, and is done with the last one."""
    host, m, o, config = _Host(h), h.m, h.port.o, h.component.config
    row = Signal(range(config.max_len + 1), name="host_row")
    number = Signal(range(config.softmax.max_slices + 1), name="host_slice")
    with m.If(transfer(o)):
        m.d.sync += [number.eq(Mux(o.payload.last, 0, number + 1)), row.eq(row + o.payload.last)]
    last_key = Mux(host.causal & (row < host.keys), row, host.keys - 1)
    h.check(~o.valid | (host.started & (row < host.queries)), "no row but of a query")
    h.check(~o.valid | (o.payload.last == (number == last_key[: len(row)] // config.lanes)), "last slice of a row")
    h.check(h.port.done == (host.started & (row == host.queries)), "done with the last row")
    h.cover(h.port.done & (host.queries > 1), "done after several rows")


def progress(h: Harness):
    """No deadlock: while a head is computed, queries come and the sink is ready, something moves within the latency."""
    host, o, q, config = _Host(h), h.port.o, h.port.q, h.component.config
    softmax = config.softmax.plan.summary_latency + config.softmax.plan.row_latency + config.softmax.plan.result_latency
    within = MacArray.latency + Requantiser.latency + softmax
    due = host.started & ~h.port.done & q.valid & o.ready
    check_progress(h, due=due, moves=q.ready | o.valid, within=within, name="a query or probabilities")
