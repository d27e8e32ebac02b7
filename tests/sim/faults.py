"""Seeded faults of the units of Softermax."""

from __future__ import annotations

import re

from softermax.flows.synthesis.verilog import generate_verilog
from softermax.flows.verification.faults import Fault, becomes, loading, loading_always, switchable, without

#: Name of the faulty unit.
TOP = "softermax"

BENCH = """// verilator lint_off WIDTH
module faulty(fault, {ports});
  input [31:0] fault;
  {declarations}
  {top} unit ({connections});
endmodule
"""

UNNORMED, REDUCTION, INT_MAX, POWER = "unnormed", "unnormed.reduction", "unnormed.int_max", "unnormed.power_of_two"
NORMALIZATION, RECIPROCAL, ROW_BUFFER = "normalization", "normalization.reciprocal", "row_buffer"
ROW_PRODUCT, CASCADE = "normalization.row_product", "normalization.cascade"


def faulty_verilog(unit, config, faults: list[Fault]) -> str:
    """The generated Verilog with all faults, and a top module with an input that says which one is in force."""
    verilog = generate_verilog(unit(config), TOP)
    module = re.search(rf"(?ms)^module {TOP}\((.*?)\);(.*?)^endmodule", verilog)
    ports = re.split(r"\s*, ", module[1])
    bench = BENCH.format(
        top=TOP,
        ports=module[1],
        declarations="\n  ".join(re.findall(r"(?m)^  ((?:input|output) .*;)$", module[2])),
        connections=", ".join(f".{port}({port})" for port in ports),
    )
    return bench + switchable(verilog, TOP, faults, "faulty.fault")


X_OUT = r"\\o__payload\.x "
Y_0 = r"\\o__payload\$\d+\.y\[0\] "

