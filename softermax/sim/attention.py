"""Real attention heads for benches and flows: INT8 queries, keys and values of pretrained models, and Q(6,2) scores.

`data/README.md` tells where the data come from; `softermax.sim.capture` makes them again.
"""

from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np

from softermax.model import softmax_exact

SCORE_MIN, SCORE_MAX = -128, 127
"""Range of a raw Q(6,2) score, in units of 1/4."""

ARRAYS = ("q", "k", "v", "scores")
"""Fields of a head that are arrays of their own in the archive; all others are columns of its table `heads`."""


def rescale(q, k, multiplier, shift):
    """Scores in units of 1/4, before the zero point and saturation, in integer arithmetic only.

    Parameters
    ----------
    q : ndarray of int8, shape (rows, d_head)
    k : ndarray of int8, shape (keys, d_head)
    multiplier, shift : int
        The scale `multiplier / 2**shift`, from a product of raw `q` and `k` to a score; `shift` is at least 1.

    Returns
    -------
    ndarray of int64, shape (rows, keys)
        `q @ k.T` times the scale, rounded to nearest, ties towards plus infinity.
    """
    accumulated = q.astype(np.int64) @ k.astype(np.int64).T
    return (accumulated * multiplier + (1 << (shift - 1))) >> shift


def requantise(q, k, multiplier, shift, zero_point):
    """Raw Q(6,2) scores: `rescale`, less the zero point, saturated to [-128, 127].

    Parameters
    ----------
    q, k, multiplier, shift
        As in `rescale`.
    zero_point : int
        Subtracted from every score of the head, in units of 1/4. Softmax does not change under it.

    Returns
    -------
    ndarray of int8, shape (rows, keys)
        Raw scores, in units of 1/4.
    """
    return np.clip(rescale(q, k, multiplier, shift) - zero_point, SCORE_MIN, SCORE_MAX).astype(np.int8)


def keep_mask(tokens, valid, causal):
    """Which scores are not masked.

    Parameters
    ----------
    tokens : int
        Sequence length, padding included.
    valid : int
        Number of leading keys that are not padding.
    causal : bool
        Whether a query may attend to its own and earlier positions only.

    Returns
    -------
    ndarray of bool, shape (tokens, tokens)
        A row per query; every row keeps at least its first key.
    """
    keys = np.arange(tokens)
    last_kept = keys if causal else np.full(tokens, tokens)
    return (keys < valid) & (keys <= last_kept[:, np.newaxis])


@dataclass(frozen=True, eq=False)
class AttentionHead:
    """One head of one layer on one text. Every position has a row, the padded ones too: an accelerator computes them.

    Parameters
    ----------
    name : str
        Unique, such as `padded64-l1h6`, or `padded64-d64-l9h2` of the model of d_head 64; with `-firstN` at its end
        if cut by `first_tokens`.
    layer, head : int
        Place in the model, from 0.
    q, k, v : ndarray of int8, shape (tokens, d_head)
        Queries, keys and values; a real value is the integer times `q_scale`, `k_scale` or `v_scale`.
    scores : ndarray of int8, shape (tokens, tokens)
        Raw Q(6,2) scores in units of 1/4, a row per query. log2(e) is folded: their base-2 softmax is the model's.
    valid : int
        Number of leading keys that are not padding, 1 to tokens.
    causal : bool
        Whether a query may attend to its own and earlier positions only.
    multiplier, shift, zero_point : int
        Settings of the requantiser that makes `scores` from `q` and `k`, see `requantise`.
    q_scale, k_scale, v_scale : float
        Real value of one unit of `q`, of `k` and of `v`.

    Raises
    ------
    ValueError
        If the shapes do not belong together, an array is not int8, or `valid` is out of range.
    """

    name: str
    layer: int
    head: int
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    scores: np.ndarray
    valid: int
    causal: bool
    multiplier: int
    shift: int
    zero_point: int
    q_scale: float
    k_scale: float
    v_scale: float

    def __post_init__(self):
        arrays = [getattr(self, array) for array in ARRAYS]
        dtypes = {str(array.dtype) for array in arrays}
        if dtypes != {"int8"}:
            raise ValueError(f"q, k, v and scores must be int8, not {sorted(dtypes)!r}")
        shapes = tuple(array.shape for array in arrays)
        if self.q.ndim != 2 or shapes != (*[self.q.shape] * 3, (len(self.q), len(self.q))):
            raise ValueError(
                "shapes of q, k, v and scores must be three times (tokens, d_head) and (tokens, tokens), "
                f"not {shapes!r}"
            )
        if not 1 <= self.valid <= self.tokens:
            raise ValueError(f"valid must be from 1 to {self.tokens}, not {self.valid!r}")

    @property
    def tokens(self):
        """Sequence length, padding included."""
        return len(self.k)

    @property
    def d_head(self):
        """Dimensions of a query, of a key and of a value."""
        return self.q.shape[1]

    @property
    def keep(self):
        """Which scores are not masked, see `keep_mask`."""
        return keep_mask(self.tokens, self.valid, self.causal)

    def requantise(self):
        """Raw scores computed again from `q` and `k`: ndarray of int8, shape (tokens, tokens), equal to `scores`."""
        return requantise(self.q, self.k, self.multiplier, self.shift, self.zero_point)


