"""Liberty files as users have them, .gz too: read as groups, and copied for the programs that take them.

Yosys and abc end at much that other programs read; their copies have only what they need and can use.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import re
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from math import isclose
from pathlib import Path

from ..errors import FlowError
from .liberty_tables import DELAYS, TRANSITIONS, UnusableError, read_table
from .liberty_text import Group, LibertyError, parse_liberty, without_comments

__all__ = ["LibertyFile", "copies_for_synthesis", "liberty_digest", "read_liberty_files"]

#: Units of time that the format has, in ps.
TIMES = {"1ps": 1.0, "10ps": 10.0, "100ps": 100.0, "1ns": 1000.0}
PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "a": 1e-18}
#: Statements that synthesis does not need, and that abc may refuse.
POWER = ("power_lut_template", "internal_power", "leakage_power")
#: Units are between this and its inverse.
LEAST_UNIT = 1e-24
#: How files begin that are packed, or of another encoding than UTF-8.
GZIP, UTF_16 = b"\x1f\x8b", (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, eq=False, repr=False)
class LibertyFile:
    """A Liberty file; there is one for each path and contents.

    Attributes
    ----------
    path : Path
        The user's, for messages.
    text : str
        Without comments.
    library : Group
    """

    path: Path
    text: str
    library: Group

    @cached_property
    def ps(self) -> float:
        """The unit of time."""
        written = self.library.attributes.get("time_unit", "1ns")
        seconds = self._quantity("time_unit", written, "s")
        if not any(isclose(seconds / 1e-12, ps) for ps in TIMES.values()):
            raise FlowError(f"{self.path}: the time_unit must be one of {', '.join(TIMES)}, not {written!r}")
        return seconds / 1e-12

    @cached_property
    def ff(self) -> float:
        """The unit of capacitance."""
        if "capacitive_load_unit" in self.library.attributes:
            raise FlowError(f"{self.path}: the capacitive_load_unit must be written as in (1, pf), without a colon")
        group = self.library.first("capacitive_load_unit")
        written = "1pf" if group is None else "".join(group.arguments)
        return self._quantity("capacitive_load_unit", written, "f") / 1e-15

    @cached_property
    def volts(self) -> float:
        """The unit of voltage."""
        return self._quantity("voltage_unit", self.library.attributes.get("voltage_unit", "1V"), "v")

    @cached_property
    def nw(self) -> float:
        """The unit of leakage."""
        written = self.library.attributes.get("leakage_power_unit", "1nW")
        return self._quantity("leakage_power_unit", written, "w") / 1e-9

    def _quantity(self, what: str, written: str, unit: str) -> float:
        """A quantity such as ``1ns`` in the unit without a prefix."""
        match = re.fullmatch(rf"([\d.]+(?:e[+-]?\d+)?)\s*([munpfa]?){unit}", written.strip().lower())
        with contextlib.suppress(ValueError):
            if match is not None and LEAST_UNIT <= (value := float(match[1]) * PREFIXES[match[2]]) <= 1 / LEAST_UNIT:
                return value
        raise FlowError(f"{self.path}: the {what} must be a number and a unit, as in 1p{unit}, not {written!r}")


#: Files by path and the SHA-256 of their contents; real ones take seconds to read.
_KNOWN: dict[tuple[Path, str], LibertyFile] = {}


def read_liberty_files(files: Sequence[Path]) -> list[LibertyFile]:
    """Read Liberty files; without any, the project's generic cells.

    Raises
    ------
    FlowError
        If one cannot be read or is none.
    """
    generic = resources.files("softermax.flows.gates") / "cells" / "generic.lib"
    with resources.as_file(generic) as own:
        return [_read(file) for file in files or [own]]


def _read(file: Path) -> LibertyFile:
    content = _content(file)
    key = file, hashlib.sha256(content).hexdigest()
    if key not in _KNOWN:
        try:
            encoding = "utf-16" if content.startswith(UTF_16) else "utf-8-sig"
            _KNOWN[key] = LibertyFile(file, *_parsed(content.decode(encoding, errors="replace")))
        except LibertyError as error:
            raise FlowError(f"{file} must be a Liberty file, but {error}") from error
    return _KNOWN[key]


def _parsed(text: str) -> tuple[str, Group]:
    """A text and its groups; what is said of several pins at once is said of each."""
    text = without_comments(text)
    library = parse_liberty(text)
    if library.first("include_file") is not None:
        raise LibertyError("includes another, which is not read: give that by another --liberty")
    edits = []
    for cell in library.of_kind("cell"):
        for pin in cell.of_kind("pin"):
            if len(pin.arguments) > 1:
                body = text[text.index("{", pin.start) : pin.end]
                edits.append((pin.start, pin.end, " ".join(f"pin ({name}) {body}" for name in pin.arguments)))
    text = _edited(text, edits)
    return text, parse_liberty(text) if edits else library


def _content(file: Path) -> bytes:
    """What a file holds, decompressed."""
    if not file.is_file():
        raise FlowError(f"the Liberty file {file} {'is not a file' if file.exists() else 'does not exist'}")
    try:
        content = file.read_bytes()
        return gzip.decompress(content) if file.suffix == ".gz" or content.startswith(GZIP) else content
    except (OSError, EOFError, gzip.zlib.error) as error:
        raise FlowError(f"the Liberty file {file} cannot be read: {error}") from error


def liberty_digest(file: Path) -> str:
    """SHA-256 of a file's contents, decompressed; a FlowError if it cannot be read."""
    return hashlib.sha256(_content(file)).hexdigest()


