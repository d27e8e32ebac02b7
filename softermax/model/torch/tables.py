"""A config's tables as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from ..config import SoftermaxConfig
from ..unnormed import power_of_two

__all__ = ["Tables", "tables"]


#: Fraction bits of results of which a whole row's sum, about 1, fits in 32 bits.
NARROW_RESULT_BITS = 27


@dataclass(frozen=True)
class Tables:
    """A config's tables on a device.

    Attributes
    ----------
    hidden : int
        Replacement of a masked score: so far below all others that its numerator and result are 0.
    numerators : Tensor of int32 or int64
        2**-d in ``config.unnormed``, d the distance below a slice's maximum, up to a hidden score's distance.
    power, product, reciprocal : Tensor of int64
        The values of the config's tables.
    whole_powers : Tensor of int64
        1, 2, 4 and so on in ``config.power_sum``.
    distances : Tensor of int64
        0 to the smallest one at which every result is 0.
    narrow_results : bool
        The results of a row add up to less than 2**31. With a power sum that saturates they may exceed 1 many times.
    """

    hidden: int
    numerators: torch.Tensor
    power: torch.Tensor
    product: torch.Tensor
    reciprocal: torch.Tensor
    whole_powers: torch.Tensor
    distances: torch.Tensor
    narrow_results: bool


def tables(config: SoftermaxConfig, device: torch.device) -> Tables:
    """The tables, cached for a config and device; an exporter gets new ones, because they become part of its graph."""
    return _tables.__wrapped__(config, device) if torch.compiler.is_compiling() else _tables(config, device)


@lru_cache(maxsize=64)
def _tables(config: SoftermaxConfig, device: torch.device) -> Tables:
    fraction_bits = config.input.fraction_bits
    # A numerator is below 2 and a reciprocal too, so 3 places below half a unit of a result nothing is left.
    vanished = (config.result_bits + 4) << fraction_bits
    distances = (1 << config.input.width) + (1 << fraction_bits)
    hidden = config.input.min_raw - max(distances, vanished)
    numerators = power_of_two(-np.arange(distances), None, np.zeros((), int), config)
    highest = -(-config.input.max_raw >> fraction_bits) << fraction_bits
    numerators = np.pad(numerators, (0, highest - hidden + 1 - distances))
    with torch.inference_mode(False):
        return Tables(
            hidden,
            torch.tensor(numerators, dtype=torch.int32 if config.unnormed.width < 32 else torch.int64, device=device),
            torch.tensor(config.power_table.values, device=device),
            torch.tensor(config.product_table.values, device=device),
            torch.tensor(config.reciprocal_table.values, device=device),
            torch.tensor(
                [1 << (config.power_sum.fraction_bits + k) for k in range(config.max_exponent)], device=device
            ),
            torch.arange(vanished + 1, device=device),
            config.result_bits <= NARROW_RESULT_BITS and not config.sum_can_overflow,
        )
