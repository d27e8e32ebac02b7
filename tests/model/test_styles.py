"""The two styles of normalizing beside each other, with the paper's formats: how row products differ from multiplying.

Before the final rounding to 2**-7 the two differ by less than 2**-14 + 2**-10 + 2**-16, 0.14 of that unit: multiplying
cuts the numerator to 2**-15 and doubles its product with a reciprocal of at most 1; the row product's constant and the
product itself are each rounded to 2**-10, by half a unit; and the numerator's table is, to 2**-15. So the results
differ by a unit at most, and only where the exact product lies that close to a tie.
"""

import numpy as np

from softermax.model import SoftermaxConfig, softmax_raw
from softermax.model.normalization import normalization, row_product_normalization
from softermax.sim.attention import load_heads

PRODUCT = SoftermaxConfig.paper(lanes=16, max_len=384, normalizer="row_product")
MULTIPLY = SoftermaxConfig.paper(lanes=16, max_len=384)
CLOSE_TO_A_TIE = 2**7 * (2**-14 + 2**-10 + 2**-16)


def test_every_sum_fraction_and_shift_differs_by_a_unit_at_most_and_only_near_a_tie():
    power_sum = np.arange(32, 1 << 16)
    for distance in range(1, 40):  # of a score below the maximum of its row, in quarter octaves
        fraction, octaves = -distance % 4, -(-distance // 4)
        x = np.full((len(power_sum), 1, 1), -distance)
        u = np.full(x.shape, MULTIPLY.power_table.values[fraction] >> octaves)
        maximum = np.zeros(len(power_sum), int)
        multiplied = normalization(u, maximum[:, None], maximum, power_sum, MULTIPLY)[:, 0, 0]
        selected = row_product_normalization(x, None, maximum, power_sum, PRODUCT)[:, 0, 0]
        possible = power_sum >= u[0, 0, 0] >> 9  # a sum contains its numerators
        differ = possible & (multiplied != selected)
        assert (np.abs(multiplied - selected)[differ] == 1).all()
        mantissa, exponent = np.frexp(power_sum / 64)
        reciprocal = MULTIPLY.reciprocal_table.values[((mantissa * 2 - 1) * 512).astype(int)] / 2**7
        unrounded = 2.0 ** (-distance / 4 - exponent + 1) * reciprocal * 2**7
        assert (np.abs(unrounded % 1 - 0.5)[differ] < CLOSE_TO_A_TIE).all()


def test_real_scores_differ_in_few_results():
    results = [
        [softmax_raw(head.scores, config, head.keep)[head.keep] for config in (PRODUCT, MULTIPLY)]
        for head in load_heads()
        if head.tokens <= PRODUCT.max_len
    ]
    difference = np.concatenate([selected - multiplied for selected, multiplied in results])
    assert np.abs(difference).max() == 1
    assert np.mean(difference != 0) < 0.001
