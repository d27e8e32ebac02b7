"""The soak finds nothing in sound units, and every seeded fault, with the right name and at the right place.

All faults are built at once: a variable of the environment says which one is in force.
"""

import os

import numpy as np

from softermax.hw import ProcessingElement, Softermax
from softermax.model import UQ, SoftermaxConfig
from softermax.model.pe_config import ProcessingElementConfig
from softermax.sim.soak.bench import SoakBench
from softermax.sim.soak.build import UnitPorts, build_bench
from softermax.sim.soak.heads import HeadBatches
from softermax.sim.soak.rows import RowBatches
from softermax.sim.soak.soak import STALLS, soak

from ..faults import MULTIPLY_FAULTS, faulty_verilog
from ..pe_faults import PROCESSING_ELEMENT_FAULTS

SOFTERMAX = SoftermaxConfig(lanes=3, max_len=24, power_sum=UQ(4, 6), saturate=True, output=UQ(1, 15))
ELEMENT = ProcessingElementConfig(
    softmax=SoftermaxConfig.paper(lanes=2, max_len=12), vector_size=2, max_d_head=6, values=True
)
SLICES = 20_000
NUMBER = "SOFTERMAX_FAULT"


def build(unit, config, faults, folder):
    """The bench with a unit in which a fault is in force by the environment."""
    verilog = faulty_verilog(unit, config, faults).replace("module faulty(fault, ", "module faulty(", 1)
    chosen = f'reg [31:0] fault; initial fault = $c32("std::atoi(std::getenv(\\"{NUMBER}\\"))");'
    verilog = verilog.replace("input [31:0] fault;", chosen, 1)
    ports = UnitPorts.of(unit(config))
    return build_bench(verilog, "faulty", ports, folder), ports


def find(built, batches, fault, slices=SLICES, seed=1):
    """What a soak finds with a fault in force, 0 for none."""
    os.environ[NUMBER] = str(fault)
    with SoakBench(*built) as bench:
        return soak(bench, batches, STALLS, slices, np.random.default_rng(seed))


def test_all(tmp_path):
    import time

    t = time.time()
    built = build(Softermax, SOFTERMAX, MULTIPLY_FAULTS, tmp_path)
    print("build", time.time() - t)
    for n in range(len(MULTIPLY_FAULTS) + 1):
        t = time.time()
        r = find(built, RowBatches("softermax", SOFTERMAX), n)
        print(
            n,
            n and MULTIPLY_FAULTS[n - 1].name,
            r["slices"],
            r["first_error"] and r["first_error"]["what"],
            time.time() - t,
        )


def test_pe(tmp_path):
    import time

    t = time.time()
    built = build(ProcessingElement, ELEMENT, PROCESSING_ELEMENT_FAULTS, tmp_path)
    print("build", time.time() - t)
    for n in range(len(PROCESSING_ELEMENT_FAULTS) + 1):
        t = time.time()
        r = find(built, HeadBatches(ELEMENT), n)
        print(
            n,
            n and PROCESSING_ELEMENT_FAULTS[n - 1].name,
            r["slices"],
            r["first_error"] and r["first_error"]["what"],
            time.time() - t,
        )
