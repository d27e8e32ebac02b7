"""Layout of the sources: short files, and a root of softermax.flows with nothing but what all of its packages share."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
#: Maximum number of lines of a Python file.
MAX_LINES = 300


def test_files_are_short():
    files = [file for top in ("softermax", "tests") for file in (ROOT / top).rglob("*.py")]
    lengths = {file.relative_to(ROOT).as_posix(): len(file.read_text().splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_the_root_of_flows_has_only_shared_modules():
    assert {file.name for file in (ROOT / "softermax/flows").glob("*.py")} == {
        "__init__.py",
        "design_points.py",
        "errors.py",
        "files.py",
    }
