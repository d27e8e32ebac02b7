"""The soak finds nothing in sound units, and faults that are seeded into them, with their names and places.

All faults are built at once: a variable of the environment says which one is in force.
"""

import re

import numpy as np
import pytest

from softermax.flows.verification.faults import Fault, becomes
from softermax.hw import ProcessingElement, SoftermaxUnit
from softermax.model import UQ, SoftermaxConfig
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.row_stimuli import SOFTERMAX_STIMULI
from softermax.sim.soak.bench import Error, SoakBench
from softermax.sim.soak.build import UnitPorts, build_bench
from softermax.sim.soak.heads import HeadBatches
from softermax.sim.soak.rows import RowBatches
from softermax.sim.soak.soak import FULL_SPEED, MEANINGS, STALLS, TRAFFIC, soak
from softermax.sim.softermax_units import SOFTMAX

from ..faults import MULTIPLY_FAULTS, NORMALIZATION, Y_0, faulty_verilog
from ..pe_faults import PROCESSING_ELEMENT_FAULTS

SOFTERMAX = SoftermaxConfig(lanes=3, max_len=24, power_sum=UQ(4, 6), saturate=True, output=UQ(1, 15))
ELEMENT = ProcessingElementConfig(
    softmax=SoftermaxConfig.paper(lanes=2, max_len=12), vector_size=2, max_d_head=6, values=True
)

#: A probability of the last lane that one slice in about ten thousand has.
SELDOM = "rounded_2[21:6] == 16'h12e0"
#: Faults that need what is seldom, and how each shows.
SELDOM_FAULTS = {
    Fault(
        "a bit is wrong",
        NORMALIZATION,
        Y_0,
        lambda e: re.sub(r"\? (\S+) :", rf"? \1 ^ ({SELDOM}) :", e),
    ): Error.WRONG,
    Fault(
        "a bit changes while it waits",
        NORMALIZATION,
        Y_0,
        becomes(r"valid & ~ready & \o__payload$0.y[2] [7:0] == 8'h38 ? \o__payload$0.y[0] ^ 1 : {}"),
    ): Error.MOVED,
    Fault(
        "an item comes again",
        NORMALIZATION,
        "valid",
        becomes(r"{} | valid & ready & \o__payload$0.y[2] [7:0] == 8'h38"),
    ): Error.REPEATED,
    Fault("an item is lost", NORMALIZATION, "valid", becomes(f"{{}} & ~(ready & {SELDOM})")): Error.LOST,
    Fault(
        "an item is withdrawn",
        NORMALIZATION,
        "valid",
        becomes(r"{} & ~(valid & ~ready & \o__payload$0.y[2] [7:0] == 8'h38)"),
    ): Error.WITHDRAWN,
}
#: Shows only in a reset of one cycle, which co-simulation has; those of the soak last two.
LEFT_TO_COSIMULATION = "a slice waits for its sum through reset"
ORDINARY_FAULTS = [fault for fault in MULTIPLY_FAULTS if fault.name != LEFT_TO_COSIMULATION]
FAULTS = [*ORDINARY_FAULTS, *SELDOM_FAULTS]
NUMBER = "SOFTERMAX_FAULT"


def build(component, faults, folder):
    """The bench with a unit in which a fault is in force by the environment."""
    verilog = faulty_verilog(lambda _: component, None, faults).replace("module faulty(fault, ", "module faulty(", 1)
    chosen = f'reg [31:0] fault; initial fault = $c32("std::atoi(std::getenv(\\"{NUMBER}\\"))");'
    ports = UnitPorts.of(component)
    return build_bench(verilog.replace("input [31:0] fault;", chosen, 1), "faulty", ports, folder), ports


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(SoftermaxUnit(SOFTERMAX), FAULTS, tmp_path_factory.mktemp("softermax"))


@pytest.fixture(scope="module")
def built_element(tmp_path_factory):
    return build(ProcessingElement(ELEMENT), PROCESSING_ELEMENT_FAULTS, tmp_path_factory.mktemp("element"))


