"""Proofs of the units: properties over clock cycles, and kernels against specifications of their own."""
