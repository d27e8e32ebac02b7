"""The same arithmetic as one function of a compiled library, for CPUs: rows then cost one pass, not one per operation.

``kernel.cpp`` is compiled once for each machine, by the C++ compiler there is (``g++``, or what ``CXX`` names), and is
kept in the user's cache. Where there is none, or with ``SOFTERMAX_KERNEL=0`` in the environment, PyTorch's operations
do the work: the results are the same bits.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import os
import platform
import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path

import torch

from ..config import SoftermaxConfig
from ..golden import VANISHED, octaves
from .rows import keep_freed_memory
from .tables import tables

__all__ = ["kernel_rows", "library"]

SOURCE = Path(__file__).with_name("kernel.cpp")
#: Nothing may contract or reorder arithmetic.
ARGUMENTS = (
    *("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-ffp-contract=off"),
    *("-fPIC", "-shared", "-pthread"),
)
#: Axes of rows that a mask may have; as in the source.
AXES = 16
#: Elements for which another thread is worth its start.
ELEMENTS_OF_A_THREAD = 1 << 16
#: Names of constants, in order, as in the source.
INTEGERS = (
    *("lanes", "fraction_bits", "min_raw", "max_raw", "hidden", "lowest_maximum"),
    *("dropped", "saturates", "largest_sum", "sum_fraction_bits", "max_exponent", "index_shift", "index_mask"),
    *("row_product", "directed", "cascade", "guard_bits", "product_shift", "cut", "bias", "places"),
    *("largest_output", "distances", "narrow", "narrow_results"),
)
REALS = ("factor", "far", "ulp")
TABLES = ("narrow_numerators", "numerators", "power", "product", "reciprocal")
#: Name of the function for the types of scores, of scaled scores and of results.
FUNCTIONS = {
    (torch.float32, torch.float32, torch.float32): "float_in_float",
    (torch.float32, torch.float64, torch.float32): "float_in_double",
    (torch.float64, torch.float64, torch.float32): "double_in_double",
    (torch.float32, torch.float32, torch.float64): "float_in_float_to_double",
    (torch.float32, torch.float64, torch.float64): "float_in_double_to_double",
    (torch.float64, torch.float64, torch.float64): "double_in_double_to_double",
    (torch.int32, torch.int32, torch.int32): "raw",
}


class Constants(ctypes.Structure):
    """Config and tables as the C++ function reads them, field by field as in the source."""

    _fields_ = (
        [(name, ctypes.c_int64) for name in INTEGERS]
        + [(name, ctypes.c_double) for name in REALS]
        + [(name, ctypes.c_void_p) for name in TABLES]
    )


class Rows(ctypes.Structure):
    """Rows and their mask, field by field as in the source."""

    _fields_ = (
        [(name, ctypes.c_void_p) for name in ("scores", "keep", "results")]
        + [(name, ctypes.c_int64) for name in ("rows", "length", "axes")]
        + [("sizes", ctypes.c_int64 * AXES), ("keep_strides", ctypes.c_int64 * AXES), ("keep_stride", ctypes.c_int64)]
    )


def kernel_rows(
    scores: torch.Tensor, keep: torch.Tensor | None, config: SoftermaxConfig, dtype: torch.dtype
) -> tuple[torch.Tensor | None, bool]:
    """Softermax over the last axis.

    Parameters
    ----------
    scores : Tensor of a real type, or of int32 in ``config.input``, (..., n)
    keep : Tensor of bool, (..., n), or None
        Strides of 0, as of a mask that was expanded, cost nothing.
    dtype : torch.dtype
        As for :func:`softermax.model.torch.forward.softermax_rows`.

    Returns
    -------
    results : Tensor of ``dtype``, (..., n), or None
        None where the library cannot do this.
    finite : bool
        Whether every kept score is; if not, there are no results.
    """
    found = library() if scores.device.type == "cpu" and scores.ndim <= AXES else None
    if found is None or not scores.numel():
        return None, True
    x = scores if scores.dtype in (torch.float32, torch.float64, torch.int32) else scores.float()
    x = x.contiguous()
    result = dtype if dtype in (torch.float64, torch.int32) else torch.float32
    work = x.dtype if x.dtype != torch.float32 or config.base == "2" else torch.float64
    keep_freed_memory()
    y = torch.empty(x.shape, dtype=result)
    length = x.shape[-1]
    rows = Rows(x.data_ptr(), None, y.data_ptr(), x.numel() // length, length, x.ndim - 1)
    if keep is not None:
        rows.keep = keep.data_ptr()
        rows.sizes[: x.ndim - 1], rows.keep_strides[: x.ndim - 1] = keep.shape[:-1], keep.stride()[:-1]
        rows.keep_stride = keep.stride(-1)
    threads = max(1, min(torch.get_num_threads(), rows.rows, x.numel() // ELEMENTS_OF_A_THREAD))
    function = getattr(found, FUNCTIONS[x.dtype, work, result])
    failed = function(ctypes.byref(_constants(config)[0]), ctypes.byref(rows), ctypes.c_int64(threads))
    return (None, False) if failed else (y.to(dtype), True)


@lru_cache(maxsize=64)
def _constants(config: SoftermaxConfig) -> tuple[Constants, list[torch.Tensor]]:
    """A config's constants, and the tensors that their pointers are to."""
    known = tables(config, torch.device("cpu"))
    arrays = [known.numerators.to(torch.int32)]
    arrays += [getattr(known, name).to(torch.int64) for name in TABLES[1:]]
    directed, cut = config.rounding == "directed", config.reciprocal.fraction_bits
    bits = config.input.fraction_bits
    values = {
        "lanes": config.lanes,
        "fraction_bits": bits,
        "min_raw": config.input.min_raw,
        "max_raw": config.input.max_raw,
        "hidden": known.hidden,
        "lowest_maximum": config.lowest_maximum,
        "dropped": config.unnormed.fraction_bits - config.power_sum.fraction_bits,
        "saturates": config.sum_can_overflow,
        "largest_sum": config.power_sum.max_raw,
        "sum_fraction_bits": config.power_sum.fraction_bits,
        "max_exponent": config.max_exponent,
        "index_shift": config.power_sum.width - 1 - config.mantissa_bits,
        "index_mask": (1 << config.mantissa_bits) - 1,
        "row_product": config.normalizer == "row_product",
        "directed": directed,
        "cascade": config.rounding == "cascade",
        "guard_bits": config.guard_bits,
        "product_shift": config.product_shift,
        "cut": cut,
        "bias": (1 << cut) - 1 if directed else 1 << (cut - 1),
        # The exponent counts from 1/2, so the products are halved as a matter of course.
        "places": config.product.fraction_bits - config.result_bits - 1,
        "largest_output": config.output.max_raw,
        "distances": len(known.distances),
        "narrow": config.unnormed.width + config.lanes.bit_length() < 32,
        "narrow_results": known.narrow_results,
        "factor": float(1 << bits) * (1 if config.base == "2" else math.log2(math.e)),
        "far": octaves(VANISHED, config),
        "ulp": config.output.ulp,
    }
    return Constants(**values, **{name: array.data_ptr() for name, array in zip(TABLES, arrays, strict=True)}), arrays


