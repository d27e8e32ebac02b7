"""User errors: a user can remove their cause."""

__all__ = ["FlowError"]


class FlowError(Exception):
    """A command could not do its work; the text says why and what to do, in one sentence."""
