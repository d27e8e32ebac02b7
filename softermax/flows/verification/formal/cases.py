"""Cases: a property of a unit's Verilog is tried, its situations are reached, and its fault is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amaranth.lib.wiring import Component

from ...synthesis.verilog import generate_verilog
from ..faults import Fault
from .checks import FAILS, NOT_COVERED, Check
from .harness import UNIT, Harness
from .prover import Limits, Problem

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """A property of a unit, to be called with a folder as a :class:`Check` is run. Picklable.

    Parameters
    ----------
    unit : callable
        Makes the component, such as its class.
    arguments : tuple
        Arguments of the component.
    property : callable
        States it in a harness; the first line of its text says what it is.
    fault : Fault
        Fault in the unit's Verilog, or any object with a ``name`` and ``seeded`` like a fault's.
    limits : Limits
    """

    unit: Callable[..., Component]
    arguments: tuple
    property: Callable[[Harness], None]
    fault: Fault
    limits: Limits = Limits()

    def check(self, unit: str, config: str) -> Check:
        """This case as a row of the table."""
        return Check(unit, config, self.property.__doc__.splitlines()[0], self.fault.name, self)

    def __call__(self, folder: Path) -> dict:
        component = self.unit(*self.arguments)
        verilog = generate_verilog(component, UNIT)
        verdict = Problem(self._harness(component), verilog, folder / "property").prove(self.limits)
        covering = self._harness(component)
        covered = Problem(covering, verilog, folder / "cover", covering=True).witnesses(self.limits.depth)
        seeded = Problem(self._harness(component), self.fault.seeded(verilog, UNIT), folder / "fault")
        return {
            "method": verdict.method,
            "depth": verdict.depth,
            "witnessed": max(covered.values(), default=None),
            "result": verdict.result if len(covered) == len(covering.names("cover")) else NOT_COVERED,
            "fault_found": seeded.search(self.limits.depth).result == FAILS,
        }

    def _harness(self, component: Component) -> Harness:
        harness = Harness(component)
        self.property(harness)
        return harness
