"""Cached results: jobs whose results are kept under everything that they depend on, so that no work is done twice.

An entry's name is the SHA-256 of the facts that its result follows from. Nothing is ever overwritten by something else
nor needs to be thrown away; a folder of entries may be deleted whenever nothing runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import update_wrapper, wraps
from inspect import signature
from pathlib import Path

from ..files import write_whole

__all__ = ["Cache", "CachedJob", "cached", "key_of"]


def key_of(facts) -> str:
    """SHA-256 of facts that JSON can hold; the order of names in them does not matter."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class Cache:
    """Entries in a folder, each a file that begins with the SHA-256 of the rest.

    Parameters
    ----------
    folder : Path
        Need not exist. Several processes may use it at once.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def get(self, key: str):
        """Cached result of a key; None if it is missing or damaged."""
        try:
            digest, content = (self._folder / key).read_bytes().split(b"\n", 1)
        except (OSError, ValueError):
            return None
        return json.loads(content) if hashlib.sha256(content).hexdigest().encode() == digest else None

    def put(self, key: str, result):
        """Keep what JSON can hold; returns it as :meth:`get` will, lists in place of tuples.

        Raises
        ------
        FlowError
            If it cannot be written.
        """
        content = json.dumps(result)
        digest = hashlib.sha256(content.encode()).hexdigest()
        write_whole(self._folder / key, f"{digest}\n{content}")
        return json.loads(content)


class CachedJob:
    """A job whose result an earlier run may have left; it is called like the job itself.

    Picklable by the name of the job, which must be what the module calls this object.

    Parameters
    ----------
    job : callable
        Takes a point, a build directory and options.
    lookup : callable
        Takes the same arguments and returns the result that is there from before, None without one.
    """

    def __init__(self, job: Callable[..., dict], lookup: Callable[..., dict | None]):
        update_wrapper(self, job)
        self._job = job
        self.lookup = lookup

    def __call__(self, *arguments, **options) -> dict:
        """The job's result."""
        return self._job(*arguments, **options)

    def __reduce__(self) -> str:
        return self.__qualname__


def cached(cache_key: Callable[..., str]) -> Callable[[Callable[..., dict]], CachedJob]:
    """Decorator: a job that looks for its result in ``build_dir/cache`` first, and keeps it there.

    Parameters
    ----------
    cache_key : callable
        Takes the job's point and options and returns the key: a digest of everything that the result depends on.
    """

    def decorate(job: Callable[..., dict]) -> CachedJob:
        parameters = signature(job)

        def place(*arguments, **options) -> tuple[Cache, str]:
            call = parameters.bind(*arguments, **options)
            call.apply_defaults()
            point, build_dir, *_ = call.arguments.values()
            others = dict(list(call.arguments.items())[2:])
            return Cache(build_dir / "cache"), cache_key(point, **others)

        def lookup(*arguments, **options) -> dict | None:
            cache, key = place(*arguments, **options)
            return cache.get(key)

        @wraps(job)
        def look_first(*arguments, **options) -> dict:
            cache, key = place(*arguments, **options)
            found = cache.get(key)
            return cache.put(key, job(*arguments, **options)) if found is None else found

        return CachedJob(look_first, lookup)

    return decorate
