"""The registry: what is available, what is not and why, in sentences."""

from importlib.metadata import EntryPoint

import grimp
import pytest

from softermax.flows.design_points import DesignPoint, main_design_points
from softermax.flows.designs import registry
from softermax.flows.designs.design import Design
from softermax.flows.designs.registry import GROUP, design, designs, preset_label, registered
from softermax.flows.designs.softermax import PAPER, UNITS
from softermax.flows.errors import FlowError


@pytest.fixture
def entries(monkeypatch):
    """Replaces the entry points by others, ``name=value`` each."""

    def replace(**values):
        points = [EntryPoint(name.rstrip("_"), value, GROUP) for name, value in values.items()]
        monkeypatch.setattr(registry, "entry_points", lambda group: points)
        registered.cache_clear()

    yield replace
    registered.cache_clear()


def test_designs_are_in_the_order_of_tables():
    assert list(designs())[:3] == ["paper", "faithful", "fp16"]


def test_people_do_not_take_a_preset_for_the_publication():
    assert preset_label("paper") == "paper's formats"
    assert [preset_label(name) for name in ("faithful", "fp16", "gone")] == ["faithful", "fp16", "gone"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_package.design:SHARP", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("softermax.flows.designs.softermax:SHARP", "AttributeError: module .* has no attribute 'SHARP'"),
        ("softermax.flows.designs.softermax:UNITS", "must be a Design, not {'unnormed': .*"),
    ],
)
def test_what_cannot_be_loaded_is_not_available_and_says_why(entries, value, reason):
    entries(paper="softermax.flows.designs.softermax:PAPER", sharp=value)
    assert list(designs()) == ["paper"]
    with pytest.raises(FlowError, match=f"^the preset 'sharp' is not available: .*{reason}$"):
        design("sharp")
    with pytest.raises(FlowError, match=r"^the preset 'sharp' is not available"):
        DesignPoint("softmax", "sharp")


def test_a_name_that_two_distributions_register_is_neither(entries):
    entries(paper="softermax.flows.designs.softermax:PAPER", fp16="a:B", fp16_="c:D")
    assert list(designs()) == ["paper"]
    with pytest.raises(FlowError, match=r"several distributions register 'fp16': uninstall all but one$"):
        design("fp16")


def test_no_design_at_all_is_a_failure(entries):
    entries()
    with pytest.raises(FlowError, match=r"^a design must be registered: install softermax with pip"):
        design("paper")
    with pytest.raises(FlowError, match=r"^a design must take part in make: install softermax with pip"):
        main_design_points()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"title": None}, "title must be a str, not None"),
        ({"label": 5}, "label must be a str or None, not 5"),
        ({"config": 5}, "config must take lanes and max_len, which 5 does not"),
        ({"config": lambda lanes: None}, "config must take lanes and max_len, which .* does not"),
        ({"units": {}}, "units must hold a Unit or more, not none"),
        ({"units": {"softmax": 5}}, r"units\['softmax'\] must be a Unit, not 5"),
        ({"in_make": {"pe": ((),), "lstm": ((),)}}, "in_make must name units that the design has, not lstm"),
        ({"mutated": {"lstm": (4, 32, ())}}, "mutated must name units that the design has, not lstm"),
    ],
)
def test_a_design_is_checked(change, text):
    with pytest.raises(TypeError, match=f"^{text}$"):
        Design(**vars(PAPER) | change)


@pytest.mark.parametrize(
    ("change", "text"),
    [({"component": 5}, "component must make a Component"), ({"traffic": 5}, r"traffic must be a Traffic, .* not 5$")],
)
def test_a_unit_is_checked(change, text):
    with pytest.raises(TypeError, match=f"^{text}"):
        type(UNITS["softmax"])(**vars(UNITS["softmax"]) | change)


#: Modules that import what only one design has: to register it, or for its operators, which are no design points.
REGISTERING = {"softermax.hw", "softermax.model", "softermax.sim.pe_trace", "softermax.sim.operator_trace"}
#: Packages whose results are cached under all sources, or not at all.
OTHERWISE_CACHED = (
    "softermax.flows.studies.",
    "softermax.flows.cosimulation.binary16",
    "softermax.flows.cosimulation.operators",
    "softermax.flows.verification.formal.",
)


@pytest.fixture(scope="module")
def graph():
    """Imports of the package."""
    return grimp.build_graph("softermax", cache_dir=None)


@pytest.mark.parametrize("preset", ["paper", "faithful", "fp16"])
def test_nothing_that_results_of_other_designs_depend_on_imports_what_only_one_has(preset, graph):
    """So it may be left out of the key under which their results are cached."""
    assert all(module in graph.modules for module in design(preset).modules)
    own = {name for module in design(preset).modules for name in {module} | graph.find_descendants(module)}
    importers = {name for module in own for name in graph.find_modules_that_directly_import(module)} - own
    assert {name for name in importers - REGISTERING if not name.startswith(OTHERWISE_CACHED)} == set()
