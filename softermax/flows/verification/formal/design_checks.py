"""Checks of any registered design's unit, also of foreign designs: its streams keep their contract."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...design_points import DesignPoint
from .cases import Case
from .checks import Check
from .properties import streams
from .prover import Limits

__all__ = ["Withdrawn", "contract_check"]

#: Seconds for a proof, and clock cycles of a search for counterexamples.
LIMITS = Limits(seconds=400, depth=32)
PORT = re.compile(r"^  (?:input|output)\b[^;]*?(\S+) ?;$", re.MULTILINE)


@dataclass(frozen=True)
class Withdrawn:
    """A seeded fault that any unit with an output stream can have: what waits is withdrawn as soon as it could move.

    It is put around the unit, so that it does not depend on the unit's inside.

    Parameters
    ----------
    stream : str
        Name of the output stream.
    """

    stream: str = "o"

    @property
    def name(self) -> str:
        """Name of the fault."""
        return f"what waits at {self.stream} is withdrawn when its sink is ready"

    def seeded(self, verilog: str, top: str) -> str:
        """The Verilog with the fault."""
        module = re.search(rf"(?ms)^module {top}\((.*?)\);.*?^endmodule$", verilog)
        ports = [port[0] for port in PORT.finditer(module[0])]
        names = [port[1].removeprefix("\\") for port in PORT.finditer(module[0])]
        valid, ready = f"{self.stream}__valid", f"{self.stream}__ready"
        connected = ", ".join(f".{name}({'inside' if name == valid else name})" for name in names)
        around = "\n".join(
            [
                f"module {top}({module[1]});",
                *ports,
                "  wire inside;",
                f"  assign {valid} = inside & ~{ready};",
                f"  {top}_inside unit ({connected});",
                "endmodule",
            ]
        )
        return re.sub(rf"(?m)^module {top}\(", f"module {top}_inside(", verilog) + around + "\n"


def contract_check(point: DesignPoint) -> Check:
    """The check that the streams of a design point's unit keep their contract."""
    case = Case(DesignPoint.component, (point,), streams.contract, Withdrawn(), LIMITS)
    size = ", ".join(f"{name} {value}" for name, value in point.identity().items() if name != "unit")
    return case.check(f"{point.entry.title} of {point.preset}", size)
