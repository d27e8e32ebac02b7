"""And-inverter graphs of synchronous designs: AIGER files and bit-parallel simulation.

A literal is twice a variable's number, plus 1 if it is inverted. Variable 0 is the constant 0. Inputs follow, then
latches, then ANDs, each after its operands (A. Biere, "The AIGER And-Inverter Graph (AIG) Format", 2007). A word
has the values of a bit under 64 stimuli.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

__all__ = ["ONES", "UNDEFINED", "Aig", "broadcast", "pack", "parse_aiger"]

#: A word of ones.
ONES = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
#: Name of inputs that stand for undefined bits: Yosys gives them none.
UNDEFINED = ""


@dataclass(frozen=True, eq=False)
class Aig:
    """And-inverter graph of a synchronous design; a latch is a register of one bit.

    Attributes
    ----------
    inputs : tuple of str
        Names of the bits of input ports; :data:`UNDEFINED` for undefined bits.
    latches : tuple of frozenset of str
        Names of each latch, which may have several or none.
    next_state : ndarray of int64, (latches,)
        Literals of the latches' next states.
    outputs : dict of str to int
        Literals of the bits of output ports, by their names.
    ands : ndarray of int64, (ands, 2)
        Literals of the operands of each AND.
    """

    inputs: tuple[str, ...]
    latches: tuple[frozenset[str], ...]
    next_state: np.ndarray
    outputs: dict[str, int]
    ands: np.ndarray = field(repr=False)

    @property
    def first_latch(self) -> int:
        """Variable of the first latch."""
        return 1 + len(self.inputs)

    @property
    def first_and(self) -> int:
        """Variable of the first AND."""
        return self.first_latch + len(self.latches)

    @property
    def variables(self) -> int:
        """Number of variables, including the constant."""
        return self.first_and + len(self.ands)

    def tied(self, port: str, value: int) -> Aig:
        """The design with one of its input ports, of any width, tied to a constant."""
        bits = {f"{port}[{bit}]": value >> bit & 1 for bit in range(len(self.inputs))} | {port: value & 1}
        kept = [place for place, name in enumerate(self.inputs) if name not in bits]
        new = np.empty(2 * self.variables, np.int64)
        new[0::2] = 2 * (np.arange(self.variables) - (len(self.inputs) - len(kept)))
        new[0] = 0
        for place, name in enumerate(self.inputs):
            new[2 * (1 + place)] = bits.get(name, 0)
        new[2 * (1 + np.array(kept, int))] = 2 * np.arange(1, 1 + len(kept))
        new[1::2] = new[0::2] ^ 1
        return Aig(
            tuple(self.inputs[place] for place in kept),
            self.latches,
            new[self.next_state],
            {name: int(new[literal]) for name, literal in self.outputs.items()},
            new[self.ands],
        )

    def aiger(self) -> bytes:
        """The design as a binary AIGER file without symbols; the initial state is 0."""
        counts = self.variables - 1, len(self.inputs), len(self.latches), len(self.outputs), len(self.ands)
        lines = [f"aig {' '.join(map(str, counts))}", *map(str, [*self.next_state.tolist(), *self.outputs.values()])]
        return ("\n".join(lines) + "\n").encode() + _packed(self._deltas())

    def _deltas(self) -> np.ndarray:
        """The two differences that AIGER stores for each AND: result - larger operand, larger - smaller operand."""
        results = 2 * np.arange(self.first_and, self.variables)
        small, large = np.sort(self.ands, axis=1).reshape(-1, 2).T
        return np.stack([results - large, large - small], axis=1).reshape(-1)

    @cached_property
    def _levels(self) -> list[tuple[np.ndarray, ...]]:
        """ANDs by depth: their variables, and for each operand the variables and the masks that invert them."""
        depths = [0] * self.first_and
        for left, right in self.ands.tolist():
            depths.append(1 + max(depths[left >> 1], depths[right >> 1]))
        depth = np.array(depths[self.first_and :], int)
        order = np.argsort(depth, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(depth[order])) + 1) if len(order) else []
        return [
            (self.first_and + group, *_operand(self.ands[group, 0]), *_operand(self.ands[group, 1])) for group in groups
        ]

    def evaluate(self, inputs: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Values of all variables.

        Parameters
        ----------
        inputs, state : ndarray of uint64, (inputs, words) and (latches, words)

        Returns
        -------
        ndarray of uint64, (variables, words)
        """
        values = np.empty((self.variables, inputs.shape[1]), np.uint64)
        values[0] = 0
        values[1 : self.first_latch], values[self.first_latch : self.first_and] = inputs, state
        for results, left, flip_left, right, flip_right in self._levels:
            values[results] = (values[left] ^ flip_left) & (values[right] ^ flip_right)
        return values

    def read(self, values: np.ndarray, literals) -> np.ndarray:
        """Values of some literals, (literals, words), from the values of all variables."""
        variables, flip = _operand(np.asarray(literals, np.int64))
        return values[variables] ^ flip

    def support(self, literals) -> np.ndarray:
        """Latches that some literals depend on in the same cycle: ndarray of int, sorted."""
        read = np.zeros(self.variables, bool)
        read[np.asarray(literals, np.int64) >> 1] = True
        for results, left, _, right, _ in reversed(self._levels):
            on = read[results]
            read[left[on]] = read[right[on]] = True
        return np.flatnonzero(read[self.first_latch : self.first_and])

    def step(self, inputs: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Next state of all latches, (latches, words), from inputs and state as for :meth:`evaluate`."""
        return self.read(self.evaluate(inputs, state), self.next_state)

    def simulate(self, stimuli: Iterable[np.ndarray], state: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the values of all variables in each cycle, from the inputs of each cycle and the first state."""
        for inputs in stimuli:
            values = self.evaluate(inputs, state)
            yield values
            state = self.read(values, self.next_state)


def pack(bits: np.ndarray) -> np.ndarray:
    """Words, (bits, stimuli / 64), of the values of bits under stimuli, (bits, stimuli)."""
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)


