"""No space left: a sentence, and no part of anything is taken for a result."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from softermax.flows.errors import FlowError
from softermax.flows.tools.yosys import run_yosys

COMMAND = Path(sys.executable).with_name("softermax")
SMALL = ("area", "unnormed", "--lanes", "2", "--max-len", "16", "--json")


def with_little_space(folder: Path, kilobytes: int, command: str, cwd: Path) -> subprocess.CompletedProcess:
    """A shell command while a folder is a file system of some size, which only it sees."""
    mounted = f"mount -t tmpfs -o size={kilobytes}k tmpfs '{folder}' && cd '{cwd}' && {command}"
    unshare = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    try:
        subprocess.run([*unshare, f"mount -t tmpfs tmpfs '{folder}'"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets no user mount a file system")
    return subprocess.run([*unshare, mounted], capture_output=True, text=True, check=False)


def test_yosys_that_writes_nothing_whole_is_found_out(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(FlowError) as caught:
        run_yosys(["design -reset"], tmp_path / "yosys.log")
    assert str(caught.value) == (
        f"Yosys needs more space in {tmp_path}: No space left on device; TMPDIR may name another folder"
    )


@pytest.mark.parametrize("kilobytes", [100, 400])
def test_a_full_scratch_folder_is_a_sentence(kilobytes, tmp_path):
    scratch, work = tmp_path / "scratch", tmp_path / "work"
    scratch.mkdir()
    work.mkdir()
    command = f"TMPDIR='{scratch}' '{COMMAND}' {' '.join(SMALL)}"
    done = with_little_space(scratch, kilobytes, command, work)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"softermax: Yosys needs more space in {scratch}")
    assert done.stderr.count("\n") == 1
    assert not (work / "build" / "cache").exists()


@pytest.mark.parametrize("kilobytes", [4, 60])
def test_a_full_build_folder_is_a_sentence(kilobytes, tmp_path):
    ending = '; echo "$?"; ls build/cache 2>/dev/null'
    done = with_little_space(tmp_path, kilobytes, f"TMPDIR=/tmp '{COMMAND}' {' '.join(SMALL)} {ending}", tmp_path)
    # Its exit status, and not one kept result.
    assert done.stdout == "2\n", done.stderr
    assert done.stderr.startswith("softermax: build/")
    assert done.stderr.endswith(" cannot be written: No space left on device\n")
    assert done.stderr.count("\n") == 1
