"""Softmax hardware after the Softermax paper; ``register()`` makes its arithmetic an attention of transformers."""

from __future__ import annotations

__all__ = ["calibrate", "register"]


def register(*arguments, **options):
    """See :func:`softermax.nn.register`."""
    _nn().register(*arguments, **options)


def calibrate(*arguments, **options):
    """See :func:`softermax.nn.calibrate`."""
    return _nn().calibrate(*arguments, **options)


def _nn():
    """``softermax.nn``, which needs PyTorch and transformers; nothing else of the project does."""
    try:
        import softermax.nn as nn
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "transformers"):
            raise
        raise ModuleNotFoundError(
            f"{error.name} must be installed for models: pip install 'softermax[nn]'", name=error.name
        ) from error
    return nn
