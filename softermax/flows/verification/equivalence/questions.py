"""Questions to abc about and-inverter graphs whose only output may never be 1."""

from __future__ import annotations

import re
from pathlib import Path

from ...files import write_whole
from ...tools.yosys_abc import run_abc
from .aig import Aig, parse_aiger
from .aig_builder import AigBuilder

__all__ = ["Trace", "always_zero", "bounded", "swept", "zero_forever"]

#: Inputs in each clock cycle; in the last of them the output is 1.
Trace = list[list[bool]]

#: Seconds that a command may take beyond its own limit.
GRACE = 10
REACHED = re.compile(r"No output asserted in (\d+) frames")


def always_zero(question: Aig, folder: Path, seconds: float) -> bool | Trace | None:
    """Whether the output of a graph without latches is 0 whatever the inputs; a trace of one cycle if not.

    None if that is not found within some seconds.
    """
    # An output that is always 1 would be taken for one that is always 0: it is so only while another input is.
    builder = AigBuilder([*question.inputs, "asked"])
    *ports, asked = map(builder.input, range(len(builder.inputs)))
    new = builder.add(question, ports, [])
    guarded = builder.build({"asked": builder.both(asked, int(new[next(iter(question.outputs.values()))]))})
    said, trace = _run(guarded, f"ifraig -C 10000; &get; &cec -m -C 100000 -T {seconds:.0f}", folder, seconds)
    return True if "Networks are equivalent" in said else trace and [trace[0][:-1]]


def bounded(question: Aig, cycles: int, folder: Path, seconds: float) -> int | Trace:
    """Bounded model checking: a trace, or the number of cycles, from the first on, in which the output is 0."""
    said, trace = _run(question, f"bmc3 -F {cycles} -T {seconds:.0f}", folder, seconds)
    # It counts the cycle that it was at when the time was over.
    return trace or max(max(map(int, REACHED.findall(said)), default=0) - 1, 0)


def swept(question: Aig, folder: Path, seconds: float) -> Aig | None:
    """The same graph with one node in place of all that induction finds equal; None if it takes too long."""
    result = folder / "swept.aig"
    result.unlink(missing_ok=True)
    _run(question, f"scorr -C 10000; write_aiger {result.name}", folder, seconds)
    return parse_aiger(result) if result.is_file() else None


def zero_forever(question: Aig, folder: Path, seconds: float) -> bool | Trace | None:
    """Whether the output stays 0 forever, by property-directed reachability; a trace if not, None if undecided."""
    if not len(question.latches):
        return always_zero(question, folder, seconds)
    # An output that is 0 by its very structure would be undecided: it is 1 also if a latch is that keeps its 0.
    builder = AigBuilder(question.inputs, len(question.latches) + 1)
    held = [builder.latch(place) for place in range(len(question.latches) + 1)]
    new = builder.add(question, [builder.input(place) for place in range(len(question.inputs))], held[:-1])
    builder.following[:] = [*new[question.following].tolist(), held[-1]]
    [output] = question.outputs.values()
    guarded = builder.build({"output": builder.either(int(new[output]), held[-1])})
    said, trace = _run(guarded, f"pdr -T {seconds:.0f}", folder, seconds)
    return True if "Property proved" in said else trace


def _run(question: Aig, commands: str, folder: Path, seconds: float) -> tuple[str, Trace | None]:
    """What abc says of a graph, and the trace that it finds."""
    graph, trace = folder / "question.aig", folder / "trace"
    write_whole(graph, question.aiger())
    trace.unlink(missing_ok=True)
    said = run_abc(f"read_aiger {graph.name}; {commands}; write_cex -a {trace.name}", folder, seconds + GRACE)
    return said or "", _read_trace(trace) if said is not None and trace.is_file() else None


def _read_trace(file: Path) -> Trace:
    """The cycles of a trace; the first line has the latches' initial values, which are 0."""
    lines = file.read_text().split("#")[0].splitlines()[1:]
    return [[bit == "1" for bit in line.strip()] for line in lines if line.strip()]
