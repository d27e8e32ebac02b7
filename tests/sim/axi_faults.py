"""Seeded faults of the AXI4-Stream ports."""

from __future__ import annotations

import re

from softermax.flows.verification.faults import ConnectionFault, Fault, becomes, without

TOP = ""
SURVIVES_RESET = without(r"^axi_rst \? \S+ : ")

#: For 3 lanes of scores of 10 bits and probabilities of 9.
AXI_STREAM_FAULTS = [
    Fault("reset not inverted", TOP, "axi_rst", becomes("aresetn")),
    Fault("no reset", TOP, "axi_rst", becomes("1'h0")),
    Fault("takes under reset", TOP, "s_axis_tready", without(r" & aresetn$")),
    Fault("offers under reset", TOP, "m_axis_tvalid", without(r" & aresetn$")),
    ConnectionFault("tkeep ignored", TOP, "softmax.i__payload", becomes("{} | 34'h1c0000000")),
    Fault("one byte kept is enough", TOP, r"all_kept\[1\]", becomes("| s_axis_tkeep[3:2]")),
    Fault("only the lower byte's tkeep counts", TOP, r"all_kept\[0\]", becomes("s_axis_tkeep[0]")),
    Fault("only the upper byte's tkeep counts", TOP, r"all_kept\[2\]", becomes("s_axis_tkeep[5]")),
    Fault("tkeep of another lane", TOP, r"all_kept\[0\]", becomes("& s_axis_tkeep[3:2]")),
    ConnectionFault("a beat with nothing kept is left out", TOP, "softmax.i__valid", becomes("{} & (| s_axis_tkeep)")),
    ConnectionFault(
        "a beat with nothing kept does not end its row",
        TOP,
        "softmax.i__payload",
        becomes("(| s_axis_tkeep) ? {} : {} & 34'h1ffffffff"),
    ),
    ConnectionFault("tlast dropped", TOP, "softmax.i__payload", becomes("{} & 34'h1ffffffff")),
    ConnectionFault("every beat is a row", TOP, "softmax.i__payload", becomes("{} | 34'h200000000")),
    ConnectionFault(
        "lanes swapped", TOP, "softmax.i__payload", becomes("{{}, s_axis_tdata[25:16], s_axis_tdata[9:0]}")
    ),
    ConnectionFault("a beat is taken that there is not", TOP, "softmax.i__valid", becomes("1'h1")),
    Fault("a beat is taken and lost", TOP, "s_axis_tready", becomes("aresetn")),
    Fault("ready ignored", TOP, "m_axis_tvalid", becomes("{} & m_axis_tready")),
    Fault("a result is lost", TOP, "m_axis_tvalid", becomes("{} & ~m_axis_tlast")),
    Fault("saturated and overlong swapped", TOP, "m_axis_tuser", becomes("{ o__payload[28], o__payload[29] }")),
    Fault("no flags", TOP, "m_axis_tuser", becomes("2'h0")),
    Fault("not all bytes kept", TOP, "m_axis_tkeep", becomes("6'h1f")),
    Fault("no tlast", TOP, "m_axis_tlast", becomes("1'h0")),
    Fault("no zeros above a probability", TOP, "m_axis_tdata", becomes("{} | 48'h800000000000")),
]

KEYS, QUERIES, VALUES = "framer_k", "framer_q", "framer_v"


def framer_faults(module: str) -> list[Fault]:
    """What may go wrong in a framer."""
    faults = {
        "a word too few": ("completes", lambda e: re.sub(r"^(\S+) >=", r"\1 + 3'h1 >=", e)),
        "a word too many": ("completes", lambda e: re.sub(r"^(\S+) >=", r"\1 - 3'h1 >=", e)),
        "tkeep ignored": (r"\\port\$0 ", becomes("filling ? 8'h00 : i__payload[7:0]")),
        "filled up with anything": (r"\\port\$1 ", becomes("i__payload[17] ? i__payload[15:8] : 8'h00")),
        "not filled up": ("filling", becomes("1'h0")),
        "takes while it fills up": ("i__ready", becomes("{} | filling")),
        "what is too much is not dropped": ("dropping", becomes("1'h0")),
        "drops forever": ("dropping", becomes("axi_rst ? 1'h0 : dropping | {}")),
        "what is dropped goes on": ("o__valid", becomes("(filling | i__valid) & fits")),
        "place survives reset": ("place", SURVIVES_RESET),
        "begins before there is a size": ("fits", becomes("1'h1")),
        "an early end is not told": ("ends_early", becomes("1'h0")),
        "a late end is not told": ("ends_late", becomes("1'h0")),
    }
    return [Fault(f"{module}: {name}", module, *of) for name, of in faults.items()]


#: For 2 lanes of 2 pairs, 12 keys, d_head up to 6, with values.
AXI_STREAM_ELEMENT_FAULTS = [
    Fault("reset not inverted", TOP, "axi_rst", becomes("aresetn")),
    Fault("takes keys under reset", TOP, "s_axis_k_tready", without(r" & aresetn$")),
    Fault("takes queries under reset", TOP, "s_axis_q_tready", without(r" & aresetn$")),
    Fault("takes values under reset", TOP, "s_axis_v_tready", without(r" & aresetn$")),
    Fault("offers under reset", TOP, "m_axis_tvalid", without(r" & aresetn$")),
    Fault("keys do not begin again with a start", TOP, "restart", becomes("discard_keys")),
    Fault("keys do not begin again with a size", TOP, "restart", becomes("start")),
    Fault("values do not begin again with a start", TOP, r"\\restart\$0 ", becomes("discard_values")),
    Fault("values do not begin again with a size", TOP, r"\\restart\$0 ", becomes("start")),
    Fault("no tlast", TOP, "m_axis_tlast", becomes("1'h0")),
    Fault("not all bytes kept", TOP, "m_axis_tkeep", becomes("2'h1")),
    ConnectionFault("values as long as keys", TOP, "framer_v.words", becomes("settings[9:8]")),
    ConnectionFault("tlast of keys dropped", TOP, "framer_k.i__payload", becomes("{} & 19'h3ffff")),
    *framer_faults(KEYS),
    # The other framers are made as that is.
    *framer_faults(QUERIES)[::3],
    *framer_faults(VALUES)[2::3],
    Fault("filling up survives reset", QUERIES, "filling", SURVIVES_RESET),
    Fault("dropping survives reset", KEYS, "dropping", SURVIVES_RESET),
]
