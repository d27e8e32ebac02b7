"""Attentions that an experiment compares, and how they get into a model."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from transformers import PreTrainedModel

from softermax.model import UQ, Q, QFormat, SoftermaxConfig
from softermax.model.faithful import FEW_GUARD_BITS
from softermax.model.torch.partial import APPROXIMATIONS
from softermax.nn.attention import SoftermaxAttention, register_attention
from softermax.nn.observation import calibrate

__all__ = ["CONTROL", "MAX_LEN", "SETS", "TUNED", "Arm"]

#: Longest row where a task does not say another; SQuAD's, in the paper.
MAX_LEN = 384
#: Name of the attention that arms register.
NAME = "softermax_arm"


@dataclass(frozen=True)
class Arm:
    """An attention.

    Attributes
    ----------
    name : str
    config : SoftermaxConfig or None
        None for the softmax of transformers.
    arithmetic : str
        ``"softermax"``, or ``"exact"`` for exact softmax of the config's base.
    exact : tuple of str
        Approximations that are left out, as for :func:`softermax.model.torch.softmax`.
    calibrated : bool
        Whether scores have a zero point for each head, calibrated on training data.
    """

    name: str
    config: SoftermaxConfig | None = None
    arithmetic: str = "softermax"
    exact: tuple[str, ...] = ()
    calibrated: bool = False

    def install(self, model: PreTrainedModel, batches: Iterable[Mapping]):
        """Let a model have this attention; ``batches`` are what it may be calibrated on."""
        if self.config is None:
            model.set_attn_implementation("eager")
            return
        if self.calibrated:
            with warnings.catch_warnings():
                # What an arm loses is what is measured.
                warnings.simplefilter("ignore", UserWarning)
                calibrate(model, batches, self.config, name=NAME)
        register_attention(NAME, SoftermaxAttention(self.config, self.arithmetic, self.exact))
        model.set_attn_implementation(NAME)

    def identity(self) -> dict:
        """Fields of the results by which arms differ."""
        if self.config is None:
            return {"arm": self.name, "base": "e", "input": None, "output": None}
        formats = (None, None) if self.arithmetic == "exact" else (str(self.config.input), str(self.config.output))
        return {"arm": self.name, "base": self.config.base, "input": formats[0], "output": formats[1]}


#: What all others are compared with.
CONTROL = Arm("softmax")


def _paper(max_len: int, base: str = "2") -> SoftermaxConfig:
    """The paper's preset, with as many more integer bits of the power sum as rows of more than 1023 scores need."""
    config = SoftermaxConfig.paper(base=base)
    integer_bits = max(config.power_sum.integer_bits, max_len.bit_length())
    return replace(config, max_len=max_len, power_sum=UQ(integer_bits, config.power_sum.fraction_bits))


def _faithful(
    max_len: int, input: QFormat = Q(6, 2), output: QFormat = UQ(0, 8), base: str = "e", **options
) -> SoftermaxConfig:
    return SoftermaxConfig.faithful(input, output, max_len, base=base, **options)


def presets(max_len: int = MAX_LEN) -> list[Arm]:
    """The arms that matter; folded is what needs no training."""
    return [
        CONTROL,
        Arm("base 2, exact", _paper(max_len), "exact"),
        Arm("paper", _paper(max_len)),
        Arm("faithful", _faithful(max_len, base="2")),
        Arm("folded", _faithful(max_len), calibrated=True),
        Arm("folded, cascade", _faithful(max_len, rounding="cascade"), calibrated=True),
    ]


def decoder(max_len: int = MAX_LEN) -> list[Arm]:
    """Arms of a language model: in its long rows it matters how fine probabilities are, and how they are rounded."""

    def folded(output: QFormat, **options) -> Arm:
        name = " ".join(["folded", str(output), *map(str, options.values())])
        return Arm(name, _faithful(max_len, output=output, **options), calibrated=True)

    return [
        CONTROL,
        Arm("base 2, exact", _paper(max_len), "exact"),
        Arm("paper", _paper(max_len)),
        Arm("paper, folded", _paper(max_len, "e")),
        folded(UQ(0, 8)),
        folded(UQ(0, 10)),
        folded(UQ(0, 12)),
        folded(UQ(0, 16)),
        folded(UQ(0, 8), rounding="cascade"),
        folded(UQ(0, 7), rounding="cascade"),
        folded(UQ(0, 6), rounding="cascade"),
        folded(UQ(0, 8), rounding="cascade", guard_bits=FEW_GUARD_BITS),
    ]


def tuned_decoder(max_len: int = MAX_LEN) -> list[Arm]:
    """Arms of a language model that is trained further: base 2 on scores as they come, which training has to mend."""
    return [
        CONTROL,
        Arm("base 2, exact", _paper(max_len), "exact"),
        Arm("paper", _paper(max_len)),
        Arm("faithful, cascade", _faithful(max_len, base="2", rounding="cascade")),
    ]


def ablation(max_len: int = MAX_LEN) -> list[Arm]:
    """Each approximation of the paper's preset alone, and all of them but that one."""
    names = {part: part.replace("_", " ") for part in APPROXIMATIONS}
    alone = [
        Arm(f"only {name}", _paper(max_len, "e"), exact=tuple(other for other in APPROXIMATIONS if other != part))
        for part, name in names.items()
    ]
    others = [Arm(f"all but {name}", _paper(max_len), exact=(part,)) for part, name in names.items()]
    return [
        CONTROL,
        Arm("only base 2", _paper(max_len), "exact"),
        *alone,
        Arm("paper", _paper(max_len)),
        Arm("all but base 2", _paper(max_len, "e")),
        *others,
        Arm("paper, calibrated", _paper(max_len), calibrated=True),
        Arm("paper, folded, calibrated", _paper(max_len, "e"), calibrated=True),
    ]


#: Of which the bits are varied, one at a time.
INPUTS = (Q(3, 2), Q(4, 2), Q(5, 2), Q(7, 2), Q(6, 0), Q(6, 1), Q(6, 3), Q(6, 4))
OUTPUTS = tuple(UQ(0, bits) for bits in (3, 4, 5, 6, 7, 10, 12))


def bits(max_len: int = MAX_LEN) -> list[Arm]:
    """The folded arm with more and fewer bits of scores, on either side of the point, and of probabilities."""
    formats = [(Q(6, 2), UQ(0, 8))]
    formats += [(input, UQ(0, 8)) for input in INPUTS] + [(Q(6, 2), output) for output in OUTPUTS]
    return [
        CONTROL,
        *(Arm(f"{input} {output}", _faithful(max_len, input, output), calibrated=True) for input, output in formats),
    ]


#: Sets of arms by name: what makes them for rows of a length.
SETS = {"presets": presets, "decoder": decoder, "tuned decoder": tuned_decoder, "ablation": ablation, "bits": bits}
#: Names of the arms that are fine-tuned, the control among them.
TUNED = ("softmax", "paper", "faithful", "folded", "faithful, cascade")
