"""What kernels must compute, written from its definition: no code of the model or of the hardware is used here.

Most are relations between operands and result in the terms of an SMT solver, as wide as exactness takes.
"""
