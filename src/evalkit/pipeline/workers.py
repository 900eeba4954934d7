"""Work in several processes that end quietly: one key, one task, finished in any order."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")

SETTINGS: Mapping[str, str] = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""Environment of a worker: arithmetic in one thread; Arrow gives memory back to the system instead of keeping it (about 27 MB
with a county of 25,000 rows, at no cost in time). What the user has set stays."""


def settle_environment() -> None:
    """Let processes started from here begin with `SETTINGS`, as far as the user has set nothing else."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)


def in_workers(
    work: Callable[[Task], Done], tasks: Mapping[str, Task], jobs: int
) -> Generator[tuple[str, Future[Done]]]:
    """Do tasks in processes of their own and yield the key of each with its outcome, as they finish.

    When the caller stops early (an error, Ctrl-C), the tasks in hand are finished and no other is begun.

    Parameters
    ----------
    work : callable
        Picklable; called with one task.
    tasks : mapping
        Key → task, at least one.
    jobs : int
        Most processes at a time.
    """
    settle_environment()
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context)
    try:
        with _no_interrupts():
            waiting = {pool.submit(work, task): key for key, task in tasks.items()}
        for job in as_completed(waiting):
            yield waiting[job], job
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back, so that processes started meanwhile leave it to the main process for good."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
