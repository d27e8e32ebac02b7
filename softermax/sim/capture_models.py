"""The pretrained models that heads are captured from, the texts they read, and which heads on which text.

Needs the extra `capture` and the models' packages, see `data/README.md`; works offline; nothing in it is random.
"""

from collections.abc import Callable
from typing import NamedTuple

from softermax.pretrained import packages

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
SECOND_INAUGURAL = """
Neither party expected for the war the magnitude or the duration which it has already attained. Neither anticipated
that the cause of the conflict might cease with or even before the conflict itself should cease. Each looked for an
easier triumph, and a result less fundamental and astounding. Both read the same Bible and pray to the same God, and
each invokes His aid against the other. It may seem strange that any men should dare to ask a just God's assistance in
wringing their bread from the sweat of other men's faces, but let us judge not, that we be not judged. The prayers of
both could not be answered. That of neither has been answered fully. The Almighty has His own purposes. "Woe unto the
world because of offenses; for it must needs be that offenses come, but woe to that man by whom the offense cometh."
If we shall suppose that American slavery is one of those offenses which, in the providence of God, must needs come,
but which, having continued through His appointed time, He now wills to remove, and that He gives to both North and
South this terrible war as the woe due to those by whom the offense came, shall we discern therein any departure from
those divine attributes which the believers in a living God always ascribe to Him? Fondly do we hope, fervently do we
pray, that this mighty scourge of war may speedily pass away. Yet, if God wills that it continue until all the wealth
piled by the bondsman's two hundred and fifty years of unrequited toil shall be sunk, and until every drop of blood
drawn with the lash shall be paid by another drawn with the sword, as was said three thousand years ago, so still it
must be said "the judgments of the Lord are true and righteous altogether." With malice toward none, with charity for
all, with firmness in the right as God gives us to see the right, let us strive on to finish the work we are in, to
bind up the nation's wounds, to care for him who shall have borne the battle and for his widow and his orphan, to do
all which may achieve and cherish a just and lasting peace among ourselves and with all nations.
"""


class Case(NamedTuple):
    """A text of `valid` tokens, padded to `tokens`, and the (layer, head) pairs captured on it."""

    text: str
    tokens: int
    valid: int
    causal: bool
    heads: tuple


class Model(NamedTuple):
    """A pretrained Transformer."""

    mark: str
    """Part of the names of its heads, so that no two models share one."""
    load: Callable
    """Returns its tokenizer and the model."""
    cases: tuple

    def head_name(self, case, layer, head):
        """Name of one head on the text of a case."""
        kind = ("causal" if case.causal else "") + ("padded" if case.valid < case.tokens else "")
        return f"{kind or 'full'}{case.tokens}{self.mark}-l{layer}h{head}"


# Layer 0 head 2 has by far the widest scores (it looks at positions) and alone needs a zero point. Layers 1 and 2 hold
# the next widest and the sharpest heads; layer 0 head 7 is the flattest; layers 3 to 5 lie between.
MINILM_CASES = (
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

# In layer 1 head 2 and layer 16 head 0 a token looks at the one before it, in layer 29 head 1 at itself. Layer 17 head
# 4 leaves nearly all weight on the first token. Layer 7 head 7 has the largest scores of all, layer 9 head 2 large ones
# in flat rows. Of the heads of 1024 tokens, layer 1 head 3 spreads its weight over hundreds of tokens, layer 8 head 1
# picks out a few words (mostly "the") wherever they stand, layer 18 head 1 divides it between the first token and those
# nearby, layer 29 head 3 looks at a token itself and those just before it.
SMOLLM2_CASES = (
    Case(GETTYSBURG, 16, 16, False, ((1, 2),)),
    Case(MOBY_DICK, 64, 50, False, ((9, 2),)),
    Case(DECLARATION, 128, 100, True, ((17, 4),)),
    Case(GETTYSBURG + DECLARATION, 384, 384, False, ((7, 7),)),
    Case(MOBY_DICK + GETTYSBURG, 384, 384, True, ((16, 0), (29, 1))),
    Case(
        MOBY_DICK + GETTYSBURG + DECLARATION + SECOND_INAUGURAL,
        1024,
        1024,
        False,
        ((1, 3), (8, 1), (18, 1), (29, 3)),
    ),
)


def load_minilm():
    """MiniLM, a sentence encoder of d_head 32, from its installed package."""
    return _load(packages.minilm())


def load_smollm2():
    """SmolLM2, a decoder of d_head 64, from its installed package; its 4-bit weights become float32."""
    return _load(packages.smollm2())


def _load(files):
    # Imported here: the texts and cases need none of the extra.
    from transformers import AutoModel, AutoTokenizer

    return tuple(kind.from_pretrained(files.folder, **files.options) for kind in (AutoTokenizer, AutoModel))


MODELS = (Model("", load_minilm, MINILM_CASES), Model("-d64", load_smollm2, SMOLLM2_CASES))
"""In the order of the archive."""


def encode(tokenizer, case):
    """Input of the model, of shape (1, tokens): the case's text, cut to its tokens and padded."""
    # Line breaks are this file's, not the text's: a decoder's tokenizer would keep them.
    encoded = tokenizer(" ".join(case.text.split()), truncation=True, max_length=case.valid)
    if len(encoded["input_ids"]) != case.valid:
        raise ValueError(f"text must have at least {case.valid} tokens, not {len(encoded['input_ids'])}")
    return tokenizer.pad([encoded], padding="max_length", max_length=case.tokens, return_tensors="pt")


def run(model, batch):
    """Queries, keys and values that the model's attention takes, rotary embedding included.

    Returns
    -------
    list of tuple of ndarray
        For each layer three arrays of float64, shape (heads, tokens, d_head). Query heads that share keys and values
        have a copy each.
    """
    import torch
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    layers = []

    def recording(module, q, k, v, *arguments, **options):
        shared = q.shape[1] // k.shape[1]
        copies = (q, k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1))
        layers.append(tuple(array[0].double().numpy() for array in copies))
        return ALL_ATTENTION_FUNCTIONS["sdpa"](module, q, k, v, *arguments, **options)

    AttentionInterface.register("recording", recording)
    # Without a mask function of the same name padding would be attended to.
    AttentionMaskInterface.register("recording", ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
    model.set_attn_implementation("recording")
    # One thread sums in one order, so that every run gives the same floats.
    torch.set_num_threads(1)
    with torch.inference_mode():
        model.eval()(**batch)
    return layers
