"""Equivalence checking of two designs: and-inverter graphs, and proofs about them by ABC."""
