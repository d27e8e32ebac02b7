"""Formats: ranges, rounding, saturation, notation and error texts."""

import re
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from softermax.model import UQ, Q, QFormat
from softermax.model.formats import integer_dtype

from .strategies import examples

formats = st.one_of(
    st.tuples(st.integers(1, 24), st.integers(0, 24)).map(lambda bits: Q(*bits)),
    st.tuples(st.integers(0, 24), st.integers(0, 24)).filter(any).map(lambda bits: UQ(*bits)),
)


@pytest.mark.parametrize(
    ("fmt", "width", "lowest", "highest"),
    [
        (Q(6, 2), 8, -128, 127),
        (UQ(1, 15), 16, 0, 65535),
        (UQ(10, 6), 16, 0, 65535),
        (UQ(0, 1), 1, 0, 1),
        (Q(1, 0), 1, -1, 0),
        (Q(24, 24), 48, -(2**47), 2**47 - 1),
        (UQ(24, 24), 48, 0, 2**48 - 1),
    ],
)
def test_width_and_range(fmt, width, lowest, highest):
    assert (fmt.width, fmt.min_raw, fmt.max_raw) == (width, lowest, highest)


def test_real_range_of_the_paper_scores():
    assert Q(6, 2).to_real([-128, -1, 127]).tolist() == [-32.0, -0.25, 31.75]
    assert Q(6, 2).ulp == 0.25


@pytest.mark.parametrize(
    ("real", "raw"),
    [(0.125, 0), (0.375, 2), (0.625, 2), (-0.125, 0), (-0.375, -2), (-0.625, -2), (0.126, 1), (-0.126, -1)],
)
def test_quantise_rounds_ties_to_even(real, raw):
    assert Q(6, 2).quantise([real])[0] == raw


@pytest.mark.parametrize(
    ("real", "raw"), [(31.75, 127), (31.8, 127), (32, 127), (np.inf, 127), (-33, -128), (-np.inf, -128)]
)
def test_quantise_saturates(real, raw):
    assert Q(6, 2).quantise([real])[0] == raw


def test_unsigned_quantise_clips_negatives_to_zero():
    assert UQ(1, 7).quantise([-0.01, -5.0, 2.0]).tolist() == [0, 0, 255]


@pytest.mark.parametrize("real", [1e308, -1e308])
def test_quantise_saturates_the_largest_floats_silently(real):
    """Scaling overflows float64 there, which is no news: the result saturates anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Q(6, 2).quantise([real])[0] == (127 if real > 0 else -128)


@examples(200)
@given(formats, st.floats(-(2.0**26), 2.0**26))
@example(UQ(24, 24), 2.0**24)
@example(Q(24, 24), -(2.0**23))
def test_quantise_is_the_nearest_raw_integer(fmt, real):
    nearest = round(Fraction(real) * 2**fmt.fraction_bits)  # Python rounds a Fraction's ties to even
    assert fmt.quantise([real])[0] == min(max(nearest, fmt.min_raw), fmt.max_raw)


@examples(100)
@given(formats, st.data())
def test_to_real_and_quantise_are_inverse(fmt, data):
    raw = data.draw(st.lists(st.integers(fmt.min_raw, fmt.max_raw)))
    assert fmt.quantise(fmt.to_real(raw)).tolist() == raw


def test_quantise_keeps_the_shape():
    assert Q(6, 2).quantise(np.zeros((2, 0, 3))).shape == (2, 0, 3)


def test_quantise_takes_a_single_number():
    assert Q(6, 2).quantise(1.0) == 4


@pytest.mark.parametrize(
    ("fmt", "dtype"),
    [(Q(6, 2), "i1"), (UQ(0, 7), "i1"), (UQ(1, 7), "i2"), (Q(8, 8), "i2"), (UQ(8, 8), "i4"), (Q(24, 24), "i8")],
)
def test_quantise_returns_the_narrowest_signed_type(fmt, dtype):
    assert fmt.quantise([0.0]).dtype == np.dtype(dtype)


@pytest.mark.parametrize(("bits", "size"), [(1, 1), (8, 1), (9, 2), (16, 2), (17, 4), (32, 4), (33, 8), (64, 8)])
def test_integer_dtype(bits, size):
    assert integer_dtype(bits) == np.dtype(f"i{size}")


@examples(100)
@given(formats)
def test_str_and_parse_round_trip(fmt):
    assert QFormat.parse(str(fmt)) == fmt


@pytest.mark.parametrize(
    ("text", "fmt"), [("Q(6,2)", Q(6, 2)), ("UQ(1,15)", UQ(1, 15)), (" q( 6 , 2 ) ", Q(6, 2)), ("uq(0,8)", UQ(0, 8))]
)
def test_parse(text, fmt):
    assert QFormat.parse(text) == fmt


def test_str_is_the_papers_notation():
    assert (str(Q(6, 2)), str(UQ(1, 15))) == ("Q(6,2)", "UQ(1,15)")


@examples(100)
@given(st.text(alphabet="UuQq(),-0123456789. ", max_size=10))
@example("Q(6,-2)")
@example("Q(6.0,2)")
@example("Q6,2")
@example("")
def test_parse_refuses_what_is_not_a_format(text):
    assume(not re.fullmatch(r" *[Uu]?[Qq]\( *[0-9]+ *, *[0-9]+ *\) *", text))
    with pytest.raises(ValueError, match=f"^{re.escape(f'a format must be written Q(i,f) or UQ(i,f), not {text!r}')}$"):
        QFormat.parse(text)


@pytest.mark.parametrize(
    ("bits", "error", "text"),
    [
        ((6.0, 2, True), TypeError, "integer_bits must be an integer, not 6.0"),
        ((6, "2", True), TypeError, "fraction_bits must be an integer, not '2'"),
        ((True, 2, True), TypeError, "integer_bits must be an integer, not True"),
        ((-1, 2, False), ValueError, "integer_bits must be 0 or more, not -1"),
        ((6, -2, True), ValueError, "fraction_bits must be 0 or more, not -2"),
        ((0, 8, True), ValueError, "integer_bits of a signed format must be 1 or more (the sign counts), not 0"),
        ((0, 0, False), ValueError, "the width of a format must be 1 to 53 bits, not 0"),
        ((24, 30, False), ValueError, "the width of a format must be 1 to 53 bits, not 54"),
    ],
)
def test_constructor_refuses(bits, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        QFormat(*bits)
