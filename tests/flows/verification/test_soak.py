"""The command: a small soak in full, what it keeps, and how it fails."""

import json

import pytest
from click.testing import CliRunner

from softermax.flows.commands import check
from softermax.flows.design_points import DesignPoint
from softermax.flows.results.columns import undeclared
from softermax.flows.verification.soak import PART, SOAK, SUMS, SoakPart, added_up, failures, soak_points

from ..commands.process import refused, softermax

SMALL = ("soak", "unnormed", "--preset", "paper", "--lanes", 2, "--max-len", 12, "--slices", 20_000)


def test_a_small_soak_is_shown_and_kept(tmp_path):
    done = softermax(*SMALL, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    stalled, fast = json.loads(done.stdout)
    identity = {"unit": "unnormed", "preset": "paper", "lanes": 2, "max_len": 12, "normalizer": "multiply"}
    for result, traffic in ((stalled, "random stalls"), (fast, "full speed")):
        assert result.items() >= (identity | {"traffic": traffic}).items()
        assert 20_000 <= result["slices_compared"] <= result["cycles"]
        assert result["rows_compared"] > 1000
        assert (result["wrong"], result["lost_or_repeated"], result["first_error"]) == (0, 0, None)
    assert min(stalled[name] for name in ("stalled_in", "stalled_out", "resets")) > 0
    assert stalled["slices_per_cycle"] < 0.8
    assert (fast["slices_per_cycle"], fast["bubbles"]) == (1, 0)
    assert undeclared([stalled, fast], SOAK.columns) == []

    again = softermax(*SMALL, cwd=tmp_path)
    assert again.returncode == 0
    assert "Soaking: 2 of 2 results are there from before" in again.stderr
    assert "random stalls" in again.stdout
    markdown = softermax(*SMALL, "--format", "markdown", "-o", "soak.md", cwd=tmp_path)
    assert markdown.stdout == ""
    assert (tmp_path / "soak.md").read_text().count("\n| unnormed | paper") == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("soak", "pea"), "the unit must be one of unnormed, normalization, softmax, pe, not 'pea'"),
        ((*SMALL, "--part", 1), "--part must be less than 1 for 20,000 slices, not 1"),
        (("soak", "unnormed", "--lanes", 0), "--lanes must be 1 to 1024, not 0"),
    ],
)
def test_what_cannot_be_soaked_is_refused_in_a_sentence(arguments, sentence, tmp_path):
    assert refused(softermax(*arguments, cwd=tmp_path)) == sentence


def test_every_unit_of_every_preset_is_soaked():
    points = soak_points()
    assert len(points) == len({(point.unit, point.preset) for point in points}) == 12
    assert {(point.lanes, point.max_len) for point in points} == {(16, 384)}


ERROR = {
    "batch": 3, "what": "the payload is not the expected one", "stream": "o", "item": 17, "row": 2, "cycle": 90,
    "expected": "1f", "seen": "1e",
}  # fmt: skip


def part_result(number, **changes):
    return {"part": number, "first_error": None} | dict.fromkeys(SUMS, 0) | changes


def test_a_wrong_slice_fails_the_command_and_is_told(monkeypatch, capsys):
    parts = [part_result(0, slices=PART, cycles=PART), part_result(1, slices=50, wrong=1, first_error=ERROR)]
    result = added_up("random stalls", DesignPoint("unnormed", "paper"), parts)
    assert (result["slices_compared"], result["wrong"], result["lost_or_repeated"]) == (PART + 50, 1, 0)
    monkeypatch.setattr(check, "soak_units", lambda *_, **__: [result])
    done = CliRunner().invoke(check.soak, ["unnormed", "--seed", "5"])
    assert done.exit_code == 1
    assert done.stderr == (
        "softermax: 1 of 1 soaks have failed: unnormed paper with 16 lanes, random stalls, seed 5: the payload is not "
        "the expected one (part 1, batch 3, cycle 90; stream o, item 17 in row 2, expected 1f, seen 1e)\n"
    )


@pytest.mark.parametrize(("unit", "fails"), [("softmax", True), ("pe", False)])
def test_bubbles_at_full_speed_fail_a_softmax_unit(unit, fails):
    parts = [part_result(0, slices=100, moving_cycles=101)]
    found = failures([added_up("full speed", DesignPoint(unit), parts)], 1)
    assert bool(found) is fails
    assert not fails or found[0].endswith("1 cycles without a slice between slices back to back")


def test_parts_are_different_and_the_same_again():
    drawn = {
        part: part.rng().integers(1 << 60)
        for traffic in ("random stalls", "full speed")
        for number in range(3)
        for seed in range(2)
        for part in [SoakPart(traffic, number, 100, seed)]
    }
    assert len(set(drawn.values())) == len(drawn) == 12
    assert all(part.rng().integers(1 << 60) == value for part, value in drawn.items())
