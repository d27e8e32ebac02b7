"""Directives that write tables of the reference from the code, so that they cannot differ from it.

- ``{designs}``: the registered designs.
- ``{result-fields}``: every field of the results of all commands.
- ``{ports} UNIT PRESET``: the ports of a unit, with the fields of payloads.
- ``{registers}``: the registers of the processing element.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from amaranth.hdl import Shape
from amaranth.lib import data
from amaranth.lib.wiring import Component, In
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from softermax.flows.commands.app import app as command_line
from softermax.flows.commands.records import RECORD_COLUMNS
from softermax.flows.commands.study import DESIGN_COLUMNS
from softermax.flows.design_points import DesignPoint
from softermax.flows.designs.registry import designs
from softermax.flows.measurement.unit_columns import UNIT_COLUMNS
from softermax.flows.results.columns import Column
from softermax.flows.studies.heads import HEAD_COLUMNS
from softermax.flows.studies.outcome_columns import OUTCOME_COLUMNS
from softermax.flows.studies.score_statistics import SCORE_COLUMNS
from softermax.flows.studies.utilisation import UTILISATION_COLUMNS
from softermax.flows.verification.formal.checks import CHECK_COLUMNS
from softermax.model.pe import Register

#: What each field of the results says.
FIELDS = Path(__file__).parents[1] / "reference" / "fields.toml"
#: As many commands or headings are not listed.
MANY = 6
#: Number formats of the fields of payloads, as a config has them.
FORMATS = {
    "x": "input",
    "u": "unnormed",
    "y": "output",
    "maximum": "maximum",
    "power_sum": "power_sum",
    "mantissa": "reciprocal",
    "products": "product",
}
#: A section of parameters that numpydoc knows and no docstring of the project has.
KNOWN = "Other Parameters"
#: Size of the units whose ports are shown.
LANES, MAX_LEN = 4, 64


class _Table(SphinxDirective):
    """A table in Markdown that a subclass writes."""

    headings: Sequence[str]

    def run(self):
        lines = [self.headings, ["---"] * len(self.headings), *self.rows()]
        text = "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
        return self.parse_text_to_nodes(text)

    def rows(self) -> Iterable[Sequence[str]]:
        raise NotImplementedError


class Designs(_Table):
    """The registered designs."""

    headings = ("preset", "softmax", "units", "source")

    def rows(self):
        for name, design in designs().items():
            yield f"`{name}`", design.title, ", ".join(f"`{unit}`" for unit in design.units), design.source


class ResultFields(_Table):
    """Every field of the results: what it says, the heading of its column and the commands that give it."""

    headings = ("field", "meaning", "column of the tables", "commands")

    def rows(self):
        meanings = tomllib.loads(FIELDS.read_text())
        self.env.note_dependency(str(FIELDS))
        fields: dict[str, tuple[set[str], dict[str, None]]] = {}
        for name, columns in result_columns().items():
            for column in columns:
                patterns = [] if column.field in meanings else [known for known in meanings if "*" in known]
                field = next((known for known in patterns if fnmatchcase(column.field, known)), column.field)
                headings, commands = fields.setdefault(field, (set(), {}))
                headings.add("JSON and CSV only" if column.hidden else _heading(column.heading))
                commands[name] = None
        for field in meanings.keys() ^ fields.keys():
            self.state_machine.reporter.warning(f"{FIELDS.name} and the results must have the same fields: {field}")
        for field in sorted(fields.keys() & meanings.keys()):
            headings, commands = fields[field]
            shown = " / ".join(sorted(headings)) if len(headings) < MANY else "one for each"
            named = ", ".join(f"`{command}`" for command in commands) if len(commands) < MANY else "most"
            yield f"`{field}`", meanings[field], shown, named


def result_columns() -> dict[str, Sequence[Column]]:
    """The columns of each command's results."""
    measured = {name: command.measure for name, command in command_line.commands.items() if hasattr(command, "measure")}
    others = {
        "evaluate": UNIT_COLUMNS,
        "formal": CHECK_COLUMNS,
        "designs": DESIGN_COLUMNS,
        "records": RECORD_COLUMNS,
        "utilisation": UTILISATION_COLUMNS,
        "heads": HEAD_COLUMNS,
        "score-statistics": SCORE_COLUMNS,
        "accuracy": OUTCOME_COLUMNS,
        "finetune": OUTCOME_COLUMNS,
    }
    return {name: measure.columns for name, measure in measured.items()} | others


