"""Properties of streams: contract, order and progress. A property's first line of text is its row in the table."""

from __future__ import annotations

from amaranth.hdl import Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..harness import Harness

__all__ = ["Watch", "check_progress", "contract", "keep_contract", "transfer"]


def transfer(port: stream.Interface) -> Value:
    """High where an item moves."""
    return port.valid & port.ready


def _kept(h: Harness, port: stream.Interface, name: str) -> Value:
    """Whether an item that was offered and not taken in the cycle before is still offered, and the same."""
    payload = Value.cast(port.payload)
    offered = h.before(port.valid & ~port.ready, f"{name}_offered")
    held = h.before(payload, f"{name}_held")
    return ~offered | (port.valid & (payload == held))


class Watch:
    """Watches any one item, which the environment picks, from where it enters to where it leaves.

    Items leave in the order in which they enter, none is lost and none comes twice: for whichever item is picked, as
    many leave before it as entered before it, and what then leaves is what is expected of it.

    Parameters
    ----------
    enters, leaves : Value
        High in a cycle in which an item does.
    offered : Value
        An item stands at the output.
    most : int
        Items that are inside at a time, at most.

    Attributes
    ----------
    picks : Value
        High in the cycle in which the watched item enters.
    is_next : Value
        The item that leaves next is the watched one.
    inside : Signal
        Number of items that have entered and not left.
    """

    def __init__(self, h: Harness, name: str, *, enters: Value, leaves: Value, offered: Value, most: int):
        m = h.m
        self._h, self._name, self._offered = h, name, offered
        self.inside = Signal(range(most + 2), name=f"{name}_inside")
        picked, left = Signal(name=f"{name}_picked"), Signal(name=f"{name}_left")
        ahead = Signal(range(most + 2), name=f"{name}_ahead")
        self.picks = enters & h.free(1, f"{name}_pick") & ~picked
        self.is_next = picked & ~left & (ahead == 0)
        m.d.sync += self.inside.eq(self.inside + enters - leaves)
        with m.If(self.picks):
            m.d.sync += [picked.eq(1), ahead.eq(self.inside - leaves)]
        with m.If(picked & ~left & leaves):
            m.d.sync += [ahead.eq(ahead - 1), left.eq(ahead == 0)]
        h.check(self.inside <= most, f"at most {most} {name} inside")
        h.check(~offered | (self.inside != 0), f"no {name} out of nothing")
        h.cover(left & (self.inside != 0), f"a watched {name} has left and others have come")

    def expect(self, expected: Value, actual: Value, what: str):
        """Check that the watched item leaves with the value that was expected when it entered."""
        expected = Value.cast(expected)
        noted = Signal(expected.shape(), name=f"{self._name}_{what}", reset_less=True)
        with self._h.m.If(self.picks):
            self._h.m.d.sync += noted.eq(expected)
        self._h.check(
            ~(self.is_next & self._offered) | (Value.cast(actual) == noted), f"{what} of the watched {self._name}"
        )


def check_progress(h: Harness, *, due: Value, moves: Value, within: int, name: str):
    """Check that a due item moves within a number of cycles in a row, and that one less is not enough."""
    waited = Signal(range(within + 1), name="waited")
    h.m.d.sync += waited.eq(0)
    with h.m.If(due & ~moves):
        h.m.d.sync += waited.eq(waited + 1)
    h.check(waited < within, f"{name} within {within} cycles")
    h.cover(due & (waited == within - 1), f"{name} in cycle {within}")


def _streams(h: Harness, flow) -> dict[str, stream.Interface]:
    """The unit's streams of a direction, by name."""
    return {
        name: getattr(h.port, name)
        for name, member in h.component.signature.members.items()
        if member.is_signature and isinstance(member.signature, stream.Signature) and member.flow == flow
    }


def keep_contract(h: Harness):
    """The environment takes back or changes nothing that it has offered at the unit's inputs."""
    for name, port in _streams(h, In).items():
        h.assume(_kept(h, port, name))


def contract(h: Harness):
    """An offered item stays unchanged until it is accepted."""
    keep_contract(h)
    for name, port in _streams(h, Out).items():
        h.check(_kept(h, port, name), f"{name} keeps its contract")
        h.cover(h.before(port.valid & ~port.ready, f"{name}_waited") & transfer(port), f"{name} waits and moves")
