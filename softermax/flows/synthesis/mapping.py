"""Mapping of a partition of Verilog to one flat module of standard cells, by one call of Yosys and ABC."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import FlowError
from ..gates.cell_tables import check_tables
from ..gates.liberty import Library
from ..jobs.cache import Cache, key_of
from ..jobs.provenance import source_digest, versions
from ..tools.yosys import run_yosys

__all__ = ["GATES", "RECIPES", "MappedModule", "Mapper", "check_gates", "operator_synthesis"]

#: Packages that a mapped module depends on, beside what is mapped.
SOURCES = ("flows.gates", "flows.synthesis", "flows.tools")
#: The abc script of each recipe, a command a line.
RECIPES = {
    "least-area": "strash;ifraig;scorr;dc2;dc2;strash;dch;amap -m;topo",
    "balanced": "strash;ifraig;scorr;dc2;strash;dch;map -B 0.9;topo;buffer -c;topo;upsize;dnsize;stime -p",
}

#: With an inverter, each can make everything.
GATES = ("!(A*B)", "!(A+B)", "A*B", "A+B")

#: Load of an output, in fF.
LOAD = 1.0


@dataclass(frozen=True)
class MappedModule:
    """A module of standard cells.

    Attributes
    ----------
    verilog : str
    cells : dict of str to int
        Number of cells of each kind; black boxes of the partition count as cells.
    delay : float or None
        Delay of the slowest logic between registers, without theirs, in abc's ps. None if the recipe does not ask
        for it.
    """

    verilog: str
    cells: dict[str, int]
    delay: float | None


def operator_synthesis(top: str) -> str:
    """The Yosys command that makes a design flat and its operators what adders and multipliers are to be of."""
    return f"synth -flatten -booth -top {top} -run begin:fine"


class Mapper:
    """Maps partitions of Verilog to the cells of a library; equal partitions become equal modules.

    Parameters
    ----------
    liberty : sequence of Path
        Plain Liberty files.
    digests : sequence of str
        Digests of the files' contents.
    library : Library
        Library of the files.
    recipe : str
        One of :data:`RECIPES`.
    exclude : sequence of str
        Names or patterns of cells not to use.
    clock_gating : bool
        Gate the clocks of registers that hold their value, where the library has a cell for it.
    cache : Cache or None
        Cache of mapped modules, so that each partition is mapped once.

    Raises
    ------
    FlowError
        If the recipe is none or the library lacks what every design needs, or for a recipe that looks at delays the
        tables of a cell.
    """

    def __init__(
        self,
        liberty: Sequence[Path],
        digests: Sequence[str],
        library: Library,
        *,
        recipe: str,
        exclude: Sequence[str],
        clock_gating: bool,
        cache: Cache | None = None,
    ):
        if recipe not in RECIPES:
            raise FlowError(f"the recipe must be one of {', '.join(RECIPES)}, not {recipe!r}")
        check_gates(library)
        if "stime" in RECIPES[recipe]:
            check_tables(library)
        self._liberty = {f"library{place}.lib": file for place, file in enumerate(liberty)}
        self._library, self._recipe = library, recipe
        self._gates_clocks = clock_gating and bool(library.of_kind("clock gate"))
        self._cache = cache
        self._facts = {
            "job": "mapping",
            "sources": source_digest(SOURCES),
            "versions": versions(),
            "options": [list(digests), recipe, list(exclude), clock_gating],
        }
        #: Text that Yosys has printed so far.
        self.log = b""

    def map(self, verilog: str, top: str) -> MappedModule:
        """Map a module and all that is in it, which becomes one flat module.

        Raises
        ------
        FlowError
            If Yosys fails.
        """
        if self._cache is None:
            return self._mapped(verilog, top)
        key = key_of(self._facts | {"verilog": verilog, "top": top})
        if (found := self._cache.get(key)) is not None:
            return MappedModule(**found)
        mapped = self._mapped(verilog, top)
        self._cache.put(key, asdict(mapped))
        return mapped

    def _mapped(self, verilog: str, top: str) -> MappedModule:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "design.v").write_text(verilog)
            try:
                run_yosys(self._commands(folder, top), folder / "yosys.log", self._liberty)
            finally:
                said = (folder / "yosys.log").read_bytes()
                self.log += said
            delays = re.findall(r"Delay = *([\d.]+) ps", said.decode(errors="replace"))
            [module] = json.loads((folder / "statistics.json").read_text())["modules"].values()
            return MappedModule(
                verilog=(folder / "netlist.v").read_text(),
                cells=module.get("num_cells_by_type", {}),
                delay=max(map(float, delays), default=None),
            )

    def _commands(self, folder: Path, top: str) -> list[str]:
        """The flow: generic synthesis, clock gates, flip-flops, logic."""
        libraries = " ".join(f"-liberty {name}" for name in self._liberty)
        # Left to itself, dfflibmap prefers a larger flip-flop without inversion to a smaller one with it.
        larger = " ".join(f"-dont_use {name}" for name in self._library.of_kind("flop")[1:])
        return [
            "read_verilog design.v",
            operator_synthesis(top),
            "synth -run fine:check -noabc",
            "opt -purge",
            *([f"clockgate {libraries}"] if self._gates_clocks else []),
            f"dfflibmap {libraries} {larger}",
            "opt",
            "setundef -zero",
            # Files that are not cleaned up lie in the scratch folder, and show if it was full.
            f"abc -nocleanup {libraries} {self._abc_files(folder)}",
            "opt_clean -purge",
            *self._ties(),
            "splitnets",
            "opt_clean -purge",
            "tee -q -o statistics.json stat -json",
            "write_verilog -noattr netlist.v",
        ]

    def _abc_files(self, folder: Path) -> str:
        driver, _ = self._library.smallest("A") or self._library.smallest("!A")
        (folder / "constraints.abc").write_text(f"set_driving_cell {driver}\nset_load {LOAD}\n")
        return f"-script +{RECIPES[self._recipe].replace(' ', ',')} -constr constraints.abc"

    def _ties(self) -> list[str]:
        """Constants from tie cells, where the library has them."""
        options = []
        for option, value in (("-hicell", "1"), ("-locell", "0")):
            if (tie := self._library.smallest(value)) is not None:
                options.append(f"{option} {' '.join(tie)}")
        return [f"hilomap -singleton {' '.join(options)}"] if options else []


def check_gates(library: Library):
    """Refuse a library without what Yosys and abc ask for less clearly; a FlowError says what that is."""
    if not any(library.cells[name].outputs for name in library.of_kind("flop")):
        raise FlowError(
            "the library must have a flip-flop with a function at its output: add a Liberty file that has one"
        )
    if all(library.smallest(function) is None for function in GATES):
        raise FlowError("the library must have a NAND, NOR, AND or OR of two inputs: add a Liberty file that has one")
