"""Commands that study the arithmetic and the units."""

import json

import pytest

from softermax.model import SoftermaxConfig

from .process import softermax


def test_info_says_what_the_formats_are(tmp_path):
    [facts] = json.loads(softermax("info", "--preset", "paper", "--lanes", 32, "--json", cwd=tmp_path).stdout)
    assert facts["input"] == "Q(6,2)"
    assert facts["maximum_bits"] == 7
    assert facts["power_sum"] == "UQ(10,6)"
    assert facts["max_slices"] == 12
    assert facts["softmax_latency"] == 7
    assert facts["cuts"] == "int_max,power_of_two,sum_5"
    assert softermax("info", "--max-len", 15, "--json", cwd=tmp_path).stdout.count("null") >= 5  # no row is that short
    assert "power_sum_bits" in softermax("info", cwd=tmp_path).stdout


def test_info_of_a_faithful_config_bounds_its_error(tmp_path):
    size = ("--preset", "faithful", "--max-len", 64, "--output-format", "UQ(0,9)")
    [facts] = json.loads(softermax("info", *size, "--json", cwd=tmp_path).stdout)
    assert facts["output"] == "UQ(0,9)"
    assert facts["normalizer"] == "row_product"
    assert 0.9 < facts["error_bound_ulp"] < 1
    assert facts["attention_max_error"] <= 2**-9  # of 1, which saturates
    assert 0.98 < facts["attention_row_sum_mean"] < 1.02
    assert facts["equal_scores_sum_min"] <= 1 <= facts["equal_scores_sum_max"]
    assert facts["lost_mass_bound"] == 64 / 2 * 2**-9
    assert facts["output_that_keeps_99_percent"] == "UQ(0,12)"


def test_explore_synthesises_what_the_preset_takes_and_the_next_best(tmp_path):
    size = ("--preset", "faithful", "--lanes", 2, "--max-len", 8)
    done = softermax("explore", *size, "--number", 2, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)
    config = SoftermaxConfig.faithful(lanes=2, max_len=8)
    assert (first["place"], second["place"]) == (1, 2)
    assert (first["unnormed"], first["product"]) == (config.unnormed.fraction_bits, config.product.fraction_bits)
    assert first["modelled"] <= second["modelled"]
    for result in (first, second):
        assert result["area"] == pytest.approx(result["unnormed_area"] + result["normalization_area"])
    [unnormed] = json.loads(softermax("area", "unnormed", *size, "--json", cwd=tmp_path).stdout)
    assert first["unnormed_area"] == unnormed["area"]


@pytest.mark.parametrize(("score", "smaller"), [("Q(3,5)", "row_product"), ("Q(2,6)", "multiply")])
def test_info_says_which_normalizer_is_smaller(score, smaller, tmp_path):
    size = ("--preset", "faithful", "--input-format", score, "--normalizer", "row_product", "--max-len", 32)
    [facts] = json.loads(softermax("info", *size, "--json", cwd=tmp_path).stdout)
    assert (facts["normalizer"], facts["smaller_normalizer"]) == ("row_product", smaller)


def test_info_of_the_baseline(tmp_path):
    [facts] = json.loads(
        softermax("info", "--preset", "fp16", "--lanes", 4, "--max-len", 8, "--json", cwd=tmp_path).stdout
    )
    assert facts["input"] == "binary16"
    # 2 to the maximum, 3 to the numerators, 2 levels of a tree and the running sum, 1 for the sum, 3 of division.
    assert facts["softmax_latency"] == 2 + 3 + 2 + 1 + 1 + 3
