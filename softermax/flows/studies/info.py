"""Facts of a config: formats, widths, sizes, latencies."""

from __future__ import annotations

import warnings
from contextlib import suppress

from amaranth.hdl import UnusedElaboratable

from softermax.model.equal_scores import equal_scores

from ..cosimulation.scores import accuracy_on_attention
from ..design_points import DesignPoint

__all__ = ["describe"]


def describe(point: DesignPoint) -> dict:
    """Facts about a design point's config, as one flat object.

    Formats are strings, widths in bits, errors real numbers, latencies in clock cycles.
    """
    config = point.softmax_config
    facts = point.identity() | {"max_slices": config.max_slices, "capacity": config.capacity}
    del facts["unit"]
    facts |= point.design.facts(config) | accuracy_on_attention(config)
    flat = equal_scores(config)
    facts |= {"equal_scores_sum_min": flat.smallest, "equal_scores_sum_min_at": flat.at_smallest}
    facts |= {"equal_scores_sum_max": flat.largest, "equal_scores_sum_max_at": flat.at_largest}
    with warnings.catch_warnings():
        # Amaranth minds components that are made and not turned into hardware.
        warnings.simplefilter("ignore", UnusedElaboratable)
        built = {}
        for name, unit in point.design.units.items():
            # Not every unit has every size.
            with suppress(ValueError):
                built[name] = unit.component(unit.config(config))
    latencies = {name: getattr(component, "latency", None) for name, component in built.items()}
    return facts | {f"{name}_latency": latency for name, latency in latencies.items() if latency is not None}