@contextlib.contextmanager
def copies_for_synthesis(files: Sequence[LibertyFile], cells: Collection[str]) -> Iterator[list[Path]]:
    """A copy of each file for Yosys and abc, with no other cells than some, for as long as they are needed.

    A cell that several files have, or one has several times, is in the copies once: the last of them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copies = [Path(scratch) / f"{place}.lib" for place in range(len(files))]
        left = frozenset(cells)
        for copy, file in reversed(list(zip(copies, files, strict=True))):
            copy.write_text(_for_synthesis(file, left), encoding="utf-8")
            left -= {cell.name for cell in file.library.of_kind("cell")}
        yield copies


@lru_cache(maxsize=4)
def _for_synthesis(file: LibertyFile, cells: frozenset[str]) -> str:
    library = file.library
    templates = {template.name: template for template in library.of_kind("lu_table_template")}
    left_out = [group for group in library.groups if group.kind in POWER]
    edits, last = _units(file), {cell.name: cell for cell in library.of_kind("cell")}
    for cell in library.of_kind("cell"):
        if cell.name not in cells or last[cell.name] is not cell:
            left_out.append(cell)
            continue
        left_out += cell.of_kind(*POWER)
        edits += [(*place, "") for name, place in cell.places.items() if name in ("comment", "dont_use")]
        pins = list(cell.of_kind("pin"))
        names = {pin.name for pin in pins}
        for pin in pins:
            left_out += pin.of_kind(*POWER)
            left_out += [timing for timing in pin.of_kind("timing") if not _is_whole(timing, templates, names)]
            if "function" in pin.places:
                edits.append((*pin.places["function"], f'function : "{pin.attributes["function"]}";'))
    return _edited(file.text, edits + [(group.start, group.end, "") for group in left_out])


def _is_whole(timing: Group, templates: dict[str, Group], pins: Collection[str]) -> bool:
    """Whether abc survives it: from pins that there are, with tables of one load that can be used."""
    tables, sources = list(timing.of_kind(*DELAYS, *TRANSITIONS)), timing.attributes.get("related_pin", "").split()
    if not tables or not sources or not set(sources) <= set(pins):
        return False
    try:
        return all(len(read_table(table, templates)[0][2]) == 1 for table in tables)
    except UnusableError:
        return False


def _units(file: LibertyFile) -> list[tuple[int, int, str]]:
    """Edits that write units as abc reads them."""
    head = file.text.index("{", file.library.start) + 1
    old = [place for name, place in file.library.places.items() if name in ("comment", "time_unit")]
    old += [(group.start, group.end) for group in file.library.of_kind("capacitive_load_unit")]
    time = next(name for name, ps in TIMES.items() if isclose(ps, file.ps))
    new = f'\n  time_unit : "{time}";\n  capacitive_load_unit ({file.ff:.9g}, ff);\n'
    return [(head, head, new), *((start, end, "") for start, end in old)]


def _edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """Text with some of its spans replaced."""
    parts, place = [], 0
    for start, end, new in sorted(edits):
        parts += [text[place:start], new]
        place = end
    return "".join([*parts, text[place:]])
