"""Mass that rounding of outputs can take from a row, and the output formats in which it takes little."""

from __future__ import annotations

from dataclasses import replace

from .config import SoftermaxConfig
from .formats import QFormat

__all__ = ["FINEST", "LITTLE", "lost_mass", "output_that_keeps"]

#: Mass of a row that is worth a word.
LITTLE = 0.01
#: Fraction bits of the finest output that there is.
FINEST = 16


def lost_mass(config: SoftermaxConfig | str) -> float:
    """Most mass that rounding can take from a row of ``max_len``, or give it: from 0 to 1.

    Rounded each by itself, every output can lose half a unit, truncated a whole one, but none more than it has. By
    cascade the row can: what each loses below the guard bits, and half a unit at its end.

    Parameters
    ----------
    config : SoftermaxConfig or str
        Or the name of a preset.
    """
    config = SoftermaxConfig.of(config)
    units = {
        "nearest": config.max_len / 2,
        "directed": config.max_len,
        "cascade": config.max_len * 2.0 ** -(config.guard_bits + 1) + 0.5,
    }[config.rounding]
    return float(min(units * config.output.ulp, 1.0))


def output_that_keeps(config: SoftermaxConfig | str) -> QFormat | None:
    """The coarsest output, of the config's or more bits, whose rounding takes :data:`LITTLE` of any row, or None."""
    config = SoftermaxConfig.of(config)
    for bits in range(config.output.fraction_bits, FINEST + 1):
        output = replace(config.output, fraction_bits=bits)
        if lost_mass(replace(config, output=output)) <= LITTLE:
            return output
    return None
