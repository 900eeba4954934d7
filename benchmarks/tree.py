"""CPU seconds and memory of a command with everything it starts, however deep: Python, Java, workers of workers.

CPU is what the kernel adds up for processes that were waited for: this process adopts what its descendants leave behind
(a Java virtual machine outlives the Python that started it) and waits for all of it. Children of a process that ignores
SIGCHLD (the daemon of pyspark does) are waited for by nobody: theirs is the CPU last seen, looked at twice a second.
Memory is sampled: the proportional set size (shared pages counted once) summed over all processes, and the largest
of one. Linux only.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of <linux/prctl.h>."""
EVERY = 0.5
"""Seconds between two looks at the memory."""
KINDS = (
    ("java", b"java"),
    ("worker", b"multiprocessing"),
    ("worker", b"pyspark/daemon"),
    ("worker", b"pyspark.daemon"),
)
"""Kinds of processes, and what stands in their command lines."""
LEFT = 30.0
"""Seconds that what the command left running may take to end by itself."""


@dataclass
class Usage:
    """What a command took.

    `cpu`, `wall` in seconds, `unwaited` the part of `cpu` that was sampled; `mb` of the largest process and `total_mb` of all processes together (sampled); `out` and
    `err` are its output; `kinds` has the largest memory seen of one process of each kind: ``main``, ``worker``, ``java``.
    """

    cpu: float = 0.0
    unwaited: float = 0.0
    wall: float = 0.0
    mb: float = 0.0
    total_mb: float = 0.0
    code: int = 0
    out: str = ""
    err: str = ""
    kinds: dict[str, float] = field(default_factory=dict)


def run(
    words: Sequence[str], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Usage:
    """Run a command to its end, and wait for everything it started."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    found = Usage()
    with subprocess.Popen(
        words,
        cwd=cwd,
        env=None if environment is None else {**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        over = threading.Event()
        lost: dict[int, float] = {}
        watcher = threading.Thread(target=_watch, args=(found, lost, over))
        watcher.start()
        found.out, found.err = process.communicate()
        found.code = process.returncode
        found.wall = time.perf_counter() - start
        waited = _wait_for_all()
        over.set()
        watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found.unwaited = sum(seconds for pid, seconds in lost.items() if pid not in waited)
    found.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + found.unwaited
    return found


def _wait_for_all() -> set[int]:
    """Wait for the processes that the command left to us; end those that do not end by themselves."""
    until = time.monotonic() + LEFT
    waited: set[int] = set()
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return waited
        waited.add(pid)
        if pid == 0:
            if time.monotonic() > until:
                for child in _children(os.getpid()):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
            time.sleep(0.05)


def _watch(found: Usage, lost: dict[int, float], over: threading.Event) -> None:
    while not over.wait(EVERY):
        for pid in _tree(os.getpid()):
            with contextlib.suppress(OSError, IndexError, ValueError):
                _note_unwaited(pid, lost)
        sizes = [(name, mb) for name, mb in map(_size, _tree(os.getpid())) if mb]
        found.total_mb = max(found.total_mb, sum(mb for _, mb in sizes))
        found.mb = max([found.mb, *(mb for _, mb in sizes)])
        for name, mb in sizes:
            found.kinds[name] = max(found.kinds.get(name, 0.0), mb)


def _note_unwaited(pid: int, lost: dict[int, float]) -> None:
    """Note the CPU seconds of a process whose parent ignores that it ends."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    parent, ticks = int(words[1]), sum(map(int, words[11:15]))
    status = Path(f"/proc/{parent}/status").read_text()
    ignored = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:")), 16)
    if ignored & 1 << (signal.SIGCHLD - 1):
        lost[pid] = ticks / os.sysconf("SC_CLK_TCK")
    else:
        lost.pop(pid, None)


def _tree(root: int) -> list[int]:
    """Return all descendants of a process, without itself."""
    out, waiting = [], _children(root)
    while waiting:
        pid = waiting.pop()
        out.append(pid)
        waiting += _children(pid)
    return out


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(p) for p in path.read_text().split()]
    return found


def _size(pid: int) -> tuple[str, float]:
    """Return name and proportional set size in MB of a process; 0 when it is gone."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        kind = next((k for k, mark in KINDS if mark in words), "main")
        return kind, sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return "", 0.0
