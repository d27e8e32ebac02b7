"""The command as a user at a terminal of some width meets it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from .process import COMMAND

#: What a terminal takes for colours.
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def at_terminal(width: int, *arguments, cwd) -> str:
    """What a command prints on a terminal, without colours."""
    terminal, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"TERM": "xterm"}
    with subprocess.Popen(
        [COMMAND, *map(str, arguments)], stdout=side, stderr=subprocess.PIPE, env=environment, cwd=cwd
    ) as process:
        os.close(side)
        printed = _read(terminal)
        os.close(terminal)
        errors = process.stderr.read()
    assert process.returncode == 0, errors
    return COLOURS.sub("", printed.replace("\r\n", "\n"))


def _read(terminal: int) -> str:
    """Everything until the other side is closed, which Linux calls an error."""
    pieces = []
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            piece = b""
        if not piece:
            return b"".join(pieces).decode()
        pieces.append(piece)
