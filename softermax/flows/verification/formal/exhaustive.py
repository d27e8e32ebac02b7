"""Kernels with so few operands that all of them are tried, on the generated hardware as ands and inverters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softermax.hw.baseline import Operator, Pipeline

from ...files import write_whole
from ...synthesis.verilog import generate_verilog
from ..equivalence.elaboration import read_aig
from ..faults import Fault
from .checks import FAILS, PROVEN
from .kernel import TOP

__all__ = ["ExhaustiveKernel", "all_results"]

#: Stimuli of a word.
WORD = 64


@dataclass(frozen=True)
class ExhaustiveKernel:
    """An operator in binary16 on one operand.

    Parameters
    ----------
    unit, config, property : str
        As of :class:`softermax.flows.verification.formal.checks.Check`.
    operator : Operator
    wrong : callable
        From all operands and their results, ndarrays of int, to the operands whose result is wrong.
    fault : Fault
        Which must make one wrong.
    """

    unit: str
    config: str
    property: str
    operator: Operator
    wrong: Callable[[np.ndarray, np.ndarray], np.ndarray]
    fault: Fault

    def prove(self, folder: Path) -> dict:
        """Try every operand on the hardware, and on that with the fault; what a check's ``run`` returns."""
        verilog = generate_verilog(Pipeline(self.operator), TOP)
        found, faulty = (
            self._wrong(text, folder / place)
            for text, place in ((verilog, "unit"), (self.fault.seeded(verilog, TOP), "fault"))
        )
        return {
            "method": "exhaustive",
            "inputs": 1 << sum(self.operator.operands.values()),
            "result": FAILS if len(found) else PROVEN,
            "fault_found": bool(len(faulty)),
        }

    def _wrong(self, verilog: str, folder: Path) -> np.ndarray:
        write_whole(folder / "unit.v", verilog)
        operands, results = all_results(folder / "unit.v", self.operator.latency)
        return self.wrong(operands, results)


def all_results(verilog: Path, latency: int) -> tuple[np.ndarray, np.ndarray]:
    """All operands of an operator's pipeline, and its results when nothing stops them: ndarrays of int.

    Parameters
    ----------
    verilog : Path
        Verilog of module :data:`TOP`, whose ``i__payload`` is the only operand.
    latency : int
        Clock edges until the result stands at ``o__payload``.
    """
    design = read_aig(verilog, TOP)
    places = [int(name.split("[")[1][:-1]) for name in design.inputs if name.startswith("i__payload")]
    operands = np.arange(1 << len(places))
    words = max(len(operands) // WORD, 1)
    bits = iter(_packed(operands >> place & 1) for place in places)
    levels = {"i__valid": ~np.uint64(0), "o__ready": ~np.uint64(0), "rst": np.uint64(0), "clk": np.uint64(0)}
    inputs = np.stack(
        [next(bits) if name.startswith("i__payload") else np.full(words, levels[name]) for name in design.inputs]
    )
    # Nothing waits at first, in registers that otherwise hold whatever.
    state = np.zeros((len(design.latches), words), np.uint64)
    *_, values = design.simulate([inputs] * (latency + 1), state)
    results = np.zeros(len(operands), int)
    for name, literal in design.outputs.items():
        if name.startswith("o__payload"):
            [word] = design.read(values, [literal])
            results |= _unpacked(word, len(operands)) << int(name.split("[")[1][:-1])
    return operands, results


def _packed(bits: np.ndarray) -> np.ndarray:
    """Bits of stimuli in words of 64, the first one lowest."""
    return np.packbits(bits.astype(bool), bitorder="little").view(np.uint64)


def _unpacked(words: np.ndarray, number: int) -> np.ndarray:
    return np.unpackbits(words.view(np.uint8), bitorder="little")[:number].astype(int)
