"""The command as a user meets it: a process, its output, its exit status."""

import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("softermax")


def softermax(*arguments, cwd) -> subprocess.CompletedProcess:
    """Run the command with what it prints captured."""
    return subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False)


def refused(done: subprocess.CompletedProcess) -> str:
    """The one sentence of a refused call."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("softermax: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("softermax: ").rstrip("\n")