#: For 3 lanes, 8 slices a row, a power sum of UQ(4,6) that saturates, 15 fraction bits out, the paper's other formats.
MULTIPLY_FAULTS = [
    Fault("maximum tree: the smaller wins", INT_MAX, "larger", becomes("key_0 < key_1 ? key_0 : key_1")),
    Fault("maximum tree: the last lane is ignored", INT_MAX, r"\\larger\$\d+ ", becomes("larger")),
    Fault("maximum not rounded up", INT_MAX, "key_0", lambda e: re.sub(r", \w+ \}", ", 1'h0 }", e)),
    Fault("masked lane enters the maximum", INT_MAX, "key_1", lambda e: re.sub(r"^\S+ \[\d+\]", "1'h1", e)),
    Fault("power of two: shift one too few", POWER, "shift_0", becomes("{} - 7'h01")),
    Fault("power of two: shift one too many", POWER, "shift_2", becomes("{} + 7'h01")),
    Fault("power of two: entry off in one bit", POWER, r"\\u\[0\] ",
          becomes("{} ^ (keep[0] && x[1:0] == 2'h3 ? 16'h0002 >> shift_0 : 16'h0000)")),
    Fault("masked lane enters the sum", UNNORMED, "keep", becomes("{} | 3'h1")),
    Fault("first slice of a row lies below the row before", REDUCTION, "below", without(r" & \S+$")),
    Fault("slice below the maximum taken for above", REDUCTION, "below", becomes("1'h0")),
    Fault("comparison of maxima inverted", REDUCTION, "below", becomes("~{}")),
    Fault("row starts with the sum before", REDUCTION, "first", becomes("1'h0")),
    Fault("row starts again with every slice", REDUCTION, "first", becomes("1'h1")),
    Fault("adder tree: carry lost", UNNORMED, "partial_sum", becomes("{} & 17'h0ffff")),
    Fault("sum wraps instead of saturating", REDUCTION, "power_sum", becomes("load ? total[9:0] : power_sum")),
    Fault("saturation forgotten", REDUCTION, "saturated", becomes("load ? total[10] : saturated")),
    Fault("saturation kept for the next row", REDUCTION, "saturated", becomes("load & total[10] | saturated")),
    Fault("unit accepts while it is full", UNNORMED, "i__ready", becomes("1'h1")),
    Fault("overlong flag lost", UNNORMED, "overlong", becomes("1'h0")),
    Fault("overlong row continues as another", UNNORMED, "dropping", becomes("1'h0")),
    Fault("slices of a row counted on after reset", UNNORMED, "position", without(r"^rst \? \S+ : ")),
    Fault("last lost", UNNORMED, "last", becomes("1'h0")),
    Fault("sum does not wait", UNNORMED, "partial_0", loading_always),
    Fault("a slice waits for its sum through reset", UNNORMED, r"\\valid\$0 ", without(r"^rst \? 1'h0 : ")),
    Fault("numerators do not wait", UNNORMED, r"\\o__payload\.u ", loading_always),
    Fault("row buffer wraps a place early", ROW_BUFFER, "write_address",
          becomes("rst ? 0 : write_enable ? (write_address == 7 ? 0 : write_address + 1) : write_address")),
    Fault("row buffer overwrites when full", ROW_BUFFER, "i__ready", becomes("1'h1")),
    Fault("row buffer shows the next slice early", ROW_BUFFER, "read_enable", becomes("| level")),
    Fault("reciprocal: exponent one too large", RECIPROCAL, "exponent_in", becomes("{} + 7'h01")),
    Fault("reciprocal: a segment off in one bit", RECIPROCAL, "table_value",
          becomes("{} ^ (index[8:6] == 3'h2 ? 16'h0100 : 16'h0000)")),
    Fault("reciprocal: slope ignored", RECIPROCAL, "rise", becomes("0")),
    Fault("scale not held until the row's last slice", NORMALIZATION, "o__ready", without(r" & \S+ \[\d+\]$")),
    Fault("rounding constant lost", NORMALIZATION, "rounded_0", without(r" \+ \S+$")),
    Fault("payload moves while it waits", NORMALIZATION, Y_0, becomes("rounded_0[21:14]")),
    Fault("item lost while it waits", NORMALIZATION, "valid", becomes("{} & ~(valid & ~ready)")),
    Fault("item stays through reset", NORMALIZATION, "valid", without(r"^rst \? 1'h0 : ")),
]  # fmt: skip

