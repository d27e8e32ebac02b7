"""A synthesised unit read back, with all that timing and energy are worked out from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import FlowError
from ..gates.liberty import Library, read_libraries, unpacked
from ..gates.netlist import Netlist, read_netlist
from ..gates.timing import Delays, find_delays
from ..synthesis.synthesis import Synthesis

__all__ = ["MappedUnit", "read_mapped_unit"]

VOLTAGE = re.compile(r"nom_voltage\s*:\s*([\d.]+)")


@dataclass(frozen=True, eq=False)
class MappedUnit:
    """A netlist, its library and what they tell of one another.

    Attributes
    ----------
    synthesis : Synthesis
    netlist : Netlist
    library : Library
    delays : Delays
        Of the netlist.
    nominal_voltage : float or None
        Of the library, in V.
    """

    synthesis: Synthesis
    netlist: Netlist
    library: Library
    delays: Delays
    nominal_voltage: float | None

    @property
    def voltage(self) -> float:
        """Of the library, in V; a FlowError if it does not tell."""
        if self.nominal_voltage is None:
            raise FlowError("the library must have a nom_voltage, from which energies follow")
        return self.nominal_voltage


def read_mapped_unit(unit: Synthesis, liberty: Sequence[Path], exclude: Sequence[str] = ()) -> MappedUnit:
    """Read a unit's netlist and the Liberty files that it was synthesised with, .gz too.

    Raises
    ------
    FlowError
        If a file cannot be read, or a cell is not in the library.
    """
    with unpacked(liberty) as plain:
        library, files = read_libraries(plain, exclude), list(plain.values())
        netlist = read_netlist(unit.netlist, unit.top, files)
        voltage = VOLTAGE.search(files[0].read_text(errors="replace"))
        delays = find_delays(netlist, library, files, unit.macros)
    return MappedUnit(unit, netlist, library, delays, voltage and float(voltage[1]))
