"""A design: one softmax with its units, and everything that flows ask of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature

from amaranth.lib.wiring import Component

from softermax.model.shape import RowShape
from softermax.sim.row_stimuli import RowStimuli

from .traffic import Traffic

__all__ = ["Design", "Options", "Unit"]

#: Chosen options by name, in order, as a :class:`softermax.flows.design_points.DesignPoint` keeps them.
Options = tuple[tuple[str, object], ...]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A hardware unit of a design.

    Attributes
    ----------
    title : str
        Name for people, such as ``Normalization Unit``.
    component : callable
        The hardware: config of the unit -> Component.
    traffic : Traffic
        Stimuli of its ports, and the measurements made with them.
    options : mapping of str to object
        Options of the unit beside its softmax's config, with their defaults.
    config : callable
        Config of the unit: ``(config of the softmax, **options) -> config``. Without one it is the softmax's own.
    axi_stream : callable or None
        The same hardware with AXI4-Stream ports: config of the unit -> Component.
    macros : bool
        Whether its memories are SRAM macros unless the user says otherwise.
    parts : bool
        Whether its submodules are synthesised, and reported, each by itself.
    softmax_parts : tuple of str
        Parts of the unit that lead from scores to probabilities.
    mutation_floor : float
        Minimum share of mutants that its traces must kill.
    formats : callable
        Formats of numbers at its ports, by the fields of payloads: config of the unit -> mapping of str to QFormat or
        str. Those of the unit ``softmax`` need not be told again. A number without a format is a plain integer.
    latency : str
        From where to where clock cycles are counted for its component's ``latency``; what to say without one.
    longest : str
        Behaviour for a row that is longer than ``max_len`` allows, in a sentence.

    Raises
    ------
    TypeError
        If an attribute is not as described.
    """

    title: str
    component: Callable[[object], Component]
    traffic: Traffic
    options: Mapping[str, object] = field(default_factory=dict)
    config: Callable[..., object] = lambda softmax: softmax
    axi_stream: Callable[[object], Component] | None = None
    macros: bool = False
    parts: bool = False
    softmax_parts: tuple[str, ...] = ()
    mutation_floor: float = 0.99
    formats: Callable[[object], Mapping[str, object]] = lambda config: {}
    latency: str = "as its component says"
    longest: str = "Rows must not be longer."

    def __post_init__(self):
        if not callable(self.component):
            raise TypeError(f"component must make a Component of a config, not {self.component!r}")
        if not isinstance(self.traffic, Traffic):
            raise TypeError(f"traffic must be a Traffic, such as RowTraffic(...), not {self.traffic!r}")


@dataclass(frozen=True, kw_only=True)
class Design:
    """A softmax design, by the name of its entry point the ``--preset`` of every command.

    Attributes
    ----------
    title : str
        Description in a line.
    source : str
        Where its arithmetic comes from.
    license : str
        Licence of its code; an SPDX identifier.
    config : callable
        Its config: ``(lanes=int, max_len=int, **options) -> RowShape`` with an arithmetic. The other parameters are
        the options of the command line.
    units : mapping of str to Unit
        The units that it has, by the names that the command line takes.
    error_bound : callable
        Largest absolute error of a probability against exact softmax of the quantised scores: config -> float.
    stimuli : RowStimuli
        Rows that are difficult for its units.
    facts : callable
        Facts of a config for ``softermax info``: config -> flat dict.
    published : mapping
        Ratios to the baseline that its source publishes, by field of a result and by unit.
    choices : mapping of str to tuple of str
        Values of the options of its config that have a name for each choice.
    is_faithful : bool
        Whether every result must be less than a unit in the last place off, proven by its error budget.
    has_error_budget : bool
        Whether its configs have one that attacks can be held against, see :mod:`softermax.model.error_budget`.
    is_baseline : bool
        Whether ratios are taken against it.
    normalizer : str or None
        The normalizer that goes without saying in names of its results.
    in_make : mapping of str to sequence of Options
        Variants of each unit that take part in ``make`` and in the commands without UNIT; empty: none.
    mutated : mapping of str to (int, int, Options)
        Lanes, longest row and options of the units whose mutants are measured. Lanes are copies of each other, so a
        few of them and rows of a few slices do.
    evaluated : callable
        Variants of a unit that are evaluated at a length: (unit, elements of the longest row) -> sequence of Options.
    label : str or None
        Name in tables and plots for people; by default the name of its entry point.
    color, marker : str
        In plots, as Matplotlib names them.
    rank : int
        Place in tables; ties are in the order of names.
    modules : tuple of str
        Modules and packages of this project that only this design depends on. A design of another distribution has
        its own files anyway.

    Raises
    ------
    TypeError
        If an attribute is not as described; the text says which.
    """

    title: str
    source: str
    license: str
    config: Callable[..., RowShape]
    units: Mapping[str, Unit]
    error_bound: Callable[[RowShape], float]
    stimuli: RowStimuli = RowStimuli()
    facts: Callable[[RowShape], dict] = lambda config: {}
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_faithful: bool = False
    has_error_budget: bool = False
    is_baseline: bool = False
    normalizer: str | None = None
    in_make: Mapping[str, tuple[Options, ...]] = field(default_factory=dict)
    mutated: Mapping[str, tuple[int, int, Options]] = field(default_factory=dict)
    evaluated: Callable[[str, int], tuple[Options, ...]] = lambda unit, longest: ((),)
    label: str | None = None
    color: str = "#6b7280"
    marker: str = "D"
    rank: int = 100
    modules: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("title", "source", "license"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} must be a str, not {getattr(self, name)!r}")
        if not isinstance(self.label, str | None):
            raise TypeError(f"label must be a str or None, not {self.label!r}")
        if not callable(self.config) or not {"lanes", "max_len"} <= set(signature(self.config).parameters):
            raise TypeError(f"config must take lanes and max_len, which {self.config!r} does not")
        if not self.units:
            raise TypeError("units must hold a Unit or more, not none")
        for name, unit in self.units.items():
            if not isinstance(unit, Unit):
                raise TypeError(f"units[{name!r}] must be a Unit, not {unit!r}")
        for name in ("in_make", "mutated"):
            if missing := set(getattr(self, name)) - set(self.units):
                raise TypeError(f"{name} must name units that the design has, not {', '.join(sorted(missing))}")

    @property
    def options(self) -> tuple[str, ...]:
        """Names of its config's options."""
        return tuple(name for name in signature(self.config).parameters if name not in ("lanes", "max_len"))
