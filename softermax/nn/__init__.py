"""Softermax in models of transformers: an attention by name, calibration of scores, and their statistics."""

from .attention import register
from .observation import calibrate, load_quantisers
from .quantiser import Requantisation, ScoreQuantiser
from .statistics import score_statistics

__all__ = [
    "Requantisation",
    "ScoreQuantiser",
    "calibrate",
    "load_quantisers",
    "register",
    "score_statistics",
]
