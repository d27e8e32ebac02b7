"""Running jobs: their order, what becomes of failures, and what an interrupt leaves behind."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from softermax.flows.errors import FlowError
from softermax.flows.jobs import running
from softermax.flows.jobs.cache import CachedJob
from softermax.flows.jobs.running import Job, run_jobs

COMMAND = Path(sys.executable).with_name("softermax")


class Point:
    """What a job is of."""

    def __init__(self, name: str):
        self.name = name

    def identity(self) -> dict:
        return {"name": self.name}


@pytest.fixture
def one_thread(monkeypatch):
    """One worker, in this process, so that jobs can be functions of a test."""

    @contextmanager
    def pool(processes):
        with ThreadPoolExecutor(1) as workers:
            yield workers, lambda: 1

    monkeypatch.setattr(running, "_pool", pool)


def run(jobs, console=None) -> list[dict]:
    return run_jobs(jobs, "Working", console or Console(stderr=True))


def test_jobs_begin_in_order(one_thread, tmp_path):
    begun = []

    def work(point, build_dir, **options):
        begun.append(point.name)
        return options

    first = Job(work, Point("first"), tmp_path, {"n": 1})
    second = Job(work, Point("second"), tmp_path, {"n": 2})
    assert run([first, second, Job(work, Point("third"), tmp_path)]) == [
        {"name": "first", "n": 1},
        {"name": "second", "n": 2},
        {"name": "third"},
    ]
    assert begun == ["first", "second", "third"]


@pytest.mark.parametrize(("terminal", "lines"), [(False, 3), (True, 0)])
def test_without_a_terminal_each_finished_job_is_a_line(one_thread, tmp_path, terminal, lines):
    def work_on(point, build_dir):
        return {}

    console = Console(file=StringIO(), force_terminal=terminal, width=40)
    jobs = [Job(work_on, Point(f"a point with a long name, the one with number {n}"), tmp_path) for n in range(3)]
    run(jobs, console)
    said = [line for line in console.file.getvalue().splitlines() if "a point" in line]
    assert said == [
        f"Working: {n + 1} of 3, work on of a point with a long name, the one with number {n}" for n in range(lines)
    ]


def test_all_that_has_to_run_is_checked_before_anything_runs(one_thread, tmp_path):
    done = []

    def work(point, build_dir, n):
        done.append(("run", point.name))
        return {}

    def check(point, build_dir, n):
        done.append(("checked", point.name))
        if n > 2:
            raise FlowError(f"n must be 2 or less, not {n}")

    kept = CachedJob(work, lambda point, build_dir, n: {"kept": n})
    good = [Job(work, Point(name), tmp_path, {"n": 1}, check) for name in ("first", "second")]
    run([*good, Job(kept, Point("kept"), tmp_path, {"n": 3}, check)])
    assert done == [("checked", "first"), ("checked", "second"), ("run", "first"), ("run", "second")]
    done.clear()
    with pytest.raises(FlowError, match=r"^n must be 2 or less, not 3$"):
        run([*good, Job(work, Point("bad"), tmp_path, {"n": 3}, check)])
    assert done == [("checked", "first"), ("checked", "second"), ("checked", "bad")]


def test_a_build_folder_that_cannot_be_made_is_refused_where_anything_is_missing(one_thread, tmp_path):
    (tmp_path / "file").write_text("")
    kept = CachedJob(lambda point, build_dir: {}, lambda point, build_dir: {"kept": True})
    assert run([Job(kept, Point("kept"), tmp_path / "file")]) == [{"name": "kept", "kept": True}]
    with pytest.raises(FlowError, match=r"file cannot be written: Not a directory$"):
        run([Job(lambda point, build_dir: {}, Point("new"), tmp_path / "file")])


def test_what_has_been_found_is_not_run_again(one_thread, tmp_path, capsys):
    kept = {"old": {"n": 1}}

    def work(point, build_dir):
        assert point.name not in kept
        return {"n": 2}

    work = CachedJob(work, lambda point, build_dir: kept.get(point.name))
    old = Job(work, Point("old"), tmp_path)
    new = Job(work, Point("new"), tmp_path)
    assert run([new, old]) == [{"name": "new", "n": 2}, {"name": "old", "n": 1}]
    assert capsys.readouterr().err == ("Working: 1 of 2 results are there from before\nWorking: 2 of 2, work of new\n")


def test_a_failure_ends_the_run(one_thread, tmp_path):
    begun = []

    def work(point, build_dir):
        begun.append(point.name)
        raise FlowError("no")

    first = Job(work, Point("first"), tmp_path)
    with pytest.raises(FlowError, match=r"^no$"):
        run([first, Job(work, Point("after"), tmp_path)])
    assert begun == ["first"]


def test_a_lost_worker_is_a_sentence(one_thread, tmp_path):
    def work(point, build_dir):
        raise BrokenProcessPool("terminated abruptly")

    with pytest.raises(FlowError, match=r"^a worker, or a cluster, has ended before its job: "):
        run([Job(work, Point("lost"), tmp_path)])


def test_sources_that_change_meanwhile_are_refused(one_thread, tmp_path, monkeypatch):
    digests = iter(["then", "now"])
    monkeypatch.setattr(running, "source_digest", lambda: next(digests))
    with pytest.raises(FlowError, match=r"^the sources of softermax must not change during a run"):
        run([Job(lambda point, build_dir: {}, Point("any"), tmp_path)])


def processes_of(mark: str) -> dict[int, str]:
    """Command lines of the processes that have a mark in their environment."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"MARK={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def wait_for(condition, seconds: float = 60):
    """What a condition gives as soon as it is something."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


@pytest.fixture
def synthesising(tmp_path):
    """A command in whose worker Yosys is running, as a shell would start it."""
    (tmp_path / "scratch").mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path / "scratch"), "MARK": str(tmp_path)}
    command = [COMMAND, "area", "softmax", "--preset", "paper", "--lanes", "64", "--max-len", "1024", "--saturate"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: any("libyosys" in command for command in processes_of(str(tmp_path)).values()))
    yield process
    with process:
        process.kill()


@pytest.mark.parametrize("whom", ["terminal", "command"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_a_sentence_and_leaves_nothing(synthesising, tmp_path, how, whom):
    (os.killpg if whom == "terminal" else os.kill)(synthesising.pid, how)
    out, errors = synthesising.communicate(timeout=30)
    # The line of the terminal's ^C is ended first.
    assert (synthesising.returncode, out, errors) == (130, "", "\nsoftermax: interrupted\n")
    wait_for(lambda: not processes_of(str(tmp_path)))
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not (tmp_path / "build" / "cache").exists()


def test_workers_die_with_a_command_that_is_killed(synthesising, tmp_path):
    synthesising.kill()
    wait_for(lambda: not processes_of(str(tmp_path)))


def test_a_worker_that_is_killed_is_a_sentence(synthesising, tmp_path):
    [worker] = [pid for pid, command in processes_of(str(tmp_path)).items() if "spawn_main" in command]
    os.kill(worker, signal.SIGKILL)
    out, errors = synthesising.communicate(timeout=30)
    assert (synthesising.returncode, out) == (2, "")
    assert errors == f"softermax: {running.LOST}\n"
