"""Combinational kernels against specifications of their own: what ``softermax formal`` tries of them.

A solver proves what it can, for all operands; what is no formula, e**x, is tried on every operand. The hardware is the
generated Verilog, in which a fault is seeded to show that the same claim can fail.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ...errors import FlowError
from .checks import Check

__all__ = ["kernel_checks"]


def kernel_checks() -> list[Check]:
    """A check for each kernel and config.

    Raises
    ------
    FlowError
        If a solver is not installed.
    """
    return [
        Check(kernel.unit, kernel.config, kernel.property, kernel.fault.name, partial(_prove, number))
        for number, kernel in enumerate(_kernels())
    ]


def _prove(number: int, folder: Path) -> dict:
    return _kernels()[number].prove(folder)


def _kernels() -> list:
    try:
        from .binary16_kernels import binary16_kernels
        from .cascade_kernels import cascade_kernels
        from .normalization_kernels import normalization_kernels
        from .processing_element_kernels import processing_element_kernels
        from .unnormed_kernels import unnormed_kernels
    except ModuleNotFoundError as error:
        if error.name not in {"bitwuzla", "z3"}:
            raise
        raise FlowError(f"{error.name} must be installed to prove kernels: it is in the extra formal") from error
    return [
        *unnormed_kernels(),
        *normalization_kernels(),
        *cascade_kernels(),
        *processing_element_kernels(),
        *binary16_kernels(),
    ]
