"""Stand-ins for large packages of optional extras, so that docstrings can be read without them.

Autodoc's own mocks do not do where a module calls a class method that its class has from such a package.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["stub"]


class _AnyAttribute(type):
    """Metaclass of a class that has every attribute, and may be called as a function or a decorator."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Stub

    def __call__(cls, *arguments, **options):
        decorates = len(arguments) == 1 and not options and callable(arguments[0])
        return arguments[0] if decorates else _Stub


class _Stub(metaclass=_AnyAttribute):
    """Stands for any object of a package that is not there."""


class _Module(ModuleType):
    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Stub


class _Finder(MetaPathFinder, Loader):
    def __init__(self, packages: tuple[str, ...]):
        self._packages = packages

    def find_spec(self, fullname, path=None, target=None):
        del path, target
        if fullname.partition(".")[0] in self._packages:
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        return _Module(spec.name)

    def exec_module(self, module):
        module.__version__ = "0"


def stub(*packages: str):
    """Let these packages be imported, with everything in them, whether they are installed or not."""
    sys.meta_path.insert(0, _Finder(packages))
