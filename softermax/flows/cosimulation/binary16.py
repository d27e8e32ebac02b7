"""The binary16 model against NumPy's floating point, which shares no code with it; and the hardware against the model.

Run with ``make binary16``: every special value with every special value, all 65,536 operands with 512 partners,
20 million seeded random pairs; all operands of exponential and conversion. Then the operators' Verilog: all special
pairs and 250 thousand random ones, and again all operands of exponential and conversion.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from softermax.hw import baseline
from softermax.model import Q, binary16
from softermax.model.exponential import exponential

from .operators import cosimulate_operator

__all__ = [
    "OPERATIONS",
    "SPECIAL_VALUES",
    "conversion_mismatches",
    "expected",
    "exponential_errors",
    "hardware_campaigns",
    "main",
    "mismatches",
    "random_pairs",
    "special_pairs",
    "stratified_partners",
]

#: Seeded random pairs of each operation, and how many are computed at a time.
PAIRS, BATCH = 20_000_000, 1_000_000

#: The same for the hardware, and operators side by side.
HARDWARE_PAIRS, HARDWARE_LANES = 250_000, 8

EVERYTHING = np.arange(1 << 16).astype(np.uint16)

#: Zeros, the ends and the middle of subnormals, of normals and of NaNs, the neighbours of 1, powers of two whose
#: products and quotients lie at the ends of the range; each with both signs.
SPECIAL_VALUES = np.array(
    [
        *(0x0000, 0x0001, 0x0200, 0x03FF, 0x0400, 0x0401, 0x07FF, 0x0800, 0x1FFF, 0x2000, 0x2001, 0x3800, 0x3BFF),
        *(0x3C00, 0x3C01, 0x3FFF, 0x4000, 0x5BFF, 0x5C00, 0x5FFF, 0x77FF, 0x7800, 0x7BFE, 0x7BFF),
        *(0x7C00, 0x7C01, 0x7DFF, 0x7E00, 0x7E01, 0x7FFF),
    ]
)
SPECIAL_VALUES = np.concatenate([SPECIAL_VALUES, SPECIAL_VALUES | 0x8000]).astype(np.uint16)


def _flushed(raw: np.ndarray) -> np.ndarray:
    return np.where(raw & 0x7C00, raw, raw & 0x8000).astype(np.uint16).view(np.float16)


def _rounded(operation: np.ufunc, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """NumPy's float16 result; near the end of its normal numbers, the result of a format without subnormals."""
    a, b = _flushed(a), _flushed(b)
    with np.errstate(all="ignore"):
        result = operation(a, b)
        exact = operation(a.astype(np.float64), b.astype(np.float64))
        small = np.flatnonzero((np.abs(exact) < 2.0**-13) & (exact != 0))
        result[small] = _round(exact[small])
    return np.where(np.isnan(result), binary16.NAN, result.view(np.uint16))


def _round(exact: np.ndarray) -> np.ndarray:
    """float64 to float16 without subnormals."""
    with np.errstate(over="ignore"):
        # Scaled up, a small one is rounded at full precision; if it is too small then, it is flushed.
        scaled = (exact * 2.0**10).astype(np.float16)
        small = np.where(np.abs(scaled) < 2.0**-4, np.copysign(0, exact), scaled.astype(np.float64) * 2.0**-10)
        return np.where(np.abs(exact) < 2.0**-13, small, exact.astype(np.float16)).astype(np.float16)


