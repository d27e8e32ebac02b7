"""Seeded faults: each changes what one named signal or register of the generated Verilog is assigned."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

__all__ = ["ConnectionFault", "Fault", "becomes", "loading", "loading_always", "switchable", "without"]


@dataclass(frozen=True)
class Fault:
    """A change of one assignment.

    Parameters
    ----------
    name : str
        Description of the fault.
    module : str
        Path of the module below the top; empty for the top itself.
    target : str
        Pattern of the signal, or of the register; for a register, what it takes at the clock edge is changed.
    change : callable
        From the assigned expression to the faulty one.
    """

    name: str
    module: str
    target: str
    change: Callable[[str], str]

    def find(self, verilog: str, top: str) -> re.Match:
        """The assignment in the Verilog; its first group is the expression.

        Raises
        ------
        ValueError
            Unless there is exactly one, which the fault changes.
        """
        name = rf"\\{top}\.{re.escape(self.module)} " if self.module else top
        module = self._only(rf"(?ms)^module {name}\(.*?^endmodule$", verilog)
        place = self._only(self._pattern(module[0]), verilog, *module.span())
        if self.change(place[1]) == place[1]:
            raise ValueError(f"{self.name} must change {place[0].strip()!r}")
        return place

    def seeded(self, verilog: str, top: str) -> str:
        """The Verilog with the fault."""
        (start, end), fault = (place := self.find(verilog, top)).span(1), self.change(place[1])
        return f"{verilog[:start]}{fault}{verilog[end:]}"

    def _pattern(self, module: str) -> str:
        """The assignment in the text of its module."""
        register = re.findall(rf"(?m)^    {self.target} +<= (_\d+_);$", module)
        return rf"(?m)^  assign {register[0] if len(register) == 1 else self.target} += (.*);$"

    def _only(self, pattern, text, *span):
        found = list(re.compile(pattern).finditer(text, *span))
        if len(found) != 1:
            raise ValueError(f"{self.name} must have one place at {pattern!r}, not {len(found)}")
        return found[0]


class ConnectionFault(Fault):
    """A change of an instance port's connection; the target is the instance and the port, ``name.port``."""

    def _pattern(self, module: str) -> str:
        instance, port = self.target.split(".", 1)
        return rf"(?m)^  \S+ +{instance} \((?:\n    .*)*?\n    \.{port} ?\((.*?)\),?$"


def switchable(verilog: str, top: str, faults: list[Fault], switch: str) -> str:
    """The Verilog with all faults, of which number ``switch``, counted from 1, is in force."""
    places = {}
    for number, fault in enumerate(faults, start=1):
        place = fault.find(verilog, top)
        places.setdefault(place.span(1), []).append(f"{switch} == {number} ? ({fault.change(place[1])})")
    for (start, end), choices in sorted(places.items(), reverse=True):
        verilog = f"{verilog[:start]}{' : '.join(choices)} : ({verilog[start:end]}){verilog[end:]}"
    return verilog


def becomes(expression: str) -> Callable[[str], str]:
    """Assign something else; ``{}`` stands for what is assigned without the fault."""
    return partial(_become, expression)


def without(pattern: str) -> Callable[[str], str]:
    """Leave out a part of the expression."""
    return partial(re.sub, pattern, "", count=1)


def loading(expression: str) -> Callable[[str], str]:
    """Load a register with something else at the same clock edges."""
    return partial(re.sub, r"^(\S+) \? .* : ", rf"\1 ? {expression} : ")


def loading_always(before: str) -> str:
    """Load a register at every clock edge, with the value of its usual load."""
    return re.sub(r"^\S+ \? (.*) : .*$", r"\1", before)


def _become(expression: str, before: str) -> str:
    return expression.replace("{}", f"({before})")
