"""Traces: the smallest units worked out by hand, cycle by cycle, and the contract of what is driven.

One lane, rows of two slices, scores of two bits. Three rows: A = 1, 0; B = -2; C = 0, a masked one, and an excess 1.

    slice  u    M_s  running M, D   exponent, 1/m  y = (u >> M + exponent - M_s) / m, doubled
    A0     1     1       1, 1
    A1     1     0       1, 3/2     1, 1/2         A0: 1/2 * 1/2 doubled = 1/2; A1: 1/4 is cut to 0
    B      1    -2      -2, 1       1, 1           1/2 doubled = 1
    C0     1     0       0, 1
    C1     0    -2       0, 1       1, 1           C0: 1; C1: 0; the row is cut there, overlong
    C2                                             dropped

(1/m for m = 3/2 is 0.67, with one fraction bit 1/2.)
"""

import json

import numpy as np
import pytest

from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.baseline import BaselineConfig
from softermax.sim import baseline_units
from softermax.sim.softermax_units import NORMALIZATION, SOFTMAX, UNNORMED
from softermax.sim.trace import cut_by_reset
from softermax.sim.traffic import bursty, random_rows, rows_to_slices

TINY = SoftermaxConfig(
    lanes=1, max_len=2, input=Q(2, 0), unnormed=UQ(1, 1), power_sum=UQ(2, 1), reciprocal=UQ(1, 1), output=UQ(1, 1),
    power_segments=1, reciprocal_segments=4, cuts=("int_max",),
)  # fmt: skip
X, KEEP, LAST = [1, 0, -2, 0, 1, 1], [1, 1, 1, 1, 0, 1], [0, 1, 1, 0, 0, 1]
SLICES = np.array(X, np.int16)[:, None], np.array(KEEP, bool)[:, None], np.array(LAST, bool)

# As bits, the last field first: last, keep, x; last, maximum, u; overlong, saturated, D, maximum; overlong, saturated,
# last, y.
SCORES = {"A0": "0101", "A1": "1100", "B": "1110", "C0": "0100", "C1": "0001", "C2": "1101"}
NUMERATORS = {"A0": "000110", "A1": "100010", "B": "111010", "C0": "000010", "C1": "111000"}
SUMMARIES = {"A0": "00010001", "A1": "00011001", "B": "00010110", "C0": "00010000", "C1": "10010000"}
PROBABILITIES = {"A0": "00001", "A1": "00100", "B": "00110", "C0": "10010", "C1": "10100"}

EACH_TRACE = pytest.mark.parametrize(
    "unit", [UNNORMED, NORMALIZATION, SOFTMAX], ids=["unnormed", "normalization", "softmax"]
)


def rng():
    return np.random.default_rng(0)


def bits(permit):
    """Ports as a string of cycles, without the two of reset."""
    return "".join(map(str, permit[2:]))


def shown(port, codes):
    """Names of the items on a payload port, cycle by cycle after reset; ``-`` before the first."""
    names = {int(code, 2): name for name, code in codes.items()}
    assert len(names) == len(codes)
    return " ".join("-" if value is None else names[value] for value in port[2:])


def offered(trace, stream, codes):
    """Names of the items on an input stream, cycle by cycle, ``-`` where nothing is offered."""
    names = {int(code, 2): name for name, code in codes.items()}
    ports = zip(trace.inputs[f"{stream}__valid"][2:], trace.inputs[f"{stream}__payload"][2:], strict=True)
    return " ".join(names[payload] if valid else "-" for valid, payload in ports)


