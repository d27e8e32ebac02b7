"""Which families of the installed transformers have Softermax."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.progress import track

from softermax.nn.families.verdicts import KINDS, VERDICTS, families, judge

from ..errors import FlowError
from ..results.columns import Column

__all__ = ["FAMILY_COLUMNS", "family_verdicts", "summary", "wrong"]

#: Verdicts that are defects.
WRONG = ("differs", "fails")
#: Columns of the results, and of their summary.
FAMILY_COLUMNS = (
    Column("kind", "kind"),
    Column("family", "family"),
    Column("model", "model"),
    Column("verdict", "verdict"),
    Column("difference", "difference", lambda value: "" if value is None else f"{value:.1g}"),
    Column("remark", "remark", wraps=True),
    *(Column(verdict, verdict) for verdict in VERDICTS),
)


def family_verdicts(names: Sequence[str], console: Console) -> list[dict]:
    """Verdicts of :func:`softermax.nn.families.verdicts.judge` on families, of all kinds that they have.

    Raises
    ------
    FlowError
        If there is no family of a name.
    """
    known = list(families())
    unknown = sorted(set(names) - {family for _, family in known})
    if unknown:
        raise FlowError(f"families must be names of the installed transformers, such as llama, not {unknown[0]!r}")
    chosen = [each for each in known if not names or each[1] in names]
    return [judge(*each) for each in track(chosen, "Running models", console=console, transient=True)]


def summary(results: Sequence[dict]) -> list[dict]:
    """Numbers of families by kind and verdict."""
    counts = Counter((result["kind"], result["verdict"]) for result in results)
    kinds = [kind for kind in KINDS if any(result["kind"] == kind for result in results)]
    return [{"kind": kind} | {verdict: counts[kind, verdict] for verdict in VERDICTS} for kind in kinds]


def wrong(results: Sequence[dict]) -> str | None:
    """A sentence on families that are wrong, None if none is."""
    found = [result for result in results if result["verdict"] in WRONG]
    if not found:
        return None
    first = found[0]
    return f"{len(found)} of {len(results)} families are wrong, the first of them {first['family']}: {first['verdict']}"
