"""A testbench for a unit's Verilog, in plain Verilog-2005, that a user runs in a simulator of his own."""

from __future__ import annotations

import shlex
from importlib import metadata
from importlib.resources import files

from amaranth.lib.wiring import Component
from jinja2 import Environment, StrictUndefined

from ..design_points import DesignPoint
from .channels import Channel, channels_of
from .header import command_line
from .ports import ports_of

__all__ = ["testbench"]

#: Clock cycles without an end, for each item and beside, after which a testbench gives up.
PATIENCE, AT_LEAST = 200, 20_000


def testbench(point: DesignPoint, component: Component, verilog: str, file: str) -> str:
    """The testbench of a point's Verilog with registers for memories, the same text on every run.

    It plays real rows twice, at full speed and under gaps and backpressure, compares all that leaves the unit with what
    the golden model gives, and prints PASS or FAIL.

    Parameters
    ----------
    component : Component
        Component of the point.
    verilog, file : str
        Names of the files with the unit and with the testbench, for the commands that run it.

    Raises
    ------
    FlowError
        If there is nothing to play.
    """
    example = point.entry.traffic.example(point)
    channels = channels_of(component, example)
    ports = ports_of(component, {})
    driven = {port for channel in channels for port in (channel.valid, channel.ready, *dict(channel.ports))}
    names = {port.name for port in ports}
    clock, reset = ("aclk", "!rst") if "aclk" in names else ("clk", "rst")
    # Counters in the template are reset and have no initial values: after a task that waits, Verilator 5.49 takes such
    # a value for a constant, and every testbench would pass.
    template = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined).from_string(
        (files("softermax.flows.generation") / "templates" / "testbench.v").read_text()
    )
    return template.render(
        name=point.name,
        top=f"{point.name}_tb",
        run=[_word(name) for name in (file, verilog)],
        binary=_word(f"obj_dir/V{file.removesuffix('.v')}"),
        command=command_line(point) + " --testbench",
        version=metadata.version("softermax"),
        licence=point.design.license,
        example=example,
        sources=[channel for channel in channels if channel.is_source],
        sinks=[channel for channel in channels if not channel.is_source],
        channels=channels,
        clock=clock,
        reset={"port": "aresetn" if clock == "aclk" else "rst", "value": reset},
        address_bits=next((port.width for port in ports if port.name == "csr__address"), 0),
        has_done="done" in names,
        open_ports=[port.name for port in ports if not port.is_input and port.name not in {*driven, "done"}],
        patience=AT_LEAST + PATIENCE * sum(len(channel.items) for channel in channels),
        hexadecimal=_hexadecimal,
    )


def _word(name: str) -> str:
    """A file's name for a shell, in one line."""
    return " ".join(shlex.quote(name).split())


def _hexadecimal(item: int, channel: Channel) -> str:
    return f"{channel.width}'h{item:0{-(-channel.width // 4)}x}"
