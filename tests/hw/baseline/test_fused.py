"""The fused baseline: what its lanes know of a row, scores in fixed point, and what it refuses."""

import re

import numpy as np
import pytest
from amaranth.hdl import Const, Module, Signal
from amaranth.sim import Simulator

from softermax.hw.baseline import BaselineUnnormedSoftmaxUnit
from softermax.hw.baseline.fused_lane import look_up, scale
from softermax.hw.baseline.score_forms import Binary16Form, score_form
from softermax.model import UQ, Q
from softermax.model.baseline import BaselineConfig
from softermax.model.binary16 import from_fixed
from softermax.model.fused_exponential import NOTHING, FusedExponential

each_base = pytest.mark.parametrize("base", ["e", "2"])
CONFIG = BaselineConfig(lanes=2, max_len=8, datapath="fused")


def powers(form, exponential, pairs):
    """What a lane makes of pairs of a score and the row's maximum."""
    m = Module()
    x, maximum, power = Signal(form.width), Signal(form.width), Signal(15)
    difference, nothing = form.difference(m, x, form.reference(m, maximum, Const(0, 1)))
    m.d.comb += power.eq(look_up(m, scale(m, difference, exponential), nothing, exponential))
    found = []

    async def play(ctx):
        for a, b in pairs:
            ctx.set(x, int(a))
            ctx.set(maximum, int(b))
            await ctx.delay(1e-9)
            found.append(ctx.get(power))

    simulator = Simulator(m)
    simulator.add_testbench(play)
    simulator.run()
    return counted(found)


def counted(power):
    """Without those below 2**-17, of which a sum and a numerator have nothing."""
    return [each if each >= 14 << 10 else 0 for each in power]


def expected(exponential, pairs):
    """The same by the model: the exponent with 16 more, so that 0 is nothing."""
    x, maximum = np.array(pairs, np.uint16).T
    return counted((exponential(x, maximum) - NOTHING).tolist())


@each_base
def test_a_lane_equals_the_model_at_every_exponent_of_the_maximum(base):
    """Scores at and around what is still counted, where numbers below are finer than above, and any below."""
    exponential, rng, pairs = FusedExponential(base), np.random.default_rng(5), []
    for exponent in range(14, 31):
        for fraction in (0, int(rng.integers(1024))):
            for sign in (0, 0x8000):
                maximum = sign | exponent << 10 | fraction
                top = float(np.uint16(maximum).view(np.float16))
                for below in (0, 8, 9.75, 12, 16, 18, 32):
                    with np.errstate(over="ignore"):
                        score = np.float16(top - below)
                    if np.isfinite(score) and score <= top:
                        pairs.append((int(score.view(np.uint16)), maximum))
    assert powers(Binary16Form(exponential), exponential, pairs) == expected(exponential, pairs)


@each_base
def test_scores_in_fixed_point_give_what_their_binary16_gives(base):
    exponential, fmt = FusedExponential(base), Q(6, 2)
    raw = [(x, maximum) for maximum in (-128, 0, 127) for x in range(maximum, max(maximum - 80, -129), -5)]
    pairs = [tuple(int(from_fixed(np.array(number), 2)) for number in pair) for pair in raw]
    fixed = [(x % 256, maximum % 256) for x, maximum in raw]
    assert powers(score_form(fmt, exponential), exponential, fixed) == expected(exponential, pairs)


@pytest.mark.parametrize("fmt", [UQ(6, 2), Q(6, 13)])
def test_a_format_of_scores_must_fit_a_difference(fmt):
    text = f"the score's format must be signed with at most 12 fraction bits, not {fmt}"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        BaselineUnnormedSoftmaxUnit(CONFIG, score=fmt)


def test_operators_take_binary16_alone():
    text = "scores must be binary16 for a datapath of operators, not Q(6,2)"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        BaselineUnnormedSoftmaxUnit(BaselineConfig(lanes=2, max_len=8), score=Q(6, 2))
