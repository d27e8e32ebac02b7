"""Which registers of two designs are the same: those that take the same in every state in which all of them agree.

Random states tell registers apart, until none do. What is left is no more than a candidate: a solver has to prove it,
see :mod:`softermax.flows.verification.equivalence.sequential`, and what it finds against it comes back here.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from ...gates.netlist import CLOCK
from .aig import ONES, Aig
from .constants import lasting

__all__ = ["Correspondence", "by_names", "by_simulation"]

#: 64 stimuli to a word.
WORDS = 4
#: Rounds without news after which registers are taken for equal.
PATIENCE = 16
#: In how many of 64 states inputs and registers are 1.
DENSITIES = (2, 32, 62)
#: Which share of its bits is inverted near a counterexample, a word of stimuli for each.
SHARES = (1 / 4, 1 / 16, 1 / 64, 1 / 256)


class Correspondence:
    """Classes of registers that hold the same; those of the revised design count on from those of the golden one.

    Parameters
    ----------
    golden, revised : Aig
        With the same inputs.
    classes : sequence of int
        A number for each register, the same for those of a class.
    constants : dict of int to bool
        Registers of the golden design that keep these values once all of them have them.
    filled : Aig, optional
        The golden design with undefined bits 1; in ``golden`` they are 0. What a register takes is *free* where the two
        differ: there it may be anything, and is what the revised design takes. Without it nothing is undefined.
    """

    def __init__(self, golden: Aig, revised: Aig, classes, constants: dict[int, bool], filled: Aig | None = None):
        self._designs = golden, revised
        self.filled = filled or golden
        self._order = [golden.inputs.index(name) for name in revised.inputs]
        self.constants = dict(constants)
        self.classes = self._numbered(list(classes))

    def _numbered(self, keys: list) -> np.ndarray:
        """Classes from 0 on; that of constants is none, -1."""
        numbers: dict = {}
        return np.array(
            [
                -1 if register in self.constants else numbers.setdefault(key, len(numbers))
                for register, key in enumerate(keys)
            ],
            int,
        )

    @property
    def count(self) -> int:
        """Number of classes."""
        return int(self.classes.max(initial=-1)) + 1

    def following(self, inputs: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What all registers take, and where that is free, from the golden design's inputs and the classes' states.

        Both are ndarrays of uint64, (registers, words).
        """
        held = states[self.classes] if len(states) else np.zeros((len(self.classes), inputs.shape[1]), np.uint64)
        for register, value in self.constants.items():
            held[register] = ONES if value else 0
        golden, revised = self._designs
        registers, inputs = len(golden.latches), inputs.copy()
        inputs[[name == CLOCK for name in golden.inputs]] = ONES
        empty, filled = (_next(design, inputs, held[:registers]) for design in (golden, self.filled))
        taken = np.concatenate([empty, _next(revised, inputs[self._order], held[registers:])])
        return taken, np.concatenate([empty ^ filled, np.zeros_like(taken[registers:])])

    def split(self, inputs: np.ndarray, states: np.ndarray, *, defined: bool) -> bool:
        """Tell apart registers that take different values in some stimuli; returns whether any were.

        Parameters
        ----------
        defined : bool
            Leave out stimuli in which what any register takes is free: as long as a class holds many, it does not say
            what one that is free should take.
        """
        before = self.count
        taken, free = self.following(inputs, states)
        if defined:
            free |= np.bitwise_or.reduce(free, axis=0)
        taken = self._made_equal(taken, free) if free.any() else taken
        self.classes = self._numbered(list(zip(self.classes.tolist(), map(bytes, taken), strict=True)))
        return self.count != before

    def refute(self, rng: np.random.Generator, counterexample: np.ndarray) -> bool:
        """Tell apart registers that do not stay alike in a counterexample, or near it; returns whether any were.

        What tells bits of one word of a memory apart does so for other words at other addresses, and a solver takes
        long for each counterexample of a large design.

        Parameters
        ----------
        counterexample : ndarray of bool
            The golden design's inputs, then what each class holds.
        """
        before, quiet, paired = self.count, 0, np.flatnonzero(self.classes >= 0)
        inputs, states = np.split(counterexample, [len(self._designs[0].inputs)])
        held = states[self.classes[paired]]
        while quiet < PATIENCE:
            # Registers told apart have classes of their own now, and still hold what they did.
            states = np.zeros(self.count, bool)
            states[self.classes[paired]] = held
            told = self.split(_near(rng, inputs), _near(rng, states), defined=True)
            quiet = 0 if told else quiet + 1
        return self.count != before or self.split(_alone(inputs), _alone(states), defined=False)

    def _made_equal(self, taken: np.ndarray, free: np.ndarray) -> np.ndarray:
        """What registers take if those that are free take what the last one of their class does."""
        paired = np.flatnonzero(self.classes >= 0)
        last = np.zeros(self.count, int)
        np.maximum.at(last, self.classes[paired], paired)
        taken = taken.copy()
        taken[paired] ^= (taken[paired] ^ taken[last[self.classes[paired]]]) & free[paired]
        return taken

    def only_golden(self) -> list[int]:
        """Registers of the golden design in classes without any of the revised one's."""
        registers = len(self._designs[0].latches)
        shared = set(self.classes[registers:].tolist())
        return [n for n, number in enumerate(self.classes[:registers].tolist()) if number >= 0 and number not in shared]

    def waking(self) -> Correspondence:
        """The same, but registers of the revised design are all in classes of their own: they may wake up anyhow."""
        golden, revised = self._designs
        keys, met = self.classes.tolist(), set()
        for register in range(len(golden.latches), len(keys)):
            keys[register] = keys[register] if keys[register] not in met else ("apart", register)
            met.add(keys[register])
        return Correspondence(golden, revised, keys, self.constants, self.filled)

    @property
    def one_to_one(self) -> bool:
        """Whether each register of either design has one partner, and classes count as those of the golden one do."""
        registers = len(self._designs[0].latches)
        of_golden, of_revised = self.classes[:registers].tolist(), self.classes[registers:].tolist()
        return of_golden == list(range(registers)) == sorted(of_revised)

    def members(self) -> list[list[int]]:
        """Registers of each class, those of the revised design before those of the golden one, which may be free."""
        found = defaultdict(list)
        for register, number in reversed(list(enumerate(self.classes.tolist()))):
            if number >= 0:
                found[number].append(register)
        return [found[number] for number in range(self.count)]


