"""A component's generated Verilog as formulas over some clock edges, and what a solver says of them.

Yosys writes what a clock edge does as SMT-LIB, z3's terms hold what is claimed of it, Bitwuzla decides whether that can
be false. Registers hold anything before the first edge, so that what is proven holds from every state.
"""

from __future__ import annotations

import re
from pathlib import Path

import bitwuzla
import z3
from amaranth.lib import data
from amaranth.lib.wiring import Signature

from ...files import write_whole
from ...tools.yosys import run_yosys

__all__ = ["HOLDS", "UNKNOWN", "VIOLATED", "Unrolling", "decide"]

#: From Verilog to words, registers without enable or reset of their own.
PREPARE = ("hierarchy -check -top {top}", "proc", "flatten", "opt", "dffunmap", "opt_clean")

#: Answers of a solver to a claim.
HOLDS, VIOLATED, UNKNOWN = "holds", "violated", "unknown"
ANSWERS = {bitwuzla.Result.UNSAT: HOLDS, bitwuzla.Result.SAT: VIOLATED, bitwuzla.Result.UNKNOWN: UNKNOWN}


class Unrolling:
    """The signals of a component in successive clock cycles.

    Parameters
    ----------
    signature : wiring.Signature
        Says how ports are made up of fields.
    verilog : str
        Verilog of the component.
    top : str
        Name of its module.
    edges : int
        Clock edges, one less than cycles.
    folder : Path
        For files of Yosys'.
    """

    def __init__(self, signature: Signature, verilog: str, top: str, edges: int, folder: Path):
        write_whole(folder / "unit.v", verilog)
        prepare = [step.format(top=top) for step in PREPARE]
        run_yosys(["read_verilog unit.v", *prepare, "write_smt2 -wires unit.smt2"], folder / "yosys.log")
        self._text = (folder / "unit.smt2").read_text()
        self._top, self._edges = top, edges
        self._widths = {
            name: int(width) for name, width in re.findall(r"(?m)^; yosys-smt2-wire (\S+) (\d+)$", self._text)
        }
        members = signature.flatten(signature.create())
        self._shapes = {"__".join(map(str, path)): value.shape() for path, _, value in members}
        self._read: dict[tuple[str, int], z3.BitVecRef] = {}

    def __call__(self, name: str, cycle: int = 0, *, layout: data.Layout | None = None):
        """A signal in a cycle, counted from 0.

        One that is made up of fields, as ports are known to be and others said to be, is given as a dict of those, an
        array as a list; all others as terms.
        """
        width = self._widths[name]
        term = self._read.setdefault((name, cycle), z3.BitVec(f"{name}@{cycle}", width))
        return _unpacked(term, layout or self._shapes.get(name, width))

    def is_high(self, name: str, cycle: int = 0) -> z3.BoolRef:
        """Whether a signal of one bit is high."""
        return self(name, cycle) == 1

    def moves(self, stream: str, cycle: int = 0) -> z3.BoolRef:
        """Whether a stream transfers."""
        return z3.And(self.is_high(f"{stream}__valid", cycle), self.is_high(f"{stream}__ready", cycle))

    def meaning(self) -> list[z3.BoolRef]:
        """Constraints that give the requested signals the component's values."""
        top, states = self._top, range(self._edges + 1)
        lines = [self._text, *(f"(declare-const state{n} |{top}_s|)" for n in states)]
        lines += [f"(assert (|{top}_t| state{n} state{n + 1}))" for n in range(self._edges)]
        for (name, cycle), term in self._read.items():
            value = f"(|{top}_n {name}| state{cycle})"
            # A single bit is a truth value to Yosys.
            value = f"(ite {value} #b1 #b0)" if term.size() == 1 else value
            lines += [f"(declare-const |{term}| (_ BitVec {term.size()}))", f"(assert (= |{term}| {value}))"]
        return list(z3.parse_smt2_string("\n".join(lines)))


def _unpacked(term: z3.BitVecRef, shape):
    if not isinstance(shape, data.Layout):
        return term
    fields = {
        name: _unpacked(z3.Extract(field.offset + field.width - 1, field.offset, term), field.shape)
        for name, field in shape
    }
    return list(fields.values()) if isinstance(shape, data.ArrayLayout) else fields


def decide(
    assumptions: list[z3.BoolRef], claim: z3.BoolRef, file: Path, seconds: int, *, same_sums: bool = False
) -> str:
    """Whether a claim holds in all cases that are assumed: one of the above.

    Parameters
    ----------
    file : Path
        For the question in SMT-LIB, which any solver can answer: it is unsatisfiable if the claim holds. If it does
        not, signals for which it fails are written beside it, into a file of that name that ends with ``.values``.
    seconds : int
        After which it is unknown.
    same_sums : bool
        Order what is added, which shows that sums of the same in another order are equal, and hides others.
    """
    question = z3.Solver()
    question.add(*assumptions, z3.Not(claim))
    write_whole(file, question.to_smt2())
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    options.set(bitwuzla.Option.TIME_LIMIT_PER, 1000 * seconds)
    options.set(bitwuzla.Option.PP_NORMALIZE, same_sums)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    parser.parse(str(file), True, True)
    solver = parser.bitwuzla()
    answer = ANSWERS[solver.check_sat()]
    if answer == VIOLATED:
        signals = [term for term in parser.get_declared_funs() if "@" in str(term)]
        write_whole(file.with_suffix(".values"), "".join(f"{term} {solver.get_value(term)}\n" for term in signals))
    return answer
