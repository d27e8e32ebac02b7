"""Running jobs side by side with progress, on this machine's cores or on a Dask cluster.

An interrupted run leaves nothing behind but what finished jobs have kept: worker processes are killed with all that
they have started, and their scratch folders go with the run's own.
"""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ..errors import FlowError
from ..files import check_folder
from .cache import CachedJob
from .provenance import source_digest

__all__ = ["Job", "run_jobs"]

#: Seconds within which a scheduler must answer.
CONNECT_SECONDS = 10
LOST = "a worker, or a cluster, has ended before its job: memory has run out, or somebody has ended it"


@dataclass(frozen=True, eq=False)
class Job:
    """A function of a design point and a build directory, called in a process of its own.

    Attributes
    ----------
    function : callable or CachedJob
    point
    build_dir : Path
    options : dict
        Further arguments of the function.
    check : callable or None
        Takes the same arguments, is called before any job is run, and refuses what the function would refuse late.
    """

    function: Callable[..., dict]
    point: object
    build_dir: Path
    options: dict = field(default_factory=dict)
    check: Callable[..., None] | None = None

    def __call__(self, sources: str) -> dict:
        """The point's identity and what the function finds; by the sources of this digest, or not at all."""
        if source_digest() != sources:
            raise FlowError("the sources of softermax must not change during a run, nor differ in workers: start again")
        return self.point.identity() | self.function(self.point, self.build_dir, **self.options)

    def __str__(self) -> str:
        facts = (str(value) for value in self.point.identity().values())
        name = getattr(self.point, "name", None) or ", ".join(facts)
        return f"{self.function.__name__.strip('_').replace('_', ' ')} of {name}"

    def refuse(self):
        """A FlowError or CosimError, in seconds, if the job cannot do its work."""
        check_folder(self.build_dir)
        if self.check is not None:
            self.check(self.point, self.build_dir, **self.options)

    def cached(self) -> dict | None:
        """The result that an earlier run has left, None without one."""
        if not isinstance(self.function, CachedJob):
            return None
        found = self.function.lookup(self.point, self.build_dir, **self.options)
        return None if found is None else self.point.identity() | found


def run_jobs(jobs: Sequence[Job], description: str, console: Console, scheduler: str | None = None) -> list[dict]:
    """Run jobs in order; cached results are not worked out again. What has to be is checked first, all of it.

    Parameters
    ----------
    scheduler : str or None
        Address of a Dask scheduler, whose workers must have this package and the same file system; without one there
        is a process for each of the machine's cores.

    Returns
    -------
    list of dict
        In the order of the jobs: the point's identity and what the job found.

    Raises
    ------
    FlowError
        If a job does, or the machine or the cluster lets it down; other jobs are given up then.
    """
    results = {job: found for job in jobs if (found := job.cached()) is not None}
    missing = [job for job in jobs if job not in results]
    if results:
        console.print(f"{description}: {len(results)} of {len(jobs)} results are there from before")
    for job in missing:
        job.refuse()
    if missing:
        executor = _cluster(scheduler) if scheduler else _pool(min(len(missing), os.cpu_count() or 1))
        with _progress(description, len(jobs), len(results), console) as advance, executor as (workers, places):
            for job, result in _in_order(missing, workers, places):
                results[job] = result
                advance(job)
    return [results[job] for job in jobs]


@contextmanager
def _progress(description: str, total: int, found: int, console: Console) -> Iterator[Callable[[Job], None]]:
    """Function to call after each job: it moves a bar, or without a terminal prints a line."""
    if not console.is_terminal:
        done = count(found + 1)
        yield lambda job: total > 1 and console.print(f"{description}: {next(done)} of {total}, {job}", soft_wrap=True)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(description, total=total, completed=found)
        yield lambda _: progress.advance(task)


def _in_order(jobs: Sequence[Job], workers: Executor, places: Callable[[], int]) -> Iterator[tuple[Job, dict]]:
    """Jobs and their results as they come; handed over when there is a place."""
    sources, waiting, running = source_digest(), deque(jobs), {}
    while waiting or running:
        while waiting and len(running) < max(places(), 1):
            job = waiting.popleft()
            running[_submit(workers, job, sources)] = job
        ended, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            yield running.pop(future), _result(future)


def _submit(workers: Executor, job: Job, sources: str):
    """Hand a job over; a process that is started for it will never see the user's Ctrl-C."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return workers.submit(job, sources)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _result(future) -> dict:
    try:
        return future.result()
    except (BrokenExecutor, CancelledError) as error:
        raise FlowError(LOST) from error


@contextmanager
def _pool(processes: int) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """Processes of this machine, and how many jobs they can do at once."""
    with tempfile.TemporaryDirectory(prefix="softermax-") as scratch:
        pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(scratch,))
        try:
            yield pool, lambda: processes
        except BaseException:
            for worker in active_children():
                _kill(worker)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin(scratch: str):
    """A worker leads a group of all processes that it starts, uses the run's scratch folder and dies with the run."""
    os.setsid()
    os.environ["TMPDIR"] = tempfile.tempdir = scratch
    threading.Thread(target=_die_with_the_run, daemon=True).start()


def _die_with_the_run():
    parent_process().join()
    os.killpg(0, signal.SIGKILL)


def _kill(worker):
    worker.kill()
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """The workers of a Dask cluster, and how many jobs they can do at once, which may change."""
    try:
        from distributed import Client, KilledWorker
        from distributed.comm import resolve_address
    except ImportError as error:
        raise FlowError("the package distributed must be installed to use a scheduler: it is the extra dask") from error
    # A scheduler that is lost is told in a sentence.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(resolve_address(address), timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise FlowError(f"there must be a Dask scheduler at {address}, but none has answered") from error
    with client:
        if not client.nthreads():
            raise FlowError(f"the Dask scheduler at {address} must have workers, but has none")
        workers = client.get_executor(pure=False)
        try:
            yield workers, lambda: sum(client.nthreads().values())
        except KilledWorker as error:
            raise FlowError(LOST) from error
        finally:
            # Cancels what has not begun; what has is kept when it ends.
            workers.shutdown(wait=False)
