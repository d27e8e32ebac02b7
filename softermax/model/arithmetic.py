"""A softmax arithmetic: what processing elements, benches and flows ask of any softmax, whatever its config."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .formats import QFormat

__all__ = ["Arithmetic"]


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """The arithmetic of one kind of config, which has it as its class attribute ``arithmetic``.

    Scores come in fixed point: those of a processing element and all captured ones. A word is a number as the hardware
    takes or gives it: a raw integer of a Softermax, a binary16 pattern of the baseline.

    Attributes
    ----------
    score : callable
        Format of fixed-point scores: config -> QFormat, signed.
    encode : callable
        Words of raw fixed-point scores: (raw, config) -> ndarray of the same shape.
    softmax : callable
        The golden model, over the last axis: (words, config, mask) -> words.
    decode : callable
        Real numbers of probabilities: (words, config) -> ndarray of float64.
    probability : callable
        Fixed-point format in which values are multiplied by probabilities: config -> QFormat, unsigned.
    to_fixed : callable
        Raw integers in that format: (words, config) -> ndarray of int.
    real_softmax : callable
        Probabilities of real scores, quantised first: (scores, config, mask) -> ndarray of float64.
    timing : callable
        Timing model of the complete softmax: (Framing, config) -> TimingModel.
    exponential_base : float
        Base of the exponential of a raw score: 2 or e.
    conversion_stages : int
        Registers between fixed-point scores and the softmax's input, in which they become words.
    """

    score: Callable[[object], QFormat]
    encode: Callable[[np.ndarray, object], np.ndarray]
    softmax: Callable[..., np.ndarray]
    decode: Callable[[np.ndarray, object], np.ndarray]
    probability: Callable[[object], QFormat]
    to_fixed: Callable[[np.ndarray, object], np.ndarray]
    real_softmax: Callable[..., np.ndarray]
    timing: Callable
    exponential_base: float
    conversion_stages: int = 0
