"""Testbenches that users run: they pass in Icarus and in Verilator, and fail on faults in the Verilog."""

import pytest

from softermax.flows.design_points import DesignPoint
from softermax.flows.designs.registry import designs
from softermax.flows.errors import FlowError
from softermax.flows.generation.point_verilog import point_verilog
from softermax.flows.generation.testbench import testbench as bench_of
from softermax.flows.verification.faults import Fault, becomes, without

from .simulators import INSTALLED, run_testbench

SIZE = (4, 32)
VALUES = (("values", True),)
POINTS = [
    DesignPoint(unit, preset, *SIZE, options, axi_stream)
    for preset, each in designs().items()
    for unit, entry in each.units.items()
    for axi_stream in ((False, True) if entry.axi_stream else (False,))
    for options in (((), VALUES) if unit == "pe" and preset == "faithful" else ((),))
]
#: Verilator's C++ takes long to build: one point for every kind of testbench.
BUILT = [
    DesignPoint("softmax", "faithful", *SIZE),
    DesignPoint("normalization", "paper", *SIZE),
    DesignPoint("unnormed", "fp16", 2, 16),
    DesignPoint("pe", "faithful", 2, 16, (*VALUES, ("max_d_head", 32)), axi_stream=True),
]
RUNS = [("verilator", point) for point in BUILT] + [("icarus", point) for point in POINTS if "icarus" in INSTALLED]
QUICKEST = INSTALLED[-1]
POINT = DesignPoint("softmax", "paper", *SIZE)
FAULTS = [
    Fault("maximum tree: the smaller wins", "unnormed.int_max", "larger", becomes("key_0 < key_1 ? key_0 : key_1")),
    Fault("last lost", "unnormed", "last", becomes("1'h0")),
    Fault("row buffer overwrites when full", "row_buffer", "i__ready", becomes("1'h1")),
    Fault("rounding constant lost", "normalization", "rounded_0", without(r" \+ \S+$")),
    Fault("item lost while it waits", "normalization", "valid", becomes("{} & ~(valid & ~ready)")),
    Fault("payload moves while it waits", "normalization", r"\\o__payload\$\d+\.y\[0\] ", becomes("rounded_0[21:14]")),
    Fault("nothing comes", "normalization", "valid", becomes("1'h0")),
    Fault("overlong flag lost", "unnormed", "overlong", becomes("1'h0")),
]


def written(point, folder, change=lambda verilog: verilog):
    """The files of a point's testbench and of its Verilog, which may be changed."""
    component = point.component()
    bench, verilog = folder / "bench.v", folder / "verilog.v"
    bench.write_text(bench_of(point, component, "verilog.v", "bench.v"))
    text, _ = point_verilog(point, component=component)
    verilog.write_text(change(text))
    return bench, verilog


@pytest.mark.parametrize(("simulator", "point"), RUNS, ids=lambda value: getattr(value, "name", value))
def test_it_passes(simulator, point, tmp_path):
    done = run_testbench(simulator, *written(point, tmp_path), tmp_path / "run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"PASS: {point.name}: ")
    assert "FAIL" not in done.stdout


@pytest.mark.parametrize("fault", FAULTS if QUICKEST == "icarus" else FAULTS[:1], ids=lambda fault: fault.name)
def test_it_fails_on_a_fault(fault, tmp_path):
    files = written(POINT, tmp_path, lambda verilog: fault.seeded(verilog, POINT.name))
    done = run_testbench(QUICKEST, *files, tmp_path / "run")
    assert done.returncode != 0
    assert "PASS" not in done.stdout
    assert f"FAIL: {POINT.name}: " in done.stdout


def test_verilator_says_by_its_exit_status_that_it_failed(tmp_path):
    files = written(POINT, tmp_path, lambda verilog: FAULTS[0].seeded(verilog, POINT.name))
    done = run_testbench("verilator", *files, tmp_path / "run")
    assert done.returncode != 0
    assert "FAIL: o: item 0 is " in done.stdout


def test_a_processing_element_that_is_never_done_fails(tmp_path):
    point = DesignPoint("pe", "faithful", *SIZE)
    fault = Fault("done lost", "registers", "done", becomes("1'h0"))
    files = written(point, tmp_path, lambda verilog: fault.seeded(verilog, point.name))
    done = run_testbench(QUICKEST, *files, tmp_path / "run")
    assert done.returncode != 0
    assert "FAIL: done is 0, not 1" in done.stdout


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_it_is_the_same_on_every_run_and_says_how_to_run_it(point):
    text = bench_of(point, point.component(), "my unit.v", "my unit_tb.v")
    assert text == bench_of(point, point.component(), "my unit.v", "my unit_tb.v")
    assert f" 'my unit_tb.v' 'my unit.v' && vvp -N {point.name}_tb\n" in text
    assert "'my unit_tb.v' 'my unit.v' && 'obj_dir/Vmy unit_tb'\n" in text
    assert text.count("module ") == text.count("endmodule") == 4
    assert f"\nmodule {point.name}_tb;\n" in text


def test_it_has_gaps_backpressure_and_a_real_row_of_every_length():
    example = POINT.entry.traffic.example(POINT)
    assert example.title == "4 rows of real attention scores, 4 to 32 long, and one that is too long"
    last = [payload >> example.sources["i"].width - 1 for payload in example.sources["i"].payloads]
    ends = [place for place, flag in enumerate(last) if flag]
    assert [after - before for before, after in zip([-1, *ends], ends, strict=False)][:5] == [1, 3, 5, 8, 9]


def test_a_design_without_an_example_or_a_size_without_a_head_is_refused():
    point = DesignPoint("pe", "faithful", 2, 8)
    with pytest.raises(FlowError, match=r"^max_len must be 16 or more to verify on the captured heads, not 8$"):
        bench_of(point, point.component(), "unit.v", "unit_tb.v")
