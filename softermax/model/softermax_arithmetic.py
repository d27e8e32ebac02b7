"""The arithmetic of Softermax, as processing elements, benches and flows ask for it."""

from __future__ import annotations

from .arithmetic import Arithmetic
from .config import SoftermaxConfig
from .golden import softmax, softmax_raw
from .timing import SoftermaxTiming

__all__ = ["SOFTERMAX"]

SOFTERMAX = Arithmetic(
    score=lambda config: config.input,
    encode=lambda raw, config: raw,
    softmax=softmax_raw,
    decode=lambda words, config: config.output.to_real(words),
    probability=lambda config: config.output,
    to_fixed=lambda words, config: words,
    real_softmax=softmax,
    timing=SoftermaxTiming,
    exponential_base=2.0,
)

# Set here, not in the class: the golden model is made from the config, so the config cannot import it.
SoftermaxConfig.arithmetic = SOFTERMAX