#: By row product, for 3 lanes, 8 slices a row, a power sum of UQ(4,6) that saturates, products of UQ(1,12) and UQ(0,11)
#: out, so that the last bit of a product shows; the paper's other formats.
PRODUCT_FAULTS = [
    Fault("wrong product selected", NORMALIZATION, "selected_0",
          lambda e: re.sub(r"\? (\S+) : (\S+)$", r"? \2 : \1", e)),
    Fault("select bit ignored", NORMALIZATION, "selected_1", without(r"^.* \? \S+ : ")),
    Fault("product constant off in one bit", ROW_PRODUCT, "exact_1", becomes("{} + (i__payload[7:0] << 5)")),
    Fault("product constant of another fraction", ROW_PRODUCT, "exact_3", becomes("exact_2")),
    Fault("rounding constant of a product lost", ROW_PRODUCT, "exact_2", without(r" \+ \S+$")),
    Fault("rounding constant of a product too large", ROW_PRODUCT, "exact_1", becomes("{} + 20'h0003f")),
    Fault("final rounding lost", NORMALIZATION, "rounded_0", without(r" \+ \S+$")),
    Fault("shift one too few", NORMALIZATION, "shift_base", becomes("{} - 7'h01")),
    Fault("shift one too many", NORMALIZATION, "shift_base", without(r" - \S+$")),
    Fault("sign of a score lost", NORMALIZATION, "shift_1", lambda e: re.sub(r"\{ .*?,", "{ 1'h0,", e)),
    Fault("far score wraps around", NORMALIZATION, "shift_2", becomes("{} & 7'h0f")),
    Fault("masked lane not cleared", UNNORMED, "keep", becomes("{} | 3'h2")),
    Fault("sum with another slice's maximum", UNNORMED, r"\\maximum\$\d+ ", loading_always),
    Fault("sum does not wait", UNNORMED, "partial_0", loading_always),
    Fault("output saturation lost", NORMALIZATION, Y_0, loading("rounded_0[11:1]")),
    Fault("payload moves while it waits", NORMALIZATION, Y_0, loading_always),
    Fault("products not held until the row's last slice", NORMALIZATION, r"\\o__ready\$\d+ ",
          without(r" & \S+ \[\d+\]$")),
    Fault("products overwritten while they wait", ROW_PRODUCT, "i__ready", becomes("1'h1")),
    Fault("a product not held", ROW_PRODUCT, r"\\o__payload\.products\[1\] ", loading_always),
    Fault("a product not loaded", ROW_PRODUCT, r"\\o__payload\.products\[0\] ", without(r"^.* : ")),
    Fault("exponent not passed on", ROW_PRODUCT, "exponent", without(r"^.* : ")),
    Fault("exponent not held with its products", ROW_PRODUCT, "exponent", loading_always),
    Fault("saturated not passed on", ROW_PRODUCT, r"\\o__payload\.saturated ", becomes("1'h0")),
    Fault("overlong of the row after", ROW_PRODUCT, r"\\o__payload\.overlong ", loading_always),
    Fault("row lost while it waits", ROW_PRODUCT, "valid", becomes("{} & ~(valid & ~ready)")),
    Fault("products stay through reset", ROW_PRODUCT, "valid", without(r"^rst \? 1'h0 : ")),
    Fault("masks do not wait", UNNORMED, "keep", loading_always),
    Fault("scores of two lanes exchanged", UNNORMED, X_OUT,
          loading("{ i__payload[23:16], i__payload[7:0], i__payload[15:8] }")),
    Fault("scores do not wait", UNNORMED, X_OUT, loading_always),
    Fault("row buffer wraps a place early", ROW_BUFFER, "write_address",
          becomes("rst ? 0 : write_enable ? (write_address == 8 ? 0 : write_address + 1) : write_address")),
]  # fmt: skip

#: Rounded by cascade with 3 guard bits, for 3 lanes, 8 slices a row, products of UQ(1,12) and UQ(0,8) out.
CASCADE_FAULTS = [
    Fault("residual stays for the next row", CASCADE, "residual",
          becomes("rst ? 3'h4 : load ? total_2[2:0] : residual")),
    Fault("residual begins again with every slice", CASCADE, "residual", becomes("3'h4")),
    Fault("residual moves while its slice waits", CASCADE, "residual",
          becomes("rst ? 3'h4 : last ? 3'h4 : total_2[2:0]")),
    Fault("residual stays through reset", CASCADE, "residual", without(r"^rst \? \S+ : ")),
    Fault("residual of a lane before the last", CASCADE, "residual",
          becomes("rst | load & last ? 3'h4 : load ? total_1[2:0] : residual")),
    Fault("carry of a lane lost", CASCADE, "rounded_1", without(r" \+ .*$")),
    Fault("carry counts again in the next lane", CASCADE, "rounded_2", becomes("{} + total_1[3]")),
    Fault("carry between lanes lost", CASCADE, "part_1", becomes("{} & 4'h7")),
    Fault("rounding bit of a lane lost", CASCADE, "total_1", without(r" \+ [^+]*results.*$")),
    Fault("rounding bit lost on the way to other lanes", CASCADE, "part_1", without(r" \+ [^+]*results.*$")),
    Fault("residual not added to a lane", CASCADE, "total_2", becomes("{} - residual")),
    Fault("output wraps instead of saturating", CASCADE, r"\\y\[1\] ", becomes("rounded_1[7:0]")),
    Fault("results do not wait for the cascade", NORMALIZATION, r"\\results\[0\] ", loading_always),
    Fault("end of a row does not wait for the cascade", NORMALIZATION, "last", loading_always),
]  # fmt: skip
