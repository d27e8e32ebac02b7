"""Utilisation of the MACs: against counting by hand, the aim at the paper's size, and what is refused."""

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.studies.utilisation import measure_utilisation


@pytest.mark.parametrize("lanes", [16, 32])
@pytest.mark.parametrize("preset", ["paper", "faithful"])
def test_softermax_keeps_the_macs_busy_at_384_tokens(preset, lanes):
    result = measure_utilisation(preset, lanes, 384, 64)
    assert result["mac_cycles"] == 384 * 384 * 64 // lanes**2
    assert result["utilisation"] >= 0.95


def test_the_baselines_second_pass_shows_only_at_the_end():
    softermax, baseline = (measure_utilisation(preset, 16, 64, 64) for preset in ("paper", "fp16"))
    assert softermax["mac_cycles"] == baseline["mac_cycles"] == 1024
    assert softermax["cycles"] < baseline["cycles"] < softermax["cycles"] + 20


def test_a_causal_head_computes_only_what_it_sees():
    result = measure_utilisation("paper", 16, 64, 32, causal=True)
    assert result["mac_cycles"] == sum(2 * (row // 16 + 1) for row in range(64))


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        (("papyrus", 16, 64, 64), "the preset must be one of"),
        (("paper", 12, 64, 64), "lanes must be a power of two"),
        (("paper", 16, 64, 129), "^d_head must be at least 1 and at most 128, not 129$"),
        (("paper", 16, 64, 0), "^d_head must be at least 1 and at most 128, not 0$"),
        (("paper", 256, 64, 64), "^lanes must be 1 to 128, not 256$"),
    ],
)
def test_what_makes_no_processing_element_is_refused(sizes, says):
    with pytest.raises(FlowError, match=says):
        measure_utilisation(*sizes)
