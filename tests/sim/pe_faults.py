"""Seeded faults of the processing element with values, softmax apart."""

from __future__ import annotations

import re

from softermax.flows.verification.faults import Fault, becomes, loading, loading_always, without

TOP, REGISTERS, MACS, LANE, REQUANTISER = "", "registers", "mac_array", "mac_array.lane_1", "requantiser"
OPERANDS, QUERIES, PROBABILITIES = "operands", "operands.query_buffer", "operands.probability_buffer"
WEIGHTS, KEYS, VALUES = (f"operands.weight_buffer{part}" for part in ("", ".keys", ".values"))
SEQUENCER, SCORES, CONTEXT = "sequencer", "sequencer.scores", "sequencer.context"

ASKS = "(csr__write_strobe & csr__address == 4'h0 & csr__write_data[0])"
SURVIVES_RESET = without(r"^rst \? \S+ : ")

#: For 2 lanes of 2 pairs, 12 keys, d_head up to 6, the paper's formats.
PROCESSING_ELEMENT_FAULTS = [
    Fault("starts while busy", REGISTERS, "start", becomes(f"{{}} | ({ASKS} & busy)")),
    Fault("starts whatever the sizes", REGISTERS, "start", becomes(f"{ASKS} & ~busy & keys <= keys_loaded")),
    Fault("starts with too few keys", REGISTERS, "start", without(r" & \S+$")),
    Fault("a refusal is forgotten", REGISTERS, "refused", becomes("1'h0")),
    Fault("a refusal stays after a start", REGISTERS, "refused", becomes("rst ? 1'h0 : refused | {}")),
    Fault("done stays after a start", REGISTERS, "done", becomes("rst ? 1'h0 : done | {}")),
    Fault("done survives reset", REGISTERS, "done", SURVIVES_RESET),
    Fault("busy survives reset", REGISTERS, "busy", SURVIVES_RESET),
    Fault("done a row too early", REGISTERS, "rows_left", becomes("start ? {} - 4'h1 : {}")),
    Fault(
        "settings are written while busy",
        REGISTERS,
        "causal",
        becomes("csr__write_strobe & csr__address == 4'h7 ? csr__write_data[0] : {}"),
    ),
    Fault("settings survive reset", REGISTERS, "multiplier", SURVIVES_RESET),
    Fault(
        "a size too large wraps",
        REGISTERS,
        "queries",
        becomes("csr__write_strobe & csr__address == 4'h2 & ~busy ? csr__write_data[3:0] : {}"),
    ),
    Fault("zero point reads unsigned", REGISTERS, "zero_point_word", becomes("{} & 32'h007fffff")),
    Fault("old values stay when the number of keys is written", REGISTERS, "discard_values", without(r"^\S+ \| ")),
    Fault("keys taken while busy", WEIGHTS, "may", without(r"^\S+ & ")),
    Fault("values taken while busy", WEIGHTS, r"\\may\$\d+ ", becomes("values_fit & ~taken")),
    Fault("a value's word taken with a key's", WEIGHTS, r"\\may\$\d+ ", becomes("values_fit & ~busy & ~start")),
    Fault("values written over keys", VALUES, "row_word", becomes("start | discard ? 6'h00 : {}")),
    Fault("more keys than there is room for", KEYS, "i__ready", becomes("may")),
    Fault("new keys do not replace the old ones", KEYS, "fresh", becomes("rst")),
    Fault("a word short of a row", VALUES, "completes", becomes("number + 4'h2 == words")),
    Fault("query used before it has come", OPERANDS, "joined_valid", without(r" & \S+$")),
    Fault(
        "probabilities have a sign",
        OPERANDS,
        r"\\o__payload\.row ",
        lambda e: e.replace("1'h0, slice[7:0]", "slice[7], slice[7:0]"),
    ),
    Fault(
        "queries have none",
        OPERANDS,
        r"\\o__payload\.row ",
        lambda e: re.sub(r"query\[15\], query\[15", "1'h0, query[15", e),
    ),
    Fault("operands move while they wait", OPERANDS, r"\\context ", loading_always),
    Fault("query released a step early", OPERANDS, r"\\release ", without(r" & \S+ \[11\]")),
    Fault("query words survive reset", QUERIES, "level", SURVIVES_RESET),
    Fault("query ring overflows", QUERIES, "i__ready", becomes("level <= 4'h8")),
    Fault("the next row's probabilities overwrite a row's", PROBABILITIES, "i__ready", becomes("1'h1")),
    Fault(
        "probabilities stay after their row",
        PROBABILITIES,
        "level",
        becomes("rst ? 3'h0 : level + (i__valid & i__ready)"),
    ),
    Fault("probabilities survive reset", PROBABILITIES, "complete", SURVIVES_RESET),
    Fault("context takes its turn a row early", SEQUENCER, "turn", lambda e: f"between == 2'h1 | {e}"),
    Fault("turns are not begun again", SEQUENCER, "between", without(r"^start \? \S+ : ")),
    Fault("scores of what is masked", SCORES, "last_seen", becomes("last_key")),
    Fault("context from what is masked", CONTEXT, "last_seen", becomes("last_key")),
    Fault("scores: the last lane of a slice is another", SCORES, "last_seen", becomes("{} ^ 4'h1")),
    Fault("scores go on after reset", SCORES, "o__valid", SURVIVES_RESET),
    Fault("context: elements at the wrong distance", CONTEXT, "next_word", becomes("{} - 6'h01")),
    Fault("zero point taken from context, too", MACS, "start", becomes("- $signed(zero_point)")),
    Fault("zero point added", MACS, "start", lambda e: e.replace(e.rsplit(" ", 1)[-1], "$signed(zero_point)")),
    Fault("sums that wait are lost", MACS, "ready", becomes("1'h1")),
    Fault(
        "sum not begun again", LANE, "accumulator", becomes("load_accumulator ? accumulator + partial : accumulator")
    ),
    Fault("products move while they wait", LANE, "partial", loading_always),
    Fault("rounded down", f"{REQUANTISER}.lane_0", r"\{ rounded, _\d+_ \}", without(r" \+ \S+$")),
    Fault("saturated the other way", REQUANTISER, r"\\context__payload\.x\[0\] ", becomes("{} == 8'h7f ? 8'h80 : {}")),
    Fault("context by the scale of scores", TOP, "multiplier", becomes("settings[20:13]")),
    Fault("shifted by the scale of context", TOP, "shift", becomes("settings[62:58]")),
    Fault("lanes beyond the last key kept", REQUANTISER, "keep", loading("2'h3")),
    Fault("context goes to the softmax", REQUANTISER, "valid", lambda e: re.sub(r"_\d+_$", "(i__ready & i__valid)", e)),
    Fault("context that waits is lost", REQUANTISER, "i__ready", without(r" & \S+$")),
    Fault("context survives reset", REQUANTISER, r"\\valid\$\d+ ", SURVIVES_RESET),
    Fault(
        "probabilities counted as rows",
        TOP,
        "row_taken",
        becomes("{} | (\\o__valid$0 & \\o__ready$0 & \\o__payload$0 [16])"),
    ),
]
