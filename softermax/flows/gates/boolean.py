"""Boolean functions as Liberty files spell them."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["python_expression", "truth_table"]

_TOKEN = re.compile(r"\s*([A-Za-z_][\w\[\]]*|[01]|[()!'^*&+|])")


def python_expression(function: str) -> str:
    """A function as a Python expression of its pins, with ``~``, ``&``, ``|``, ``^``; constants are 0 and -1.

    Operators bind in the order that the Liberty manual gives: inversion (``!`` before, ``'`` after), exclusive or, and
    (``*``, ``&``, or nothing between two operands), or (``+``, ``|``).

    Raises
    ------
    ValueError
        If it is no function.
    """
    tokens, place = [], 0
    bare = function.strip()
    while place < len(bare):
        match = _TOKEN.match(bare, place)
        if match is None:
            raise ValueError(f"a cell's function must be one of pins and !, ', ^, *, &, +, |, not {function!r}")
        tokens.append(match[1])
        place = match.end()
    parser = _Parser(tokens)
    try:
        expression = parser.disjunction()
    except RecursionError:
        raise ValueError("a cell's function must be of fewer operations within each other") from None
    if parser.tokens or expression is None:
        raise ValueError(f"a cell's function must be whole, not {function!r}")
    return expression


class _Parser:
    """Recursive descent; every method takes an operand from the front, or gives None if there is none."""

    def __init__(self, tokens: list[str]):
        self.tokens = tokens

    def _next_is(self, *tokens: str) -> bool:
        return bool(self.tokens) and self.tokens[0] in tokens

    def _chain(self, operand, operators: tuple[str, ...], python: str, *, implied: bool = False) -> str | None:
        parts = [operand()]
        while parts[-1] is not None:
            if self._next_is(*operators):
                self.tokens.pop(0)
            elif not (implied and self.tokens and self.tokens[0] not in ")+|"):
                return parts[0] if len(parts) == 1 else f"({python.join(parts)})"
            parts.append(operand())
        return None

    def disjunction(self) -> str | None:
        return self._chain(self._conjunction, ("+", "|"), " | ")

    def _conjunction(self) -> str | None:
        return self._chain(self._exclusive, ("*", "&"), " & ", implied=True)

    def _exclusive(self) -> str | None:
        return self._chain(self._inverted, ("^",), " ^ ")

    def _inverted(self) -> str | None:
        if self._next_is("!"):
            self.tokens.pop(0)
            operand = self._inverted()
            return None if operand is None else f"~{operand}"
        operand = self._primary()
        while operand is not None and self._next_is("'"):
            self.tokens.pop(0)
            operand = f"~{operand}"
        return operand

    def _primary(self) -> str | None:
        if not self.tokens:
            return None
        token = self.tokens.pop(0)
        if token == "(":
            inner = self.disjunction()
            return inner if self.tokens and self.tokens.pop(0) == ")" else None
        constants = {"0": "0", "1": "-1"}
        return constants.get(token) or (token if token[0].isalpha() or token[0] == "_" else None)


def truth_table(function: str, pins: Sequence[str]) -> int:
    """The function's value for every assignment to the pins: bit n is that for the bits of n, first pin lowest.

    Raises
    ------
    ValueError
        If it is no function of these pins.
    """
    rows = 1 << len(pins)
    columns = {pin: sum((n >> place & 1) << n for n in range(rows)) for place, pin in enumerate(pins)}
    expression = python_expression(function)
    for pin in re.findall(r"[A-Za-z_][\w\[\]]*", expression):
        if pin not in columns:
            raise ValueError(f"a cell's function must be one of its input pins {', '.join(pins)}, not {function!r}")
    return eval(expression, {"__builtins__": {}}, columns) & ((1 << rows) - 1)