@cache
def library() -> ctypes.CDLL | None:
    """The compiled library, or None if it is not wanted or cannot be had."""
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if os.environ.get("SOFTERMAX_KERNEL") == "0" or compiler is None:
        return None
    with suppress(OSError, subprocess.SubprocessError):
        return ctypes.CDLL(str(_compiled(compiler)))
    return None


def _compiled(compiler: str) -> Path:
    """The library's file, compiled if it is not there yet."""
    facts = [SOURCE.read_text(), *ARGUMENTS, compiler, _processor()]
    facts.append(subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout)
    name = f"kernel-{hashlib.sha256(' '.join(facts).encode()).hexdigest()[:16]}.so"
    folder = _folder()
    if not (folder / name).exists():
        with tempfile.TemporaryDirectory(dir=folder) as workspace:
            made = Path(workspace, name)
            subprocess.run([compiler, *ARGUMENTS, "-o", made, SOURCE], capture_output=True, check=True, timeout=300)
            # Other processes find all of it or nothing.
            made.replace(folder / name)
    return folder / name


def _folder() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "softermax")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _processor() -> str:
    """What tells processors with other instructions apart, should they share a home."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next((line for line in lines if line.startswith(("flags", "Features"))), platform.machine())
    return platform.machine() + platform.processor()
