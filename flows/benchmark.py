"""Speed of the golden model beside SciPy's softmax in float64, on the same scores in the same run.

Run with ``make benchmark``. A benchmark, not a test: the ratio is what counts, the times depend on the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import scipy.special

from softermax.model import SoftermaxConfig, softermax

SHAPE = (4096, 384)
ROUNDS = 15


def seconds(function: Callable[[], object]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main():
    """Print elements per second of both, and their ratio round by round."""
    scores = np.random.default_rng(1).normal(scale=3.0, size=SHAPE)
    config = SoftermaxConfig.paper(lanes=16, max_len=SHAPE[1])
    rounds = [
        (seconds(lambda: softermax(scores, config)), seconds(lambda: scipy.special.softmax(scores, axis=-1)))
        for _ in range(ROUNDS + 1)
    ][1:]
    model, exact = np.median(rounds, axis=0)
    ratios = sorted(a / b for a, b in rounds)
    print(f"{SHAPE[0]} x {SHAPE[1]} scores, {ROUNDS} rounds, medians")
    print(f"golden model          {scores.size / model / 1e6:7.1f} million elements/s")
    print(f"scipy.special.softmax {scores.size / exact / 1e6:7.1f} million elements/s")
    print(f"time ratio            {ratios[len(ratios) // 2]:7.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
