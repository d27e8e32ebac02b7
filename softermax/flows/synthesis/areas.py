"""Cells and areas of a mapped design, from the numbers of cells in its modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..errors import FlowError
from ..gates.liberty import Library
from .sram_macros import SramMacro

__all__ = ["NAND2", "SEQUENTIAL", "STANDARD", "MappedAreas", "nand2_area"]

#: Kinds of cells, see :class:`softermax.flows.gates.liberty.Cell`, and macros.
SEQUENTIAL = ("flop", "other flop", "latch", "clock gate")
STANDARD = (*SEQUENTIAL, "logic")
#: The function of a NAND2.
NAND2 = "!(A*B)"


def nand2_area(library: Library) -> float:
    """Area of the smallest NAND2, the unit of the memories' areas; a FlowError if there is none."""
    nand2 = library.smallest(NAND2)
    if nand2 is None:
        raise FlowError("the library must have a NAND2, from which the areas of memories follow: add one that has")
    return library.cells[nand2[0]].area


class MappedAreas:
    """Cells and areas of a mapped design, from the numbers of cells of each kind in each module.

    Raises
    ------
    FlowError
        If a cell is neither a module nor one of the library's, nor a macro.
    """

    def __init__(self, counts: dict[str, dict[str, int]], library: Library, macros: Mapping[str, SramMacro], top: str):
        self._counts, self._top = counts, top
        area_of = {name: (cell.area, cell.kind) for name, cell in library.cells.items()}
        if macros:
            unit = nand2_area(library)
            area_of |= {name: (macro.area(unit), "memory") for name, macro in macros.items()}
        self._area_of = area_of
        self._flat: dict[str, Counter] = {}
        unmapped = sorted(name for name in self._cells_of(top) if name not in area_of)
        if unmapped:
            names = ", ".join(unmapped)
            raise FlowError(f"the library must have a cell for everything in {top}, but has none for {names}")

    def _cells_of(self, module: str) -> Counter:
        """Numbers of cells of each kind in a module and everything in it."""
        if module not in self._flat:
            self._flat[module] = total = Counter()
            for name, number in self._counts[module].items():
                inner = self._cells_of(name) if name in self._counts else {name: 1}
                total.update({kind: number * n for kind, n in inner.items()})
        return self._flat[module]

    def cells(self, *kinds: str) -> int:
        """Number of cells of some kinds."""
        return sum(n for name, n in self._cells_of(self._top).items() if self._area_of[name][1] in kinds)

    def total(self, *kinds: str, module: str | None = None) -> float:
        """Area of cells of some kinds, of a module or the whole."""
        facts = [(n, *self._area_of[name]) for name, n in self._cells_of(module or self._top).items()]
        return sum(n * area for n, area, kind in facts if kind in kinds)

    def parts(self) -> dict[str, str]:
        """Modules of the top module's submodules, by what they are called in it."""
        return {name.removeprefix(f"{self._top}."): name for name in self._counts[self._top] if name in self._counts}
