"""Model checking of and-inverter graphs with ABC: can the only output ever be 1?

Such a graph is called a miter: its output is 1 if two designs differ. SAT checks it without latches; bounded model
checking, signal correspondence and property-directed reachability check it with latches, which start with 0.
"""

from __future__ import annotations

import re
from pathlib import Path

from ...files import write_whole
from ...tools.yosys_abc import run_abc
from .aig import Aig, parse_aiger
from .aig_builder import AigBuilder

__all__ = ["Trace", "check_bounded", "check_combinational", "check_unbounded", "merge_equivalent"]

#: Counterexample: values of the inputs in each clock cycle; the output is 1 in the last one.
Trace = list[list[bool]]

#: Seconds after its own time limit at which ABC is stopped.
GRACE_SECONDS = 10
REACHED = re.compile(r"No output asserted in (\d+) frames")


def check_combinational(miter: Aig, folder: Path, seconds: float) -> bool | Trace | None:
    """Prove by SAT that the output of a graph without latches is 0 for all inputs.

    Returns True, a trace of one cycle if it can be 1, or None if undecided after some seconds.
    """
    # ABC reports an output that is always 1 as always 0, so the output is ANDed with an input of its own.
    builder = AigBuilder([*miter.inputs, "enable"])
    *ports, enable = map(builder.input, range(len(builder.inputs)))
    new = builder.add(miter, ports, [])
    guarded = builder.build({"enable": builder.and_(enable, int(new[next(iter(miter.outputs.values()))]))})
    printed, trace = _run(guarded, f"ifraig -C 10000; &get; &cec -m -C 100000 -T {seconds:.0f}", folder, seconds)
    return True if "Networks are equivalent" in printed else trace and [trace[0][:-1]]


def check_bounded(miter: Aig, cycles: int, folder: Path, seconds: float) -> int | Trace:
    """Check a number of cycles by bounded model checking; return a trace, or the number of cycles proven 0."""
    printed, trace = _run(miter, f"bmc3 -F {cycles} -T {seconds:.0f}", folder, seconds)
    # ABC also counts the cycle that was not finished when the time was over.
    return trace or max(max(map(int, REACHED.findall(printed)), default=0) - 1, 0)


def merge_equivalent(miter: Aig, folder: Path, seconds: float) -> Aig | None:
    """Merge nodes that signal correspondence (``scorr``) proves equal; return None after some seconds."""
    result = folder / "merged.aig"
    result.unlink(missing_ok=True)
    _run(miter, f"scorr -C 10000; write_aiger {result.name}", folder, seconds)
    return parse_aiger(result) if result.is_file() else None


def check_unbounded(miter: Aig, folder: Path, seconds: float) -> bool | Trace | None:
    """Prove by property-directed reachability that the output is 0 in all cycles.

    Returns True, a trace to a cycle in which it is 1, or None if undecided after some seconds.
    """
    if not len(miter.latches):
        return check_combinational(miter, folder, seconds)
    # ABC does not decide an output that is structurally 0, so a latch that keeps its 0 is ORed to it.
    builder = AigBuilder(miter.inputs, len(miter.latches) + 1)
    state = [builder.latch(place) for place in range(len(miter.latches) + 1)]
    new = builder.add(miter, [builder.input(place) for place in range(len(miter.inputs))], state[:-1])
    builder.next_state[:] = [*new[miter.next_state].tolist(), state[-1]]
    [output] = miter.outputs.values()
    guarded = builder.build({"output": builder.or_(int(new[output]), state[-1])})
    printed, trace = _run(guarded, f"pdr -T {seconds:.0f}", folder, seconds)
    return True if "Property proved" in printed else trace


def _run(miter: Aig, commands: str, folder: Path, seconds: float) -> tuple[str, Trace | None]:
    """Run commands of ABC on a graph; return what it prints, and its trace, if any."""
    graph, trace = folder / "miter.aig", folder / "trace"
    write_whole(graph, miter.aiger())
    trace.unlink(missing_ok=True)
    output = run_abc(f"read_aiger {graph.name}; {commands}; write_cex -a {trace.name}", folder, seconds + GRACE_SECONDS)
    return output or "", _read_trace(trace) if output is not None and trace.is_file() else None


def _read_trace(file: Path) -> Trace:
    """Read a trace in ABC's format; its first line, the initial state, is 0."""
    lines = file.read_text().split("#")[0].splitlines()[1:]
    return [[bit == "1" for bit in line.strip()] for line in lines if line.strip()]
