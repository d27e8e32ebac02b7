"""Seeded faults of the AXI4-Stream ports."""

from __future__ import annotations

from softermax.flows.verification.faults import ConnectionFault, Fault, becomes, without

TOP, SOFTMAX = "", "softmax"

#: For 3 lanes of scores of 10 bits and probabilities of 9.
AXI_STREAM_FAULTS = [
    Fault("reset not inverted", TOP, "axi_rst", becomes("aresetn")),
    Fault("no reset", TOP, "axi_rst", becomes("1'h0")),
    Fault("takes under reset", TOP, "s_axis_tready", without(r" & aresetn$")),
    Fault("offers under reset", TOP, "m_axis_tvalid", without(r" & aresetn$")),
    ConnectionFault("tkeep ignored", TOP, "softmax.i__payload", becomes("{} | 34'h1c0000000")),
    Fault("one byte kept is enough", TOP, r"i__payload\[31\]", becomes("| s_axis_tkeep[3:2]")),
    Fault("only the lower byte's tkeep counts", TOP, r"i__payload\[30\]", becomes("s_axis_tkeep[0]")),
    Fault("only the upper byte's tkeep counts", TOP, r"i__payload\[32\]", becomes("s_axis_tkeep[5]")),
    Fault("tkeep of another lane", TOP, r"i__payload\[30\]", becomes("& s_axis_tkeep[3:2]")),
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
