"""Stimuli and expected items of a testbench at the ports of each stream of a unit."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Shape
from amaranth.lib import data
from amaranth.lib.wiring import Component

from softermax.hw.axi_stream import ROW_FLAGS, lane_bytes
from softermax.sim.streams import PackedStream

from ..designs.traffic import Example
from .ports import axi_prefixes, numbers_of

__all__ = ["Channel", "channels_of"]


@dataclass(frozen=True)
class Channel:
    """A stream of a unit.

    Attributes
    ----------
    name : str
        Name of the stream.
    is_source : bool
        Whether the unit takes it.
    valid, ready : str
        Ports.
    ports : tuple of (str, int)
        The other ports with their bits, the lowest of an item first.
    items : list of int
        Items that pass, in order.
    """

    name: str
    is_source: bool
    valid: str
    ready: str
    ports: tuple[tuple[str, int], ...]
    items: list[int]

    @property
    def width(self) -> int:
        """Bits of an item."""
        return sum(width for _, width in self.ports)


def channels_of(component: Component, example: Example) -> list[Channel]:
    """The streams of a component over an example, sources first."""
    found = []
    for is_source, streams in ((True, example.sources), (False, example.sinks)):
        for name, stream in streams.items():
            if axi_prefixes(component):
                found.append(_axi_channel(component, name, is_source, stream, example.packets.get(name)))
            else:
                ports = ((f"{name}__payload", stream.width),)
                found.append(Channel(name, is_source, f"{name}__valid", f"{name}__ready", ports, stream.payloads))
    return found


def _axi_channel(component: Component, name: str, is_source: bool, stream: PackedStream, packet: int | None) -> Channel:
    """A stream as AXI4-Stream has it."""
    prefix = {"i": "s_axis", "o": "m_axis"}.get(name, f"s_axis_{name}")
    shape = axi_prefixes(component)[prefix]
    field, numbers = numbers_of(shape)
    size = lane_bytes(numbers)
    ports = {f"{prefix}_tdata": 8 * size * numbers.length, f"{prefix}_tkeep": size * numbers.length}
    ports |= {f"{prefix}_tlast": 1}
    if f"{prefix}_tuser" in component.signature.members:
        ports |= {f"{prefix}_tuser": len(ROW_FLAGS)}
    items = []
    for place, payload in enumerate(stream.payloads):
        kept, last = _framing(shape, payload, place, numbers.length, packet)
        fields = (_bytes(payload, shape, field, numbers), _repeated(kept, numbers.length, size), last)
        fields += (sum(_bit(shape, payload, flag) << bit for bit, flag in enumerate(ROW_FLAGS)),)
        items.append(_join(fields, tuple(ports.values())))
    return Channel(name, is_source, f"{prefix}_tvalid", f"{prefix}_tready", tuple(ports.items()), items)


def _framing(shape: data.Layout, payload: int, place: int, lanes: int, packet: int | None) -> tuple[int, int]:
    """A bit for each lane of a beat that is kept, and whether the beat is the last, of so many numbers or of a row."""
    if packet is None:
        kept = _value(shape, payload, "keep") if _has(shape, "keep") else (1 << lanes) - 1
        return kept, _bit(shape, payload, "last")
    before = place % -(-packet // lanes) * lanes
    return (1 << min(lanes, packet - before)) - 1, int(before + lanes >= packet)


def _has(shape: data.Layout, name: str) -> bool:
    return isinstance(shape, data.StructLayout) and name in shape.members


def _value(shape: data.StructLayout, payload: int, name: str) -> int:
    return payload >> shape[name].offset & (1 << shape[name].width) - 1


def _bit(shape: data.Layout, payload: int, name: str) -> int:
    """A flag, 0 where there is none."""
    return _value(shape, payload, name) if _has(shape, name) else 0


def _bytes(payload: int, shape: data.Layout, field: str, numbers: data.ArrayLayout) -> int:
    """The numbers of a payload in whole bytes each, filled up with the sign if they have one."""
    array = _value(shape, payload, field) if field else payload
    element, width = Shape.cast(numbers.elem_shape), 8 * lane_bytes(numbers)
    packed = 0
    for lane in range(numbers.length):
        number = array >> lane * element.width & (1 << element.width) - 1
        if element.signed and number >> element.width - 1:
            number -= 1 << element.width
        packed |= (number & (1 << width) - 1) << lane * width
    return packed


def _repeated(bits: int, length: int, times: int) -> int:
    """Each bit several times."""
    return sum(((1 << times) - 1) << place * times for place in range(length) if bits >> place & 1)


def _join(values: tuple[int, ...], widths: tuple[int, ...]) -> int:
    """Values in one number, the first lowest; those without a width are left out."""
    joined = place = 0
    for value, width in zip(values, widths, strict=False):
        joined |= value << place
        place += width
    return joined
