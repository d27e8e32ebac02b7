"""Conversion of probabilities to fixed point against the model."""

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from softermax.hw.baseline import to_fixed
from softermax.model import binary16
from softermax.sim.amaranth_bench import observe_in_amaranth


class Conversion(wiring.Component):
    """The conversion by itself."""

    def __init__(self, fraction_bits: int):
        self.fraction_bits = fraction_bits
        super().__init__({"x": In(16), "y": Out(fraction_bits)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.y.eq(to_fixed(m, self.x, self.fraction_bits))
        return m


@pytest.mark.parametrize("fraction_bits", [1, 8, 9])
def test_numbers_up_to_infinity(fraction_bits):
    bits = np.arange(0, binary16.INFINITY + 1, 3 if fraction_bits == 8 else 17)
    seen = observe_in_amaranth(Conversion(fraction_bits), {"x": bits.tolist()})["y"]
    assert seen == binary16.to_fixed(bits, fraction_bits).tolist()