def _later(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The later operand in totalOrder: float64 maximum, with NaNs as numbers beyond infinity."""

    def place(raw):
        value = raw.view(np.float16).astype(np.float64)
        beyond = np.where(raw & 0x8000, -1e6, 1e6) * (1 + (raw & 0x3FF))
        return np.where(np.isnan(value), beyond, np.clip(value, -1e6, 1e6))

    larger = np.where(place(a) > place(b), a, b)
    return np.where((a | b) & 0x7FFF, larger, a & b)


#: The model's function and the oracle of each operation on two operands.
OPERATIONS: dict[str, tuple[Callable, Callable]] = {
    "add": (binary16.add, lambda a, b: _rounded(np.add, a, b)),
    "subtract": (binary16.subtract, lambda a, b: _rounded(np.subtract, a, b)),
    "multiply": (binary16.multiply, lambda a, b: _rounded(np.multiply, a, b)),
    "divide": (binary16.divide, lambda a, b: _rounded(np.divide, a, b)),
    "maximum": (binary16.maximum, _later),
}


def expected(name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Result of the oracle, for uint16 arrays of one shape."""
    return OPERATIONS[name][1](a, b)


def mismatches(name: str, a: np.ndarray, b: np.ndarray) -> list[tuple[int, int]]:
    """Operands, of uint16 arrays that broadcast, for which model and oracle differ in any bit."""
    a, b = (np.ascontiguousarray(side).reshape(-1) for side in np.broadcast_arrays(a, b))
    wrong = np.flatnonzero(OPERATIONS[name][0](a, b) != expected(name, a, b))
    return list(zip(a[wrong].tolist(), b[wrong].tolist(), strict=True))


def stratified_partners(rng: np.random.Generator) -> np.ndarray:
    """512 values: for both signs and every exponent five fractions of note and three random ones."""
    fractions = np.tile([0x000, 0x001, 0x155, 0x200, 0x3FF, 0, 0, 0], (64, 1))
    fractions[:, 5:] = rng.integers(0, 1 << 10, size=(64, 3))
    return (np.arange(64)[:, None] << 10 | fractions).astype(np.uint16).reshape(-1)


def random_pairs(rng: np.random.Generator, pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """Random operands; half of the pairs have exponents that differ by little, where additions cancel."""
    a, b = rng.integers(0, 1 << 16, size=(2, pairs), dtype=np.uint16)
    near = (a & 0x7C00) + rng.integers(-2, 3, size=pairs) * 0x400
    b[::2] = ((b & 0x83FF) | (np.clip(near, 0, 0x7C00) & 0x7C00).astype(np.uint16))[::2]
    return a, b


def conversion_mismatches(fraction_bits: int) -> list[int]:
    """Signed 16-bit integers whose conversion differs from the oracle's."""
    raw = np.arange(-(1 << 15), 1 << 15)
    right = _round(raw * 2.0**-fraction_bits).view(np.uint16)
    return raw[binary16.from_fixed(raw, fraction_bits) != right].tolist()


def exponential_errors(function: Callable = exponential) -> np.ndarray:
    """Distances of an exponential from float64's, in units in the last place: float64, for all 65,536 operands.

    Of a result below 2**-14 the unit is that of 2**-14 and 0 is right; infinite where infinity, NaN or 0 are wrong.
    """
    with np.errstate(over="ignore"):
        exact = np.exp(_flushed(EVERYTHING).astype(np.float64))
    result = function(EVERYTHING)
    value = result.view(np.float16).astype(np.float64)
    with np.errstate(invalid="ignore"):
        error = np.abs(value - exact) / 2.0 ** (np.floor(np.log2(np.clip(exact, 2.0**-14, 65504))) - 10)
    right = np.where(exact < 2.0**-14, 0, np.where(exact >= 65520, binary16.INFINITY, binary16.NAN))
    given = ~((exact >= 2.0**-14) & (exact < 65520))
    return np.where(given, np.where(result == right, 0, np.inf), error)


def _exponential() -> Iterator[tuple[int, list]]:
    yield EVERYTHING.size, EVERYTHING[exponential_errors() > 1].tolist()


def _campaign(name: str, pairs: int, seed: int) -> Iterator[tuple[int, list]]:
    """Numbers of cases and mismatches, part by part."""
    rng = np.random.default_rng(seed)
    yield SPECIAL_VALUES.size**2, mismatches(name, SPECIAL_VALUES[:, None], SPECIAL_VALUES)
    for partner in stratified_partners(rng).reshape(-1, 8):
        yield EVERYTHING.size * partner.size, mismatches(name, EVERYTHING[:, None], partner)
    for _ in range(pairs // BATCH):
        yield BATCH, mismatches(name, *random_pairs(rng, BATCH))


def _conversions() -> Iterator[tuple[int, list]]:
    for fraction_bits in range(-2, 31):
        yield EVERYTHING.size, conversion_mismatches(fraction_bits)


def special_pairs() -> tuple[np.ndarray, np.ndarray]:
    """Every special value with every special value: two arrays."""
    a, b = np.broadcast_arrays(SPECIAL_VALUES[:, None], SPECIAL_VALUES)
    return a.ravel(), b.ravel()


def hardware_campaigns() -> dict[str, tuple]:
    """By name: operator, model, and all operands that its Verilog is given."""
    random = random_pairs(np.random.default_rng(3), HARDWARE_PAIRS)
    pairs = [np.concatenate(both) for both in zip(special_pairs(), random, strict=True)]
    return {
        "adder": (baseline.ADDER, binary16.add, pairs),
        "subtractor": (baseline.SUBTRACTOR, binary16.subtract, pairs),
        "multiplier": (baseline.MULTIPLIER, binary16.multiply, pairs),
        "divider": (baseline.DIVIDER, binary16.divide, pairs),
        "maximum": (baseline.MAXIMUM, binary16.maximum, pairs),
        "from_fixed": (
            baseline.from_fixed_operator(Q(6, 10)),
            lambda raw: binary16.from_fixed(raw.astype(np.int16), 10),
            [EVERYTHING],
        ),
        "exponential": (baseline.exponential_operator(), exponential, [EVERYTHING]),
        "x <= 0": (baseline.NONPOSITIVE_EXPONENTIAL, lambda x: exponential(x | 0x8000), [EVERYTHING]),
    }


def _in_hardware(operator, model, operands) -> Iterator[tuple[int, list]]:
    with tempfile.TemporaryDirectory() as folder:
        result = cosimulate_operator(operator, model, operands, Path(folder), lanes=HARDWARE_LANES)
    yield len(operands[0]), result.described


def _row(name: str, parts: Iterator[tuple[int, list]]) -> bool:
    """Run a campaign and print its line; returns whether anything differs."""
    start = time.perf_counter()
    cases, wrong = 0, []
    for size, found in parts:
        cases, wrong = cases + size, wrong + found
    first = f", the first of them {wrong[0]}" if wrong else ""
    seconds = time.perf_counter() - start
    print(f"{name:12} {cases:12,} cases {seconds:5.1f} s {len(wrong):8,} mismatches{first}", flush=True)
    return bool(wrong)


def main() -> int:
    """Run everything and print a table; returns the exit status, 1 on any mismatch."""
    failed = [_row(name, _campaign(name, PAIRS, seed=1)) for name in OPERATIONS]
    failed.append(_row("from_fixed", _conversions()))
    failed.append(_row("exponential", _exponential()))
    print("\nVerilog in Verilator")
    failed += [_row(name, _in_hardware(*campaign)) for name, campaign in hardware_campaigns().items()]
    return int(any(failed))


if __name__ == "__main__":
    sys.exit(main())
