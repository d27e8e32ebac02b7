"""The comment at the top of a unit's Verilog, which says all that its user must know."""

from __future__ import annotations

import math
import shlex
import textwrap
from importlib import metadata

from amaranth.lib.wiring import Component

from softermax.model.equal_scores import equal_scores

from ..design_points import DesignPoint, option_text
from .ports import Port, ports_of

__all__ = ["command_line", "header"]

#: Characters of a line, and of its first column.
WIDTH, COLUMN = 100, 14
#: Units that turn scores into probabilities.
WHOLE = ("softmax", "pe")
#: How the command line calls options that configs call otherwise, and those that take no value.
OPTIONS = {"input": "--input-format", "output": "--output-format"}
PLAIN = ("normalizer", "rounding", "guard_bits", "cuts", "max_d_head")
FLAGS = ("saturate", "values")
PORTS = (
    "Ports, with the bits of each from the lowest. Inputs are sampled at the rising edge of the clock. A payload is "
    "taken in a cycle in which valid and ready are both 1; until then, it stays as it is."
)
FORMATS = (
    "Q(m,n): two's complement with m bits before the point, the sign among them, and n behind it; UQ(m,n): the same "
    "without a sign."
)


def command_line(point: DesignPoint, *, macros: bool = False) -> str:
    """The command that makes a point's Verilog."""
    words = ["softermax", "verilog", point.unit, "--preset", point.preset]
    words += ["--lanes", str(point.lanes), "--max-len", str(point.max_len)]
    for name, value in point.options:
        if name in FLAGS:
            words.append(f"--{name}")
        elif name in OPTIONS or name in PLAIN:
            words += [OPTIONS.get(name, "--" + name.replace("_", "-")), option_text(value)]
        else:
            words += ["--option", f"{name}={option_text(value)}"]
    return shlex.join([*words, *(["--axi-stream"] if point.axi_stream else []), *(["--macros"] if macros else [])])


def header(point: DesignPoint, component: Component, *, macros: bool) -> str:
    """The comment, the same on every run; its lines end with a line feed.

    Parameters
    ----------
    component : Component
        Component of the point.
    macros : bool
        Whether memories are SRAM macros.
    """
    formats = point.entry.formats(point.config)
    if "softmax" in point.design.units:
        formats = point.design.units["softmax"].formats(point.softmax_config) | formats
    facts = [
        ("Made by", command_line(point, macros=macros)),
        ("Version", f"softermax {metadata.version('softermax')}"),
        ("Module", f"{point.name}: {point.entry.title}"),
        ("Preset", f"{point.preset}: {point.design.title}"),
        ("Latency", _latency(point, component)),
        ("Throughput", _throughput(point)),
        ("Error bound", _error_bound(point) + _whole(point)),
        ("Row sums", _row_sums(point) + _whole(point)),
        ("Longest row", f"{_numbers(point.softmax_config.capacity)}. {point.entry.longest}"),
        ("Licence", f"{point.design.license}; source: {point.design.source}"),
    ]
    lines = [line for name, text in facts for line in _fact(name, text)]
    lines += ["", *textwrap.wrap(PORTS, WIDTH)]
    lines += [line for port in ports_of(component, formats) for line in _port(port)]
    lines += ["", *textwrap.wrap(FORMATS, WIDTH)]
    return "".join(f"// {line}".rstrip() + "\n" for line in lines)


def _latency(point: DesignPoint, component: Component) -> str:
    cycles = getattr(component, "latency", None)
    return point.entry.latency if cycles is None else f"{_counted(cycles, 'clock cycle')} {point.entry.latency}"


def _throughput(point: DesignPoint) -> str:
    if not point.entry.traffic.unbroken:
        return "depends on the head, as the latency does"
    return f"a slice of {_numbers(point.lanes)} per clock cycle, without a pause between rows"


def _error_bound(point: DesignPoint) -> str:
    bound = point.design.error_bound(point.softmax_config)
    if not math.isfinite(bound):
        return "none is known below 1 for these formats; `softermax info` prints errors on real attention scores"
    exponential_base = point.softmax_config.arithmetic.exponential_base
    base = "2" if exponential_base == 2 else "e"
    return f"{bound:.6g} for each probability, against exact base-{base} softmax of the scores as they come in"


def _whole(point: DesignPoint) -> str:
    """Addition to facts that hold for probabilities, in a unit that is one half of a softmax."""
    return "" if point.unit in WHOLE else "; of a complete softmax with this unit"


def _row_sums(point: DesignPoint) -> str:
    found = equal_scores(point.softmax_config)
    smallest = f"{found.smallest:.4g} ({_numbers(found.at_smallest)})"
    largest = f"{found.largest:.4g} ({_numbers(found.at_largest)})"
    return f"{smallest} to {largest} in rows of equal numbers, 1 in exact softmax"


def _numbers(count: int) -> str:
    return _counted(count, "number")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _fact(name: str, text: str) -> list[str]:
    """Lines of a name and what belongs to it, on whichever characters it has."""
    text = " ".join(text.split())
    wrapped = textwrap.wrap(text, WIDTH - COLUMN, break_long_words=False, break_on_hyphens=False)
    return [f"{first:{COLUMN}}{line}" for first, line in zip([name, *[""] * len(wrapped)], wrapped, strict=False)]


def _port(port: Port) -> list[str]:
    direction = "input" if port.is_input else "output"
    bits = f"{port.width} bit{'s' if port.width > 1 else ''}"
    if len(port.fields) == 1 and port.fields[0][:2] == (0, port.width):
        return _indented(f"  {port.name} ({direction}, {bits}): {port.fields[0][2]}", 6)
    lines = [f"  {port.name} ({direction}, {bits})" + (":" if port.fields else "")]
    for low, size, meaning in port.fields:
        place = f"[{low}]" if size == 1 else f"[{low + size - 1}:{low}]"
        lines += _indented(f"    {place:10} {meaning}", 15)
    return lines


def _indented(text: str, by: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * by, break_long_words=False, break_on_hyphens=False)
