"""Formal checks: a property of a unit, a fault that breaks it, and how both are tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...results.columns import Column, integer

__all__ = ["CHECK_COLUMNS", "FAILS", "NOT_COVERED", "PROVEN", "UNDECIDED", "Check", "holds_to"]

#: Results of a check; :func:`holds_to` makes the fifth. What cannot be covered says nothing, whether it holds or not.
PROVEN = "proven"
FAILS = "FAILS"
UNDECIDED = "undecided"
NOT_COVERED = "not covered"
#: Columns of the rows of checks.
CHECK_COLUMNS = (
    Column("unit", "unit"),
    Column("config", "config"),
    Column("property", "property", wraps=True),
    Column("method", "method"),
    Column("depth", "depth", detail=True),
    integer("inputs", "inputs", detail=True),
    Column("witnessed", "witnessed\nin cycle", detail=True),
    Column("result", "result"),
    Column("fault", "seeded fault", wraps=True),
    Column("fault_found", "found", lambda found: "yes" if found else "NO"),
)


def holds_to(depth: int) -> str:
    """The result of a check that looked at all traces of ``depth`` clock cycles from reset, and no further."""
    return f"holds to depth {depth}"


@dataclass(frozen=True)
class Check:
    """A property of a unit at a size, together with a fault that shows that the property can fail.

    Parameters
    ----------
    unit, config : str
        Unit that is checked, and its size and formats.
    property : str
        The property, as a sentence.
    fault : str
        The seeded fault that the same check is run against.
    run : callable
        Tries the property and the fault, keeping its files in the folder that it is given. Picklable. Returns what it
        found: ``method``, ``depth`` (k, bound or None), ``inputs`` (operand combinations where it is exhaustive, else
        None), ``result`` (:data:`PROVEN`, :func:`holds_to` a depth, :data:`FAILS`, :data:`UNDECIDED` or
        :data:`NOT_COVERED`) and ``fault_found`` (bool).
    """

    unit: str
    config: str
    property: str
    fault: str
    run: Callable[[Path], dict]

    def identity(self) -> dict:
        """The check as flat fields, with which its row begins."""
        return {"unit": self.unit, "config": self.config, "property": self.property}

    def row(self, folder: Path) -> dict:
        """Run the check: its row of the table, flat."""
        found = {"method": None, "depth": None, "inputs": None} | self.run(folder)
        fault_found = found.pop("fault_found")
        return self.identity() | found | {"fault": self.fault, "fault_found": fault_found}

    @staticmethod
    def passed(row: dict) -> bool:
        """Whether the property of a row holds and its fault was found."""
        return row["result"] not in (FAILS, UNDECIDED, NOT_COVERED) and row["fault_found"]
