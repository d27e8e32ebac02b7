"""SRAM macros: black boxes in place of memories, with a modelled area and a modelled energy of accesses.

The area is one for each bit, periphery included, in that of the library's smallest NAND2. Taken from two macros of
FakeRAM 2.0 for ASAP7, as OpenROAD-flow-scripts carries them, whose NAND2xp5 has 0.05832 um2: 256 words of 32 bits with
one port have 344 um2, 32 words of 46 bits with a port to write and one to read 82.4 um2. What shape a memory has does
not enter.

The energy of an access is 10 pJ for 64 bits of 8 KB in a 45 nm process at 0.9 V, and grows with the root of the
capacity, as 20 pJ for 32 KB do and nearly 100 pJ for 1 MB (M. Horowitz, "Computing's energy problem", ISSCC 2014). So
that every library has it, it is counted in what an inverter's input takes for two changes: there 1.7 fF, as in the
FreePDK45 library.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from amaranth.hdl import ClockSignal, Instance, Module

from softermax.hw import Sram

__all__ = ["SramMacro", "SramMacros"]

#: Area of a bit, in NAND2 areas: of a memory with one port, and of one with two.
ONE_PORT_BIT = 344.0 / (256 * 32) / 0.05832
TWO_PORT_BIT = 82.413 / (32 * 46) / 0.05832

#: Energy of a bit of an access to 8 KB, in energies of an inverter's input.
BIT_ENERGY = 10e-12 / 64 / (1.7e-15 * 0.9**2)

STUB = """
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNDRIVEN */
(* blackbox *)
module {name}({ports});
  {declarations}
endmodule
/* verilator lint_on UNDRIVEN */
/* verilator lint_on UNUSEDSIGNAL */
"""


MODEL = """
module {name}({ports});
  {declarations}
  reg [{top}:0] words [0:{last}];
  reg [{top}:0] read_data;
  always @(posedge clk) begin
    if (write_enable) words[{write}] <= write_data;
    if (read_enable) read_data <= words[{read}];
  end
endmodule
"""


@dataclass(frozen=True)
class SramMacro:
    """Size of a macro: ``depth`` words of ``width`` bits; and whether one port is enough."""

    width: int
    depth: int
    one_port: bool

    @property
    def name(self) -> str:
        """Name of the macro's module."""
        return f"sram_{self.depth}x{self.width}_{'1rw' if self.one_port else '1r1w'}"

    @property
    def bits(self) -> int:
        """That it holds."""
        return self.width * self.depth

    @property
    def inputs(self) -> dict[str, int]:
        """Widths of those ports of :class:`softermax.hw.Sram` that it takes; one word needs no address."""
        address = (self.depth - 1).bit_length()
        widths = {"write_enable": 1, "write_address": address, "write_data": self.width}
        widths |= {"read_enable": 1, "read_address": address}
        return {name: width for name, width in widths.items() if width}

    def area(self, nand2: float) -> float:
        """Modelled area, in the unit of ``nand2``, the area of a NAND2."""
        return self.bits * nand2 * (ONE_PORT_BIT if self.one_port else TWO_PORT_BIT)

    def access_energy(self, inverter_load: float) -> float:
        """Modelled energy of a read or a write, in the unit of an inverter input's energy for two changes."""
        return self.width * BIT_ENERGY * math.sqrt(self.bits / (8 * 8192)) * inverter_load

    def stub(self) -> str:
        """Verilog of a module without contents, with the ports of :class:`softermax.hw.Sram` and a clock."""
        return STUB.format(**self._header())

    def model(self) -> str:
        """Verilog of a module that does what :class:`softermax.hw.Sram` does, for simulators."""
        addresses = {port: f"{port}_address" if self.depth > 1 else "0" for port in ("write", "read")}
        return MODEL.format(**self._header(), **addresses, top=self.width - 1, last=self.depth - 1)

    def _header(self) -> dict[str, str]:
        inputs = [f"input [{width - 1}:0] {name};" for name, width in self.inputs.items()]
        declarations = ["input clk;", *inputs, f"output [{self.width - 1}:0] read_data;"]
        ports = ", ".join(["clk", *self.inputs, "read_data"])
        return {"name": self.name, "ports": ports, "declarations": "\n  ".join(declarations)}


class SramMacros:
    """A platform that puts an instance of a macro in place of every memory.

    Attributes
    ----------
    macros : dict of str to SramMacro
        Macros in use, by name; filled while a component is elaborated.
    """

    def __init__(self):
        self.macros: dict[str, SramMacro] = {}

    def sram(self, memory: Sram) -> Module:
        """The instance."""
        macro = SramMacro(memory.width, memory.depth, memory.one_port)
        self.macros[macro.name] = macro
        m = Module()
        m.submodules.macro = Instance(
            macro.name,
            i_clk=ClockSignal(),
            **{f"i_{port}": getattr(memory, port) for port in macro.inputs},
            o_read_data=memory.read_data,
        )
        return m

    def stubs(self) -> str:
        """Verilog of the macros' modules."""
        return "".join(macro.stub() for macro in self.macros.values())
