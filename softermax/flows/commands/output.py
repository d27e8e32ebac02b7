"""What commands say of their results, and how they end."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ..files import write_whole
from ..results.tables import markdown_table, print_table

__all__ = ["console", "fail_on_mismatch", "show", "stop"]


def show(results: Sequence[dict], as_json: bool, title: str, markdown: Path | None = None):
    """Print flat results, as a table or in JSON; and write the table into a file, if there is one for it."""
    if markdown is not None:
        write_whole(markdown, markdown_table(results))
    if as_json:
        print(json.dumps(results, indent=2))
        return
    # A processing element has other fields than its parts.
    for apart in (False, True):
        some = [result for result in results if (result.get("unit") == "pe") is apart]
        if some:
            print_table(some, console(), title=title)


def console() -> Console:
    """For tables; wide where nobody looks."""
    return Console(width=None if sys.stdout.isatty() else 200)


def fail_on_mismatch(results: Sequence[dict]):
    """A mismatch is a failure of the hardware or of the model, not of the user: exit status 1."""
    wrong = [result for result in results if result["mismatches"]]
    for result in wrong:
        print(
            f"softermax: {result['unit']} with {result['lanes']} lanes has {result['mismatches']} mismatches, "
            f"the first of them {result.get('first_mismatch')}",
            file=sys.stderr,
        )
    if wrong:
        sys.exit(1)


def stop(message: str, status: int):
    """End with one sentence."""
    print(f"softermax: {message}", file=sys.stderr)
    sys.exit(status)
