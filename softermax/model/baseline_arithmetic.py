"""The baseline's arithmetic, as processing elements, benches and flows ask for it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .arithmetic import Arithmetic
from .baseline import BaselineConfig, baseline_softmax, baseline_softmax_raw
from .baseline_timing import BaselineSoftmaxTiming
from .binary16 import from_fixed, to_fixed
from .formats import UQ, Q

__all__ = ["BASELINE"]

#: Format of the fixed-point scores that become binary16, and that in which its probabilities are multiplied by values.
SCORE, PROBABILITY = Q(6, 2), UQ(0, 8)

BASELINE = Arithmetic(
    score=lambda config: SCORE,
    encode=lambda raw, config: from_fixed(raw, SCORE.fraction_bits),
    softmax=baseline_softmax_raw,
    decode=lambda words, config: words.view(np.float16).astype(np.float64),
    probability=lambda config: PROBABILITY,
    to_fixed=lambda words, config: to_fixed(words, PROBABILITY.fraction_bits),
    real_softmax=baseline_softmax,
    timing=BaselineSoftmaxTiming,
    exponential_base=math.e,
    conversion_stages=1,
)


def _arithmetic(config: BaselineConfig) -> Arithmetic:
    """That of a config: by a fused datapath scores in fixed point need no conversion."""
    base = 2.0 if config.base == "2" else math.e
    return replace(BASELINE, exponential_base=base, conversion_stages=0 if config.fused else 1)


# Set here, not in the class: the timing model is made from the config, so the config cannot import it.
BaselineConfig.arithmetic = property(_arithmetic)
