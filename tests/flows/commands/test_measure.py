"""Commands that measure netlists."""

import json
import os
import subprocess

import pytest

from .process import COMMAND, refused, softermax


def test_area_is_made_of_its_parts(tmp_path):
    done = softermax("area", "unnormed", "--preset", "paper", "--lanes", 2, "--max-len", 8, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert result["area_unit"] == "GE"
    assert result["area"] == pytest.approx(result["sequential_area"] + result["combinational_area"])
    assert result["area_per_lane"] == pytest.approx(result["area"] / 2, abs=1e-3)
    # Per slice 2 x (8 + 1) score and keep bits, 7 of maximum, 2 flags; 2 x 16 + 7 + 2 at the output; 8 + 7 + 2 of its
    # sum; a flag and the running 7 + 16 + 1; 5 valid bits, a position in a row of 4 slices and whether the rest is
    # dropped.
    assert result["flops"] == (18 + 7 + 2) + (32 + 7 + 2) + (8 + 7 + 2) + 1 + (7 + 16 + 1) + 5 + (2 + 1)


def test_timing_gives_a_period_and_its_path(tmp_path):
    size = ["unnormed", "--lanes", 2, "--max-len", 8]
    done = softermax("timing", *size, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert (result["unit"], result["recipe"]) == ("unnormed", "balanced")
    # An inverter that drives four takes 5 in the generic cells.
    assert result["fo4"] == pytest.approx(5)
    assert result["period_in_fo4"] == pytest.approx(result["period"] / 5, abs=0.01)
    arrivals = [step["arrival"] for step in result["path"]]
    assert arrivals == sorted(arrivals)
    assert arrivals[-1] <= result["period"]
    table = softermax("timing", *size, "--path", cwd=tmp_path).stdout
    assert "Slowest path of unnormed" in table
    assert result["path"][-1]["net"] in table


def test_opensta_is_asked_for_by_name_if_it_is_missing(tmp_path):
    done = subprocess.run(
        [COMMAND, "timing", "unnormed", "--lanes", "2", "--max-len", "8", "--opensta"],
        capture_output=True, text=True, cwd=tmp_path, check=False, env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert refused(done) == "OpenSTA, the program sta, must be on the PATH: install the Debian package opensta"


def test_a_processing_element_is_not_compared_with_opensta(tmp_path):
    text = "the unit must be a softmax unit to be compared, not 'pe', whose memories OpenSTA does not know"
    assert refused(softermax("opensta-energy", "pe", cwd=tmp_path)) == text


def test_energy_is_of_rows_of_real_scores(tmp_path):
    done = softermax("energy", "unnormed", "--lanes", 4, "--max-len", 16, "--tokens", 16, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert (result["mismatches"], result["tokens"], result["energy_unit"]) == (0, 16, "k loads")
    assert result["energy_per_row"] > 0


def test_energy_of_a_processing_element_is_that_of_its_parts_and_memories(tmp_path):
    size = ("--lanes", 2, "--max-len", 16, "--tokens", 4)
    done = softermax("energy", "pe", *size, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [result] = json.loads(done.stdout)
    assert (result["unit"], result["values"], result["mismatches"]) == ("pe", False, 0)
    logic = sum(result[f"{kind}_energy"] for kind in ("net_switching", "cells", "clock", "leakage"))
    assert result["energy_per_row"] == pytest.approx(logic + result["memory_energy"], abs=0.001)
    assert 0 < result["softmax_energy"] < result["energy_with_glitches"]


def test_energy_of_a_unit_for_short_rows_is_of_its_longest(tmp_path):
    call = ("energy", "unnormed", "--lanes", 2, "--max-len", 4, "--json")
    [result] = json.loads(softermax(*call, cwd=tmp_path).stdout)
    assert result["tokens"] == 4
    # The same under its own name, and taken from the cache.
    assert json.loads(softermax(*call, "--tokens", 4, cwd=tmp_path).stdout) == [result]


@pytest.mark.parametrize("period", ["0", "-5", "nan", "inf", "1e400"])
def test_a_period_that_no_clock_has_is_refused(period, tmp_path):
    done = softermax("energy", "unnormed", "--period", period, cwd=tmp_path)
    assert refused(done) == f"Invalid value for '--period': must be a positive number of ps, not {float(period)!r}"
    assert not list(tmp_path.iterdir())


def test_energy_that_cannot_be_measured_is_refused(tmp_path):
    done = softermax("energy", "unnormed", "--lanes", 2, "--max-len", 32, "--tokens", 33, cwd=tmp_path)
    assert refused(done) == "--tokens must be from 1 to 32, the smaller of --max-len and 1024, not 33"
