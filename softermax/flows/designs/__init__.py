"""Designs: what each softmax is, said once, and found by the entry points ``softermax.designs``.

:mod:`.design` is what an entry holds, and :mod:`.registry` finds them. :mod:`.rows` and :mod:`.heads` are the two kinds
of traffic that units take. :mod:`.softermax` and :mod:`.fp16` are our own families.
"""

from .design import Design, Options, Unit
from .rows import RowTraffic

__all__ = ["Design", "Options", "RowTraffic", "Unit"]
