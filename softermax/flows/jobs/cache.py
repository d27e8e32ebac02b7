"""Results that are kept under what they depend on, so that no work is done twice.

An entry's name is the SHA-256 of the facts that its result follows from. Nothing is ever overwritten by something else
nor needs to be thrown away; a folder of entries may be deleted whenever nothing runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from ..files import write_whole

__all__ = ["Cache", "kept", "key_of"]


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
        """What is kept under a key; None if there is nothing, or something damaged."""
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


def kept(job: Callable[..., dict], place: Callable[..., tuple[Cache, str]]) -> Callable[..., dict]:
    """The same job, but what has been found before is not worked out again; its ``find`` only looks for that.

    Parameters
    ----------
    place : callable
        From the job's arguments to where its result is kept, and under which key.
    """

    def find(*given, **options) -> dict | None:
        cache, key = place(*given, **options)
        return cache.get(key)

    @wraps(job)
    def looks_first(*given, **options) -> dict:
        cache, key = place(*given, **options)
        found = cache.get(key)
        return cache.put(key, job(*given, **options)) if found is None else found

    looks_first.find = find
    return looks_first
