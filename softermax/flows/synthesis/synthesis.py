"""Synthesis of a unit's Verilog with Yosys and abc, and the area of the netlist.

No wires, no clock tree, no hold fixing: all areas are lower bounds, and ratios are what counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from amaranth.lib.wiring import Component

from ..errors import FlowError
from ..files import write_whole
from ..gates.liberty import read_libraries
from ..gates.liberty_files import copies_for_synthesis
from ..jobs.cache import Cache
from ..jobs.provenance import library_digests
from .areas import SEQUENTIAL, STANDARD, MappedAreas
from .mapping import Mapper
from .partitions import Partition, partition, rename_to_design
from .sram_macros import SramMacro
from .verilog import write_component_verilog

__all__ = ["AreaOptions", "Synthesis", "synthesise", "synthesise_component"]


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
        Area of all cells and memories; of flip-flops, latches and clock gates; of memories, modelled.
    delay : float or None
        Delay of the slowest mapped module, see :class:`softermax.flows.synthesis.mapping.MappedModule`.
    netlist : Path
        Mapped Verilog; macros are modules without contents.
    part_areas : dict of str to float
        Area of each submodule of the unit, if they were to be kept apart.
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
        """Area of all cells except flip-flops, latches and clock gates."""
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
    cache: Cache | None = None,
    build_dir: Path,
) -> Synthesis:
    """Map a unit to standard cells.

    Parameters
    ----------
    verilog : Path
        As :func:`softermax.flows.synthesis.verilog.generate_verilog` makes it. Memories that are no macros become
        flip-flops.
    top : str
        Name of the unit's module.
    liberty : sequence of Path
        Liberty files, .gz too, taken together; without any, the project's generic cells.
    recipe : str
        One of :data:`softermax.flows.synthesis.mapping.RECIPES`.
    exclude : sequence of str
        Names or patterns of cells not to use.
    clock_gating : bool
        Gate the clocks of registers that hold their value, where the library has a cell for it.
    macros : mapping of str to SramMacro
        Modules that are macros.
    parts : bool
        Whether to map each partition of :func:`softermax.flows.synthesis.partitions.partition` by itself; otherwise the
        design is one partition.
    cache : Cache or None
        Cache of mapped modules, so that equal partitions of several designs are mapped once.
    build_dir : Path
        For the netlist and Yosys' log. A netlist that is there from before goes if synthesis fails.

    Raises
    ------
    FlowError
        If an input is not what it should be or synthesis fails.
    """
    if not verilog.is_file():
        raise FlowError(f"the Verilog file {verilog} does not exist")
    netlist, text = build_dir / "netlist.v", verilog.read_text()
    # Before what takes long: whether the folder can be written.
    write_whole(build_dir / "yosys.log", "")
    partitions = partition(text, top) if parts else [Partition(top, top, text)]
    library = read_libraries(liberty, exclude)
    with copies_for_synthesis(library.sources, library.cells) as copies:
        how = {"recipe": recipe, "exclude": exclude, "clock_gating": clock_gating, "cache": cache}
        mapper = Mapper(copies, library_digests(liberty), library, **how)
        try:
            mapped = {part.name: mapper.map(part.verilog, part.top) for part in partitions}
        except BaseException:
            netlist.unlink(missing_ok=True)
            raise
        finally:
            write_whole(build_dir / "yosys.log", mapper.log)
    modules = [rename_to_design(module.verilog, top) for module in mapped.values()]
    write_whole(netlist, "".join([*modules, *(macro.stub() for macro in macros.values())]))
    counts = {
        name: {rename_to_design(f"{kind} ", top)[:-1]: number for kind, number in module.cells.items()}
        for name, module in mapped.items()
    }
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
        delay=max((module.delay for module in mapped.values() if module.delay is not None), default=None),
        netlist=netlist,
        part_areas={
            part: area.total(*STANDARD, "memory", module=module)
            for part, module in (area.parts() if parts else {}).items()
        },
        macros=macros,
    )
