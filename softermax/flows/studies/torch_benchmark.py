"""Speed of Softermax in PyTorch beside torch.softmax, forward and backward, on the same scores in the same run.

Run with ``make torch-benchmark``. A benchmark, not a test: the ratio is what counts, the times depend on the machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from unittest import mock

import numpy as np
import torch

from softermax.model import SoftermaxConfig
from softermax.model.torch import forward, softmax

from .benchmark import ratio_text, seconds, side_by_side

SHAPE = (8, 12, 384, 384)
ROUNDS = 9
#: Functions of the forward pass, one after the other, by what they do.
STAGES = {
    "quantise": "quantise, and find what is not finite",
    "hide": "hide masked scores",
    "to_slices": "cut into slices",
    "slice_maxima": "maxima of slices",
    "slice_sums": "numerators and their sums",
    "reduction": "running maximum and power sum",
    "normalise": "reciprocal, results",
}
CONFIGS = {
    "paper": SoftermaxConfig.paper(lanes=16, max_len=SHAPE[-1]),
    "faithful": SoftermaxConfig.faithful(max_len=SHAPE[-1]),
    "paper, base e": SoftermaxConfig.paper(lanes=16, max_len=SHAPE[-1], base="e"),
}


@dataclass
class Pass:
    """A softmax forward and backward, one call each."""

    function: Callable[[torch.Tensor], torch.Tensor]
    scores: torch.Tensor
    weights: torch.Tensor
    result: torch.Tensor | None = None

    def forward(self):
        """Compute the probabilities."""
        self.result = self.function(self.scores)

    def backward(self):
        """Compute the gradient of the scores, and let the probabilities go."""
        torch.autograd.grad(self.result, self.scores, self.weights)
        self.result = None


def exact_softmax(mask: torch.Tensor | None) -> Callable[[torch.Tensor], torch.Tensor]:
    """PyTorch's softmax, masked as its users mask it."""
    return lambda scores: torch.softmax(scores if mask is None else scores.masked_fill(~mask, -math.inf), -1)


def stage_seconds(function: Callable[[], object]) -> dict[str, float]:
    """Time that a call spends in each stage of the forward pass, and in the rest of it."""
    spent = dict.fromkeys(STAGES, 0.0)

    def timed(name: str) -> Callable:
        stage = getattr(forward, name)

        def call(*arguments):
            results = []
            spent[name] += seconds(lambda: results.append(stage(*arguments)))
            return results[0]

        return call

    with ExitStack() as stack:
        for name in STAGES:
            stack.enter_context(mock.patch.object(forward, name, timed(name)))
        whole = seconds(function)
    return spent | {"rest": whole - sum(spent.values())}


def compare(name: str, config: SoftermaxConfig, mask: torch.Tensor | None):
    """Print times and ratios of a config, and where the time goes."""
    generator = torch.Generator().manual_seed(1)
    scores = (3 * torch.randn(SHAPE, generator=generator)).requires_grad_()
    weights = torch.randn(SHAPE, generator=generator)
    ours = Pass(lambda x: softmax(x, config, mask=mask), scores, weights)
    exact = Pass(exact_softmax(mask), scores, weights)
    steps = [ours.forward, ours.backward, exact.forward, exact.backward]
    times = side_by_side(steps, ROUNDS)
    forwards, backwards = times[:, ::2], times[:, 1::2]
    title = name if mask is None else f"{name}, causal mask"
    print(f"\n{title:20} softermax  torch.softmax  ratio")
    for step, pair in (("forward", forwards), ("backward", backwards), ("total", forwards + backwards)):
        mine, other = np.median(pair, axis=0) * 1e3
        print(f"  {step:16} {mine:7.1f} ms     {other:7.1f} ms {ratio_text(*pair.T)}")
    stages = [stage_seconds(ours.forward) for _ in range(ROUNDS)]
    for stage, text in (STAGES | {"rest": "allocate and write the results, and all else"}).items():
        print(f"    {np.median([times[stage] for times in stages]) * 1e3:7.1f} ms  {text}")


def main():
    """Compare each config without a mask, and the paper's with one."""
    # With several threads, an operation waits for the one that something else on the machine holds up.
    torch.set_num_threads(1)
    print(f"{' x '.join(map(str, SHAPE))} scores, float32, one thread, {ROUNDS} rounds, medians")
    for name, config in CONFIGS.items():
        compare(name, config, None)
    compare("paper", CONFIGS["paper"], torch.ones(SHAPE[-2:], dtype=torch.bool).tril())


if __name__ == "__main__":
    main()
