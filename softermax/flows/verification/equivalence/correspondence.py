"""Register correspondence of two designs, by partition refinement: candidates for registers that always hold the same.

The algorithm is C. A. J. van Eijk's signal correspondence (IEEE Transactions on CAD 19(7), 2000; ``scorr`` in ABC),
here for registers only and with don't-cares of the golden design. It starts with all registers in one class. Simulation
of random states splits a class whenever its registers have different next states. A state gives all registers of a
class the same value. Once no class splits any more, a solver tries to prove the classes inductive
(:mod:`softermax.flows.verification.equivalence.sequential`). Each counterexample of the solver refines them further.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from ...gates.netlist import CLOCK
from .aig import ONES, Aig, broadcast, pack
from .constants import prove_constant

__all__ = ["Correspondence", "correspondence_by_names", "correspondence_by_simulation"]

#: Words of random stimuli in each round; a word has 64 stimuli.
WORDS = 4
#: Rounds in succession without a split, after which refinement by simulation stops.
MAX_IDLE_ROUNDS = 16
#: Rates of 1 among inputs and states, in 64ths; each bit draws one of them.
ONE_RATES = (2, 32, 62)
#: Rates of inverted bits in the neighbourhood of a counterexample, one for each word of stimuli.
FLIP_RATES = (1 / 4, 1 / 16, 1 / 64, 1 / 256)


class Correspondence:
    """Partition of the registers of two designs into classes of registers that are assumed to hold the same value.

    Registers are numbered from 0, the golden design's first, then the revised design's.

    Parameters
    ----------
    golden, revised : Aig
        Designs with the same inputs.
    classes : sequence of int
        Class of each register, any number.
    constants : dict of int to bool
        Registers of the golden design that are constant, with their values. They belong to no class.
    x_as_one : Aig, optional
        The golden design with undefined bits (x) at 1; in ``golden`` they are at 0. A next state on which the two
        disagree is a don't-care: the revised design may have either value there. By default there are no don't-cares.

    Attributes
    ----------
    classes : ndarray of int64, (registers,)
        Class of each register, numbered from 0; -1 for constants.
    """

    def __init__(self, golden: Aig, revised: Aig, classes, constants: dict[int, bool], x_as_one: Aig | None = None):
        self._golden, self._revised = golden, revised
        self.x_as_one = x_as_one or golden
        self._input_order = [golden.inputs.index(name) for name in revised.inputs]
        self.constants = dict(constants)
        self.classes = self._numbered(list(classes))

    def _numbered(self, keys: list) -> np.ndarray:
        """Numbers from 0 in place of the classes' keys, in order of appearance; -1 for constants."""
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

    def next_state(self, inputs: np.ndarray, class_states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Simulate one clock cycle of both designs.

        Parameters
        ----------
        inputs : ndarray of uint64, (inputs of the golden design, words)
        class_states : ndarray of uint64, (classes, words)
            Value of all registers of each class.

        Returns
        -------
        next_state, dont_care : ndarray of uint64, (registers, words)
            Next state of each register with undefined bits at 0, and 1 where it is a don't-care.
        """
        registers = len(self._golden.latches)
        state = self._register_state(class_states, inputs.shape[1])
        inputs = inputs.copy()
        inputs[[name == CLOCK for name in self._golden.inputs]] = ONES
        x_as_zero, x_as_one = (design.step(inputs, state[:registers]) for design in (self._golden, self.x_as_one))
        revised = self._revised.step(inputs[self._input_order], state[registers:])
        return np.concatenate([x_as_zero, revised]), np.concatenate([x_as_zero ^ x_as_one, np.zeros_like(revised)])

    def _register_state(self, class_states: np.ndarray, words: int) -> np.ndarray:
        """State of each register, (registers, words), from the states of classes and the constants."""
        # Without classes, there is no row for the constants' class -1 to pick.
        state = class_states[self.classes] if len(class_states) else np.zeros((len(self.classes), words), np.uint64)
        for register, value in self.constants.items():
            state[register] = ONES if value else 0
        return state

    def refine(self, inputs: np.ndarray, class_states: np.ndarray, *, skip_dont_cares: bool) -> bool:
        """Split classes whose registers have different next states under some stimuli; return whether any was split.

        Parameters
        ----------
        inputs, class_states : ndarray of uint64
            Stimuli as for :meth:`next_state`.
        skip_dont_cares : bool
            Ignore stimuli under which any register's next state is a don't-care. A large class does not tell yet which
            value a don't-care must have. Without it, a don't-care has the value of the last register of its class.
        """
        before = self.count
        next_state, dont_care = self.next_state(inputs, class_states)
        if skip_dont_cares:
            dont_care |= np.bitwise_or.reduce(dont_care, axis=0)
        if dont_care.any():
            next_state = self._resolve_dont_cares(next_state, dont_care)
        self.classes = self._numbered(list(zip(self.classes.tolist(), map(bytes, next_state), strict=True)))
        return self.count != before

    def refine_with_counterexample(self, rng: np.random.Generator, counterexample: np.ndarray) -> bool:
        """Split classes that do not survive a counterexample, or its neighbourhood; return whether any was split.

        The neighbourhood is what makes this fast. A counterexample that splits the bits of one word of a memory splits
        those of another word once its address bits are flipped. Without it, a large design needs one call of the
        solver for each word.

        Parameters
        ----------
        counterexample : ndarray of bool, (inputs + classes,)
            Inputs of the golden design, then the state of each class.
        """
        before, idle_rounds, paired = self.count, 0, np.flatnonzero(self.classes >= 0)
        inputs, class_states = np.split(counterexample, [len(self._golden.inputs)])
        state = class_states[self.classes[paired]]
        while idle_rounds < MAX_IDLE_ROUNDS:
            # A split changes the numbers of classes, but not the state of any register.
            class_states = np.zeros(self.count, bool)
            class_states[self.classes[paired]] = state
            was_split = self.refine(perturb(rng, inputs), perturb(rng, class_states), skip_dont_cares=True)
            idle_rounds = 0 if was_split else idle_rounds + 1
        if self.count != before:
            return True
        return self.refine(broadcast(inputs), broadcast(class_states), skip_dont_cares=False)

    def _resolve_dont_cares(self, next_state: np.ndarray, dont_care: np.ndarray) -> np.ndarray:
        """Next states in which each don't-care has the value of the last register of its class."""
        paired = np.flatnonzero(self.classes >= 0)
        last = np.zeros(self.count, int)
        np.maximum.at(last, self.classes[paired], paired)
        next_state = next_state.copy()
        next_state[paired] ^= (next_state[paired] ^ next_state[last[self.classes[paired]]]) & dont_care[paired]
        return next_state

    def unmatched_golden(self) -> list[int]:
        """Registers of the golden design whose class has no register of the revised design."""
        registers = len(self._golden.latches)
        matched = set(self.classes[registers:].tolist())
        return [
            register
            for register, number in enumerate(self.classes[:registers].tolist())
            if number >= 0 and number not in matched
        ]

    def with_free_power_up(self) -> Correspondence:
        """The correspondence in which no two registers of the revised design share a class.

        Each of them then powers up with a value of its own. The first of a class keeps its partners in the golden
        design.
        """
        keys, seen = self.classes.tolist(), set()
        for register in range(len(self._golden.latches), len(keys)):
            keys[register] = keys[register] if keys[register] not in seen else ("own class", register)
            seen.add(keys[register])
        return Correspondence(self._golden, self._revised, keys, self.constants, self.x_as_one)

    @property
    def one_to_one(self) -> bool:
        """Whether each class has one register of either design, with the number of the golden design's register."""
        registers = len(self._golden.latches)
        golden, revised = self.classes[:registers].tolist(), self.classes[registers:].tolist()
        return golden == list(range(registers)) == sorted(revised)

    def members(self) -> list[list[int]]:
        """Registers of each class, highest number first: only registers of the golden design have don't-cares."""
        members = defaultdict(list)
        for register, number in reversed(list(enumerate(self.classes.tolist()))):
            if number >= 0:
                members[number].append(register)
        return [members[number] for number in range(self.count)]


def correspondence_by_names(golden: Aig, revised: Aig, x_as_one: Aig | None = None) -> Correspondence | None:
    """Pair registers of the same name; return None unless each register of the revised design has a partner."""
    owners = {name: register for register, names in enumerate(golden.latches) for name in names}
    candidates = [{owners.get(name, -1) for name in names} for names in revised.latches]
    partners = [min(some) if len(some) == 1 else -1 for some in candidates]
    if -1 in partners or len(set(partners)) < len(partners):
        return None
    return Correspondence(golden, revised, [*range(len(golden.latches)), *partners], {}, x_as_one)


def correspondence_by_simulation(
    golden: Aig, revised: Aig, rng: np.random.Generator, folder: Path, seconds: float, x_as_one: Aig | None = None
) -> Correspondence:
    """Refine the partition with random stimuli until it is stable.

    Registers that only the golden design has, and that seem constant, become constants once a solver has proven that
    they are. The partition is then refined again from the start.

    Parameters
    ----------
    folder : Path
        Scratch folder of the solver.
    seconds : float
        Limit of each proof.
    """
    constants: dict[int, bool] = {}
    while True:
        classes = [0] * (len(golden.latches) + len(revised.latches))
        candidate = Correspondence(golden, revised, classes, constants, x_as_one)
        idle_rounds = 0
        while idle_rounds < MAX_IDLE_ROUNDS:
            was_split = candidate.refine(*_random_stimuli(rng, golden, candidate), skip_dont_cares=True)
            idle_rounds = 0 if was_split else idle_rounds + 1
        proven = prove_constant(golden, constants | _constant_in_simulation(rng, golden, candidate), folder, seconds)
        if proven.keys() <= constants.keys():
            return candidate
        constants = proven


def _constant_in_simulation(rng: np.random.Generator, golden: Aig, candidate: Correspondence) -> dict[int, bool]:
    """Unmatched registers of the golden design that keep a value in all random stimuli in which they have it."""
    unmatched = np.array(candidate.unmatched_golden(), int)
    constant: dict[int, bool] = {}
    for value in (ONES, np.uint64(0)):
        keeps = np.ones(len(unmatched), bool)
        for _ in range(MAX_IDLE_ROUNDS if len(unmatched) else 0):
            inputs, class_states = _random_stimuli(rng, golden, candidate)
            class_states[candidate.classes[unmatched]] = value
            next_state, _ = candidate.next_state(inputs, class_states)
            keeps &= (next_state[unmatched] == value).all(axis=1)
        constant |= dict.fromkeys(unmatched[keeps].tolist(), bool(value))
    return constant


def _random_stimuli(rng: np.random.Generator, golden: Aig, candidate: Correspondence) -> tuple[np.ndarray, np.ndarray]:
    """Random inputs of the golden design, (inputs, words), and states of classes, (classes, words)."""
    return _random_words(rng, len(golden.inputs)), _random_words(rng, candidate.count)


def _random_words(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random stimuli, (count, words); each bit has one of :data:`ONE_RATES` for all of them."""
    rate = np.array(ONE_RATES)[rng.integers(len(ONE_RATES), size=(count, 1))]
    return pack(rng.integers(64, size=(count, WORDS * 64), dtype=np.uint8) < rate)


def perturb(rng: np.random.Generator, bits: np.ndarray) -> np.ndarray:
    """Stimuli around one, (bits, words): each word of 64 inverts bits at one of :data:`FLIP_RATES`."""
    flips = rng.random((len(bits), len(FLIP_RATES) * 64)) < np.repeat(FLIP_RATES, 64)
    return pack(flips ^ bits[:, None])
