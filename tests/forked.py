"""A process of one's own to kill, with everything imported already: a new one reads torch and transformers for long."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable

import pytest
import torch

needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork") or torch.cuda.is_available(),
    reason="torch's threads for a GPU do not survive a fork; the slow tests kill processes that begin anew",
)


def killed_when(work: Callable[[], object], reached: Callable[[], bool], seconds: float = 300) -> None:
    """Do the work in a forked process and kill that (signal 9) as soon as ``reached`` holds."""

    def alone() -> None:
        torch.set_num_threads(1)  # more threads than one hang in a forked process
        work()

    process = multiprocessing.get_context("fork").Process(target=alone, daemon=True)
    process.start()
    until = time.monotonic() + seconds
    while process.is_alive() and not reached() and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    process.join()
    assert process.exitcode == -9, "it ended before it could be killed"
