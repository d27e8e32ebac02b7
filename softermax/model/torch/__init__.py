"""Softermax in PyTorch: bit by bit the golden model, and fit for training. Needs the optional extra ``torch``."""

from .operation import Softermax, softmax, softmax_base2, softmax_raw

__all__ = ["Softermax", "softmax", "softmax_base2", "softmax_raw"]
