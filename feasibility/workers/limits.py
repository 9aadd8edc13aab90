"""What a process may use, and what it did use."""

from __future__ import annotations

import mmap
import os
import sys
from contextlib import suppress


def address_space() -> int:
    """Bytes of address space of this process (0 where the system does not say)."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * mmap.PAGESIZE
    except OSError:
        return 0


def limit_memory(extra: int) -> int:
    """Allow this process ``extra`` bytes more address space than it has now; gives what it has now."""
    import resource

    now = address_space()
    if now and extra:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = now + extra if hard == resource.RLIM_INFINITY else min(now + extra, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return now


def peak_memory() -> int:
    """The most resident memory that this process ever had, in bytes."""
    import resource

    # What the system's usage counter says of a new process begins with what the one that started it had.
    with suppress(OSError, ValueError, IndexError), open("/proc/self/status", "rb") as file:
        return int(file.read().split(b"VmHWM:", 1)[1].split(None, 1)[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def usable_cores() -> int:
    """Cores that this process may use (a container often has fewer than the machine)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
