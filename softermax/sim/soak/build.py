"""Builds the soak bench with a unit's Verilog: a library that :mod:`softermax.sim.soak.bench` loads."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path

from amaranth.hdl import Shape
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In

from softermax.sim.cosim import CosimError, simulator_environment
from softermax.sim.verilator import MAKE, PROGRAM, link_verilator

__all__ = ["UnitPorts", "build_bench"]

#: All in one piece, as for co-simulation: see :mod:`softermax.sim.cosim`. What is not assigned is random.
ARGUMENTS = ["--cc", "-O3", "--x-initial", "unique", "--output-split", "0", "--prefix", "Vunit"]
#: Options of the C++ compiler; -O2 plays the largest softmax no faster. The library is loaded at run time.
COMPILER = "-O1 -fPIC -std=c++17"
SOURCES = ("bench.cpp", "batch.h", "stream.h", "host.h")
LIBRARY = "soak.so"


@dataclass(frozen=True)
class UnitPorts:
    """Facts of a unit that the bench needs.

    Attributes
    ----------
    inputs, outputs : dict of str to int
        Its streams by name, with the bits of their payloads.
    host : bool
        Whether it has registers.
    """

    inputs: dict[str, int]
    outputs: dict[str, int]
    host: bool

    @classmethod
    def of(cls, component: Component) -> UnitPorts:
        """The ports of a component."""
        members = component.signature.members
        streams = {
            name: member
            for name, member in members.items()
            if member.is_signature and isinstance(member.signature, stream.Signature)
        }
        widths = {name: Shape.cast(member.signature.members["payload"].shape).width for name, member in streams.items()}
        inputs = {name: width for name, width in widths.items() if streams[name].flow == In}
        outputs = {name: width for name, width in widths.items() if name not in inputs}
        return cls(inputs, outputs, "csr" in members)

    def header(self) -> str:
        """``ports.h`` of the bench."""
        lines = [
            f"#define {macro}(X) {' '.join(f'X({name}, {width})' for name, width in streams.items())}"
            for macro, streams in (("INPUTS", self.inputs), ("OUTPUTS", self.outputs))
        ]
        return "\n".join(["#pragma once", *lines, *(["#define HOST"] if self.host else [])]) + "\n"


def build_bench(verilog: str, top: str, ports: UnitPorts, folder: Path) -> Path:
    """Build the bench for a unit, unless that has been done before.

    Parameters
    ----------
    verilog : str
        The unit and all its modules.
    top : str
        Name of the unit's module.
    folder : Path
        Where libraries are kept, each named after all that it follows from.

    Returns
    -------
    Path
        Path of the library.

    Raises
    ------
    CosimError
        If a program is missing or the build fails.
    """
    here = resources.files("softermax.sim.soak")
    texts = {name: (here / name).read_text() for name in SOURCES} | {"ports.h": ports.header(), "unit.v": verilog}
    facts = [*texts.values(), top, *ARGUMENTS, COMPILER, metadata.version("verilator")]
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    library = folder.resolve() / f"{digest}.so"
    if not library.is_file():
        library.parent.mkdir(parents=True, exist_ok=True)
        _build(texts, top, library)
    return library


def _build(texts: dict[str, str], top: str, library: Path):
    """Build in a scratch folder; the library is there when it is complete."""
    log = library.with_suffix(".log")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, text in texts.items():
            (folder / name).write_text(text)
        link_verilator(folder)
        verilator = [PROGRAM, *ARGUMENTS, "--top-module", top, "--Mdir", ".", "--exe", "-o", LIBRARY]
        verilator += ["unit.v", "bench.cpp", "-CFLAGS", f"{COMPILER} -I.", "-LDFLAGS", "-shared"]
        make = ["make", "-j", str(os.cpu_count() or 1), "-f", "Vunit.mk", *MAKE]
        with simulator_environment("verilator"), log.open("w") as output:
            how = {"cwd": folder, "stdout": output, "stderr": output, "check": False}
            done = subprocess.run(verilator, **how)
            done = done if done.returncode else subprocess.run(make, **how)
        if done.returncode:
            raise CosimError(f"verilator could not build the soak bench of {top}: see {log}")
        whole = library.with_suffix(f".{os.getpid()}")
        shutil.copyfile(folder / LIBRARY, whole)
        os.replace(whole, library)
