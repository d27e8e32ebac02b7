"""The shipped attention heads, as units of a size take them."""

from __future__ import annotations

import numpy as np

from softermax.model.shape import RowShape
from softermax.sim.attention import AttentionHead, first_tokens, load_heads
from softermax.sim.row_stimuli import encode_rows
from softermax.sim.traffic import Rows

from ..errors import FlowError

__all__ = ["LONGEST", "check_tokens", "heads_of_length", "real_rows", "rows_of_length", "softmax_heads"]

#: Softmax is measured and verified on the shipped heads of this size only. A softmax unit does not see d_head: the
#: larger heads, for units that take queries and keys, would make co-simulation longer and test nothing new.
SOFTMAX_D_HEAD = 32

#: Tokens of the longest captured heads, a decoder's, whose first tokens are real heads of any shorter length.
LONGEST = 1024


def softmax_heads(max_len: int) -> list[AttentionHead]:
    """The shipped heads that softmax is measured and verified on, rows of up to ``max_len`` elements."""
    return [head for head in load_heads() if head.d_head == SOFTMAX_D_HEAD and head.tokens <= max_len]


def real_rows(max_len: int) -> Rows:
    """The shipped attention scores, (raw, mask) of each row that a unit for ``max_len`` elements takes.

    Raises
    ------
    FlowError
        If ``max_len`` is shorter than the shortest shipped row.
    """
    heads = softmax_heads(max_len)
    if not heads:
        raise FlowError(f"max_len must be 16 or more to verify on the shipped attention scores, not {max_len}")
    return [row for head in heads for row in zip(head.scores, head.keep, strict=True)]


def heads_of_length(length: int) -> list[AttentionHead]:
    """The longest captured heads, cut to a length of 1 to :data:`LONGEST` tokens."""
    return [first_tokens(head, length) for head in load_heads() if head.tokens == LONGEST]


def rows_of_length(config: RowShape, length: int) -> Rows:
    """Real rows of any one length, (words, mask) as the config's units take them: of the longest heads, cut.

    Parameters
    ----------
    length : int
        Elements of a row, 1 to the smaller of ``config.max_len`` and :data:`LONGEST`; there are no rows of another.

    Returns
    -------
    list of tuple of ndarray
        ``length`` rows of each head, one head after the other, nothing masked: words of raw Q(6,2) scores in units of
        1/4, and the mask of bool; both of shape (length,).
    """
    if not 1 <= length <= min(config.max_len, LONGEST):
        return []
    rows = [row for head in heads_of_length(length) for row in zip(head.scores, head.keep, strict=True)]
    return encode_rows(rows, config)


def check_tokens(tokens: int, max_len: int):
    """A FlowError unless there are real rows of so many elements."""
    most = min(max_len, LONGEST)
    if not 1 <= tokens <= most:
        raise FlowError(f"tokens must be from 1 to {most}, the smaller of max_len and {LONGEST}, not {tokens}")


def distinct(rng: np.random.Generator, rows: int, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of rows in random order, different ones as far as there are so many."""
    return np.resize(rng.permutation(rows), shape)
