"""A synthesised unit read back, with all that timing and energy are worked out from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..gates.liberty import Library, read_libraries
from ..gates.netlist import Netlist, read_netlist
from ..gates.timing import Delays, find_delays
from ..synthesis.synthesis import Synthesis

__all__ = ["MappedUnit", "read_mapped_unit"]


@dataclass(frozen=True, eq=False)
class MappedUnit:
    """A netlist, its library and what they tell of one another.

    Attributes
    ----------
    synthesis : Synthesis
    netlist : Netlist
    library : Library
    delays : Delays
        Delays of the netlist.
    """

    synthesis: Synthesis
    netlist: Netlist
    library: Library
    delays: Delays


def read_mapped_unit(unit: Synthesis, liberty: Sequence[Path], exclude: Sequence[str] = ()) -> MappedUnit:
    """Read a unit's netlist and the Liberty files that it was synthesised with, .gz too.

    Raises
    ------
    FlowError
        If a file cannot be read, or a cell is not in the library.
    """
    library = read_libraries(liberty, exclude)
    netlist = read_netlist(unit.netlist, unit.top, library)
    return MappedUnit(unit, netlist, library, find_delays(netlist, library, unit.macros))
