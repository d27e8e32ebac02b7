"""e**x: all 65,536 operands against float64."""

import re

import numpy as np
import pytest

from softermax.flows.cosimulation.binary16 import exponential_errors
from softermax.model.binary16 import INFINITY, NAN, ONE
from softermax.model.exponential import EXPONENTIAL, Exponential, exponential

EVERYTHING = np.arange(1 << 16).astype(np.uint16)


@pytest.mark.parametrize("segments", [32, 64, 2048])
def test_every_operand_is_within_a_unit_in_the_last_place(segments):
    assert exponential_errors(Exponential(segments)).max() < 1


def test_an_operand_out_of_place_is_noticed():
    off_by_two = lambda x: exponential(x) + (x == 0xC000) * np.uint16(2)  # noqa: E731
    assert np.flatnonzero(exponential_errors(off_by_two) > 1).tolist() == [0xC000]


@pytest.mark.parametrize(
    ("x", "result"),
    [
        (0x0000, ONE),
        (0x8000, ONE),
        (0x83FF, ONE),  # a subnormal
        (INFINITY, INFINITY),
        (0x8000 | INFINITY, 0),
        (0xFC01, NAN),
        (0x7FFF, NAN),
        (0x498C, INFINITY),  # 11.09375
        (0xC8DB, 0),  # -9.7109375
    ],
)
def test_what_the_definition_says(x, result):
    assert int(exponential(x)) == result


def test_it_rises():
    for negative, operands in ((True, EVERYTHING[0x8000:0xFC01]), (False, EVERYTHING[:0x7C01])):
        steps = np.diff(exponential(operands).astype(int))
        # The lines of neighbouring segments meet within a unit.
        assert (-steps if negative else steps).min() >= -1


def test_any_shape():
    assert EXPONENTIAL(np.zeros((2, 3), np.uint16)).tolist() == [[ONE] * 3] * 2


@pytest.mark.parametrize("segments", [16, 48, 4096])
def test_segments_must_be_enough(segments):
    text = f"segments must be a power of two from 32 to 2048, not {segments}"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Exponential(segments)
