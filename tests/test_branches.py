"""No code outside `flows/designs/` asks which kind of config or which unit it has: a design says what differs."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "softermax"
#: Names of configs of a kind, and of units.
CONFIGS, UNITS = "SoftermaxConfig|BaselineConfig|ShiftConfig", "unnormed|normalization|softmax|softermax|pe|attention"
#: What a branch on them looks like; a check that raises is none.
BRANCHES = {
    "kind of config": re.compile(
        rf"(?m)^(?!.*\n\s+raise ).*(?:isinstance\([^()]*\b(?:{CONFIGS})\b|type\(\w*config\w*\)|\{{\s*(?:{CONFIGS}):).*$"
    ),
    "unit's name": re.compile(
        rf"""(?m)^.*\bunit\b["'\])]*\)?\s*(?:==|!=|(?:not )?in)\s*[(\[{{]?["'](?:{UNITS})["'].*$"""
        rf"""|^.*["'](?:{UNITS})["']\s*(?:==|!=)\s*.*\bunit\b.*$"""
    ),
    "preset's name": re.compile(r"""(?m)^.*\bpreset\b["'\])]*\)?\s*(?:==|!=|(?:not )?in)\s*[(\[{]?["'].*$"""),
}


def found(pattern: re.Pattern) -> list[str]:
    files = {file: file.read_text() for file in PACKAGE.rglob("*.py") if "designs" not in file.parts}
    assert len(files) > 200
    return [
        f"{file.relative_to(PACKAGE)}: {hit[0].strip()}"
        for file, text in files.items()
        for hit in pattern.finditer(text)
    ]


@pytest.mark.parametrize("what", BRANCHES)
def test_nothing_branches_on_it(what):
    assert found(BRANCHES[what]) == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("kind of config", "    if isinstance(self.config, BaselineConfig):\n        return 1\n"),
        ("kind of config", "    return x if isinstance(config, SoftermaxConfig) else y\n"),
        ("kind of config", "    return MODELS[type(config)](scores)\n"),
        ("kind of config", "MODELS = {SoftermaxConfig: softmax}\n"),
        ("unit's name", '    apart = point.unit == "pe"\n'),
        ("unit's name", '    if result["unit"] != "pe" and bubbles:\n'),
        ("unit's name", '    apart = result.get("unit") == "pe"\n'),
        ("unit's name", '    if unit in ("unnormed", "pe"):\n'),
        ("preset's name", '    if result["preset"] == "fp16":\n'),
    ],
)
def test_a_branch_would_be_found(what, line):
    assert BRANCHES[what].search(line)


def test_a_check_that_raises_is_no_branch():
    check = "    if not isinstance(config, SoftermaxConfig):\n        raise TypeError(config)\n"
    assert BRANCHES["kind of config"].search(check) is None
