"""Seeded faults of the complete baseline softmax.

An exchange of the subtraction's operands is none of them: the exponential takes any operand as negative, so that it
would change nothing.
"""

from __future__ import annotations

import re

from softermax.flows.verification.faults import Fault, becomes, loading, loading_always, without

from .faults import NORMALIZATION, UNNORMED, Y_0

TOP, SCORES, NUMERATORS = "", "score_buffer", "numerator_buffer"

FIRST_PASS = r"\\first\$\d+ "
#: Of the addition of lanes 0 and 1; of the running sum's, which is only active when a slice's sum moves.
FIRST_ADDER, RUNNING = r"(?= = \{ 1'h0, kept \})", r"(?= = \S+ \?)"

#: For 3 lanes, 8 slices a row, a divider in each lane.
BASELINE_FAULTS = [
    Fault("masked lane enters the maximum", UNNORMED, "score_1", becomes("i__payload[31:16]")),
    Fault("maximum tree: the smaller wins", UNNORMED, "larger", becomes("~{}")),
    Fault("maximum tree: the last lane is ignored", UNNORMED, r"\\maximum\$\d+ ", becomes("maximum")),
    Fault("row starts with the maximum before", UNNORMED, FIRST_PASS, becomes("rst")),
    Fault("maximum of a row's last slice only", UNNORMED, FIRST_PASS, becomes("1'h1")),
    Fault("first pass goes on with its row after reset", UNNORMED, FIRST_PASS, without(r"^rst \? \S+ : ")),
    Fault("running maximum moves while it waits", UNNORMED, "running_maximum", loading_always),
    Fault("row maximum not held", UNNORMED, "row_maximum", loading_always),
    Fault("row maximum not held until the row's last slice", UNNORMED, r"\\ready\$\d+ (?= = .* again__payload\[51\])",
          without(r" & \S+$")),
    Fault("second pass does not wait for the maximum", UNNORMED, "again__ready", becomes("joined_ready")),
    Fault("maximum added, not subtracted", UNNORMED, "opposite", becomes("~{}")),
    Fault("difference rounded to nothing", UNNORMED, "rounded", without(r" \+ .*$")),
    Fault("masked lane enters the sum", UNNORMED, "keep_1", loading("1'h1")),
    Fault("exponential's zero lost", UNNORMED, "zero_2", loading("1'h0")),
    Fault("exponential's NaN lost", UNNORMED, "no_number_1", loading("1'h0")),
    Fault("exponential: shift one too many", UNNORMED, "place", becomes("{} - 6'h01")),
    Fault("exponential: slope ignored", UNNORMED, "rise", becomes("14'h0000")),
    Fault("tree adder: carry not normalised", UNNORMED, "kept", without(r"^.* : ")),
    Fault("tree adder: rounding lost", UNNORMED, rf"\\rounded\$\d+ {FIRST_ADDER}", without(r" \+ .*$")),
    Fault("running sum: sticky bit lost", UNNORMED, rf"\\sticky\$\d+ {RUNNING}", becomes("1'h0")),
    Fault("running sum: operands not swapped", UNNORMED, rf"\\swap\$\d+ {RUNNING}", becomes("1'h0")),
    Fault("lane that is left over is of the slice after", UNNORMED, "sum_1", loading_always),
    Fault("row starts with the sum before", UNNORMED, "first", becomes("rst")),
    Fault("sum of a row's last slice only", UNNORMED, "first", becomes("1'h1")),
    Fault("sum goes on with its row after reset", UNNORMED, "first", without(r"^rst \? \S+ : ")),
    Fault("running sum moves while it waits", UNNORMED, r"\\row__payload\.total ", loading_always),
    Fault("numerator moves while it waits", UNNORMED, r"\\o__payload\.u\[1\] ", loading_always),
    Fault("numerators' last lost", UNNORMED, "last", becomes("1'h0")),
    Fault("overlong lost on its way", UNNORMED, "overlong", becomes("1'h0")),
    Fault("row cut but not flagged", TOP, r"\\i__payload\$\d+\.overlong ", becomes("1'h0")),
    Fault("overlong row continues as another", TOP, "dropping", becomes("1'h0")),
    Fault("rest of an overlong row waits for room", TOP, "i__ready", without(r" \| dropping$")),
    Fault("slices of a row counted on after reset", TOP, "position", without(r"^rst \? \S+ : ")),
    Fault("first pass takes what the buffer does not", TOP, r"\\i__valid\$\d+ (?= = \S+ & \\i__ready\$1 )",
          without(r" & .*$")),
    Fault("buffer takes what the first pass does not", TOP, r"\\i__valid\$\d+ (?= = \S+ & \\i__ready\$0 )",
          without(r" & .*$")),
    Fault("score buffer holds a slice less", SCORES, "i__ready", becomes("level != 8")),
    Fault("score buffer overwrites when full", SCORES, "i__ready", becomes("1'h1")),
    Fault("numerator buffer holds a slice less", NUMERATORS, "i__ready", lambda e: f"{e} & level < {_depth(e)} - 1"),
    Fault("numerator buffer shows the next slice early", NUMERATORS, "read_enable", becomes("| level")),
    Fault("divisor of a masked row not replaced", NORMALIZATION, "divisor", loading("row__payload[15:0]")),
    Fault("divisor not held", NORMALIZATION, "divisor", loading_always),
    Fault("divisor not held until the row's last slice", NORMALIZATION, "ready", without(r" & \S+ *\[\d+\]$")),
    Fault("divisor lost while it waits", NORMALIZATION, "valid", becomes("{} & ~(valid & ~ready)")),
    Fault("divisor stays through reset", NORMALIZATION, "valid", without(r"^rst \? 1'h0 : ")),
    Fault("slices do not wait for their divisor", NORMALIZATION, "i__ready", becomes("joined_ready")),
    Fault("quotient's leading digit always 1", NORMALIZATION, "below_one", becomes("1'h0")),
    Fault("quotient digits of the slice after", NORMALIZATION, "remainder_1", loading_always),
    Fault("probability moves while it waits", NORMALIZATION, Y_0.replace(r"\$\d+", ""), loading_always),
    Fault("last lost", NORMALIZATION, "last", becomes("1'h0")),
    Fault("overlong of the row after", NORMALIZATION, r"\\o__payload\.overlong ", loading("row__payload[16]")),
]  # fmt: skip


def _depth(full: str) -> int:
    """The level at which a buffer is full."""
    return int(re.search(r"'h(\w+)$", full)[1], 16)
