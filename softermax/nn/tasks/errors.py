"""Errors that a user can mend."""

__all__ = ["TaskError"]


class TaskError(Exception):
    """An experiment could not do its work; the text says why and what to do, in one sentence."""
