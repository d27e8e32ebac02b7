"""Speed of the golden model beside SciPy's softmax in float64, on the same scores in the same run.

Run with ``make benchmark``. A benchmark, not a test: the ratio is what counts, the times depend on the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import scipy.special

from softermax.model import SoftermaxConfig, softmax

__all__ = ["ratio_text", "seconds", "side_by_side"]

SHAPE = (4096, 384)
ROUNDS = 15


def seconds(function: Callable[[], object]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def side_by_side(functions: Sequence[Callable[[], object]], rounds: int) -> np.ndarray:
    """Seconds of each function in each round, (rounds, functions); they take turns. A first round does not count."""
    return np.array([[seconds(function) for function in functions] for _ in range(rounds + 1)])[1:]


def ratio_text(ours: np.ndarray, others: np.ndarray) -> str:
    """The ratio of two times, round by round: its median and its range."""
    ratios = ours / others
    return f"{np.median(ratios):7.2f} (from {ratios.min():.2f} to {ratios.max():.2f})"


def main():
    """Print elements per second of both, and their ratio round by round."""
    scores = np.random.default_rng(1).normal(scale=3.0, size=SHAPE)
    config = SoftermaxConfig.paper(lanes=16, max_len=SHAPE[1])
    model, exact = side_by_side(
        [lambda: softmax(scores, config), lambda: scipy.special.softmax(scores, axis=-1)], ROUNDS
    ).T
    print(f"{SHAPE[0]} x {SHAPE[1]} scores, {ROUNDS} rounds, medians")
    print(f"golden model          {scores.size / np.median(model) / 1e6:7.1f} million elements/s")
    print(f"scipy.special.softmax {scores.size / np.median(exact) / 1e6:7.1f} million elements/s")
    print(f"time ratio            {ratio_text(model, exact)}")


if __name__ == "__main__":
    main()
