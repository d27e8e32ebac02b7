"""What all tests share."""

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

# Tests that a script starts in the background ignore Ctrl-C, and with them all programs that they test.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Tests run in a process for each core already; threads of PyTorch on top would only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _compile_the_simulators_runtime_once(tmp_path_factory):
    """Half of the time of all tests would go into compiling Verilator's own runtime again for each unit."""
    base = tmp_path_factory.getbasetemp()
    # Processes that run side by side have their folders next to each other.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled_once"
    folder.mkdir(exist_ok=True)
    once = Path(__file__).parent / "sim" / "compile_once.py"
    os.environ["OBJCACHE"] = shlex.join([sys.executable, str(once), str(folder)])
    yield
    del os.environ["OBJCACHE"]
