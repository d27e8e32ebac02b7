"""Columns: how a field of flat results is shown to people, or that it is not.

Each measure declares the columns of its results. A field that no column describes is shown under its own name, so that
nothing that was measured is dropped by mistake; what is left out on purpose is declared :func:`hidden`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

__all__ = [
    "AREA",
    "CELLS",
    "COMPARED",
    "CYCLES",
    "D_HEAD",
    "FLOPS",
    "LATENCY",
    "POINT",
    "TOKENS",
    "Column",
    "hidden",
    "integer",
    "merged",
    "real",
    "shown_columns",
    "undeclared",
]


@dataclass(frozen=True)
class Column:
    """How one field of the results is shown.

    Parameters
    ----------
    field : str
        Name of the field; of a hidden one also a pattern such as ``*_area``, for fields named after parts of a unit.
    heading : str
        May take several lines, and name other fields of the results, such as ``{area_unit}``.
    show : callable
        Text of a value.
    hidden : bool
        Whether tables leave the field out. JSON and CSV have it all the same.
    wraps : bool
        Whether the values are sentences, which may take several lines.
    detail : bool
        Whether a table that is too wide for its terminal may leave the field out, the last such field first. Fields
        that tell results apart, and what a measure is named after, are no details.
    """

    field: str
    heading: str
    show: Callable[[object], str] = str
    hidden: bool = False
    wraps: bool = False
    detail: bool = False

    def describes(self, field: str) -> bool:
        """Whether this is the column of a field."""
        return fnmatchcase(field, self.field)

    def text(self, result: dict) -> str:
        """Text of a result's value, a dash without one."""
        value = result.get(self.field)
        return "-" if value is None else self.show(value)

    def one_line_heading(self, result: dict) -> str:
        """The heading in a line, words that it parts put together again."""
        return self.heading.replace("-\n", "").replace("\n", " ").format_map(result)


def hidden(*fields: str) -> tuple[Column, ...]:
    """Columns of fields that tables leave out on purpose."""
    return tuple(Column(field, field, hidden=True) for field in fields)


def integer(field: str, heading: str, *, detail: bool = False) -> Column:
    """A column of whole numbers with separators of thousands."""
    return Column(field, heading, "{:,}".format, detail=detail)


def real(field: str, heading: str, digits: int, *, detail: bool = False) -> Column:
    """A column of real numbers with some digits behind the point and separators of thousands."""
    return Column(field, heading, f"{{:,.{digits}f}}".format, detail=detail)


#: Columns of the identity of a design point, with which its results begin.
POINT = (
    Column("unit", "unit"),
    Column("preset", "preset"),
    Column("normalizer", "normalizer"),
    Column("rounding", "rounding"),
    Column("lanes", "lanes"),
    Column("max_len", "max_len"),
    Column("values", "gives", lambda values: "context" if values else "probabilities"),
    Column("axi_stream", "ports", lambda axi_stream: "AXI4-Stream" if axi_stream else "own"),
    Column("input", "input"),
    Column("output", "output"),
    *hidden("max_d_head", "guard_bits", "saturate", "cuts", "base"),
)
#: Columns of fields that several measures have.
AREA = real("area", "area\n{area_unit}", 1)
CELLS, FLOPS, CYCLES = (integer(field, field, detail=True) for field in ("cells", "flops", "cycles"))
TOKENS = integer("tokens", "tokens")
D_HEAD = Column("d_head", "d_head")
LATENCY = Column("latency", "latency\n/cycles")
#: Columns that every co-simulation has.
COMPARED = (
    integer("cycles_compared", "cycles\ncompared", detail=True),
    integer("mismatches", "mis-\nmatches"),
    *hidden("first_mismatch"),
)


def merged(*groups: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of several measures together, each field once, at its first place."""
    columns: dict[str, Column] = {}
    for group in groups:
        for column in group:
            columns.setdefault(column.field, column)
    return tuple(columns.values())


def shown_columns(results: Sequence[dict], columns: Sequence[Column]) -> list[Column]:
    """The columns of a table: the declared ones of which any result has a value, then one for each undeclared field."""
    declared = [
        column
        for column in columns
        if not column.hidden and any(_is_value(result.get(column.field)) for result in results)
    ]
    return declared + [Column(field, field, detail=True) for field in undeclared(results, columns)]


def _is_value(value) -> bool:
    """Whether a declared field has information: False is an option that was not chosen."""
    return value is not None and value is not False


def undeclared(results: Sequence[dict], columns: Sequence[Column]) -> list[str]:
    """Fields that have a value in any result, and that no column describes; lists and dicts are for JSON only."""
    fields = dict.fromkeys(field for result in results for field in result)
    return [
        field
        for field in fields
        if any(result.get(field) is not None for result in results)
        and not any(isinstance(result.get(field), list | dict) for result in results)
        and not any(column.describes(field) for column in columns)
    ]
