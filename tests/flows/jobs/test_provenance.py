"""Where results come from."""

import gzip
import hashlib
import subprocess
from dataclasses import replace

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.jobs import provenance
from softermax.flows.jobs.provenance import (
    PACKAGES,
    code_digest,
    code_of,
    commit,
    design_digest,
    library_digests,
    source_digest,
    versions,
)


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Packages of one file each in place of this project's."""
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "__init__.py").write_text("")
    monkeypatch.setattr(provenance.resources, "files", lambda name: tmp_path.joinpath(*name.split(".")[1:]))
    return tmp_path


def digest() -> str:
    source_digest.cache_clear()
    try:
        return source_digest()
    finally:
        source_digest.cache_clear()


@pytest.mark.parametrize("file", ["hw/new.py", "sim/data/scores.npz", "flows/cells/some.lib", "flows/__init__.py"])
def test_every_file_counts(sources, file):
    before = digest()
    (sources / file).parent.mkdir(exist_ok=True)
    (sources / file).write_text("1")
    first = digest()
    (sources / file).write_text("2")
    assert len({before, first, digest()}) == 3


def test_names_count_but_not_files_that_are_compiled_or_hidden_or_of_the_report(sources):
    (sources / "hw" / "a.py").write_text("1")
    before = digest()
    (sources / "hw" / "__pycache__").mkdir()
    (sources / "hw" / "__pycache__" / "a.pyc").write_text("1")
    (sources / "hw" / ".a.py.swp").write_text("1")
    (sources / "flows" / "report").mkdir()
    (sources / "flows" / "report" / "page.py").write_text("1")
    assert digest() == before
    (sources / "hw" / "a.py").rename(sources / "hw" / "b.py")
    assert digest() != before


CODE = '''"""Words."""

import a  # words


class B:
    """Words
    of two lines."""

    text = """a # string
that counts"""  # words

    def c(self):
        """Words."""
        return "# no comment"
'''


def fresh_code_digest() -> str:
    code_digest.cache_clear()
    try:
        return code_digest()
    finally:
        code_digest.cache_clear()


def test_code_is_what_python_runs():
    assert code_of(CODE).splitlines() == [
        "import a",
        "class B:",
        '    text = """a # string',
        'that counts"""',
        "    def c(self):",
        '        return "# no comment"',
    ]
    assert code_of("") == ""


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ("Words.", "Others.", False),
        ("# words", "", False),
        ("that counts", "that does", True),
        ("c(self)", "d(self)", True),
    ],
)
def test_rewording_changes_no_digest_of_code(sources, old, new, counts):
    file = sources / "hw" / "a.py"
    file.write_text(CODE)
    before = fresh_code_digest()
    assert old in CODE
    file.write_text(CODE.replace(old, new))
    assert (fresh_code_digest() != before) is counts


def test_files_of_data_count_whole_for_the_digest_of_code(sources):
    before = fresh_code_digest()
    (sources / "sim" / "scores.npz").write_bytes(b"\xff# data")
    assert fresh_code_digest() != before


def design_digests() -> dict[str, str]:
    source_digest.cache_clear()
    design_digest.cache_clear()
    try:
        return {preset: design_digest(preset) for preset in ("paper", "faithful", "fp16")}
    finally:
        source_digest.cache_clear()
        design_digest.cache_clear()


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("hw/a.py", {"paper", "faithful", "fp16"}),
        ("flows/designs/registry.py", {"paper", "faithful", "fp16"}),
        ("hw/baseline_of_all.py", {"paper", "faithful", "fp16"}),
        ("hw/baseline/adder.py", {"fp16"}),
        ("sim/baseline_units.py", {"fp16"}),
        ("flows/designs/fp16.py", {"fp16"}),
        ("flows/designs/softermax.py", {"paper", "faithful"}),
        ("flows/report/page.py", set()),
    ],
)
def test_results_of_a_design_depend_on_its_own_sources_and_on_those_of_all(sources, file, changed):
    (sources / file).parent.mkdir(parents=True, exist_ok=True)
    (sources / file).write_text("1")
    before = design_digests()
    (sources / file).write_text("2")
    after = design_digests()
    assert {preset for preset in before if before[preset] != after[preset]} == changed


def test_a_design_of_another_package_depends_on_its_files(sources, monkeypatch):
    own = provenance.entry_of("fp16")
    other = replace(own, entry="other_package.design:SHARP")
    monkeypatch.setattr(provenance, "entry_of", lambda preset: other if preset == "fp16" else own)
    monkeypatch.setattr(
        provenance.resources,
        "files",
        lambda name: sources.joinpath(*(name.split(".")[1:] or [name] * (name != "softermax"))),
    )
    (sources / "other_package").mkdir()
    (sources / "other_package" / "design.py").write_text("1")
    before = design_digests()
    (sources / "other_package" / "design.py").write_text("2")
    after = design_digests()
    assert {preset for preset in before if before[preset] != after[preset]} == {"fp16"}


def test_libraries_are_known_by_what_is_in_them(tmp_path):
    plain, packed = tmp_path / "a.lib", tmp_path / "b.lib.gz"
    plain.write_bytes(b"library (a) {}")
    packed.write_bytes(gzip.compress(b"library (a) {}"))
    expected = hashlib.sha256(b"library (a) {}").hexdigest()
    assert library_digests([plain, packed]) == [expected, expected]
    plain.write_bytes(b"library (a) { }")
    assert library_digests([plain]) != [expected]
    with pytest.raises(FlowError, match=r"none\.lib does not exist$"):
        library_digests([tmp_path / "none.lib"])


def test_commit_and_changes_of_the_sources(sources):
    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *arguments], cwd=sources, check=True)

    assert commit() == (None, None)
    git("init", "--quiet")
    (sources / "other").write_text("")
    git("add", "other")
    git("commit", "--quiet", "-m", "of others")
    # A repository that the package only lies in is not its own.
    assert commit() == (None, None)
    git("add", ".")
    git("commit", "--quiet", "-m", "of ours")
    found, dirty = commit()
    assert (len(found), dirty) == (40, False)
    (sources / "other").write_text("notes")
    assert commit() == (found, False)
    (sources / "hw" / "new.py").write_text("")
    assert commit() == (found, True)


def test_without_git_there_is_no_commit(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit() == (None, None)


def test_versions_are_of_what_figures_depend_on():
    assert set(versions()) == {"python", "numpy", "amaranth", "pyosys", "verilator"}
    assert all(version[0].isdigit() for version in versions().values())
