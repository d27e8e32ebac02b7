"""Ctrl-C at any time, also while modules are imported: a sentence, exit status 130, no traceback."""

import os
import signal
import subprocess
import sys

import pytest

from .process import COMMAND

#: Python runs it first: when a module is to be imported, the process gets a signal, as the user's terminal sends it.
SITE = """
import builtins, os, signal, sys

class Finder:
    sent = 0

    def find_spec(self, name, path=None, target=None):
        if name == os.environ["SIGNAL_AT"] and not self.sent:
            self.sent += 1
            os.kill(os.getpid(), int(os.environ["SIGNAL"]))
        return None

sys.meta_path.insert(0, Finder())
"""
#: The same of a module that turns whatever happens into an error of import, as extension modules do.
SWALLOWING = """
try:
    import os, signal
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000000):
        pass
except BaseException:
    raise ImportError("swallowed") from None
"""
#: A callback of the interpreter, which cannot raise.
CALLBACK = """
import os, signal, time, weakref

class Thing:
    pass

def callback(_):
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000000):
        pass

thing = Thing()
reference = weakref.ref(thing, callback)
del thing
time.sleep(30)
"""


def run(folder, *arguments, at="none", number=signal.SIGINT, **options) -> subprocess.CompletedProcess:
    """The command, which gets a signal when a module is to be imported."""
    (folder / "sitecustomize.py").write_text(SITE)
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONPATH": path, "SIGNAL_AT": at, "SIGNAL": str(int(number))}
    command = [COMMAND, *arguments]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False, **options
    )


#: From the first of the package's modules that take time to the last, and some that commands import late.
MODULES = [
    "softermax.flows.commands.app",
    "click",
    "numpy",
    "numpy._core.multiarray",
    "amaranth.hdl",
    "rich.progress",
    "softermax.flows.commands.models",
]


@pytest.mark.parametrize("module", MODULES)
def test_an_interrupt_during_imports_ends_quietly(module, tmp_path):
    done = run(tmp_path, "--help", at=module)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "softermax: interrupted\n")


def test_so_does_what_ends_a_process(tmp_path):
    done = run(tmp_path, "--help", at="numpy", number=signal.SIGTERM)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "softermax: interrupted\n")


def test_an_interrupt_while_a_command_imports_ends_quietly(tmp_path):
    done = run(tmp_path, "accuracy", "digits", "--quick", at="torch")
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "softermax: interrupted"


@pytest.mark.parametrize("content", [SWALLOWING, CALLBACK], ids=["made an ImportError", "in a callback"])
def test_an_interrupt_that_a_module_swallows_ends_quietly(content, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(content)
    done = run(tmp_path, "accuracy", "digits", "--quick")
    assert done.returncode == 130, done.stderr
    assert done.stderr.strip() == "softermax: interrupted"


def test_who_is_started_without_interrupts_is_not_interrupted(tmp_path):
    ignored = run(tmp_path, "--version", at="numpy", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert (ignored.returncode, ignored.stderr) == (0, "")


def test_other_errors_keep_their_traceback(tmp_path):
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").write_text("1 / 0")
    broken = run(tmp_path, "--version")
    assert broken.returncode == 1
    assert broken.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_the_entry_point_imports_nothing_that_takes_time():
    code = "import softermax.flows.commands.main, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name.startswith("softermax")} == {
        "softermax",
        "softermax.flows",
        "softermax.flows.commands",
        "softermax.flows.commands.main",
    }
    assert not {"numpy", "click", "amaranth", "rich"} & set(loaded)
