"""The kernel of the Cascade, a slice from any residual, at the formats of the faithful preset."""

from __future__ import annotations

import z3

from softermax.hw.cascade import Cascade
from softermax.model import SoftermaxConfig
from softermax.model.faithful import FEW_GUARD_BITS

from ..faults import Fault, becomes
from .kernel import Claim, Kernel
from .properties.reference import largest_result
from .specifications.words import saturated, unsigned
from .unrolling import Unrolling

__all__ = ["cascade_kernels"]

CONFIGS = {
    "faithful, 16 lanes": SoftermaxConfig.faithful(rounding="cascade"),
    "faithful, multiply, 16 lanes": SoftermaxConfig.faithful(rounding="cascade", normalizer="multiply"),
    "faithful, 32 lanes": SoftermaxConfig.faithful(lanes=32, rounding="cascade", guard_bits=FEW_GUARD_BITS),
}


def cascade_kernels() -> list[Kernel]:
    """One for each config."""
    return [slice_from_any_residual(name, config) for name, config in CONFIGS.items()]


def slice_from_any_residual(name: str, config: SoftermaxConfig) -> Kernel:
    """A slice, lane by lane, and the residual a clock edge later.

    What is left after a lane is a signal, so that each lane is a claim of its own. Added up over lanes and slices they
    say that the outputs of a row sum to its rounded total.
    """
    g, lanes = config.guard_bits, config.lanes
    half, unit = 1 << (g - 1), 1 << g

    def claim(signals: Unrolling) -> Claim:
        left, assumptions, claims, lemmas = signals("residual"), [], [], []
        running = unsigned(left, g + 1)
        for lane, (result, y) in enumerate(zip(signals("results"), signals("y"), strict=True)):
            width, total = result.size() + 2, signals(f"total_{lane}")
            rounding = z3.Extract(0, 0, result)
            rounded = unsigned(z3.Extract(result.size() - 1, 1, result), width) + unsigned(rounding, width)
            assumptions.append(z3.ULE(rounded, largest_result(config)))
            # Modulo two units, as the hardware has it: in that order, and from one lane to the next.
            running += unsigned(z3.Extract(g, 1, result), g + 1) + unsigned(rounding, g + 1)
            lemmas.append(total == running)
            exact = rounded + unsigned(left, width)
            left = z3.Extract(g - 1, 0, total)
            claims += [
                left == z3.Extract(g - 1, 0, exact),
                unsigned(y, width) == saturated(z3.LShR(exact, g), config.output.max_raw),
            ]
        reset, load, last = (signals.is_high(port) for port in ("rst", "load", "last"))
        ends, stays = z3.Or(reset, z3.And(load, last)), z3.If(load, left, signals("residual"))
        claims.append(signals("residual", 1) == z3.If(ends, z3.BitVecVal(half, g), stays))
        return Claim(assumptions, z3.And(claims), tuple(lemmas))

    return Kernel(
        "Cascade",
        f"{name}, {g} guard bits to {config.output}",
        "An output is the whole part of its result and what is left before it; the rest is left for the next lane, and "
        "for the next slice, but for that of another row, which finds one half.",
        lambda: Cascade(config),
        1,
        claim,
        Fault("a carry between lanes lost", "", f"part_{lanes // 2 - 1}", becomes(f"{{}} & {unit - 1}")),
    )
