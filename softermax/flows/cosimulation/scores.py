"""The golden model applied to scores, a file's or the shipped ones, and how far it is from exact softmax."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np

from softermax.model import softmax_exact
from softermax.model.shape import RowShape

from ..designs.captured import softmax_heads
from ..errors import FlowError
from ..files import write_whole
from .array_files import read_array

__all__ = ["accuracy_on_attention", "apply_softmax", "read_array"]


def apply_softmax(scores: np.ndarray, config: RowShape, mask: np.ndarray | None, output: Path) -> dict:
    """Write the probabilities of a config's golden model to an .npy file.

    Returns
    -------
    dict
        ``rows`` and ``row_length``; ``max_error`` and ``mean_error``, absolute, against exact softmax of the config's
        base in float64 on the scores as given; ``row_sum_min`` and ``row_sum_max`` over rows with a kept score.

    Raises
    ------
    FlowError
        If the scores or the mask are not what :func:`softermax.model.softmax` takes, or too many.
    """
    try:
        probabilities = config.arithmetic.real_softmax(scores, config, mask)
    except (TypeError, ValueError) as error:
        raise FlowError(str(error)) from error
    except MemoryError as error:
        raise FlowError(f"scores must be fewer for the memory that is free, not {scores.size}") from error
    if not probabilities.size:
        raise FlowError(f"scores must hold a row or more, not the shape {scores.shape}")
    error = np.abs(probabilities - softmax_exact(scores, mask, base=config.base))
    kept = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    sums = probabilities.sum(axis=-1)[kept.any(axis=-1)]
    buffer = io.BytesIO()
    np.save(buffer, probabilities)
    write_whole(output, buffer.getvalue())
    return {
        "rows": int(np.prod(scores.shape[:-1])),
        "row_length": scores.shape[-1],
        "base": config.base,
        "max_error": float(error.max()),
        "mean_error": float(error.mean()),
        "row_sum_min": float(sums.min()) if sums.size else None,
        "row_sum_max": float(sums.max()) if sums.size else None,
        "output": str(output),
    }


def accuracy_on_attention(config: RowShape) -> dict:
    """How a config does on the shipped real attention scores, rows of up to ``max_len`` elements.

    Returns
    -------
    dict
        ``attention_row_sum_mean``, ``_min`` and ``_max`` of a row's results; ``attention_max_error`` and
        ``attention_mean_error``, absolute, of kept elements against exact softmax of the quantised scores. None where
        no shipped row is short enough.
    """
    sums, errors = [], []
    for head in softmax_heads(config.max_len):
        # log2(e) is folded into the shipped scores.
        scores = head.scores / 4 * (1 if config.base == "2" else math.log(2))
        probabilities = config.arithmetic.real_softmax(scores, config, head.keep)
        sums.append(probabilities.sum(axis=-1))
        errors.append(np.abs(probabilities - softmax_exact(scores, head.keep, base=config.base))[head.keep])
    sums, errors = (np.concatenate(values) if values else None for values in (sums, errors))
    found = {"row_sum_mean": (sums, np.mean), "row_sum_min": (sums, np.min), "row_sum_max": (sums, np.max)}
    found |= {"max_error": (errors, np.max), "mean_error": (errors, np.mean)}
    return {
        f"attention_{name}": None if values is None else float(function(values))
        for name, (values, function) in found.items()
    }
