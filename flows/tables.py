"""Tables of results for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

__all__ = ["print_table"]

#: Columns by field of the flat results: heading, and how a value is shown.
COLUMNS = {
    "unit": ("unit", str),
    "preset": ("preset", str),
    "lanes": ("lanes", str),
    "max_len": ("max_len", str),
    "latency": ("latency\n/cycles", str),
    "throughput": ("slices\n/cycle", "{:.3f}".format),
    "cycles_compared": ("cycles\ncompared", "{:,}".format),
    "mismatches": ("mis-\nmatches", "{:,}".format),
    "cells": ("cells", "{:,}".format),
    "flops": ("flops", "{:,}".format),
    "area": ("area\n{area_unit}", "{:,.1f}".format),
    "sequential_area": ("sequent.\n{area_unit}", "{:,.1f}".format),
    "area_per_lane": ("per lane\n{area_unit}", "{:,.1f}".format),
    "verilog": ("file", str),
}


def print_table(results: Sequence[dict], console: Console, *, title: str):
    """Print flat results as a table: the fields of :data:`COLUMNS` that they have."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    fields = [field for field in COLUMNS if field in results[0]]
    for field in fields:
        heading, _ = COLUMNS[field]
        numeric = not isinstance(results[0][field], str)
        table.add_column(heading.format_map(results[0]), justify="right" if numeric else "left", no_wrap=True)
    for result in results:
        table.add_row(*("-" if result[field] is None else COLUMNS[field][1](result[field]) for field in fields))
    console.print(table)
