"""The command as a user meets it: a process, its output, its exit status."""

import json
import subprocess
import sys
from pathlib import Path

from softermax.flows.commands.app import app
from softermax.flows.results.columns import undeclared

COMMAND = Path(sys.executable).with_name("softermax")


def softermax(*arguments, cwd) -> subprocess.CompletedProcess:
    """Run the command with what it prints captured; a measure must have declared every field that it finds."""
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False)
    measure = getattr(app.commands.get(arguments[0]), "measure", None)
    if measure is not None and "--json" in arguments and done.stdout:
        assert undeclared(json.loads(done.stdout), measure.columns) == []
    return done


def refused(done: subprocess.CompletedProcess) -> str:
    """The one sentence of a refused call."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("softermax: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("softermax: ").rstrip("\n")
