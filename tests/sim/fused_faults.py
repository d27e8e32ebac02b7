"""Seeded faults of the fused baseline softmax, where it is not made as that of operators."""

from softermax.flows.verification.faults import Fault, becomes, loading, loading_always, without

from .faults import NORMALIZATION, UNNORMED

#: For 3 lanes, 8 slices a row, a reciprocal and multipliers.
FUSED_FAULTS = [
    Fault("NaN of a slice before is forgotten", UNNORMED, "running_no_number", loading("no_number")),
    Fault("slice maximum moves while it waits", UNNORMED, "slice_maximum", loading_always),
    Fault("maximum in fixed point not held", UNNORMED, r"\\fixed_maximum\$\d+ ", loading_always),
    Fault("maximum not negated", UNNORMED, "fixed_maximum", becomes("fixed")),
    Fault("least score not held", UNNORMED, "least", loading_always),
    Fault("scores far below count", UNNORMED, "below", becomes("1'h0")),
    Fault("masked lane enters the sum", UNNORMED, "zero_1", loading("1'h0")),
    Fault("table: slope ignored", UNNORMED, "rise", becomes("0")),
    Fault("flushed numerator leaves", UNNORMED, "nonzero", becomes("1'h1")),
    Fault("rounding of the sum lost", UNNORMED, "binary16_total", without(r" \+ [^+]*$")),
    Fault("row starts with the sum before", UNNORMED, "first", becomes("rst")),
    Fault("slice sum moves while it waits", UNNORMED, r"\\slice_sum\$\d+ ", loading_always),
    Fault("flag of the row after", NORMALIZATION, r"\\no_number\$0 ", loading_always),
]
