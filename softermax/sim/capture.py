"""Capture attention heads of the pretrained models: `python -m softermax.sim.capture [-o FILE]`.

Quantises what `capture_models` runs, calibrates the scores and writes the archive that `data/README.md` describes.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from softermax.model.pe import fixed_point
from softermax.sim.attention import (
    ARRAYS,
    SCORE_MAX,
    SCORE_MIN,
    AttentionHead,
    keep_mask,
    requantise,
    rescale,
)
from softermax.sim.capture_models import MODELS, encode, run

UNITS_PER_NAT = 4 * np.log2(np.e)
"""Raw Q(6,2) units in a base-e score of 1: resolution 1/4, log2(e) folded."""

HEADER = """
| head | tokens | valid | score range | zero point | below | above | median error | worst error | rows off |
|---|---|---|---|---|---|---|---|---|---|
""".strip()


def quantise(values):
    """Symmetric INT8: integers from -127 to 127, and the real value of one unit."""
    scale = float(np.abs(values).max() / 127)
    return np.rint(values / scale).astype(np.int8), scale


def base2_softmax(scores, keep):
    """Float64 softmax of scores in units of 1/4 along the last axis; masked scores give 0."""
    scores = np.where(keep, scores / 4, -np.inf)
    powers = np.exp2(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def calibrate(scores, keep):
    """The zero point whose saturated scores change the probabilities least, on average over the rows; 0 if all fit.

    The largest score alone does not decide: moved up to fit it, the window can lose all of a row whose scores are low.
    """
    exact = base2_softmax(scores, keep)

    def loss(zero_point):
        saturated = np.clip(scores - zero_point, SCORE_MIN, SCORE_MAX)
        return np.abs(base2_softmax(saturated, keep) - exact).sum()

    return min(range(max(0, int(scores[keep].max()) - SCORE_MAX) + 1), key=loss)


def make_head(case, name, layer, head, real):
    """An AttentionHead of the float queries, keys and values `real`, each of shape (tokens, d_head)."""
    (q, q_scale), (k, k_scale), (v, v_scale) = map(quantise, real)
    multiplier, shift = fixed_point(q_scale * k_scale / np.sqrt(q.shape[1]) * UNITS_PER_NAT)
    # Rows at padded positions mean nothing to the model, so they have no say in the calibration.
    rows = slice(case.valid)
    keep = keep_mask(case.tokens, case.valid, case.causal)
    zero_point = calibrate(rescale(q, k, multiplier, shift)[rows], keep[rows])
    return AttentionHead(
        name=name,
        layer=layer,
        head=head,
        q=q,
        k=k,
        v=v,
        scores=requantise(q, k, multiplier, shift, zero_point),
        valid=case.valid,
        causal=case.causal,
        multiplier=multiplier,
        shift=shift,
        zero_point=zero_point,
        q_scale=q_scale,
        k_scale=k_scale,
        v_scale=v_scale,
    )


def report(head, real):
    """One line of the table in `data/README.md`, over the kept scores of rows that are not padding."""
    q, k, _ = real
    rows = slice(head.valid)
    keep = head.keep[rows]
    wide = rescale(head.q, head.k, head.multiplier, head.shift)[rows] - head.zero_point
    low, high = ((clipped & keep).sum() / keep.sum() for clipped in (wide < SCORE_MIN, wide > SCORE_MAX))
    exact = base2_softmax((q @ k.T)[rows] / np.sqrt(head.d_head) * UNITS_PER_NAT, keep)
    error = np.abs(base2_softmax(head.scores[rows], keep) - exact).max(axis=1)
    return (
        f"| {head.name} | {head.tokens} | {head.valid} | {wide[keep].min()} to {wide[keep].max()} | {head.zero_point} "
        f"| {low:.4%} | {high:.4%} | {np.median(error):.3f} | {error.max():.3f} | {(error > 0.1).sum()} |"
    )


def save(heads, path):
    """Write the archive that `load_heads` reads."""
    columns = [field for field in AttentionHead.__dataclass_fields__ if field not in ARRAYS]
    table = np.rec.fromrecords([[getattr(head, column) for column in columns] for head in heads], names=columns)
    arrays = {f"{head.name}.{array}": getattr(head, array) for head in heads for array in ARRAYS}
    np.savez_compressed(path, heads=table, **arrays)


def capture(model):
    """Every head of a model's cases, with the table's line of each printed."""
    tokenizer, network = model.load()
    heads = []
    for case in model.cases:
        layers = run(network, encode(tokenizer, case))
        for layer, head in case.heads:
            real = [array[head] for array in layers[layer]]
            heads.append(make_head(case, model.head_name(case, layer, head), layer, head, real))
            print(report(heads[-1], real))
    return heads


def main():
    """Capture every model, print the table of the heads and write the archive."""
    parser = argparse.ArgumentParser(description="Capture attention heads of pretrained models.")
    shipped = Path(__file__).with_name("data") / "attention.npz"
    parser.add_argument("-o", "--output", type=Path, default=shipped, help="archive to write, else the shipped one")
    output = parser.parse_args().output
    print(HEADER)
    try:
        heads = [head for model in MODELS for head in capture(model)]
    except ImportError as error:
        sys.exit(f"The capture's packages must be installed, as sim/data/README.md tells: {error}")
    save(heads, output)
    print(f"{len(heads)} heads, {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
