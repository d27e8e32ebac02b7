"""Seeded rows and resets for situations that random ones seldom hold."""

from __future__ import annotations

import numpy as np

from softermax.model import QFormat
from softermax.model.binary16 import from_fixed
from softermax.model.shape import RowShape

from .trace import RESET_CYCLES, Trace
from .traffic import Rows

__all__ = ["binary16_rows", "interruptions", "overlong_rows", "standstills"]

#: Raw binary16 magnitudes at which something changes: zero, subnormals, least normal numbers, 1, the largest number,
#: infinity, NaNs.
SPECIAL = (0, 1, 0x3FF, 0x400, 0x401, 0x3C00, 0x7BFF, 0x7C00, 0x7C01, 0x7E00, 0x7FFF)
SIGN, INFINITY = 0x8000, 0x7C00


def overlong_rows(rng: np.random.Generator, shape: RowShape, input: QFormat | None = None) -> Rows:
    """A row of a slice and one of the longest; then rows that are longer, by a slice, by some and by many, each
    followed by one that is not.

    Parameters as for :func:`softermax.sim.traffic.random_rows`.
    """
    input = input or shape.input
    made = [(np.zeros(n, np.int16), np.ones(n, bool)) for n in (shape.lanes, shape.capacity)]
    for beyond in (1, 2, 1, 3, 1, 2, 1, shape.max_slices + 1) * 2:
        n = (shape.max_slices + beyond - 1) * shape.lanes + int(rng.integers(1, shape.lanes + 1))
        for length in (n, int(rng.integers(1, shape.capacity + 1))):
            raw = rng.integers(input.min_raw, input.max_raw + 1, length).astype(np.int16)
            made.append((raw, rng.random(length) < 0.9))
    return made


def binary16_rows(rng: np.random.Generator, shape: RowShape, rows: Rows, fraction_bits: int) -> Rows:
    """Rows of fixed-point scores as rows of binary16, most of them with more than fixed point has; and some built ones.

    Parameters
    ----------
    rows : list of (raw, mask)
        Fixed-point scores.
    fraction_bits : int
        Fraction bits of the scores.

    Returns
    -------
    list of (raw, mask)
        Rows of uint16: one for each row; rows with each special number as their maximum. In one row the sum, 2 less a
        unit in the last place after its first slice, is rounded up to 2. One row has a score so far below the maximum.
    """
    made = [(_varied(rng, from_fixed(raw, fraction_bits)), mask) for raw, mask in rows]
    for magnitude in SPECIAL:
        for greatest in (magnitude, magnitude | SIGN):
            # Numbers further down in the order of the maximum: of smaller magnitude, or negative and of larger.
            negative = rng.integers(max(greatest, SIGN), 1 << 16, 5)
            below = rng.integers(0, greatest + 1, 5) if greatest < SIGN else negative
            made.append((np.array([*below, greatest, *negative], np.uint16), np.ones(11, bool)))
    to_two = np.zeros(max(shape.lanes, 2) + 1, np.float16)
    to_two[[0, 1, -1]] = 0, -(2.0**-10), -7
    made.append((to_two.view(np.uint16), np.isin(np.arange(len(to_two)), [0, 1, len(to_two) - 1])))
    # A difference of -2, and one whose exponential is hardly more than the smallest number.
    for pair in ((2**-10.5, 2**-10 - 2), (0, -9.703125)):
        made.append((np.array(pair, np.float16).view(np.uint16), np.ones(2, bool)))
    return made


def _varied(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """The scores themselves, or with all fraction bits in use, close together, with special values, or anything."""
    kinds = ["scores", "fractions", "close", "finite", "special", "anything"]
    kind = rng.choice(kinds, p=[0.2, 0.3, 0.2, 0.15, 0.1, 0.05])
    if kind == "scores":
        return x
    if kind == "anything":
        return rng.integers(0, 1 << 16, x.shape).astype(np.uint16)
    if kind == "close":
        # A few units in the last place below a number of any size, half of the time a power of two.
        sign, distance = rng.choice([0, SIGN]), rng.integers(0, 1 << rng.integers(1, 13), x.shape)
        greatest = int(rng.integers(0x400, INFINITY)) & rng.choice([~0, ~0x3FF])
        magnitude = greatest - 1 + distance if sign else greatest - distance
        return (np.clip(magnitude, 0, INFINITY - 1) | sign).astype(np.uint16)
    x = x ^ np.where(x & (SIGN - 1), rng.integers(0, 1 << 8, x.shape), 0).astype(np.uint16)
    if kind == "fractions":
        return x
    special = np.array([sign | magnitude for sign in (0, SIGN) for magnitude in SPECIAL], np.uint16)
    if kind == "finite":
        special = special[special & INFINITY != INFINITY]
    return np.where(rng.random(x.shape) < 0.2, rng.choice(special, x.shape), x)


def standstills(rng: np.random.Generator, stretches: int) -> np.ndarray:
    """A permit of permissions: full speed and standstill by turns, each long enough to drain or to fill a unit.

    Returns
    -------
    ndarray of bool, (cycles,)
        Permissions in twice so many stretches of 10 to 100 cycles.
    """
    return np.repeat(np.tile([True, False], stretches), rng.integers(10, 100, 2 * stretches))


def interruptions(rng: np.random.Generator, trace: Trace, cycles: int, number: int) -> list[int]:
    """When a reset finds most to do: in the first cycles of a trace, sorted.

    For each stream, the end of the longest time for which an item waits there, and a cycle in which one passes; so many
    at random; and as many one after the other, among which there is what comes once a row.
    """
    cycles = min(cycles, trace.cycles)
    begin = int(rng.integers(RESET_CYCLES + 1, cycles // 4 + 1))
    chosen = {*rng.integers(RESET_CYCLES + 1, cycles + 1, number).tolist(), *range(begin, begin + number)}
    ports = trace.inputs | trace.outputs
    for stream in (port.removesuffix("__valid") for port in ports if port.endswith("__valid")):
        valid, ready = (np.array(ports[f"{stream}__{part}"][RESET_CYCLES:cycles], bool) for part in ("valid", "ready"))
        for permit in (valid & ready, valid & ~ready):
            edges = np.flatnonzero(np.diff(np.r_[False, permit, False].astype(int)))
            if len(edges):
                longest = (edges[1::2] - edges[::2]).argmax()
                chosen.add(RESET_CYCLES + int(edges[2 * longest + 1]))
    return sorted(chosen)