def first_tokens(head: AttentionHead, tokens: int) -> AttentionHead:
    """A head cut to its first tokens.

    A decoder's query, key or value depends on earlier tokens only, so a decoder's head that is cut is that of the text
    cut, but that its scales and zero point stay those of the whole. An encoder's has seen what was cut off.

    Parameters
    ----------
    head : AttentionHead
    tokens : int
        Length that is left, 1 to head.tokens.

    Returns
    -------
    AttentionHead
        `q`, `k` and `v` of shape (tokens, d_head), `scores` of shape (tokens, tokens): views, read-only if the head's
        arrays are. `valid` is at most `tokens`; the name gets `-firstN`, N being `tokens`.

    Raises
    ------
    ValueError
        If the head has not so many tokens, or `tokens` is not positive.
    """
    if not 1 <= tokens <= head.tokens:
        raise ValueError(f"tokens must be from 1 to {head.tokens}, not {tokens!r}")
    return replace(
        head,
        name=f"{head.name}-first{tokens}",
        q=head.q[:tokens],
        k=head.k[:tokens],
        v=head.v[:tokens],
        scores=head.scores[:tokens, :tokens],
        valid=min(head.valid, tokens),
    )


def exact_attention(head: AttentionHead) -> tuple[np.ndarray, np.ndarray]:
    """Attention in float64 of a head's 8-bit queries, keys and values with their real scales.

    Returns
    -------
    probabilities : ndarray of float64, shape (valid, valid)
        Probabilities of the rows that are no padding.
    context : ndarray of float64, shape (valid, d_head)
    """
    rows = slice(head.valid)
    q, k, v = head.q[rows] * head.q_scale, head.k[rows] * head.k_scale, head.v[rows] * head.v_scale
    probabilities = softmax_exact(q @ k.T / np.sqrt(head.d_head), head.keep[rows, rows], base="e")
    return probabilities, probabilities @ v


def load_heads(path=None):
    """Load captured attention heads.

    Parameters
    ----------
    path : str or os.PathLike, optional
        An archive written by `softermax.sim.capture`; the shipped one unless given.

    Returns
    -------
    list of AttentionHead
        In the order of the archive; the arrays are read-only.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a whole archive of attention heads.
    """
    source = resources.files("softermax.sim") / "data" / "attention.npz" if path is None else Path(path)
    if not source.is_file():
        raise FileNotFoundError(f"attention data must be an existing file, not {str(source)!r}")
    try:
        with source.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return [_head(archive, row) for row in archive["heads"]]
    except Exception as error:  # A broken archive fails in a dozen ways, in zipfile, zlib, NumPy and AttentionHead.
        raise ValueError(f"attention data must be an archive of softermax.sim.capture, not {str(source)!r}") from error


def _head(archive, row):
    """One head: its row of the table `heads`, with the fields of AttentionHead, and its arrays."""
    fields = {field: row[field].item() for field in row.dtype.names}
    arrays = {array: archive[f"{fields['name']}.{array}"] for array in ARRAYS}
    for array in arrays.values():
        array.setflags(write=False)
    return AttentionHead(**fields, **arrays)
