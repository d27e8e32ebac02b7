"""Ports of a component, and what their bits are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amaranth.hdl import Shape
from amaranth.lib import data
from amaranth.lib.wiring import Component, In

from softermax.hw.axi_stream import ROW_FLAGS, lane_bytes
from softermax.model import QFormat
from softermax.model.pe import Register

__all__ = ["Port", "axi_prefixes", "numbers_of", "ports_of"]


#: Ports that belong to no stream.
TOLD = {
    "aclk": "clock",
    "aresetn": "synchronous reset, low to reset",
    "done": "the head is done, as in STATUS",
    "csr__address": "register, " + ", ".join(f"{register.value} {register.name}" for register in Register),
    "csr__read_data": "comes in the cycle after read_strobe, else 0",
} | {
    f"{matrix}_ends_{when}": f"high for a cycle when a packet of {matrix} ends too {when}"
    for matrix in "kqv"
    for when in ("early", "late")
}


@dataclass(frozen=True)
class Port:
    """A port of the Verilog module.

    Attributes
    ----------
    name : str
    is_input : bool
    width : int
        In bits.
    fields : tuple of (int, int, str)
        Lowest bit, bits and meaning of each field, the lowest first.
    """

    name: str
    is_input: bool
    width: int
    fields: tuple[tuple[int, int, str], ...] = ()


#: The clock and the reset that Amaranth gives a module without its own.
CLOCK = (Port("clk", True, 1), Port("rst", True, 1, ((0, 1, "synchronous reset, high to reset"),)))


def ports_of(component: Component, formats: Mapping[str, QFormat | str]) -> list[Port]:
    """All ports, clock and reset first where the component does not name its own.

    Parameters
    ----------
    formats : mapping
        Formats of the numbers in payloads, by field.
    """
    ports = [] if "aclk" in component.signature.members else list(CLOCK)
    prefixes = axi_prefixes(component)
    for path, member, _ in component.signature.flatten(component):
        name = "__".join(map(str, path))
        shape = member.shape
        prefix, _, signal = name.rpartition("_")
        if prefix in prefixes:
            fields = _axi_fields(signal, *numbers_of(prefixes[prefix]), formats)
        else:
            fields = _fields(shape, formats)
        width = Shape.cast(shape).width
        if name in TOLD:
            fields = [(0, width, TOLD[name])]
        ports.append(Port(name, member.flow == In, width, tuple(fields)))
    return ports


def axi_prefixes(component: Component) -> dict[str, data.Layout]:
    """Prefixes of the AXI4-Stream ports, and the payload of the stream behind each."""
    prefixes = {}
    for name in component.signature.members:
        prefix, _, signal = name.rpartition("_")
        if signal == "tdata":
            stream = prefix.removeprefix("s_axis").removeprefix("m_axis").strip("_")
            stream = stream or ("i" if prefix == "s_axis" else "o")
            prefixes[prefix] = getattr(component.inner, stream).payload.shape()
    return prefixes


def numbers_of(payload: data.Layout) -> tuple[str, data.ArrayLayout]:
    """The name and the layout of the numbers in a payload: of its only array."""
    if isinstance(payload, data.ArrayLayout):
        return "", payload
    [numbers] = [(name, field.shape) for name, field in payload if isinstance(field.shape, data.ArrayLayout)]
    return numbers


def _axi_fields(signal: str, name: str, numbers: data.ArrayLayout, formats) -> list[tuple[int, int, str]]:
    """Fields of a signal of an AXI4-Stream that carries some numbers."""
    size = lane_bytes(numbers)
    if signal == "tdata":
        spare = f", in the low bits of {size} bytes each" if 8 * size > numbers.elem_shape.width else ""
        return [(0, 8 * size * numbers.length, f"{_array(name, numbers, formats)}{spare}")]
    if signal == "tkeep":
        return [(0, size * numbers.length, "a bit for each byte; a lane takes part if all of its bytes are kept")]
    if signal == "tuser":
        return [(place, 1, f"{flag}, of the row") for place, flag in enumerate(ROW_FLAGS)]
    return [(0, 1, "last of a row")] if signal == "tlast" else []


def _fields(shape, formats) -> list[tuple[int, int, str]]:
    """Fields of a payload."""
    if isinstance(shape, data.ArrayLayout):
        return [(0, shape.size, _array("", shape, formats))]
    if not isinstance(shape, data.StructLayout):
        return []
    return [(field.offset, field.width, _field(name, field.shape, formats)) for name, field in shape]


def _field(name: str, shape, formats) -> str:
    if isinstance(shape, data.ArrayLayout):
        return _array(name, shape, formats)
    if name == "keep":
        return "keep: a bit for each lane, lane 0 lowest, 1 where its number takes part"
    if name in FLAGS:
        return f"{name}: {FLAGS[name]}"
    return f"{name}: {_format(Shape.cast(shape), formats.get(name))}"


#: Fields of one bit.
FLAGS = {
    "last": "1 in the last slice of a row",
    "saturated": "1 if the power sum of the row has saturated",
    "overlong": "1 if the row was longer than the unit takes, and cut",
}


def _array(name: str, shape: data.ArrayLayout, formats) -> str:
    element = Shape.cast(shape.elem_shape)
    what = f"{name}: " if name else ""
    lanes = f"{shape.length} numbers of {element.width} bits, lane 0 lowest"
    return f"{what}{lanes}, {_format(element, formats.get(name))}"


def _format(shape: Shape, known: QFormat | str | None) -> str:
    if isinstance(known, str):
        return known
    sign = "signed" if shape.signed else "unsigned"
    return f"{known}, {sign}" if known is not None else f"{sign} integer"
