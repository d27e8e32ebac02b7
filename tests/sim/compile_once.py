"""Compiler wrapper of the tests, for Verilator's OBJCACHE: its own runtime, the same in every build, is compiled once.

Usage: compile_once.py FOLDER COMPILER ARGUMENT... -c -o OBJECT SOURCE
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def main(folder: str, *command: str) -> int:
    """Compile, or copy what an equal command has made of an equal file."""
    source = Path(command[-1])
    # What is generated, or includes it, is another file in each build.
    if source.parent.name != "include" or not source.name.startswith("verilated"):
        return subprocess.run(command, check=False).returncode
    output = command[command.index("-o") + 1]
    kept = Path(folder) / hashlib.sha256("\n".join([*command, source.read_text()]).encode()).hexdigest()
    if not kept.exists():
        code = subprocess.run(command, check=False).returncode
        if code:
            return code
        # Another process may be doing the same: each renames its own copy.
        copy = kept.with_suffix(f".{os.getpid()}")
        shutil.copyfile(output, copy)
        copy.rename(kept)
        return 0
    shutil.copyfile(kept, output)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
