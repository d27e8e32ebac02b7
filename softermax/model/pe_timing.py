"""Timing model of the processing element; see :class:`softermax.model.timing_model.TimingModel` for what it has.

Besides its streams it has a register interface: each cycle's ``access``, and ``read_data`` as it stands there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .elastic import Chain
from .framing import Framing
from .pe import Register
from .pe_config import ProcessingElementConfig
from .pe_host_timing import Access, Loader, Registers
from .timing_model import Chains

__all__ = ["ProcessingElementTiming"]


class ProcessingElementTiming:
    """Registers, buffers, MACs, requantiser and softmax; with values, the probabilities' way back to the MACs.

    Parameters
    ----------
    config : ProcessingElementConfig
    framing : Framing
        Framing of all slices of scores that will be computed.
    saturated : ndarray of bool, (slices,)
        Whether a slice's row has a saturated sum.

    Attributes
    ----------
    inputs, outputs : tuple of str
    access : Access
        To the registers, in the present cycle; to be set before the model is asked for anything.
    read_data : int
        Word that the register port shows.
    busy, done : bool
    multiplications : int
        Cycles in which the MACs have been given operands.
    steps : list of Step
        Step of the MACs in each cycle.
    """

    outputs = ("o",)

    def __init__(self, config: ProcessingElementConfig, framing: Framing, saturated: np.ndarray):
        self.inputs = ("k", "v", "q") if config.values else ("k", "q")
        self.access = Access()
        self._registers = Registers(config)
        self._keys = Loader(config.max_len)
        self._values = Loader(config.value_rows) if config.values else None
        self._sequence = _Sequence(config)
        self._query_words, self._query_level = config.query_words, 0
        self._last, self._saturated = framing.last, saturated
        self._macs = Chain(3)
        self.steps: list[Step] = []
        self._summed = _Summed()
        self._requantiser = Chain(1, streams=2)
        self._probabilities = _Probabilities() if config.values else None
        arithmetic = config.softmax.arithmetic
        self._converter = Chain(arithmetic.conversion_stages) if arithmetic.conversion_stages else None
        self._softmax = arithmetic.timing(framing, config.softmax)
        self.chains: Chains = {"MAC": self._macs, "requantiser": self._requantiser}
        if self._converter is not None:
            self.chains["converter"] = self._converter
        self.chains |= self._softmax.chains

    @property
    def levels(self) -> dict[str, int]:
        """Words of queries, rows of keys and of values, slices of probabilities; and in the softmax's row buffers."""
        held = {"queries": self._query_level, "keys": self._keys.loaded}
        if self._values is not None:
            held |= {"values": self._values.loaded, "probabilities": self._probabilities.level}
        return held | self._softmax.levels

    @property
    def read_data(self) -> int:
        """``csr.read_data``."""
        return self._registers.read_data

    @property
    def busy(self) -> bool:
        """Whether a head is being computed."""
        return self._registers.busy

    @property
    def done(self) -> bool:
        """``done``."""
        return self._registers.done

    @property
    def multiplications(self) -> int:
        """Cycles in which the MACs have been given operands."""
        return len(self.steps)

    def _begins(self) -> tuple[bool, bool, bool]:
        """Whether the access starts a head, discards the keys, and discards the values."""
        registers, values = self._registers, self._values
        starts = registers.starts(self.access, self._keys.loaded, None if values is None else values.loaded)
        discards_keys = registers.discards(self.access, Register.D_HEAD)
        return starts, discards_keys, registers.discards(self.access, Register.D_HEAD, Register.KEYS)

    def ready(self, valids, readies):
        """``k.ready``, with values ``v.ready``, and ``q.ready``."""
        starts, discards_keys, discards_values = self._begins()
        idle = not self._registers.busy and not starts
        k_ready = self._keys.room and idle and not discards_keys
        q_ready = self._query_level < self._query_words
        if self._values is None:
            return k_ready, q_ready
        fits = self._values.room and self._registers.within(Register.KEYS)
        return k_ready, fits and idle and not discards_values and not (valids[0] and k_ready), q_ready

    def valids(self):
        """``o.valid``."""
        return self._softmax.valids() if self._values is None else (self._requantiser.valid[1],)

    def shown(self):
        """The slice at ``o``; -1 while the register shows what is no slice of context."""
        if self._values is None:
            return self._softmax.shown()
        context = self._requantiser.item >= 0 and self._summed.context[self._requantiser.item]
        return (self._summed.places[self._requantiser.item] if context else -1,)

    def clock(self, valids, readies):
        """Clock edge."""
        answers = self.ready(valids, readies)
        starts, discards_keys, discards_values = self._begins()
        row_taken, saturated = self._taken(readies)
        self._compute(readies)
        self._query_level += valids[-1] and answers[-1]
        if valids[0] and answers[0]:
            self._keys.take(self._registers.chunks)
        self._keys.clock(starts, discards_keys)
        if self._values is not None:
            if valids[1] and answers[1]:
                self._values.take(self._registers.key_slices)
            self._values.clock(starts, discards_values)
        if starts:
            self._sequence.start(self._registers)
        self._registers.clock(self.access, starts, row_taken, saturated)

    def _probabilities_ready(self, readies) -> bool:
        return readies[0] if self._probabilities is None else not self._probabilities.complete

    def _taken(self, readies) -> tuple[bool, bool]:
        """Whether a row's last slice leaves, and whether a slice of a row with a saturated sum leaves the softmax."""
        probability = None
        if self._softmax.valids()[0] and self._probabilities_ready(readies):
            [probability] = self._softmax.shown()
        saturated = probability is not None and bool(self._saturated[probability])
        if self._values is None:
            return probability is not None and bool(self._last[probability]), saturated
        leaves = self.valids()[0] and readies[0]
        return leaves and self._summed.last[self._requantiser.item], saturated

    def _compute(self, readies):
        """Clock edge of the pipeline from operands to probabilities, or context."""
        probabilities_ready = (self._probabilities_ready(readies),)
        scored = self._requantiser if self._converter is None else self._converter
        scores_valid = (scored.valid[0],)
        [softmax_ready] = self._softmax.ready(scores_valid, probabilities_ready)
        scores_ready = softmax_ready if self._converter is None else self._converter.ready(softmax_ready)
        taken = scores_ready, readies[0]
        requantiser_ready = self._requantiser.ready(*taken)
        step = self._next_step(self._macs.ready(requantiser_ready))
        summed = None
        if self._macs.valid[0] and requantiser_ready:
            summed = self._summed.add(self.steps[self._macs.item])
        if self._probabilities is not None and self._softmax.valids()[0] and probabilities_ready[0]:
            self._probabilities.take(bool(self._last[self._softmax.shown()[0]]))
        self._softmax.clock(scores_valid, probabilities_ready)
        if self._converter is not None:
            scored = self._requantiser.item if self._requantiser.valid[0] and scores_ready else None
            self._converter.clock(scored, softmax_ready)
        context = self._summed.context
        self._requantiser.clock(summed, *taken, feeds=lambda item: (not context[item], context[item]))
        self._macs.clock(step, requantiser_ready, feeds=lambda item: (self.steps[item].final,))

    def _next_step(self, macs_ready: bool) -> int | None:
        """The number of the step that enters the MACs in this cycle, if one does."""
        sequence = self._sequence
        level = self._probabilities.level if sequence.context else self._query_level
        if not (sequence.running and level > sequence.chunk and macs_ready):
            return None
        step = sequence.step()
        self.steps.append(step)
        if step.last and step.context:
            self._probabilities.release()
        elif step.last:
            self._query_level -= self._registers.chunks
        return len(self.steps) - 1


