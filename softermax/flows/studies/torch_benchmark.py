"""Speed of Softermax in PyTorch beside exact softmax, in the same run: forward and backward, models, and configs.

Run with ``make torch-benchmark``. A benchmark, not a test: the ratio is what counts, the times depend on the machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from unittest import mock

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from softermax.model import UQ, SoftermaxConfig
from softermax.model.torch import forward, kernel, softmax
from softermax.nn import register

from .benchmark import ratio_text, seconds, side_by_side

SHAPE = (8, 12, 384, 384)
ROUNDS = 9
#: Shapes of the language model, as in SmolLM2-135M.
TOKENS, DECODED, VOCABULARY = 1024, 10, 1000
MODEL = {
    "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 4, "num_attention_heads": 9,
    "num_key_value_heads": 3, "head_dim": 64,
}  # fmt: skip
#: Functions of the forward pass by PyTorch's operations, one after the other, by what they do.
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
    "default of nn": SoftermaxConfig.default(),
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
    title = name if mask is None else f"{name}, causal mask"
    print(f"\n{title:20} softermax  torch.softmax  ratio")
    _print_passes(side_by_side(steps, ROUNDS))
    with mock.patch.object(kernel, "library", return_value=None):
        print("  by PyTorch's operations")
        _print_passes(side_by_side(steps, ROUNDS))
        stages = [stage_seconds(ours.forward) for _ in range(ROUNDS)]
    for stage, text in (STAGES | {"rest": "allocate and write the results, and all else"}).items():
        print(f"    {np.median([times[stage] for times in stages]) * 1e3:7.1f} ms  {text}")


def _print_passes(times: np.ndarray):
    """Print times, (rounds, 4), of both passes of Softermax and of exact softmax."""
    forwards, backwards = times[:, ::2], times[:, 1::2]
    for step, pair in (("forward", forwards), ("backward", backwards), ("total", forwards + backwards)):
        _print_ratio(step, pair)


def _print_ratio(name: str, pair: np.ndarray):
    mine, other = np.median(pair, axis=0) * 1e3
    print(f"  {name:16} {mine:7.1f} ms     {other:7.1f} ms {ratio_text(*pair.T)}")


def compare_models():
    """Print times of a language model with Softermax and with eager attention: of a text, and of tokens after it."""
    texts, caches = {name: language_model(name) for name in ("softermax", "eager")}, {}
    ids = torch.randint(0, VOCABULARY, (1, TOKENS), generator=torch.Generator().manual_seed(1))

    def read(name: str):
        caches[name] = texts[name](ids, use_cache=True).past_key_values

    def decode(name: str):
        for _ in range(DECODED):
            texts[name](ids[:, :1], cache=caches[name], use_cache=True)
            caches[name].crop(-1)

    print(f"\nLlama, {', '.join(f'{name} {size}' for name, size in MODEL.items())}\n{'':18} softermax   eager  ratio")
    with torch.no_grad():
        for title, step in ((f"{TOKENS} tokens", read), (f"{DECODED} tokens, one by one, after them", decode)):
            calls = [partial(step, name) for name in texts]
            _print_ratio(title, side_by_side(calls, ROUNDS))


def language_model(attention: str) -> torch.nn.Module:
    """A model with the shapes of SmolLM2-135M, of fewer layers and a smaller vocabulary, with random weights."""
    register()
    torch.manual_seed(1)
    config = LlamaConfig(vocab_size=VOCABULARY, max_position_embeddings=2 * TOKENS, **MODEL)
    return LlamaForCausalLM._from_config(config, attn_implementation=attention).eval()


def configs():
    """Print how long it takes to find configs: sizes that nothing has asked for before."""
    print("\nfaithful config, 1,024 elements")
    for bits in (8, 12, 16):
        for rounding in ("nearest", "cascade"):
            make = partial(SoftermaxConfig.faithful, output=UQ(0, bits), max_len=1024, rounding=rounding)
            print(f"  {bits:2} bits, {rounding:8} {seconds(make):5.2f} s")


def main():
    """Compare each config without a mask, the paper's and the default with one; models; configs."""
    configs()
    # With several threads, an operation waits for the one that something else on the machine holds up.
    torch.set_num_threads(1)
    print(f"\n{' x '.join(map(str, SHAPE))} scores, float32, one thread, {ROUNDS} rounds, medians")
    for name, config in CONFIGS.items():
        compare(name, config, None)
    causal = torch.ones(SHAPE[-2:], dtype=torch.bool).tril()
    for name in ("paper", "default of nn"):
        compare(name, CONFIGS[name], causal)
    compare_models()


if __name__ == "__main__":
    main()
