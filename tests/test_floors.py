"""Floors of the package: the import contracts in pyproject.toml hold, and each of them can fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINTER = Path(sys.executable).with_name("lint-imports")


#: Imports against the floors: the importer, what it imports, the statement, and the contract that it breaks.
SEEDED = [
    ("model.formats", "hw.sram", "from softermax.hw import sram", "package"),
    ("flows.gates.netlist", "flows.jobs.cache", "from ..jobs.cache import Cache", "flows"),
    ("flows.measurement.ratios", "flows.studies.explore", "from ..studies import explore", "flows"),
    ("flows.synthesis.areas", "flows.evaluation", "if TYPE_CHECKING:\n    from ..evaluation import *", "flows"),
    ("flows.files", "flows.tools.yosys", "def late():\n    from .tools import yosys", "flows"),
    ("model.tables", "model.config", "from . import config", "model"),
    ("hw.sram", "hw.pe", "from .pe import ProcessingElement", "hw"),
    ("sim.trace", "sim.cosim", "from . import cosim", "sim"),
    ("nn.histogram", "nn.attention", "from . import attention", "nn"),
    ("flows.report.drawing", "flows.report.page", "from . import page", "report"),
    ("flows.verification.faults", "flows.verification.mutants", "from . import mutants", "verification"),
    (
        "flows.verification.equivalence.aig",
        "flows.verification.equivalence.contract",
        "from . import contract",
        "equivalence",
    ),
    ("flows.verification.formal.harness", "flows.verification.formal.kernels", "from . import kernels", "formal"),
]


@pytest.fixture
def package(tmp_path) -> Path:
    """A copy of the package's modules beside the contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__", "data", "cells", "templates", "techmap")
    return Path(shutil.copytree(ROOT / "softermax", tmp_path / "softermax", ignore=ignored))


def lint(folder: Path) -> subprocess.CompletedProcess:
    """Check the contracts in a folder."""
    return subprocess.run(
        [LINTER, "--no-cache", "--no-logo"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_contracts_hold():
    checked = lint(ROOT)
    assert checked.returncode == 0, checked.stdout
    assert ", 0 broken" in checked.stdout


def test_imports_against_the_floors_break_their_contracts(package):
    for importer, _, statement, _ in SEEDED:
        file = package / f"{importer.replace('.', '/')}.py"
        file.write_text(f"{file.read_text()}\n{statement}\n")
    checked = lint(package.parent)
    assert checked.returncode != 0
    for importer, imported, _, contract in SEEDED:
        assert f"{contract} BROKEN" in checked.stdout
        assert f"softermax.{importer} -> softermax.{imported} (l." in checked.stdout


def test_a_new_module_must_be_given_its_floor(package):
    for room in ("", "model/", "hw/", "sim/", "nn/", "flows/", "flows/report/", "flows/verification/"):
        (package / f"{room}attic.py").write_text("")
    checked = lint(package.parent)
    assert checked.returncode != 0
    for contract in ("package", "model", "hw", "sim", "nn", "flows", "report", "verification"):
        assert f"{contract} BROKEN" in checked.stdout


def test_no_floor_imports_the_top_of_the_package(package):
    """It imports softermax.nn on call, so that a floor below would have all above it."""
    file = package / "sim/trace.py"
    file.write_text(f"{file.read_text()}\nimport softermax\n")
    checked = lint(package.parent)
    assert checked.returncode != 0
    assert "softermax.sim.trace -> softermax (l." in checked.stdout