def _heading(heading: str) -> str:
    """A heading in a line, words put together that it parts, and without fields of the results."""
    return re.sub(r" ?\{\w+\}", "", re.sub(r"(\w)-\n(\w)", r"\1\2", heading).replace("\n", " "))


class Ports(_Table):
    """The ports of a unit at a small size."""

    headings = ("port", "direction", "bits", "contents")
    required_arguments = 2

    def rows(self):
        unit, preset = self.arguments
        point = DesignPoint(unit, preset, lanes=LANES, max_len=MAX_LEN)
        component = point.component()
        config = component.config if hasattr(component, "config") else point.config
        yield "`clk`, `rst`", "in", "1", "clock; reset, synchronous, active high"
        for name, member in component.signature.members.items():
            there, back = ("in", "out") if member.flow == In else ("out", "in")
            if member.is_signature and "payload" in member.signature.members:
                yield f"`{name}__valid`", there, "1", "an item is offered"
                yield f"`{name}__ready`", back, "1", "an item is accepted"
                yield from _payload(f"{name}__payload", member.signature.members["payload"].shape, there, config)
            elif member.is_signature:
                for inner, port in member.signature.members.items():
                    yield f"`{name}__{inner}`", "in" if port.flow == In else "out", _width(port.shape), ""
            else:
                yield f"`{name}`", there, _width(member.shape), ""


def _payload(name: str, shape, direction: str, config):
    """A line for a payload, and one for each of its fields, lowest bits first."""
    width = Shape.cast(shape).width
    yield f"`{name}`", direction, str(width), "" if isinstance(shape, data.StructLayout) else _numbers(shape)
    if not isinstance(shape, data.StructLayout):
        return
    for key, field in shape:
        top = field.offset + field.width - 1
        bits = f"[{top}:{field.offset}]" if field.width > 1 else f"[{field.offset}]"
        fmt = getattr(config, FORMATS.get(key, ""), None) if isinstance(FORMATS.get(key), str) else None
        yield f"…`{bits}`", "", str(field.width), f"`{key}`: {_numbers(field.shape)}{f', {fmt}' if fmt else ''}"


def _width(shape) -> str:
    return str(Shape.cast(shape).width)


def _numbers(shape) -> str:
    if isinstance(shape, data.ArrayLayout):
        return f"{shape.length} × {_numbers(shape.elem_shape)}"
    shape = Shape.cast(shape)
    return f"{'signed' if shape.signed else 'unsigned'}, {shape.width} bit{'s' * (shape.width > 1)}"


class Registers(_Table):
    """Addresses of the processing element's registers."""

    headings = ("address", "register")

    def rows(self):
        for register in Register:
            yield str(register.value), f"`{register.name}`"


def _members_known(_app, _what, _name, _object, _options, lines: list[str]):
    """Give the section Members of a component, before numpydoc sees it, the name of one that numpydoc knows."""
    for place, line in enumerate(lines[:-1]):
        if line.strip() == "Members" and re.fullmatch(r"\s*-+", lines[place + 1]):
            lines[place : place + 2] = [KNOWN, "-" * len(KNOWN)]
            return


def _members_named(_app, _what, _name, _object, _options, lines: list[str]):
    """Give it its own name again, behind numpydoc."""
    lines[:] = [":Ports:" if line.strip() == f":{KNOWN}:" else line for line in lines]


def _own_signature(_app, what, _name, obj, _options, _signature, returns):
    """Components are called through Amaranth's metaclass, which hides what their constructors take."""
    if what != "class" or not issubclass(obj, Component):
        return None
    signature = inspect.signature(obj.__init__)
    parameters = [each.replace(annotation=each.empty) for each in list(signature.parameters.values())[1:]]
    return str(inspect.Signature(parameters)), returns


def _paths_as_typed(_app, _context, lines: list[str]):
    """Show a default that is a path as a user types it."""
    lines[:] = [re.sub(r"PosixPath\('([^']*)'\)", r"\1", line) for line in lines]


def setup(app: Sphinx) -> dict:
    """Register the directives."""
    app.setup_extension("numpydoc")
    app.add_directive("designs", Designs)
    app.add_directive("result-fields", ResultFields)
    app.add_directive("ports", Ports)
    app.add_directive("registers", Registers)
    app.setup_extension("sphinx_click")
    app.connect("sphinx-click-process-options", _paths_as_typed)
    app.connect("autodoc-process-signature", _own_signature)
    app.connect("autodoc-process-docstring", _members_known, priority=100)
    app.connect("autodoc-process-docstring", _members_named, priority=900)
    return {"parallel_read_safe": True}
