"""The arithmetic of Softermax: formats, configuration, golden models and exact references, in NumPy."""

from . import baseline_arithmetic, softermax_arithmetic  # noqa: F401 (configs have an arithmetic from here on)
from .config import SoftermaxConfig
from .faithful import faithful_config
from .formats import UQ, Q, QFormat
from .reference import softmax_exact
from .softermax import quantise_scores, softermax, softermax_raw

__all__ = [
    "UQ",
    "Q",
    "QFormat",
    "SoftermaxConfig",
    "faithful_config",
    "quantise_scores",
    "softermax",
    "softermax_raw",
    "softmax_exact",
]
