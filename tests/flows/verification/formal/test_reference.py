"""The reference of the proofs against the golden model, on random rows."""

import numpy as np
import pytest
from amaranth.hdl import Module, Value
from amaranth.lib import wiring
from amaranth.sim import Simulator

from softermax.flows.verification.formal.properties import pipelines
from softermax.flows.verification.formal.stream_checks import CONFIGS
from softermax.hw import SoftermaxUnit
from softermax.model import SoftermaxConfig, softmax_raw

ROWS = 40
SIZES = (
    "small, multiply",
    "small, row product",
    "small, multiply, saturating",
    "small, row product, saturating",
    "small, multiply, cascade",
    "small, row product, cascade",
)


class Reference(wiring.Component):
    """The reference pipeline with the ports of a complete softmax."""

    def __init__(self, config):
        self.config = config
        super().__init__(SoftermaxUnit(config).signature)

    def elaborate(self, platform):
        m = Module()
        ready, out, _ = pipelines.softermax(m, self.i, self.config)
        m.d.comb += self.i.ready.eq(ready)
        out.feed(m, self.o)
        return m


@pytest.mark.parametrize("config", [*map(CONFIGS.get, SIZES), SoftermaxConfig.paper(2, 4)], ids=[*SIZES, "paper"])
def test_the_reference_is_the_golden_model(config):
    rng = np.random.default_rng(5)
    low, high = config.input.min_raw, config.input.max_raw
    rows = rng.integers(low, high + 1, (ROWS, config.max_slices, config.lanes))
    keep = rng.random(rows.shape) < 0.8
    expected = softmax_raw(rows.reshape(ROWS, -1), config, keep.reshape(ROWS, -1)).reshape(rows.shape)
    assert np.array_equal(played(Reference(config), rows, keep), expected)


def played(unit, rows, keep):
    """What comes out of a unit when slices go in and all that comes is taken."""
    slices, found = rows.reshape(-1, rows.shape[-1]).tolist(), []
    kept = (keep.reshape(len(slices), -1) @ (1 << np.arange(rows.shape[-1]))).tolist()

    async def feed(ctx):
        ctx.set(unit.i.valid, 1)
        for number, (scores, bits) in enumerate(zip(slices, kept, strict=True)):
            ctx.set(unit.i.payload, {"x": scores, "keep": bits, "last": number % rows.shape[1] == rows.shape[1] - 1})
            await ctx.tick().until(unit.i.ready)
        ctx.set(unit.i.valid, 0)

    async def take(ctx):
        ctx.set(unit.o.ready, 1)
        for _ in slices:
            lanes = [Value.cast(y) for y in unit.o.payload.y]
            found.append(await ctx.tick().sample(*lanes).until(unit.o.valid))

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed)
    simulator.add_testbench(take)
    simulator.run()
    return np.array(found).reshape(rows.shape)
