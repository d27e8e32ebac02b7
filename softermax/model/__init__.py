"""The arithmetic of Softermax: formats, configuration, golden models and exact references, in NumPy."""

from . import baseline_arithmetic, softermax_arithmetic  # noqa: F401 (configs have an arithmetic from here on)
from .config import SoftermaxConfig
from .faithful import faithful_config
from .formats import UQ, Q, QFormat
from .golden import quantise_scores, softmax, softmax_raw
from .reference import softmax_exact

__all__ = [
    "UQ",
    "Q",
    "QFormat",
    "SoftermaxConfig",
    "faithful_config",
    "quantise_scores",
    "softmax",
    "softmax_exact",
    "softmax_raw",
]
