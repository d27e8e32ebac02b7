"""The entry point of ``softermax``: it looks after Ctrl-C first, and then imports what takes a second."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

__all__ = ["main"]

STANDARD_ERROR = 2
#: Exit status of a command that was interrupted.
INTERRUPTED = 130
#: Seconds after which an interrupt that Python has swallowed is sent again.
AGAIN = 0.05


def main():
    """Run the command line; an interrupt at any time, also while modules are imported, ends it in a sentence."""
    interrupts = _Interrupts()
    interrupts.attach()
    if sys.stdout is None:
        os.write(STANDARD_ERROR, b"softermax: the standard output must be open: send it to a file\n")
        sys.exit(2)
    from .app import run

    try:
        interrupts.cleans_up = True
        run()
    except BaseException as error:
        interrupts.cleans_up = False
        # An interrupt may come out as something else: extension modules make an ImportError of it.
        if interrupts.came or isinstance(error, KeyboardInterrupt):
            interrupts.say()
            sys.exit(INTERRUPTED)
        raise
    interrupts.cleans_up = False


class _Interrupts:
    """What interrupts do: end the process at once, or raise KeyboardInterrupt while there is something to clean up."""

    def __init__(self):
        self.cleans_up, self.came, self._said = False, False, False

    def attach(self):
        """Take over SIGINT, unless who started the process ignores it, and SIGTERM."""
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, self._interrupt)
        sys.excepthook, sys.unraisablehook = self._uncaught, self._swallowed

    def say(self):
        """Tell it, once."""
        if not self._said:
            self._said = True
            with suppress(OSError):
                os.write(STANDARD_ERROR, b"softermax: interrupted\n")

    def _interrupt(self, *_):
        self.came = True
        if self.cleans_up:
            raise KeyboardInterrupt
        self._end()

    def _end(self):
        """End at once; what was printed before is not lost."""
        with suppress(Exception):
            sys.stdout.flush()
        self.say()
        os._exit(INTERRUPTED)

    def _uncaught(self, kind, error, trace):
        """Between the lines of :func:`main`, too, an interrupt is no error."""
        if issubclass(kind, KeyboardInterrupt):
            self._end()
        sys.__excepthook__(kind, error, trace)

    def _swallowed(self, unraisable):
        """A callback of the interpreter cannot raise an interrupt, so it comes again."""
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            sys.__unraisablehook__(unraisable)
            return
        import threading  # Ctrl-C comes first

        again = threading.Timer(AGAIN, os.kill, (os.getpid(), signal.SIGINT))
        again.daemon = True
        again.start()
