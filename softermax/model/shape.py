"""The sizes that every softmax of the project has, and the check of a config's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from .arithmetic import Arithmetic
from .scalars import plain_int

__all__ = ["RowShape", "check_choices", "check_ranges"]


def check_ranges(config: object, ranges: dict[str, tuple[int, int]]):
    """TypeError or ValueError, in one sentence, unless each named parameter is an integer in its range.

    An integer of any other type, such as NumPy's, is replaced by a plain one.
    """
    for name, (least, most) in ranges.items():
        value = plain_int(name, getattr(config, name))
        object.__setattr__(config, name, value)
        if not least <= value <= most:
            raise ValueError(f"{name} must be {least} to {most}, not {value!r}")


def check_choices(config: object, choices: dict[str, tuple[str, ...]]):
    """ValueError, in one sentence, unless each named parameter is one of its choices."""
    for name, known in choices.items():
        if getattr(config, name) not in known:
            *others, last = map(repr, known)
            raise ValueError(f"{name} must be {', '.join(others)} or {last}, not {getattr(config, name)!r}")


@dataclass(frozen=True, kw_only=True)
class RowShape:
    """How rows are cut into slices.

    Parameters
    ----------
    lanes : int
        Scores per slice, taken in one clock cycle; 1 to 1024.
    max_len : int
        Elements of the longest row, 1 to 65536. Hardware counts slices, so it takes rows up to ``capacity`` elements.

    Raises
    ------
    TypeError, ValueError
        If a size is not an integer, or out of range.
    """

    lanes: int
    max_len: int

    #: The arithmetic of configs of a kind; None of a mere shape.
    arithmetic: ClassVar[Arithmetic | None] = None
    #: Whether a row's sum may saturate, so that its probabilities add up to more than 1.
    saturate = False
    #: Names of the presets of a kind; each is the name of the class method that makes it.
    presets: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, config: Self | str, name: str = "config") -> Self:
        """The config itself, or a preset of this kind by its name; a mere shape has the presets of all kinds.

        Raises
        ------
        TypeError, ValueError
            If it is neither; in a sentence on ``name``.
        """
        if isinstance(config, cls):
            return config
        if not isinstance(config, str):
            raise TypeError(f"{name} must be a {cls.__name__}, not {config!r}")
        kinds = (cls,) if cls.presets else cls.__subclasses__()
        makers = {preset: getattr(kind, preset) for kind in kinds for preset in kind.presets}
        if config not in makers:
            *others, last = makers or ("none",)
            known = f"{', '.join(others)} or {last}" if others else last
            raise ValueError(f"{name} must be a {cls.__name__} or a preset of it, {known}, not {config!r}")
        return makers[config]()

    def __post_init__(self):
        check_ranges(self, {"lanes": (1, 1024), "max_len": (1, 65536)})

    @property
    def max_slices(self) -> int:
        """Slices of the longest row."""
        return -(-self.max_len // self.lanes)

    @property
    def tree_levels(self) -> int:
        """Levels of a tree over the lanes."""
        return (self.lanes - 1).bit_length()

    @property
    def capacity(self) -> int:
        """Elements of the longest row that hardware takes: ``max_len`` rounded up to whole slices."""
        return self.max_slices * self.lanes
