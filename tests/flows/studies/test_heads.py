"""Errors of whole heads: the command's table, and that it is neither blind nor far off."""

from softermax.flows.studies.heads import MAX_LEN, head_errors
from softermax.sim.attention import load_heads


def test_errors_on_every_captured_head_of_up_to_384_tokens():
    results = head_errors(8)
    assert MAX_LEN == 384
    assert [result["head"] for result in results] == [head.name for head in load_heads() if head.tokens <= 384]
    for result in results:
        # Layer 0 head 2 has scores that no window of Q(6,2) holds.
        wide = "l0h2" in result["head"]
        for preset, limit in (("paper", 0.15), ("faithful", 0.05), ("fp16", 0.07)):
            assert wide or 0 < result[f"{preset}_max_error"] < limit
            assert 0 < result[f"{preset}_median_error"] < 0.03
            assert 0.7 < result[f"{preset}_row_sum"] < 1.1


def test_a_scale_of_four_bits_is_worse():
    def mean(results):
        return sum(result["faithful_median_error"] for result in results) / len(results)

    assert mean(head_errors(4)) > 1.05 * mean(head_errors(8))
