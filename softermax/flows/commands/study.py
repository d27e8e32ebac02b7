"""Commands that study the arithmetic and the units: info, softmax, candidates, operators, utilisation, whole heads."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import track

from ..cosimulation.scores import apply_softmax, read_array
from ..designs.registry import Registered, registered
from ..errors import FlowError
from ..files import STANDARD_OUTPUT
from ..results.columns import POINT, Column, hidden
from ..studies.explore import EXPLORE, Candidate, least_candidates
from ..studies.heads import HEAD_COLUMNS, head_errors
from ..studies.info import describe
from ..studies.operators import OPERATORS, operator_points
from ..studies.utilisation import (
    UTILISATION_COLUMNS,
    UTILISATION_PRESETS,
    UTILISATION_TOKENS,
    measure_utilisation,
    played_head,
)
from .measures import measure_command
from .options import SIZE, SOFTMAX, PointChoice, design_point
from .output import MESSAGES, Output, OutputFile, command

__all__ = ["designs", "explore", "heads", "info", "operators", "softmax", "utilisation"]


def _candidates(number: int, **size) -> list[Candidate]:
    point = design_point(SOFTMAX, **size)
    if not point.design.is_faithful:
        raise FlowError(f"the preset must be faithful to have candidates, not {point.preset!r}")
    return least_candidates(point.softmax_config, number)


NUMBER = click.Option(
    ["--number"], type=click.IntRange(1), default=10, show_default=True, help="Number of candidates to synthesise."
)
explore = measure_command(EXPLORE, PointChoice((*SIZE, NUMBER), _candidates))
operators = measure_command(OPERATORS, PointChoice((), operator_points))


DESIGN_COLUMNS = (
    # As it is typed.
    Column("preset", "--preset", "{}".format),
    Column("title", "what it is", wraps=True),
    Column("units", "units", wraps=True),
    Column("source", "source", wraps=True),
    Column("license", "licence"),
    Column("distribution", "from"),
    Column("reason", "not available, as", wraps=True),
    *hidden("available", "entry"),
)


@command(
    "designs",
    help="List the registered designs, each a --preset, with units, licence and the reason if one is not available.",
    example="designs --json",
)
def designs(output: Output):
    output.show([_design_facts(each) for each in registered()], DESIGN_COLUMNS, "Designs")


def _design_facts(each: Registered) -> dict:
    found = each.design
    return {
        "preset": each.name,
        "title": found and found.title,
        "units": found and ", ".join(found.units),
        "source": found and found.source,
        "license": found and found.license,
        "available": found is not None,
        "reason": each.reason,
        "entry": each.entry,
        "distribution": each.distribution,
    }


@command(
    "utilisation",
    click.Option(
        ["--lanes"],
        type=int,
        default=16,
        show_default=True,
        help="Number of parallel dot products, and of pairs in each.",
    ),
    click.Option(["--d-head"], type=int, default=64, show_default=True, help="Elements of a query."),
    click.Option(["--causal"], is_flag=True, help="Play heads with causal masks."),
    click.Option(["--values"], is_flag=True, help="Let the processing element keep values and give context."),
    help="Report the share of a head's cycles in which the MACs of a processing element work, for both softmaxes and "
    "several sequence lengths. The figures come from the timing model that co-simulation checks.",
    example="utilisation --lanes 32 --d-head 128",
)
def utilisation(output: Output, lanes, d_head, causal, values):
    sizes = [(preset, lanes, tokens, d_head) for preset in UTILISATION_PRESETS for tokens in UTILISATION_TOKENS]
    how = {"causal": causal, "values": values}
    for size in sizes:
        played_head(*size, **how)
    results = [
        measure_utilisation(*size, **how) for size in track(sizes, "Playing heads", console=MESSAGES, transient=True)
    ]
    output.show(results, UTILISATION_COLUMNS, "MAC cycles of a head against its cycles from start to done")


@command(
    "heads",
    click.Option(
        ["--scale-bits"],
        type=click.IntRange(4, 16),
        default=8,
        show_default=True,
        help="Bits of the requantiser's scale.",
    ),
    help="Measure errors of a processing element's probabilities and context against attention in float64, on captured "
    "heads.",
    example="heads --scale-bits 16",
)
def heads(output: Output, scale_bits):
    title = "Errors against attention in float64 of the same queries, keys and values"
    output.show(head_errors(scale_bits), HEAD_COLUMNS, title)


@command(
    "info",
    *SIZE,
    help="Print formats, widths, sizes and latencies of a config, and its accuracy on the shipped attention scores.",
    example="info --lanes 32 --max-len 1023",
)
def info(output: Output, **size):
    output.show_facts(describe(design_point(SOFTMAX, **size)))


@command(
    "softmax",
    click.Argument(["scores"], type=click.Path(path_type=Path)),
    click.Option(
        ["-o", "--output", "probabilities"],
        type=OutputFile(),
        required=True,
        help="File for the probabilities, .npy.",
    ),
    click.Option(
        ["--mask"], type=click.Path(path_type=Path), help="File of the mask, bool, .npy; True where a score takes part."
    ),
    *SIZE,
    help="Apply the golden model to SCORES (.npy or .npz, real numbers, rows on the last axis) and print the error "
    "against exact softmax.",
    example="softmax scores.npy --base e -o probabilities.npy",
    writes=False,
)
def softmax(output: Output, scores, probabilities, mask, **size):
    point = design_point(SOFTMAX, **size)
    keep = None if mask is None else read_array(mask)
    result = point.identity() | apply_softmax(read_array(scores), point.softmax_config, keep, probabilities)
    if probabilities == STANDARD_OUTPUT:
        return
    if output.format != "table":
        output.show([result], POINT, "Softmax")
        return
    output.note(f"{result['rows']:,} rows of {result['row_length']} written to {probabilities}")
    errors = f"{result['max_error']:.3g} at most, mean {result['mean_error']:.3g}"
    output.note(f"error against exact base-{result['base']} softmax: {errors}")
    if result["row_sum_min"] is not None:
        output.note(f"row sums: {result['row_sum_min']:.4f} to {result['row_sum_max']:.4f}")