def _next(design: Aig, inputs: np.ndarray, state: np.ndarray) -> np.ndarray:
    """What its registers take."""
    return design.read(design.settle(inputs, state), design.following)


def by_names(golden: Aig, revised: Aig, filled: Aig | None = None) -> Correspondence | None:
    """Registers of the same name; None unless each of the revised design has one."""
    owners = {name: place for place, names in enumerate(golden.latches) for name in names}
    found = [{owners.get(name, -1) for name in names} for names in revised.latches]
    partners = [min(some) if len(some) == 1 else -1 for some in found]
    if -1 in partners or len(set(partners)) < len(partners):
        return None
    return Correspondence(golden, revised, [*range(len(golden.latches)), *partners], {}, filled)


def by_simulation(
    golden: Aig, revised: Aig, rng: np.random.Generator, folder: Path, seconds: float, filled: Aig | None = None
) -> Correspondence:
    """Registers that take the same in random states; those that only the golden design has may be constant.

    They count as constant only if that is proven, for which a solver has some seconds whenever some seem to be so.
    """
    constants: dict[int, bool] = {}
    while True:
        classes = [0] * (len(golden.latches) + len(revised.latches))
        candidate = Correspondence(golden, revised, classes, constants, filled)
        quiet = 0
        while quiet < PATIENCE:
            told = candidate.split(*_random_step(rng, golden, candidate), defined=True)
            quiet = 0 if told else quiet + 1
        more = lasting(golden, constants | _seen_constant(rng, golden, candidate), folder, seconds)
        if more.keys() <= constants.keys():
            return candidate
        constants = more


def _seen_constant(rng: np.random.Generator, golden: Aig, candidate: Correspondence) -> dict[int, bool]:
    """Registers that only the golden design has and that, if they hold a value, keep it in random states."""
    lonely = np.array(candidate.only_golden(), int)
    found: dict[int, bool] = {}
    for value in (ONES, np.uint64(0)):
        keep = np.ones(len(lonely), bool)
        for _ in range(PATIENCE if len(lonely) else 0):
            inputs, states = _random_step(rng, golden, candidate)
            states[candidate.classes[lonely]] = value
            taken, _ = candidate.following(inputs, states)
            keep &= (taken[lonely] == value).all(axis=1)
        found |= dict.fromkeys(lonely[keep].tolist(), bool(value))
    return found


def _random_step(rng: np.random.Generator, golden: Aig, candidate: Correspondence) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and states of classes."""
    return _random(rng, len(golden.inputs)), _random(rng, candidate.count)


def _random(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random states of some bits, (bits, words), some of them rarely 1 or rarely 0."""
    density = np.array(DENSITIES)[rng.integers(len(DENSITIES), size=(count, 1))]
    return _words(rng.integers(64, size=(count, WORDS * 64), dtype=np.uint8) < density)


def _near(rng: np.random.Generator, state: np.ndarray) -> np.ndarray:
    """States that differ from one in a few bits or in many, (bits, words)."""
    flips = rng.random((len(state), len(SHARES) * 64)) < np.repeat(SHARES, 64)
    return _words(flips ^ state[:, None])


def _alone(state: np.ndarray) -> np.ndarray:
    """One state as all stimuli of a word, (bits, 1)."""
    return np.where(state[:, None], ONES, np.uint64(0))


def _words(states: np.ndarray) -> np.ndarray:
    """States, (bits, states), 64 of them to a word, (bits, words)."""
    return np.packbits(states, axis=1, bitorder="little").view(np.uint64)
