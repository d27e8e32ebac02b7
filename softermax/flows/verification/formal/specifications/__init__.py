"""Specifications of kernels, written from the definition: they use no code of the model or the hardware.

Most are relations between operands and result in the terms of an SMT solver, as wide as exactness takes.
"""