def find(built, batches, fault, *, slices=20_000, traffic=STALLS, seed=1):
    """What a soak finds with a fault in force, 0 for none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NUMBER, str(fault))
        with SoakBench(*built) as bench:
            return soak(bench, batches, traffic, slices, np.random.default_rng(seed))


def test_a_sound_unit_passes_and_each_soak_is_another(built):
    batches = RowBatches(SOFTMAX, SOFTERMAX, SOFTERMAX_STIMULI)
    first, again, other = (find(built, batches, 0, slices=12_000, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    for found in (first, other):
        assert 12_000 <= found["slices"] < found["cycles"]
        assert found["rows"] > 500
        assert min(found[name] for name in ("stalled_in", "stalled_out", "resets")) > 0
        assert (found["wrong"], found["lost_or_repeated"], found["first_error"]) == (0, 0, None)


def test_rows_of_one_length_move_without_a_bubble_at_full_speed(built):
    found = find(built, RowBatches(SOFTMAX, SOFTERMAX, SOFTERMAX_STIMULI), 0, slices=6_000, traffic=FULL_SPEED)
    assert found["slices"] == found["moving_cycles"] >= 6_000
    assert (found["stalled_in"], found["stalled_out"], found["resets"], found["first_error"]) == (0, 0, 0, None)


def test_a_bubble_at_full_speed_is_seen(built):
    number = 1 + [fault.name for fault in FAULTS].index("scale not held until the row's last slice")
    found = find(built, RowBatches(SOFTMAX, SOFTERMAX, SOFTERMAX_STIMULI), number, slices=6_000, traffic=FULL_SPEED)
    assert found["first_error"] or found["moving_cycles"] > found["slices"]


def test_every_fault_is_found(built):
    missed = []
    for number, fault in enumerate(FAULTS, start=1):
        found = find(built, RowBatches(SOFTMAX, SOFTERMAX, SOFTERMAX_STIMULI), number, slices=60_000)
        error, expected = found["first_error"], SELDOM_FAULTS.get(fault)
        if error is None or (expected is not None and error["what"] != MEANINGS[expected]):
            missed.append((fault.name, error))
        else:
            assert (found["wrong"], found["lost_or_repeated"]) in ((1, 0), (0, 1))
    assert missed == []


def test_an_error_is_described_so_that_it_can_be_found(built):
    number = len(ORDINARY_FAULTS) + 1
    found = find(built, RowBatches(SOFTMAX, SOFTERMAX, SOFTERMAX_STIMULI), number, slices=60_000)
    error = found["first_error"]
    assert found["slices"] > 1_000
    assert (error["stream"], found["wrong"]) == ("o", 1)
    assert int(error["expected"], 16) ^ int(error["seen"], 16) == 1
    assert int(error["expected"], 16) >> 32 & 0xFFFF == 0x12E0
    assert 0 < error["row"] < error["item"] < error["cycle"]


#: Faults of a processing element, each of another part of it.
ELEMENT_FAULTS = (
    "starts while busy",
    "starts with too few keys",
    "a refusal is forgotten",
    "done a row too early",
    "settings survive reset",
    "new keys do not replace the old ones",
    "query ring overflows",
    "context from what is masked",
    "sums that wait are lost",
    "rounded down",
)


def test_faults_of_a_processing_element_are_found(built_element):
    names = [fault.name for fault in PROCESSING_ELEMENT_FAULTS]
    found = {name: find(built_element, HeadBatches(ELEMENT), 1 + names.index(name)) for name in ELEMENT_FAULTS}
    assert [name for name, result in found.items() if result["first_error"] is None] == []


def test_a_sound_processing_element_passes(built_element):
    for traffic in TRAFFIC:
        found = find(built_element, HeadBatches(ELEMENT), 0, slices=2_000, traffic=traffic)
        assert (found["wrong"], found["lost_or_repeated"], found["first_error"]) == (0, 0, None)
        assert found["slices"] >= 2_000