def broadcast(bits: np.ndarray) -> np.ndarray:
    """Words, (bits, 1), in which all 64 stimuli are the same."""
    return np.where(bits[:, None], ONES, np.uint64(0))


def _operand(literals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variables of some literals, and the masks that invert their values."""
    return literals >> 1, np.where(literals & 1, ONES, np.uint64(0))[:, None]


def parse_aiger(file: Path) -> Aig:
    """Read a binary AIGER file as Yosys writes it with ``-symbols``; inputs and latches may have no names."""
    header, rest = file.read_bytes().split(b"\n", 1)
    # Assumptions and further kinds of outputs come after outputs.
    _, inputs, latches, outputs, ands, *others = map(int, header.split()[1:])
    lines = rest.split(b"\n", latches + outputs + sum(others))
    literals = [int(line.split()[0]) for line in lines[: latches + outputs]]
    read, symbols = _unpacked(lines[-1], 1 + inputs + latches, ands)
    names = dict(line.split(" ", 1) for line in symbols.splitlines() if line[:1] in {"i", "o", "l"})
    return Aig(
        inputs=tuple(names.get(f"i{place}", UNDEFINED) for place in range(inputs)),
        latches=tuple(frozenset(names.get(f"l{place}", "").split()) for place in range(latches)),
        next_state=np.array(literals[:latches], np.int64),
        outputs={names.get(f"o{place}", str(place)): literal for place, literal in enumerate(literals[latches:])},
        ands=read,
    )


def _packed(numbers: np.ndarray) -> bytes:
    """Numbers in groups of 7 bits, lowest group first; the eighth bit of a byte is 0 in the last group of a number."""
    columns = np.stack([numbers >> shift for shift in range(0, 35, 7)], axis=1)
    kept = columns > 0
    kept[:, 0] = True
    more = np.pad(kept[:, 1:], [(0, 0), (0, 1)])
    return ((columns & 0x7F) | (more << 7)).astype(np.uint8)[kept].tobytes()


def _unpacked(packed: bytes, first: int, ands: int) -> tuple[np.ndarray, str]:
    """Operands of ANDs, (ands, 2), and the text after them."""
    if not ands:
        return np.zeros((0, 2), np.int64), packed.decode()
    octets = np.frombuffer(packed, np.uint8)
    ends = np.flatnonzero(octets < 0x80)[: 2 * ands]
    starts = np.concatenate([[0], ends[:-1] + 1])
    octets = octets[: ends[-1] + 1].astype(np.int64)
    places = np.arange(len(octets)) - np.repeat(starts, ends - starts + 1)
    deltas = np.add.reduceat((octets & 0x7F) << (7 * places), starts).reshape(-1, 2)
    large = 2 * np.arange(first, first + ands) - deltas[:, 0]
    return np.stack([large, large - deltas[:, 1]], axis=1), packed[ends[-1] + 1 :].decode()
