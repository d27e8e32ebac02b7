"""Packing of payloads against integers put together one by one, and which items leave a unit."""

import numpy as np
import pytest
from amaranth.hdl import signed
from amaranth.lib import data

from softermax.model.framing import frame
from softermax.model.shape import RowShape
from softermax.sim.streams import PackedStream, UnitStreams, join

LAYOUTS = {
    "a bit": {"last": 1},
    "lanes and flags": {"x": data.ArrayLayout(signed(8), 5), "keep": 5, "last": 1},
    "odd widths": {"u": data.ArrayLayout(13, 3), "maximum": signed(7), "sum": 41, "flag": 1},
    "just two words": {"y": data.ArrayLayout(16, 4)},
    "wide lanes": {"y": data.ArrayLayout(signed(33), 2), "z": 64},
}


@pytest.mark.parametrize("members", LAYOUTS.values(), ids=LAYOUTS)
def test_payloads_are_the_fields_lowest_first(members):
    layout, rng = data.StructLayout(members), np.random.default_rng(1)
    fields, expected = {}, [0] * 9
    for name, field in layout:
        lanes = field.shape.length if isinstance(field.shape, data.ArrayLayout) else 1
        bits = field.width // lanes
        raw = [[int(rng.integers(1 << 63)) % (1 << bits) for _ in range(lanes)] for _ in range(9)]
        negative = bool(rng.integers(2)) and bits < 64
        values = [[value - (1 << bits) if negative and value >> (bits - 1) else value for value in row] for row in raw]
        fields[name] = np.array(values, np.int64 if negative else np.uint64).reshape(9, *([lanes] if lanes > 1 else []))
        for item, row in enumerate(raw):
            expected[item] |= sum(value << (field.offset + lane * bits) for lane, value in enumerate(row))
    packed = PackedStream.pack(layout, fields)
    assert packed.payloads == expected
    assert packed.width == layout.size
    assert packed.words.shape == (9, -(-layout.size // 32))
    assert packed.only(np.arange(9) > 4).payloads == expected[5:]


def test_a_row_delivers_its_last_summary():
    last = np.array([0, 1, 1, 0, 0, 1], bool)
    stream = PackedStream(np.arange(6, dtype=np.uint32)[:, None], 3)
    unit = UnitStreams({}, {"o": stream, "row": stream}, frame(last, RowShape(lanes=1, max_len=9)))
    assert unit.sinks["o"].payloads == [0, 1, 2, 3, 4, 5]
    assert unit.sinks["row"].payloads == [1, 2, 5]
    assert [unit.row_of("o", item) for item in range(6)] == [0, 0, 1, 2, 2, 2]
    assert [unit.row_of("row", item) for item in range(3)] == [0, 1, 2]


def test_rows_of_matrices_are_filled_up_to_whole_words():
    packed = join([np.array([[1, -1, 3]], np.int8), np.array([[4, 5], [6, 7]], np.int8)], 2)
    assert packed.payloads == [0xFF01, 0x0003, 0x0504, 0x0706]
    assert packed.width == 16
