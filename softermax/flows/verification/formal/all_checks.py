"""Formal verification: all checks, run side by side, and what they found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ...errors import FlowError
from ...jobs.cache import cached, key_of
from ...jobs.provenance import PROGRAMS, source_digest, versions
from ...jobs.running import Job, run_jobs
from .checks import Check
from .kernels import kernel_checks
from .stream_checks import stream_checks

__all__ = ["formal_checks", "run_checks"]

#: Names here of units that other commands call otherwise.
SHORT = {"pe": "processing element", "softmax": "softermax"}
#: Distributions that answers depend on.
SOLVERS = ("bitwuzla", "z3-solver")


def formal_checks(unit: str | None = None) -> list[Check]:
    """All checks, or the checks of units whose name has a text in it; a FlowError if no name has."""
    checks = [*stream_checks(), *kernel_checks()]
    wanted = "" if unit is None else SHORT.get(unit, unit).casefold()
    chosen = [check for check in checks if wanted in check.unit.casefold()]
    if not chosen:
        units = ", ".join(dict.fromkeys(check.unit for check in checks))
        raise FlowError(f"the unit must be one of these, or a part of its name: {units}; not {unit!r}")
    return chosen


def run_checks(checks: Sequence[Check], build_dir: Path, console: Console) -> list[dict]:
    """A row for each check, in order; what has been found before by the same sources is not tried again."""
    return run_jobs([Job(_prove, check, build_dir) for check in checks], "Proving", console)


def _cache_key(check: Check) -> str:
    found_by = {"sources": source_digest(), "versions": versions((*PROGRAMS, *SOLVERS))}
    facts = check.identity() | {"fault": check.fault} | found_by
    return key_of(facts)


@cached(_cache_key)
def _prove(check: Check, build_dir: Path) -> dict:
    """Run a check in a folder of its own."""
    words = re.sub(r"\W+", "_", f"{check.unit} {check.config} {check.property}").strip("_").lower()
    return check.row(build_dir / "formal" / f"{words[:60]}_{key_of(check.identity())[:8]}")
