"""Boolean functions of Liberty files, against Python's own operators on every assignment."""

from itertools import product

import pytest

from softermax.flows.gates.boolean import truth_table

FUNCTIONS = {
    "!A": lambda a, b, c: not a,
    "(A)'": lambda a, b, c: not a,
    "A''": lambda a, b, c: a,
    "!!A": lambda a, b, c: a,
    "!(A*B)": lambda a, b, c: not (a and b),
    "(!A) | (!B)": lambda a, b, c: not (a and b),
    "A B + C": lambda a, b, c: (a and b) or c,
    "A (B | C)'": lambda a, b, c: a and not (b or c),
    "A + B * C": lambda a, b, c: a or (b and c),
    # Exclusive or binds before and, as the manual says; inversion before both.
    "A & B ^ C": lambda a, b, c: a and (b != c),
    "!A ^ B'": lambda a, b, c: a != b,
    "(A & B) ^ !C": lambda a, b, c: (a and b) == c,
    "1": lambda a, b, c: True,
    "A * 0 + B": lambda a, b, c: b,
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_assignment(function):
    table = truth_table(function, "ABC")
    for c, b, a in product((False, True), repeat=3):
        assert table >> (a + 2 * b + 4 * c) & 1 == int(FUNCTIONS[function](a, b, c))


def test_pins_have_names_of_several_letters():
    assert truth_table("A1 * !B_N", ["A1", "B_N"]) == 0b0010


@pytest.mark.parametrize("function", ["", "A +", "(A", "A)", "* A", "A ? B", "!", "()", "A ^", "2"])
def test_what_is_no_function_is_refused(function):
    with pytest.raises(ValueError, match="a cell's function must be"):
        truth_table(function, "AB")


def test_other_pins_are_refused():
    with pytest.raises(ValueError, match="must be one of its input pins A, B, not 'A \\* Q'"):
        truth_table("A * Q", "AB")
