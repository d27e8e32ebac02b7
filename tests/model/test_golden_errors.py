"""What the composed model refuses, and how it says so."""

import re

import numpy as np
import pytest

from softermax.model import SoftermaxConfig, softmax, softmax_raw

PAPER = SoftermaxConfig.paper(lanes=16, max_len=384)
NOT_FINITE = "scores must be finite where the mask keeps them, not"
NOT_BROADCASTABLE = "a mask must be broadcastable to the scores' shape"


@pytest.mark.parametrize(
    ("scores", "mask", "error", "text"),
    [
        ([0.0, np.nan], None, ValueError, f"{NOT_FINITE} nan (at index (1,))"),
        (
            [[0.0], [-np.inf]],
            None,
            ValueError,
            f"{NOT_FINITE} -inf (at index (1, 0))",
        ),
        (
            [np.inf, 1],
            [True, False],
            ValueError,
            f"{NOT_FINITE} inf (at index (0,))",
        ),
        ([], None, ValueError, "a row must have an element or more, not the shape (0,)"),
        (1.0, None, ValueError, "a row must have an element or more, not the shape ()"),
        (np.zeros((3, 0)), None, ValueError, "a row must have an element or more, not the shape (3, 0)"),
        (np.zeros((2, 999)), None, ValueError, "a row must have at most max_len = 384 elements, not 999"),
        (["1"], None, TypeError, "scores must be real numbers, not <U1"),
        ([1j], None, TypeError, "scores must be real numbers, not complex128"),
        ([True], None, TypeError, "scores must be real numbers, not bool"),
        ([0.0, 1.0], [1, 0], TypeError, "a mask must be bool, True where a score is kept, not int64"),
        ([0.0, 1.0], [True] * 3, ValueError, f"{NOT_BROADCASTABLE} (2,), not (3,)"),
        ([0.0, 1.0], [[True, True]], ValueError, f"{NOT_BROADCASTABLE} (2,), not (1, 2)"),
    ],
)
def test_softermax_refuses(scores, mask, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        softmax(scores, PAPER, mask)


@pytest.mark.parametrize(
    ("raw", "mask", "error", "text"),
    [
        ([0.0], None, TypeError, "raw scores must be integers, not float64"),
        ([True], None, TypeError, "raw scores must be integers, not bool"),
        ([0, 128], None, ValueError, "raw scores must be -128 to 127 for Q(6,2), not 0 to 128"),
        ([-129, 5], None, ValueError, "raw scores must be -128 to 127 for Q(6,2), not -129 to 5"),
        (np.zeros((2, 0), int), None, ValueError, "a row must have an element or more, not the shape (2, 0)"),
        (np.zeros(385, int), None, ValueError, "a row must have at most max_len = 384 elements, not 385"),
        ([0, 1], [1.0, 0.0], TypeError, "a mask must be bool, True where a score is kept, not float64"),
        (
            [[0, 1]],
            [[True], [True]],
            ValueError,
            f"{NOT_BROADCASTABLE} (1, 2), not (2, 1)",
        ),
    ],
)
def test_softermax_raw_refuses(raw, mask, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        softmax_raw(raw, PAPER, mask)
