"""Synthesis of a unit's Verilog with Yosys and abc, and the area of what comes out.

No wires, no clock tree, no hold fixing: all areas are lower bounds, and ratios are what counts.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from amaranth.lib.wiring import Component

from .errors import FlowError
from .files import write_whole
from .gates.liberty import Library, read_libraries, unpacked
from .mapped_areas import SEQUENTIAL, STANDARD, MappedAreas
from .sram_macros import SramMacro
from .verilog import write_component_verilog
from .yosys import run_yosys

__all__ = ["RECIPES", "AreaOptions", "Synthesis", "synthesise", "synthesise_component"]

#: The abc script of each recipe, a command a line.
RECIPES = {
    "least-area": "strash;ifraig;scorr;dc2;dc2;strash;dch;amap -m;topo",
    "balanced": "strash;ifraig;scorr;dc2;strash;dch;map -B 0.9;topo;buffer -c;topo;upsize;dnsize;stime -p",
}

#: With an inverter, each can make everything.
GATES = ("!(A*B)", "!(A+B)", "A*B", "A+B")

#: What an output drives, in the library's unit of capacitance.
LOAD = 1.0


@dataclass(frozen=True)
class Synthesis:
    """A synthesised unit.

    Attributes
    ----------
    top, recipe : str
    area_unit : str
        ``"um2"`` with Liberty files, ``"GE"`` (NAND2 = 1) with the generic cells.
    cells, flops : int
        Number of all cells, and of flip-flops.
    area, sequential_area, memory_area : float
        Of all cells and memories; of flip-flops, latches and clock gates; of memories, modelled.
    delay : float or None
        Of the slowest logic between registers, without theirs, inside a part; in what abc calls ps. None if the recipe
        does not ask for it.
    netlist : Path
        Mapped Verilog; macros are modules without contents.
    part_areas : dict of str to float
        Of each submodule of the unit, if they were to be kept apart.
    macros : mapping of str to SramMacro
        Modules that are macros.
    """

    top: str
    recipe: str
    area_unit: str
    cells: int
    flops: int
    area: float
    sequential_area: float
    memory_area: float
    delay: float | None
    netlist: Path
    part_areas: dict[str, float] = field(default_factory=dict)
    macros: Mapping[str, SramMacro] = field(default_factory=dict)

    @property
    def combinational_area(self) -> float:
        """Of all cells but flip-flops, latches and clock gates."""
        return self.area - self.sequential_area - self.memory_area


@dataclass(frozen=True)
class AreaOptions:
    """How areas are measured; arguments of :func:`synthesise`."""

    liberty: tuple[Path, ...] = ()
    recipe: str = "least-area"
    exclude: tuple[str, ...] = ()
    clock_gating: bool = True


def synthesise_component(
    component: Component, top: str, build_dir: Path, options: AreaOptions, *, macros: bool = False, parts: bool = False
) -> Synthesis:
    """Generate a component's Verilog into ``build_dir/verilog`` and map it, in ``build_dir/area``.

    Parameters
    ----------
    macros : bool
        Whether its memories are to be SRAM macros, with a modelled area, instead of flip-flops.
    parts : bool
        As for :func:`synthesise`.
    """
    verilog, used = write_component_verilog(component, top, build_dir, macros=macros)
    return synthesise(verilog, top, **vars(options), macros=used, parts=parts, build_dir=build_dir / "area" / top)


def synthesise(
    verilog: Path,
    top: str,
    *,
    liberty: Sequence[Path] = (),
    recipe: str = "least-area",
    exclude: Sequence[str] = (),
    clock_gating: bool = True,
    macros: Mapping[str, SramMacro] = MappingProxyType({}),
    parts: bool = False,
    build_dir: Path,
) -> Synthesis:
    """Map a unit to standard cells.

    Parameters
    ----------
    verilog : Path
        As :func:`softermax.flows.verilog.generate_verilog` makes it. Memories that are no macros become flip-flops.
    top : str
        Name of the unit's module.
    liberty : sequence of Path
        Liberty files, .gz too, taken together; without any, the project's generic cells.
    recipe : str
        One of :data:`RECIPES`.
    exclude : sequence of str
        Names or patterns of cells not to use.
    clock_gating : bool
        Gate the clocks of registers that hold their value, where the library has a cell for it.
    macros : mapping of str to SramMacro
        Modules that are macros.
    parts : bool
        Keep the unit's submodules apart, and all modules that occur several times, which are mapped once; otherwise
        everything is one piece.
    build_dir : Path
        For the netlist, which stays empty if synthesis fails, and Yosys' log.

    Raises
    ------
    FlowError
        If an input is not what it should be or synthesis fails.
    """
    if recipe not in RECIPES:
        raise FlowError(f"the recipe must be one of {', '.join(RECIPES)}, not {recipe!r}")
    if not verilog.is_file():
        raise FlowError(f"the Verilog file {verilog} does not exist")
    netlist = build_dir / "netlist.v"
    write_whole(netlist, "")
    with tempfile.TemporaryDirectory() as scratch, unpacked(liberty) as plain:
        folder = Path(scratch)
        library = read_libraries(plain, exclude)
        _check_gates(library)
        design = folder / "design.v"
        design.write_bytes(verilog.read_bytes())
        kept = _parts(design.read_text(), top) if parts else []
        job = _Job(design, top, list(plain.values()), library, recipe, exclude, clock_gating, kept, folder)
        try:
            run_yosys(job.commands(), folder / "yosys.log")
        finally:
            write_whole(build_dir / "yosys.log", (folder / "yosys.log").read_bytes())
        write_whole(netlist, job.netlist.read_text() + "".join(macro.stub() for macro in macros.values()))
        delays = re.findall(r"Delay = *([\d.]+) ps", (folder / "yosys.log").read_text(errors="replace"))
        modules = json.loads(job.statistics.read_text())["modules"]
    counts = {name.removeprefix("\\"): module.get("num_cells_by_type", {}) for name, module in modules.items()}
    area = MappedAreas(counts, library, macros, top)
    return Synthesis(
        top=top,
        recipe=recipe,
        area_unit="um2" if liberty else "GE",
        cells=area.cells(*STANDARD),
        flops=area.cells("flop", "other flop"),
        area=area.total(*STANDARD, "memory"),
        sequential_area=area.total(*SEQUENTIAL),
        memory_area=area.total("memory"),
        delay=max(map(float, delays), default=None),
        netlist=netlist,
        part_areas={part: area.total(*STANDARD, "memory", module=module) for part, module in area.parts().items()}
        if parts
        else {},
        macros=macros,
    )


@dataclass(frozen=True)
class _Job:
    """A call of Yosys; every file that it writes lies in a scratch folder."""

    verilog: Path
    top: str
    liberty: Sequence[Path]
    library: Library
    recipe: str
    exclude: Sequence[str]
    clock_gating: bool
    parts: Sequence[str]
    folder: Path

    @property
    def netlist(self) -> Path:
        return self.folder / "netlist.v"

    @property
    def statistics(self) -> Path:
        return self.folder / "statistics.json"

    def commands(self) -> list[str]:
        """The flow: generic synthesis, clock gates, flip-flops, logic."""
        libraries = " ".join(f"-liberty {file}" for file in self.liberty)
        unused = " ".join(f"-dont_use {pattern}" for pattern in self.exclude)
        gates = self.clock_gating and self.library.of_kind("clock gate")
        # Left to itself, dfflibmap prefers a larger flip-flop without inversion to a smaller one with it.
        larger = " ".join(f"-dont_use {name}" for name in self.library.of_kind("flop")[1:])
        return [
            f"read_verilog {self.verilog}",
            *(f"setattr -mod -set keep_hierarchy 1 {part}" for part in self.parts),
            f"synth -flatten -booth -top {self.top} -run begin:fine",
            "synth -run fine:check -noabc",
            "opt -purge",
            *([f"clockgate {libraries} {unused}"] if gates else []),
            f"dfflibmap {libraries} {unused} {larger}",
            "opt",
            "setundef -zero",
            # What is not cleaned up lies in the scratch folder, and shows if that was full.
            f"abc -nocleanup {libraries} {unused} {self._abc_files()}",
            "opt_clean -purge",
            *self._ties(),
            "splitnets",
            "opt_clean -purge",
            f"tee -q -o {self.statistics} stat -json",
            f"write_verilog -noattr {self.netlist}",
        ]

    def _abc_files(self) -> str:
        script, constraints = self.folder / "recipe.abc", self.folder / "constraints.abc"
        script.write_text(RECIPES[self.recipe].replace(";", "\n") + "\n")
        driver, _ = self.library.smallest("A") or self.library.smallest("!A")
        constraints.write_text(f"set_driving_cell {driver}\nset_load {LOAD}\n")
        return f"-script {script} -constr {constraints}"

    def _ties(self) -> list[str]:
        """Constants from tie cells, where the library has them."""
        options = []
        for option, value in (("-hicell", "1"), ("-locell", "0")):
            if (tie := self.library.smallest(value)) is not None:
                options.append(f"{option} {' '.join(tie)}")
        return [f"hilomap -singleton {' '.join(options)}"] if options else []


def _check_gates(library: Library):
    """What Yosys and abc ask for less clearly."""
    if not any(library.cells[name].outputs for name in library.of_kind("flop")):
        raise FlowError(
            "the library must have a flip-flop with a function at its output: add a Liberty file that has one"
        )
    if all(library.smallest(function) is None for function in GATES):
        raise FlowError("the library must have a NAND, NOR, AND or OR of two inputs: add a Liberty file that has one")


def _parts(verilog: str, top: str) -> list[str]:
    """Modules to keep apart: the top module's submodules, and those that occur several times."""
    modules = re.findall(r"^module \\?([^\s(]+)", verilog, re.MULTILINE)
    instances = Counter(re.findall(r"^  \\?(\S+) +\\?\S+ \($", verilog, re.MULTILINE))
    depth = top.count(".") + 1
    return [name for name in modules if name != top and (name.count(".") == depth or instances[name] > 1)]
