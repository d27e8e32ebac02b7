"""Faithfulness of a config: its error bound, how tight its widths are, and the worst errors that attacks find.

Three attacks: a million random rows; rows built to make each term of the bound large; and a property-based search,
in which Hypothesis climbs towards larger errors.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import click
import numpy as np

import softermax.model
from softermax.model import UQ, Q, SoftermaxConfig
from softermax.model.attack import Worst, hard_rows, random_rows, worst_of
from softermax.model.error_budget import error_budget
from softermax.model.width_search import derived_widths, is_faithful, narrower

from ..design_points import DesignPoint
from ..files import write_whole
from ..jobs.measure import Measure
from ..results.columns import POINT, Column, hidden, real

__all__ = ["FAITHFULNESS", "faithful_grid", "measure_faithfulness"]


def faithful_grid() -> list[DesignPoint]:
    """The configs of docs/results/tables/faithful-grid.md: 120, of 16 lanes each.

    They have four input formats, 7 to 12 output bits and five row lengths.
    """
    inputs = (Q(6, 2), Q(5, 3), Q(4, 4), Q(7, 2))
    outputs = (UQ(1, 7), *(UQ(0, bits) for bits in range(8, 13)))
    return [
        DesignPoint("softmax", "faithful", max_len=max_len, options=(("input", score), ("output", output)))
        for score, output, max_len in product(inputs, outputs, (16, 64, 384, 1024, 4096))
    ]


def measure_faithfulness(point: DesignPoint, build_dir: Path, *, rows: int, seed: int) -> dict:
    """Bound and attack a point's config.

    What has been measured before with the same config, model, rows and seed is read from ``build_dir``.

    Parameters
    ----------
    rows : int
        Random rows.
    seed : int
        Seed of the random rows and the search.

    Returns
    -------
    dict
        Errors in units in the last place of the output: ``bound``; ``bound_a_bit_less``, the least bound of a config
        with one derived width a bit less; ``random``, ``built`` and ``searched``, the largest error that each attack
        found; ``faithful``, whether the bound holds, is below 1, and no width can lose a bit. ``widths`` are the
        derived ones; ``row_sum_min`` and ``row_sum_max``, of rows with a kept score, real numbers.
    """
    config = point.softmax_config
    key = hashlib.sha256(f"{config} {rows} {seed} {_model_digest()}".encode()).hexdigest()[:16]
    cached = build_dir / "faithfulness" / f"{point.name}-{key}.json"
    if not cached.exists():
        write_whole(cached, json.dumps(_measure(config, rows, seed)))
    return json.loads(cached.read_text())


def _model_digest() -> str:
    """A digest of the model's source."""
    sources = sorted(Path(softermax.model.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def _measure(config: SoftermaxConfig, rows: int, seed: int) -> dict:
    from .row_search import searched_rows  # Hypothesis takes long to import, and most commands do without

    attacks = {
        "random": worst_of(config, random_rows(config, np.random.default_rng(seed), rows)),
        "built": worst_of(config, hard_rows(config)),
        "searched": worst_of(config, searched_rows(config, seed)),
    }
    found: list[Worst] = list(attacks.values())
    less = [config for _, config in narrower(config)]
    bounds = [error_budget(each).total + each.rounding_loss for each in (config, *less)]
    return {
        "widths": " ".join(str(bits) for bits in derived_widths(config).values()),
        **{name: max(worst.above, worst.below) for name, worst in attacks.items()},
        "bound": _finite(bounds[0]),
        "bound_a_bit_less": _finite(min(bounds[1:], default=math.inf)),
        "faithful": _bounds_hold(config, found) and is_faithful(config) and not any(map(is_faithful, less)),
        "row_sum_min": min(worst.sum_low for worst in found),
        "row_sum_max": max(worst.sum_high for worst in found),
    }


def _bounds_hold(config: SoftermaxConfig, found: Sequence[Worst]) -> bool:
    """Whether errors and sums of rows are within their bounds.

    With directed rounding the bound of errors is on what lies above; a unit is on what lies below.
    """
    above, below = max(worst.above for worst in found), max(worst.below for worst in found)
    off = max(max(1 - worst.sum_low, worst.sum_high - 1) for worst in found) / config.output.ulp
    budget = error_budget(config)
    bound = budget.total + config.rounding_loss
    least = 1 if config.rounding == "directed" else max(bound, 1)
    return above <= bound and below < least and off <= budget.row_sum


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


FAITHFULNESS = Measure(
    name="faithfulness",
    help="Bound the errors of a config's outputs, in units in the last place. Then find large errors by attacks: "
    "random rows, rows built to be hard, and a search.",
    example="faithfulness --preset faithful --input-format Q(4,4) --output-format UQ(0,11)",
    title="Errors found in {rows:,} random rows, in built ones and by search, seed {seed}",
    progress="Attacking",
    run=measure_faithfulness,
    options=(
        click.Option(
            ["--rows"],
            type=click.IntRange(1),
            default=100_000,
            show_default=True,
            help="Number of random rows for each config.",
        ),
        click.Option(
            ["--seed"], type=click.IntRange(0), default=1, show_default=True, help="Seed of random rows and search."
        ),
    ),
    columns=(
        *POINT,
        Column("widths", "widths"),
        *(real(attack, f"{attack}\n/ulp", 3) for attack in ("random", "built", "searched")),
        real("bound", "bound\n/ulp", 4),
        real("bound_a_bit_less", "a bit less\n/ulp", 4),
        real("row_sum_min", "row sum\nleast", 3, detail=True),
        real("row_sum_max", "row sum\ngreatest", 3, detail=True),
        *hidden("faithful"),
    ),
)
