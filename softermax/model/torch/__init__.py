"""Softermax in PyTorch: bit by bit the golden model, and fit for training. Needs the optional extra ``torch``."""

from .softermax import Softermax, softermax, softermax_raw, softmax_base2

__all__ = ["Softermax", "softermax", "softermax_raw", "softmax_base2"]
