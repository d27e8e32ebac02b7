"""Properties of the Cascade: what it rounds away of one result it gives to the next, and nothing to another row."""

from __future__ import annotations

from amaranth.hdl import Const, Mux, Signal, Value

from ..harness import Harness
from . import reference

__all__ = ["conservation", "isolation", "neighbours"]

#: By how many bits sums of outputs are wider than an output: sums are compared modulo.
SUM_BITS = 4


def _rounded(h: Harness) -> list[Value]:
    """The results as they are cascaded, rounded to their guard bits; none is larger than results are."""
    largest = reference.largest_result(h.component.config)
    results = []
    for lane, result in enumerate(h.port.results):
        results.append(rounded := Signal(len(result), name=f"result_{lane}"))
        h.m.d.comb += rounded.eq((result + 1) >> 1)
        h.assume(rounded <= largest)
    return results


def _saturates(h: Harness) -> Value:
    """Whether a lane may have saturated."""
    config = h.component.config
    if not config.output_can_saturate:
        return Const(0)
    return Value.cast(sum(y == config.output.max_raw for y in h.port.y)).any()


def conservation(h: Harness):
    """The outputs of a row sum to its rounded total, after every slice, unless one of them saturates."""
    guard_bits, port = h.component.config.guard_bits, h.port
    results, width = _rounded(h), len(port.y[0]) + SUM_BITS
    half = 1 << (guard_bits - 1)
    total = Signal(width + guard_bits, init=half, name="total_and_half")
    given, excused = Signal(width, name="given"), Signal(name="excused")
    total_after, given_after = Signal.like(total, name="total_after"), Signal.like(given, name="given_after")
    excused_after = Signal(name="excused_after")
    h.m.d.comb += [
        total_after.eq(sum(results, total)),
        given_after.eq(sum(port.y, given)),
        excused_after.eq(excused | _saturates(h)),
    ]
    with h.m.If(port.load):
        h.m.d.sync += [
            total.eq(Mux(port.last, half, total_after)),
            given.eq(Mux(port.last, 0, given_after)),
            excused.eq(excused_after & ~port.last),
        ]
    h.check(excused_after | (given_after == total_after[guard_bits:]), "outputs sum to the rounded total")
    rest = total[:guard_bits] != half
    h.cover(port.load & port.last & ~excused_after & rest & (given != 0), "a row of slices, each with an output")


def isolation(h: Harness):
    """Once a row has ended, outputs are as if the unit had been reset then: they depend on no row before."""
    port = h.port
    ends = port.load & port.last & h.free(1, "pick")
    begun = Signal(name="row_begun")
    with h.m.If(ends):
        h.m.d.sync += begun.eq(1)
    twin = h.twin(h.reset | ~begun)
    for lane, (y, of_twin) in enumerate(zip(port.y, twin.y, strict=True)):
        h.check(~begun | (y == of_twin), f"output of lane {lane}")
    h.cover(begun & port.load & port.last, "another row ends")


def neighbours(h: Harness):
    """Each output is the floor or the ceiling of its result, saturated."""
    config = h.component.config
    for lane, (result, y) in enumerate(zip(_rounded(h), h.port.y, strict=True)):
        floor = result >> config.guard_bits
        ceiling = floor + result[: config.guard_bits].any()
        fits = (y == reference.saturated(bound, config) for bound in (floor, ceiling))
        h.check(sum(fits).any(), f"output of lane {lane}")
        h.cover(floor != y, f"output of lane {lane} is rounded up")