class _Probabilities:
    """The buffer of a row of probabilities; takes no others until the row is released."""

    def __init__(self):
        self.level, self.complete = 0, False

    def take(self, last: bool):
        """A slice comes."""
        self.level, self.complete = self.level + 1, last

    def release(self):
        """The row has been read for the last time."""
        self.level, self.complete = 0, False


class _Summed:
    """Of every slice that has left the MACs: whether it is context, its place among its kind, whether its row ends."""

    def __init__(self):
        self.context: list[bool] = []
        self.places: list[int] = []
        self.last: list[bool] = []
        self._numbers = {False: 0, True: 0}

    def add(self, step: Step) -> int:
        """Number of the next slice, which ends with this step."""
        self.context.append(step.context)
        self.places.append(self._numbers[step.context])
        self.last.append(step.last)
        self._numbers[step.context] += 1
        return len(self.context) - 1


@dataclass(frozen=True)
class Step:
    """Work of the MACs in a cycle: for scores or for context; the final step of a slice, the last one of a row."""

    context: bool
    final: bool
    last: bool


class _Sequence:
    """The steps of a head. With values, the context of a row comes after the scores of the next one."""

    def __init__(self, config: ProcessingElementConfig):
        self._lanes, self._values = config.lanes, config.values
        self.running, self._queries, self._scored, self._finished = False, 0, 0, 0
        self._outer = self.chunk = 0

    def start(self, registers: Registers):
        """Begin a head."""
        self._queries, self._keys = registers[Register.QUERIES], registers[Register.KEYS]
        self._chunks, self._causal = registers.chunks, registers[Register.MASK]
        self.running, self._scored, self._finished, self._outer, self.chunk = True, 0, 0, 0, 0

    @property
    def context(self) -> bool:
        """Whether the next step is for context."""
        ahead = self._scored - self._finished
        return self._values and (ahead == 2 or self._scored == self._queries) and self.running

    def step(self) -> Step:
        """Go on by a step."""
        context = self.context
        row = self._finished if context else self._scored
        seen = min(row + 1, self._keys) if self._causal else self._keys
        sizes = [-(-seen // self._lanes), self._chunks]
        outer, inner = reversed(sizes) if context else sizes
        final = self.chunk == inner - 1
        last = final and self._outer == outer - 1
        self.chunk = 0 if final else self.chunk + 1
        self._outer = 0 if last else self._outer + final
        self._scored += last and not context
        self._finished += last and (context or not self._values)
        self.running = self._finished < self._queries
        return Step(context, final, last)
