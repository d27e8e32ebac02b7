"""Tables of results for people."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.box import MARKDOWN, SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

__all__ = ["markdown_table", "print_table"]

#: Fields that are sentences, which take several lines.
SENTENCES = ("property", "fault")
#: Columns by field of the flat results: heading, and how a value is shown.
COLUMNS = {
    "task": ("task", str),
    "arm": ("attention", str),
    "training": ("training", str),
    "measure": ("measure", str),
    "seeds": ("seeds", str),
    "examples": ("examples", "{:,}".format),
    "value": ("value", "{:.2f}".format),
    "se": ("se", "{:.2f}".format),
    "se_seeds": ("se of\nseeds", "{:.2f}".format),
    "difference": ("differ-\nence", "{:+.2f}".format),
    "difference_se": ("paired\nse", "{:.2f}".format),
    "difference_se_seeds": ("se of\nseeds", "{:.2f}".format),
    "gained": ("gained", "{:,}".format),
    "lost": ("lost", "{:,}".format),
    "p": ("p", "{:.3f}".format),
    "place": ("place", str),
    "unit": ("unit", str),
    "operator": ("operator", str),
    "choice": ("choice", str),
    "preset": ("preset", str),
    "normalizer": ("normalizer", str),
    "lanes": ("lanes", str),
    "max_len": ("max_len", str),
    "values": ("gives", lambda values: "context" if values else "probabilities"),
    "mutants": ("mutants", "{:,}".format),
    "killed": ("killed", "{:,}".format),
    "equivalent": ("equi-\nvalent", "{:,}".format),
    "survived": ("survived", "{:,}".format),
    "score": ("score", "{:.2%}".format),
    "config": ("config", str),
    "property": ("property", str),
    "method": ("method", str),
    "depth": ("depth", str),
    "inputs": ("inputs", "{:,}".format),
    "witnessed": ("witnessed\nin cycle", str),
    "result": ("result", str),
    "fault": ("seeded fault", str),
    "fault_found": ("found", lambda found: "yes" if found else "NO"),
    "axi_stream": ("ports", lambda axi_stream: "AXI4-Stream" if axi_stream else "own"),
    "point": ("coverage point", str),
    "points": ("points", "{:,}".format),
    "bins": ("bins", "{:,}".format),
    "hit": ("hit", "{:,}".format),
    "covered": ("covered", "{:.1%}".format),
    "layer": ("layer", str),
    "head": ("head", str),
    "least": ("least\nscore", "{:.2f}".format),
    "p50": ("median", "{:.2f}".format),
    "p99": ("99 %", "{:.2f}".format),
    "p99_999": ("99.999 %", "{:.2f}".format),
    "greatest": ("greatest", "{:.2f}".format),
    "clipped_above": ("clipped\nabove", "{:.3%}".format),
    "clipped_below": ("clipped\nbelow", "{:.3%}".format),
    "zero_point": ("zero\npoint", str),
    "moved_clipped_above": ("moved:\nabove", "{:.3%}".format),
    "moved_clipped_below": ("moved:\nbelow", "{:.3%}".format),
    "entropy": ("entropy\n/bits", "{:.2f}".format),
    "max_probability": ("largest\nprob.", "{:.3f}".format),
    "tokens": ("tokens", "{:,}".format),
    "d_head": ("d_head", str),
    "mac_cycles": ("MAC\ncycles", "{:,}".format),
    "traffic": ("traffic", str),
    "slices_compared": ("slices\ncompared", "{:,}".format),
    "rows_compared": ("rows", "{:,}".format),
    "cycles": ("cycles", "{:,}".format),
    "slices_per_cycle": ("slices\n/cycle", "{:.3f}".format),
    "stalled_in": ("stalled\nin", "{:,}".format),
    "stalled_out": ("stalled\nout", "{:,}".format),
    "resets": ("resets", "{:,}".format),
    "bubbles": ("bubbles", "{:,}".format),
    "wrong": ("wrong", "{:,}".format),
    "lost_or_repeated": ("lost or\nrepeated", "{:,}".format),
    "utilisation": ("utili-\nsation", "{:.4f}".format),
    **{
        f"{preset}_{error}": (f"{preset}\n{heading}", show)
        for preset in ("paper", "faithful", "fp16")
        for error, heading, show in (
            ("max_error", "largest", "{:.4f}".format),
            ("median_error", "median", "{:.4f}".format),
            ("row_sum", "row sum", "{:.3f}".format),
            ("context_error", "context", "{:.4f}".format),
        )
    },
    "netlist": ("netlist", str),
    "latency": ("latency\n/cycles", str),
    "throughput": ("slices\n/cycle", "{:.3f}".format),
    "cycles_compared": ("cycles\ncompared", "{:,}".format),
    "mismatches": ("mis-\nmatches", "{:,}".format),
    "cells": ("cells", "{:,}".format),
    "flops": ("flops", "{:,}".format),
    "unnormed": ("numer-\nator", str),
    "reciprocal": ("recip-\nrocal", str),
    "reciprocal_segments": ("segment\nindex", str),
    "mantissa_guard_bits": ("guard\nbits", str),
    "product": ("product", str),
    "power_sum": ("power\nsum", str),
    "modelled": ("modelled\n/um2", "{:,.1f}".format),
    "unnormed_area": ("unnormed\n{area_unit}", "{:,.1f}".format),
    "normalization_area": ("normalization\n{area_unit}", "{:,.1f}".format),
    "area": ("area\n{area_unit}", "{:,.1f}".format),
    "sequential_area": ("sequent.\n{area_unit}", "{:,.0f}".format),
    "input": ("input", str),
    "output": ("output", str),
    "widths": ("widths", str),
    "random": ("random\n/ulp", "{:.3f}".format),
    "built": ("built\n/ulp", "{:.3f}".format),
    "searched": ("searched\n/ulp", "{:.3f}".format),
    "bound": ("bound\n/ulp", "{:.4f}".format),
    "bound_a_bit_less": ("a bit less\n/ulp", "{:.4f}".format),
    "row_sum_min": ("row sum\nleast", "{:.3f}".format),
    "row_sum_max": ("row sum\ngreatest", "{:.3f}".format),
    "memory_area": ("memories\n{area_unit}", "{:,.0f}".format),
    "softmax_area": ("softmax\n{area_unit}", "{:,.0f}".format),
    "rest_area": ("the rest\n{area_unit}", "{:,.0f}".format),
    "logic_area": ("logic\n{area_unit}", "{:,.1f}".format),
    "net_switching_energy": ("nets\n{energy_unit}", "{:,.2f}".format),
    "cells_energy": ("cells\n{energy_unit}", "{:,.2f}".format),
    "clock_energy": ("clock\n{energy_unit}", "{:,.2f}".format),
    "leakage_energy": ("leakage\n{energy_unit}", "{:,.2f}".format),
    "memory_energy": ("memories\n{energy_unit}", "{:,.2f}".format),
    "softmax_energy": ("softmax\n{energy_unit}", "{:,.2f}".format),
    "energy_per_row": ("row\n{energy_unit}", "{:,.2f}".format),
    "glitch_factor": ("glitch\nfactor", "{:.2f}".format),
    "energy_with_glitches": ("row with\nglitches", "{:,.2f}".format),
    "period": ("period\n/ps", "{:,.1f}".format),
    "opensta_period": ("OpenSTA\n/ps", "{:,.1f}".format),
    "period_in_fo4": ("period\n/FO4", "{:,.1f}".format),
    **{
        field: (heading, "{:,.3f}".format)
        for name in ("internal", "switching", "leakage")
        for field, heading in (
            (name, f"{name}\n/fJ"),
            (f"opensta_{name}", "OpenSTA\n/fJ"),
            (f"{name}_ratio", "ratio"),
        )
    },
    "starts": ("from", str),
    "ends": ("to", str),
    "net": ("net", str),
    "driver": ("driven by", str),
    "edge": ("edge", str),
    "arrival": ("at\n/ps", "{:,.1f}".format),
    "delay": ("delay\nps", "{:,.0f}".format),
    "area_per_lane": ("per lane\n{area_unit}", "{:,.1f}".format),
    "area_ratio": ("area of\nbaseline", "{:.3f}".format),
    "energy_ratio": ("energy of\nbaseline", "{:.3f}".format),
    "energy_with_glitches_ratio": ("with\nglitches", "{:.3f}".format),
    "energy_ratio_half_memory": ("half the\nmemory", "{:.3f}".format),
    "energy_ratio_double_memory": ("twice the\nmemory", "{:.3f}".format),
    "paper_energy_ratio": ("the\npaper's", "{:.2f}".format),
    "softmax_area_ratio": ("softmax of\nbaseline's", "{:.3f}".format),
    "paper_area_ratio": ("the\npaper's", "{:.2f}".format),
    "equivalence": ("equivalence", str),
    "verilog": ("file", str),
}


def print_table(results: Sequence[dict], console: Console, *, title: str):
    """Print flat results as a table: the fields of :data:`COLUMNS` of which any result has a value."""
    console.print(_table(results, title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False))


def markdown_table(results: Sequence[dict]) -> str:
    """Flat results as a table in Markdown."""
    file = io.StringIO()
    Console(file=file, width=1000).print(_table(results, box=MARKDOWN))
    return "\n".join(line.strip() for line in file.getvalue().strip().splitlines()) + "\n"


def _table(results: Sequence[dict], *, box: Box, **style) -> Table:
    table = Table(box=box, **style)
    lines = " " if box is MARKDOWN else "\n"
    fields = [field for field in COLUMNS if any(_says(result.get(field)) for result in results)]
    for field in fields:
        heading, _ = COLUMNS[field]
        numeric = not any(isinstance(result.get(field), str) for result in results)
        heading = heading.format_map(results[0]).replace("\n", lines)
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=field not in SENTENCES)
    for result in results:
        table.add_row(*("-" if result.get(field) is None else COLUMNS[field][1](result[field]) for field in fields))
    return table


def _says(value) -> bool:
    """Whether a value is one, and not the choice that nobody made."""
    return value is not None and value is not False