def test_unnormed_softmax_unit_by_hand():
    # The sink of slices refuses in cycle 3, that of rows in 4 and 5; each stalls the other once the item is taken.
    permits = {"o": np.array([1, 1, 1, 0, *[1] * 20]), "row": np.array([1, 1, 1, 1, 0, 0, *[1] * 20])}
    trace = UNNORMED.trace(SLICES, TINY, permits, rng())
    assert offered(trace, "i", SCORES) == "A0 A1 B C0 C0 C1 C1 C2 - - - - - - - -"
    assert bits(trace.outputs["i__ready"]) == "1110101111111111"
    assert bits(trace.outputs["o__valid"]) == "0011110110000000"
    assert shown(trace.outputs["o__payload"], NUMERATORS) == "- - A0 A1 A1 B B C0 C1 C1 C1 C1 C1 C1 C1 C1"
    assert bits(trace.outputs["row__valid"]) == "0001011010000000"
    assert shown(trace.outputs["row__payload"], SUMMARIES) == "- - A0 A1 A1 B B C0 C1 C1 C1 C1 C1 C1 C1 C1"
    assert bits(trace.inputs["o__ready"]) == "1110111111111111"
    assert bits(trace.inputs["row__ready"]) == "1111001111111111"


def test_normalization_unit_by_hand():
    # The first summary comes in cycle 2; the sink refuses in cycle 7.
    permits = {"row": np.array([0, 0, *[1] * 30]), "o": np.array([*[1] * 7, 0, *[1] * 30])}
    trace = NORMALIZATION.trace(SLICES, TINY, permits, rng())
    ends = {name: SUMMARIES[name] for name in ("A1", "B", "C1")}
    assert offered(trace, "i", NUMERATORS) == "A0 A0 A0 A0 A0 A1 B C0 C0 C1 - - - - - - - -"
    assert bits(trace.outputs["i__ready"]) == "000011101100000000"
    assert offered(trace, "row", ends) == "- - A1 B C1 C1 - - - - - - - - - - - -"
    assert bits(trace.outputs["row__ready"]) == "111101111111111111"
    assert bits(trace.outputs["o__valid"]) == "000001111110000000"
    assert shown(trace.outputs["o__payload"], PROBABILITIES) == "- - - - - A0 A1 B B C0 C1 C1 C1 C1 C1 C1 C1 C1"


def test_softermax_by_hand():
    # The sink refuses in cycles 6 and 7, in which the row buffer takes what follows.
    permits = {"o": np.array([*[1] * 6, 0, 0, *[1] * 30])}
    trace = SOFTMAX.trace(SLICES, TINY, permits, rng())
    assert offered(trace, "i", SCORES) == "A0 A1 B C0 C1 C2" + 14 * " -"
    assert bits(trace.outputs["i__ready"]) == "1" * 20
    assert bits(trace.outputs["o__valid"]) == "00000011111110000000"
    assert shown(trace.outputs["o__payload"], PROBABILITIES) == 6 * "- " + "A0 A0 A0 A1 B C0 C1" + 7 * " C1"


def test_softermax_fills_up_by_hand():
    # Rows of one slice and a sink that takes none before cycle 20. Of the five that find a place, one is the result,
    # the Reciprocal holds the summaries of two, and the registers of the Unnormed Softmax Unit hold two.
    rows = [(np.zeros(1, np.int16), np.ones(1, bool))] * 9
    permits = {"o": np.array([*[0] * 20, *[1] * 30])}
    trace = SOFTMAX.trace(rows_to_slices(rows, TINY), TINY, permits, rng())
    taken = [v & r for v, r in zip(trace.inputs["i__valid"], trace.outputs["i__ready"], strict=True) if r is not None]
    assert sum(taken[:20]) == 5
    assert sum(taken) == 9
    assert sum(v & r for v, r in zip(trace.outputs["o__valid"][2:], trace.inputs["o__ready"][2:], strict=True)) == 9


@EACH_TRACE
def test_reset_comes_first_and_nothing_is_expected_under_it(unit):
    trace = unit.trace(SLICES, TINY, {}, rng())
    assert trace.inputs["rst"] == [1, 1] + [0] * (trace.cycles - 2)
    assert {value for port in trace.outputs.values() for value in port[:2]} == {None}
    assert {len(port) for port in [*trace.inputs.values(), *trace.outputs.values()]} == {trace.cycles}


