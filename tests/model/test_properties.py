"""What holds for every row: how it is cut, filled up, shifted or batched makes no difference, and formats hold."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from softermax.model import UQ, Q, SoftermaxConfig, softmax_raw
from softermax.model.rows import to_slices
from softermax.model.unnormed import unnormed_softmax

from .strategies import configs, configs_and_rows, examples, rows


@examples(150)
@given(configs_and_rows(), st.data())
def test_masked_elements_after_a_row_do_not_change_it(case, data):
    config, raw, kept = case
    space = config.max_len - len(raw)
    more = data.draw(st.lists(st.integers(config.input.min_raw, config.input.max_raw), max_size=space))
    longer = softmax_raw(np.append(raw, more).astype(int), config, np.append(kept, [False] * len(more)).astype(bool))
    assert longer[: len(raw)].tolist() == softmax_raw(raw, config, kept).tolist()
    assert not longer[len(raw) :].any()


@examples(100)
@given(configs_and_rows())
def test_a_masked_slice_before_a_row_does_not_change_it(case):
    config, raw, kept = case
    raw, kept = raw[: config.max_len - config.lanes], kept[: config.max_len - config.lanes]
    assume(config.max_len > config.lanes)
    before = np.full(config.lanes, config.input.max_raw)
    shifted = softmax_raw(np.append(before, raw), config, np.append(before < 0, kept))
    assert shifted[config.lanes :].tolist() == softmax_raw(raw, config, kept).tolist()


@examples(100)
@given(configs_and_rows(), st.data())
def test_what_masked_lanes_hold_does_not_matter(case, data):
    config, raw, kept = case
    noise = data.draw(st.integers(config.input.min_raw, config.input.max_raw))
    other = np.where(kept, raw, noise)
    assert softmax_raw(other, config, kept).tolist() == softmax_raw(raw, config, kept).tolist()
    assert not softmax_raw(raw, config, kept)[~kept].any()


@examples(100)
@given(configs_and_rows(), st.randoms(use_true_random=False))
def test_order_within_a_slice_does_not_matter(case, random):
    config, raw, kept = case
    order = []
    for start in range(0, len(raw), config.lanes):
        places = list(range(start, min(start + config.lanes, len(raw))))
        order += random.sample(places, len(places))
    seen, shuffled = softmax_raw(raw, config, kept), softmax_raw(raw[order], config, kept[order])
    # What a cascade carries goes to another lane then, a unit at a time.
    assert np.abs(shuffled - seen[order]).max() <= (config.rounding == "cascade")


@examples(100)
@given(configs_and_rows(), st.data())
def test_adding_a_whole_number_to_every_score_changes_nothing(case, data):
    """The maximum is an integer, so it moves along."""
    config, raw, kept = case
    one = 1 << config.input.fraction_bits
    down, up = (int(raw.min()) - config.input.min_raw) // one, (config.input.max_raw - int(raw.max())) // one
    moved = raw + one * data.draw(st.integers(-down, up))
    assert softmax_raw(moved, config, kept).tolist() == softmax_raw(raw, config, kept).tolist()


@examples(60)
@given(st.data())
def test_many_rows_at_once_equal_row_by_row(data):
    config = data.draw(configs(max_lanes=16))
    batch = [data.draw(rows(config)) for _ in range(3)]
    raw, kept = np.zeros((3, config.max_len), int), np.zeros((3, config.max_len), bool)
    for line, (x, keep) in enumerate(batch):
        raw[line, : len(x)], kept[line, : len(x)] = x, keep
    together = softmax_raw(raw, config, kept)
    for line, (x, keep) in zip(together, batch, strict=True):
        assert line[: len(x)].tolist() == softmax_raw(x, config, keep).tolist()


@pytest.mark.parametrize("normalizer", ["multiply", "row_product"])
@pytest.mark.parametrize("lanes", [16, 32])
def test_a_higher_score_of_the_paper_never_gets_less(lanes, normalizer):
    config = SoftermaxConfig.paper(lanes=lanes, max_len=384, normalizer=normalizer)
    rng = np.random.default_rng(lanes)
    raw = config.input.quantise(rng.choice([1, 4, 20], size=(300, 1)) * rng.standard_normal((300, 384)))
    order = np.argsort(raw, axis=-1)
    y = np.take_along_axis(softmax_raw(raw, config), order, axis=-1)
    assert (np.diff(y, axis=-1) >= 0).all()


# Formats hold


@examples(200)
@given(configs_and_rows())
@example((SoftermaxConfig(lanes=1, max_len=1, power_sum=UQ(4, 1), output=UQ(1, 1)), np.array([3]), np.array([True])))
def test_every_value_fits_its_format(case):
    config, raw, kept = case
    values = unnormed_softmax(*to_slices(raw, kept, config), config)
    y = softmax_raw(raw, config, kept)
    for array, fmt in (
        (values.numerators, UQ(1, config.unnormed.fraction_bits)),
        (values.slice_maximum, config.maximum),
        (values.maximum, config.maximum),
        (values.power_sum, config.power_sum),
        (y, config.output),
    ):
        assert fmt.min_raw <= array.min()
        assert array.max() <= fmt.max_raw
    assert values.numerators.max() <= 1 << config.unnormed.fraction_bits


@examples(300)
@given(configs_and_rows())
def test_a_row_with_a_kept_score_sums_to_one_half_or_more(case):
    config, raw, kept = case
    assume(kept.any())
    power_sum = unnormed_softmax(*to_slices(raw, kept, config), config).power_sum[-1]
    assert 2 * int(power_sum) >= 1 << config.power_sum.fraction_bits


EVERY_TRIPLE = np.array(list(product(range(-8, 8), repeat=3)))


STYLES = [("multiply", "nearest"), ("row_product", "nearest"), ("row_product", "directed")]


def attack(normalizer, changes) -> int:
    """Every row of three 4-bit scores in coarse formats; the model leaves out the clip where it is not needed.

    Returns
    -------
    int
        How many configs could not saturate, and did not.
    """
    attacked = 0
    for lanes, fraction_bits in product((1, 2, 3), (0, 1, 2, 3)):
        for change in changes:
            sizes = {"lanes": lanes, "max_len": 3, "input": Q(4 - fraction_bits, fraction_bits)}
            config = SoftermaxConfig(**sizes, power_segments=8, normalizer=normalizer, **change)
            if not config.output_can_saturate:
                attacked += 1
                assert softmax_raw(EVERY_TRIPLE, config).max() <= config.output.max_raw, config
    return attacked


@pytest.mark.parametrize(("normalizer", "rounding"), STYLES)
@pytest.mark.parametrize("output_bits", [2, 3, 6])
def test_no_triple_saturates_an_output_that_cannot(output_bits, normalizer, rounding):
    changes = [
        {
            "unnormed": UQ(1, 6),
            "power_sum": UQ(3, sum_bits),
            "reciprocal": UQ(1, reciprocal_bits),
            "reciprocal_segments": segments,
            "output": UQ(1, output_bits),
            "rounding": rounding,
        }
        for sum_bits, reciprocal_bits, segments in product((2, 3, 4), (1, 2, 3, 5), (1, 4))
    ]
    assert attack(normalizer, changes) > 10


@pytest.mark.parametrize("rounding", ["nearest", "directed"])
@pytest.mark.parametrize("output_bits", [2, 3, 6])
def test_no_triple_saturates_an_output_that_cannot_with_coarse_numerators_and_products(output_bits, rounding):
    """A row product does not share the error of the numerators, of which the sum is made; it has its own."""
    changes = [
        {
            "unnormed": UQ(1, unnormed_bits),
            "power_sum": UQ(3, sum_bits),
            "reciprocal": UQ(1, 6),
            "product": UQ(1, product_bits),
            "mantissa_guard_bits": guard_bits,
            "output": UQ(1, output_bits),
            "rounding": rounding,
        }
        for unnormed_bits, sum_bits, product_bits, guard_bits in product((2, 3, 5), (2, 4), (1, 2, 3, 6), (-4, 2))
    ]
    assert attack("row_product", changes) > 10


@examples(100)
@given(configs(max_lanes=4, widest_sum=5, finest_output=6), st.integers(0, 2**32 - 1))
def test_random_rows_stay_in_the_output_format(config, seed):
    """Whether the output can saturate or not: 2000 rows of many spreads for each of many small configs."""
    rng = np.random.default_rng(seed)
    size = (2000, config.max_len)
    low, high = config.input.min_raw, config.input.max_raw
    spread = rng.choice([0, 1, 3, (high - low) / 4, high - low], size=(2000, 1))
    raw = np.clip(rng.integers(low, high + 1, (2000, 1)) + np.rint(spread * rng.standard_normal(size)), low, high)
    y = softmax_raw(raw.astype(int), config, rng.random(size) < rng.choice([0.3, 1], size=(2000, 1)))
    assert y.min() >= 0
    assert y.max() <= config.output.max_raw


@pytest.mark.parametrize("rounding", ["nearest", "directed"])
def test_no_single_score_saturates_an_output_that_cannot(rounding):
    """Alone a score has the smallest sum, and the finest scores come nearest to 2 where their numerators do not."""
    attacked = 0
    sizes = product(range(1, 9), (1, 2, 3), (1, 2, 4, 10), (2, 3, 5, 6, 10), (-4, 2), (1, 2, 3, 6))
    for fraction_bits, unnormed_bits, sum_bits, product_bits, guard_bits, output_bits in sizes:
        try:
            config = SoftermaxConfig(
                lanes=1,
                max_len=1,
                input=Q(1, fraction_bits),
                unnormed=UQ(1, unnormed_bits),
                power_sum=UQ(3, sum_bits),
                reciprocal=UQ(1, 10),
                product=UQ(1, product_bits),
                mantissa_guard_bits=guard_bits,
                output=UQ(1, output_bits),
                power_segments=256,
                normalizer="row_product",
                rounding=rounding,
            )
        except ValueError:  # a numerator would come out as 2
            continue
        if not config.output_can_saturate:
            attacked += 1
            every_score = np.arange(-(1 << fraction_bits), 1 << fraction_bits)[:, None]
            assert softmax_raw(every_score, config).max() <= config.output.max_raw, config
    assert attacked > 100


def test_a_row_product_saturates_where_only_its_numerator_was_truncated():
    """2**(255/256) = 1.995 is cut to 1.5, halved and cut to 1/2, the sum; the product is rounded up from 127.7/64."""
    config = SoftermaxConfig(
        lanes=1,
        max_len=1,
        input=Q(1, 8),
        unnormed=UQ(1, 1),
        product=UQ(1, 6),
        output=UQ(1, 6),
        power_segments=256,
        normalizer="row_product",
        rounding="directed",
    )
    assert config.output_can_saturate
    assert softmax_raw([255], config).tolist() == [127]


def test_an_output_that_can_saturate_does():
    """2**(-1/256) is truncated to a sum of 1/2: almost 2, of which UQ(1,1) holds 1.5 and UQ(1,2) 1.75."""
    for bits in (1, 2):
        config = SoftermaxConfig(
            lanes=1, max_len=1, input=Q(4, 8), power_segments=256, power_sum=UQ(4, 1), output=UQ(1, bits)
        )
        assert config.output_can_saturate
        assert softmax_raw([255], config).tolist() == [config.output.max_raw]
