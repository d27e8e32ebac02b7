"""Reduction: by hand, and against the golden model for random rows with idle cycles between their slices."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from softermax.hw import Reduction
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.unnormed import reduction
from softermax.sim.amaranth_bench import observe_in_amaranth

from ..model.strategies import configs, examples
from .packing import to_signed


def running(config, u, slice_maximum, last, load):
    """(maximum, power sum, saturated) after every cycle, for slices with these numerators."""
    dropped = config.unnormed.fraction_bits - config.power_sum.fraction_bits
    sums = [int(sum(map(int, numerators)) * 2.0**-dropped) for numerators in [*u, u[-1]]]
    inputs = {
        "slice_sum": sums,
        "slice_maximum": [int(m) % 2**config.maximum.width for m in [*slice_maximum, 0]],
        "last": [*map(int, last), 0],
        "load": [*map(int, load), 0],
    }
    seen = observe_in_amaranth(Reduction(config), inputs)
    maximum = [to_signed(m, config.maximum.width) for m in seen["maximum"]]
    return list(zip(maximum, seen["power_sum"], seen["saturated"], strict=True))[1:]


def test_a_row_by_hand():
    # Numerators in UQ(1,3), sums in UQ(3,1), so that slice sums lose two bits.
    config = SoftermaxConfig(lanes=2, max_len=6, unnormed=UQ(1, 3), power_sum=UQ(3, 1))
    u = [[8, 5], [8, 8], [8, 0], [8, 7], [8, 0]]
    seen = running(config, u, [2, 3, 1, -1, -5], [0, 0, 1, 0, 1], [1] * 5)
    assert seen == [
        (2, 3, 0),  # 13/8 truncated to 3/2
        (3, 1 + 4, 0),  # 3/2 halved, truncated to 1/2, and 2
        (3, 5 + 0, 0),  # 1 shifted by 2 is 1/4: nothing
        (-1, 3, 0),  # the next row: 15/8 truncated, nothing of the row before
        (-1, 3, 0),  # 1/16
    ]


def test_a_sum_that_saturates_stays_at_its_largest_and_says_so_until_the_next_row():
    config = SoftermaxConfig(lanes=2, max_len=6, unnormed=UQ(1, 3), power_sum=UQ(2, 1), saturate=True)
    seen = running(config, [[8, 8]] * 5, [0, 0, 4, 0, 0], [0, 0, 1, 0, 1], [1] * 5)
    assert seen == [
        (0, 4, 0),  # 2
        (0, 7, 1),  # 4 is more than 7/2
        (4, 0 + 4, 1),  # 7/2 shifted by 4 is nothing; the flag stays
        (0, 4, 0),
        (0, 7, 1),
    ]


def test_the_largest_distances_shift_everything_out():
    config = SoftermaxConfig.paper(lanes=1, max_len=2)
    one = 1 << 15
    assert running(config, [[one], [one]], [-32, 32], [0, 1], [1, 1]) == [(-32, 64, 0), (32, 64, 0)]
    assert running(config, [[one], [one]], [32, -32], [0, 1], [1, 1]) == [(32, 64, 0), (32, 64, 0)]


def test_a_fine_sum_survives_a_great_distance():
    config = SoftermaxConfig(lanes=1, max_len=2, power_sum=UQ(4, 40))
    one = 1 << 15
    seen = running(config, [[one], [one]], [-32, 4], [0, 1], [1, 1])
    assert seen == [(-32, 1 << 40, 0), (4, (1 << 40) + (1 << 4), 0)]


def test_nothing_moves_without_load():
    config = SoftermaxConfig.paper(lanes=1, max_len=2)
    one = 1 << 15
    seen = running(config, [[one], [one], [one]], [3, 9, 3], [0, 1, 0], [1, 0, 1])
    assert seen == [(3, 64, 0), (3, 64, 0), (3, 128, 0)]


# A slice's sum of 4, eight times what the power sum holds.
WIDE_SLICE = SoftermaxConfig(
    lanes=4, max_len=4, input=Q(1, 0), unnormed=UQ(1, 1), power_sum=UQ(1, 5), power_segments=1, saturate=True
)
# Distances of more than 31 places that leave something of the sum.
FINE_SUM = SoftermaxConfig(lanes=1, max_len=4, power_sum=UQ(4, 40))


@example(WIDE_SLICE, 0)
@example(FINE_SUM, 0)
@examples(40)
@given(config=configs(max_lanes=8), seed=st.integers(0, 999))
def test_random_rows_with_idle_cycles_equal_the_golden_model(config, seed):
    rng = np.random.default_rng(seed)
    rows, slices = 12, config.max_slices
    u = rng.integers(0, (1 << config.unnormed.fraction_bits) + 1, size=(rows, slices, config.lanes))
    u[rng.random(u.shape[:2]) < 0.3] = 1 << config.unnormed.fraction_bits
    high = 2 ** (config.input.integer_bits - 1)
    near = rng.integers(-high, high + 1, size=(rows, 1)) + rng.integers(-3, 4, size=(rows, slices))
    slice_maximum = np.where(rng.random((rows, 1)) < 0.5, near, rng.integers(-high, high + 1, size=(rows, slices)))
    slice_maximum = slice_maximum.clip(-high, high)

    load = np.sort(rng.permutation(3 * rows * slices)[: rows * slices])
    cycles = np.searchsorted(load, np.arange(3 * rows * slices)).clip(max=rows * slices - 1)
    loading = np.isin(np.arange(len(cycles)), load)
    last = (np.arange(rows * slices) % slices == slices - 1)[cycles]
    seen = running(config, u.reshape(-1, config.lanes)[cycles], slice_maximum.reshape(-1)[cycles], last, loading)
    # An idle cycle shows what the slice before it left, so only the cycles that load are compared one by one.
    expected = [
        tuple(e) for e in zip(*(v.reshape(-1).tolist() for v in reduction(u, slice_maximum, config)), strict=True)
    ]
    assert [s for s, is_loading in zip(seen, loading, strict=True) if is_loading] == expected
    assert all(b == a for a, b, moves in zip(seen[:-1], seen[1:], loading[1:], strict=True) if not moves)
