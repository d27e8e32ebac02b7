"""The text of Liberty files as a tree of groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Group", "LibertyError", "parse_liberty", "without_comments"]

#: Text that may stand between statements; a backslash continues a line.
_BETWEEN = re.compile(r"[\s;\\]*")
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
#: ``}``, ``name (arguments) {``, ``name (arguments);`` or ``name : value;``; a line's end may stand for the last ;.
_STATEMENT = re.compile(
    rf"""(\}})
    | ([A-Za-z_][\w.\[\]]*)\s*
      (?: \( ( [^"()]* (?: (?: {_STRING} | \([^()]*\) ) [^"()]* )* ) \) (?: \s* (\{{) )?
        | : \s* ( {_STRING} | [^;{{}}\n]* ) )""",
    re.DOTALL | re.VERBOSE,
)
_ARGUMENT = re.compile(rf"{_STRING}|[^\s,\\]+", re.DOTALL)
_COMMENT = re.compile(rf"{_STRING}|/\*.*?\*/|//[^\n]*", re.DOTALL)
#: Attributes whose places are recorded, as programs do not all read them alike.
PLACED = {"comment", "dont_use", "function", "time_unit"}


class LibertyError(Exception):
    """Text that is no Liberty file; the message gives the reason, to follow the file's name."""


@dataclass(slots=True, eq=False, repr=False)
class Group:
    """A group, or an attribute with arguments, which is a group without contents.

    Attributes
    ----------
    kind : str
        ``"cell"``, ``"pin"``, ``"values"``, ...
    written : str
        Its arguments as they are written.
    start, end : int
        Where it stands in the text.
    attributes : dict of str to str
        Its attributes that have one value, without quotes; the last of each name.
    groups : list of Group
        In their order.
    places : dict of str to (int, int)
        Where attributes that are :data:`PLACED` stand in the text.
    """

    kind: str
    written: str
    start: int
    end: int = -1
    attributes: dict[str, str] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def arguments(self) -> list[str]:
        """Without quotes."""
        return [part.strip('"') for part in _ARGUMENT.findall(self.written)]

    @property
    def name(self) -> str:
        """Its first argument; empty without one."""
        return next(iter(self.arguments), "")

    def of_kind(self, *kinds: str) -> Iterator[Group]:
        """Its groups of some kinds."""
        return (group for group in self.groups if group.kind in kinds)

    def first(self, kind: str) -> Group | None:
        """Its first group of a kind."""
        return next(self.of_kind(kind), None)


def without_comments(text: str) -> str:
    """A text with blanks for its comments, so that everything else stays where it is."""

    def blank(match: re.Match) -> str:
        found = match[0]
        return found if found[0] == '"' else re.sub(r"[^\n]", " ", found)

    return _COMMENT.sub(blank, text)


def parse_liberty(text: str) -> Group:
    """The library of a file's text, which has no comments.

    Raises
    ------
    LibertyError
        If it is no library or not whole.
    """
    place = _BETWEEN.match(text).end()
    match = _STATEMENT.match(text, place)
    if match is None or match[2] != "library" or match[4] is None:
        said = text[place : place + 40].partition("\n")[0]
        raise LibertyError(f"begins with {said!r}" if said else "is empty")
    library = Group(match[2], match[3], match.start())
    open_groups = [library]
    while open_groups:
        place = _BETWEEN.match(text, match.end()).end()
        match = _STATEMENT.match(text, place)
        if match is None:
            raise LibertyError(_what_is_wrong(text, place, open_groups[-1]))
        _, name, arguments, opens, value = match.groups()
        if name is None:
            open_groups.pop().end = match.end()
        elif value is not None:
            open_groups[-1].attributes[name] = value.replace("\\\n", " ").strip().strip('"')
            if name in PLACED:
                open_groups[-1].places[name] = match.span()
        else:
            group = Group(name, arguments, match.start(), match.end())
            open_groups[-1].groups.append(group)
            if opens:
                open_groups.append(group)
    rest = _BETWEEN.match(text, match.end()).end()
    if rest < len(text):
        raise LibertyError(f"has text after its library, in line {_line(text, rest)}")
    return library


def _what_is_wrong(text: str, place: int, inside: Group) -> str:
    if place == len(text):
        name = f"{inside.kind} {inside.name}"
        return f"ends before {name}, which begins in line {_line(text, inside.start)}, does"
    said = text[place : place + 40].partition("\n")[0]
    return f"has something that is no statement in line {_line(text, place)}: {said!r}"


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
