"""Framing: rows are cut at the greatest length, what follows is dropped, and what is kept is numbered."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from softermax.model.framing import Entrance, frame
from softermax.model.shape import RowShape

from .strategies import examples


def shape_of(max_slices):
    """One lane, so that slices are elements."""
    return RowShape(lanes=1, max_len=max_slices)


def ends(lengths):
    """End-of-row flags of rows of these lengths."""
    return [place == length - 1 for length in lengths for place in range(length)]


def frame_in_plain_loops(last, max_slices):
    """What the hardware's counter does."""
    kept, ends, overlong, position = [], [], [], 0
    for end in last:
        kept.append(position < max_slices)
        if kept[-1]:
            cut = position == max_slices - 1 and not end
            ends.append(end or cut)
            overlong.append(cut)
        position = 0 if end else position + 1
    return kept, ends, overlong


@examples(200)
@given(st.lists(st.booleans(), max_size=60), st.integers(1, 6))
@example([], 3)
@example([False] * 10, 3)
@example([True] * 4, 1)
@example([False, False, True, True, False, True], 2)
def test_frame_equals_plain_loops(last, max_slices):
    framing = frame(np.array(last, bool), shape_of(max_slices))
    result = framing.kept.tolist(), framing.last.tolist(), framing.overlong.tolist()
    assert result == frame_in_plain_loops(last, max_slices)


def test_frame_cuts_and_drops():
    framing = frame(ends([2, 5, 3, 1]), shape_of(3))
    assert framing.kept.tolist() == [True] * 5 + [False] * 2 + [True] * 4
    assert framing.last.tolist() == [False, True, False, False, True, False, False, True, True]
    assert framing.overlong.tolist() == [False] * 4 + [True] + [False] * 4


def test_the_entrance_numbers_what_is_kept():
    entrance = Entrance(frame(ends([1, 3, 1]), shape_of(2)))
    seen = [(entrance.keeps, entrance.take()) for _ in range(5)]
    assert seen == [(True, 0), (True, 1), (True, 2), (False, None), (True, 3)]
    assert entrance.keeps  # what may come next