@EACH_TRACE
def test_offers_stay_until_they_are_taken_and_come_in_order(unit):
    config = SoftermaxConfig.paper(lanes=2, max_len=9)
    random = np.random.default_rng(4)
    slices = rows_to_slices(random_rows(random, config, 30), config)
    trace = unit.trace(slices, config, {name: bursty(random, 97) for name in ("i", "row", "o")}, random)
    for stream in (name.removesuffix("__ready") for name in trace.outputs if name.endswith("__ready")):
        valid, payload = trace.inputs[f"{stream}__valid"], trace.inputs[f"{stream}__payload"]
        ready = trace.outputs[f"{stream}__ready"]
        waiting = [cycle for cycle in range(2, trace.cycles - 1) if valid[cycle] and not ready[cycle]]
        assert len(waiting) > 5
        for cycle in waiting:
            assert valid[cycle + 1]
            assert payload[cycle + 1] == payload[cycle]


@pytest.mark.parametrize("name", ["UNNORMED", "NORMALIZATION", "SOFTMAX"])
@pytest.mark.parametrize("lanes", [1, 5])
def test_a_trace_ends_after_its_last_item_however_long_that_takes(name, lanes):
    """A row of 30 slices is 30 cycles on its way between the baseline's passes, in which no output shows anything."""
    config = BaselineConfig(lanes=lanes, max_len=30 * lanes)
    rows = [(np.zeros(30 * lanes, np.uint16), np.ones(30 * lanes, bool))] * 2
    unit = getattr(baseline_units, name)
    trace = unit.trace(rows_to_slices(rows, config), config, {}, rng())
    shown = {name: [c for c, v in enumerate(port) if v] for name, port in trace.outputs.items() if name != "i__ready"}
    assert len(shown["o__valid"]) == 60
    assert trace.cycles == 8 + max(shown[name][-1] for name in ("o__valid", "row__valid") if name in shown)


@EACH_TRACE
def test_what_is_not_offered_is_noise(unit):
    trace = unit.trace(SLICES, SoftermaxConfig.paper(lanes=1, max_len=2), {"i": np.array([1, *[0] * 20])}, rng())
    noise = [p for v, p in zip(trace.inputs["i__valid"], trace.inputs["i__payload"], strict=True) if not v]
    assert len(set(noise)) > 20


@EACH_TRACE
def test_the_same_seed_gives_the_same_trace_and_json_keeps_it(unit):
    permits = {"o": bursty(rng(), 31)}
    first, again = unit.trace(SLICES, TINY, permits, rng()), unit.trace(SLICES, TINY, permits, rng())
    assert first == again
    assert json.loads(json.dumps(first.to_dict())) == first.to_dict()


@EACH_TRACE
def test_every_value_fits_its_port(unit):
    config = SoftermaxConfig.paper(lanes=3, max_len=9)
    random = np.random.default_rng(5)
    trace = unit.trace(rows_to_slices(random_rows(random, config, 30), config), config, {}, random)
    for port, values in trace.outputs.items():
        assert all(value is None or 0 <= value < 1 << trace.widths[port] for value in values)


def test_a_reset_of_a_cycle_finds_an_item_waiting():
    trace = SOFTMAX.trace(SLICES, TINY, {"o": np.array([1, 0, 0, 1], bool)}, rng())
    cycle = 1 + next(
        n for n, valid in enumerate(trace.outputs["o__valid"]) if valid and not trace.inputs["o__ready"][n]
    )
    cut = cut_by_reset(trace, cycle, trace)
    assert cut.cycles == cycle + trace.cycles - 1
    assert cut.inputs["rst"][cycle - 1 : cycle + 2] == [0, 1, 0]
    assert cut.inputs["o__ready"][cycle] == 0
    assert cut.inputs["o__ready"][cycle + 1 :] == trace.inputs["o__ready"][2:]
    assert cut.outputs["o__valid"][cycle:] == trace.outputs["o__valid"][1:]
