"""The surroundings of a unit in which a property of it is proven."""

from __future__ import annotations

from amaranth.back import rtlil
from amaranth.hdl import Assume, ClockDomain, Instance, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

__all__ = ["TOP", "UNIT", "Harness"]

#: Names of the modules: of the harness, and of the unit in it.
TOP, UNIT = "harness", "unit"


class Harness:
    """A unit, an environment that does whatever it is not forbidden, and statements about both.

    The first clock cycle is a reset, before which every register of the unit holds anything; the environment may reset
    it again whenever it likes. Registers that a statement needs are reset together with the unit.

    The unit is a black box here: its Verilog is put in when the statements are tried.

    Parameters
    ----------
    component : wiring.Component
        Whose signature the unit has.

    Attributes
    ----------
    m : Module
        For the logic of the statements; ``comb`` and ``sync``.
    port : interface object
        The unit's ports, seen from outside. Its inputs are free.
    reset : Value
        High in a cycle with a reset at its end.
    """

    def __init__(self, component: wiring.Component):
        self.component, self.m = component, (m := Module())
        self.port = component.signature.create(path=())
        self._free, self._covers = [], {}
        self._statements: list[tuple[str, Value, Value]] = []
        clock, begun = self.free(1, "clk"), Signal()
        m.domains.always = always = ClockDomain(reset_less=True)
        m.domains.sync = sync = ClockDomain()
        m.d.comb += [always.clk.eq(clock), sync.clk.eq(clock), sync.rst.eq(~begun | self.free(1, "reset"))]
        m.d.always += begun.eq(1)
        self._begun, self._clock, self.reset = begun, clock, sync.rst
        for _, member, value in component.signature.flatten(self.port):
            if member.flow == In:
                self._free.append(Value.cast(value))
        m.submodules.unit = self._instance(self.port, sync.rst)

    def _instance(self, port, reset: Value) -> Instance:
        """The unit, with an interface object as its ports."""
        ports = {"i_clk": self._clock, "i_rst": reset}
        for path, member, value in self.component.signature.flatten(port):
            ports[f"{'i' if member.flow == In else 'o'}_{'__'.join(map(str, path))}"] = Value.cast(value)
        return Instance(UNIT, **ports)

    def twin(self, reset: Value):
        """Ports of another one of the unit, with the same inputs but a reset of its own."""
        port = self.component.signature.create(path=("twin",))
        for (_, member, value), (_, _, own) in zip(
            self.component.signature.flatten(port), self.component.signature.flatten(self.port), strict=True
        ):
            if member.flow == In:
                self.m.d.comb += Value.cast(value).eq(Value.cast(own))
        self.m.submodules.twin = self._instance(port, reset)
        return port

    def free(self, shape, name: str) -> Signal:
        """Signal that the environment chooses again in every cycle."""
        signal = Signal(shape, name=name)
        self._free.append(Value.cast(signal))
        return signal

    def chosen(self, shape, name: str) -> Signal:
        """Signal that the environment chooses once, in the first cycle."""
        choice = self.free(shape, f"{name}_choice")
        signal = Signal(shape, name=name, reset_less=True)
        with self.m.If(~self._begun):
            self.m.d.always += Value.cast(signal).eq(choice)
        return signal

    def before(self, value: Value, name: str, *, init: int = 0) -> Signal:
        """The value of the cycle before; ``init`` after a reset."""
        register = Signal(Value.cast(value).shape(), name=name, init=init)
        self.m.d.sync += register.eq(value)
        return register

    def assume(self, condition: Value):
        """The environment keeps a condition, from the first reset on."""
        self._statements.append(("assume", condition, ""))

    def check(self, condition: Value, name: str):
        """The unit keeps a condition, from the first reset on; so it is asserted."""
        self._statements.append(("check", condition, name))

    def cover(self, condition: Value, name: str):
        """A situation that must be possible, or what is asserted would say nothing."""
        self._statements.append(("cover", condition, name))

    def names(self, kind: str) -> list[str]:
        """Names of the statements of a kind, in order."""
        return [name for of_kind, _, name in self._statements if of_kind == kind]

    def netlist(self, *, covering: bool = False) -> str:
        """The harness in RTLIL, with an output ``statement_0``, ``statement_1`` ... for each check or each cover.

        It is high where the check fails, or the situation has come.
        """
        tried = [
            (kind, condition) for kind, condition, _ in self._statements if kind == ("cover" if covering else "check")
        ]
        outputs = [Signal(name=f"statement_{number}") for number in range(len(tried))]
        for output, (kind, condition) in zip(outputs, tried, strict=True):
            self.m.d.comb += output.eq(self._begun & (condition if kind == "cover" else ~Value.cast(condition).any()))
        with self.m.If(self._begun):
            self.m.d.comb += [Assume(condition) for kind, condition, _ in self._statements if kind == "assume"]
        return rtlil.convert(self.m, name=TOP, ports=[*self._free, *outputs], emit_src=False)
