"""The one interface of all memories, behind which a platform can put a macro of its own."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from softermax.model.scalars import positive_int

__all__ = ["Sram"]


class Sram(wiring.Component):
    """A memory with a synchronous port to write and one to read.

    A read gives what was written before the same clock edge, the old word if that word is being written. What was read
    stays at ``read_data`` until the next read, so that it serves as an elastic register. Contents are undefined before
    they are written.

    It is Amaranth's own memory, unless the platform has a method ``sram``: that is called with this component, and
    what it returns is elaborated instead.

    Parameters
    ----------
    width, depth : int
        Bits of a word, and words.
    one_port : bool
        Whether it is never written and read in one cycle, so that a macro with one port will do.

    Members
    -------
    write_enable, read_enable : In, 1
    write_address, read_address : In
    write_data : In, ``width``
    read_data : Out, ``width``

    Raises
    ------
    ValueError
        If a size is no positive integer.
    """

    def __init__(self, width: int, depth: int, *, one_port: bool = False):
        width, depth = positive_int("width", width), positive_int("depth", depth)
        self.width, self.depth, self.one_port = width, depth, one_port
        address = ceil_log2(depth)
        super().__init__(
            {
                "write_enable": In(1),
                "write_address": In(address),
                "write_data": In(width),
                "read_enable": In(1),
                "read_address": In(address),
                "read_data": Out(width),
            }
        )

    def elaborate(self, platform):
        if hasattr(platform, "sram"):
            return platform.sram(self)
        m = Module()
        m.submodules.words = words = memory.Memory(shape=self.width, depth=self.depth, init=[])
        write, read = words.write_port(), words.read_port()
        m.d.comb += [
            write.en.eq(self.write_enable),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
            read.en.eq(self.read_enable),
            read.addr.eq(self.read_address),
            self.read_data.eq(read.data),
        ]
        return m
