"""Bounds on what the fused baseline may give, which share no code with its model.

base**(x - maximum) is computed in float64 of the numbers themselves. The fused exponential may be wrong by what follows
from its widths alone, in relative terms:

- Each of x and maximum is cut off by less than a unit of the difference's last place, if it has bits below.
- The product with log2(e) errs by a factor of 1 + 5e-6, cuts twice below 2**-16 and once below 2**-11; t is cut to 11
  bits and the table takes the middle of what was cut.
- A significand that is at least 1 is rounded to 10 fraction bits by a line that is a little off: 0.87 of a last place.
"""

from __future__ import annotations

import math

import numpy as np

#: Units of the difference's last place, by base.
UNITS = {"e": 2.0**-12, "2": 2.0**-11}


def numbers(raw) -> np.ndarray:
    """What raw binary16 numbers stand for; subnormals too, as the cut includes them."""
    return np.asarray(raw, np.uint16).view(np.float16).astype(np.float64)


def exact_power(x, maximum, base: str) -> np.ndarray:
    """The power of the difference in float64."""
    exponent = numbers(x) - numbers(maximum)
    return np.exp(exponent) if base == "e" else np.exp2(exponent)


def tolerance(x, maximum, base: str) -> np.ndarray:
    """By how much a power may be off, relative to it."""
    unit, log_base = UNITS[base], 1.0 if base == "e" else math.log(2)
    below = np.zeros(np.broadcast(x, maximum).shape)
    for number in (numbers(x), numbers(maximum)):
        below = below + np.where(number % unit != 0, unit, 0.0)
    difference = np.maximum(numbers(maximum) - numbers(x), 0)
    product = difference * 5e-6 + (2.0**-14 if base == "e" else 0)
    cut = math.log(2) * 2.0**-12
    return below * log_base + product + cut + 0.87 * 2.0**-10
