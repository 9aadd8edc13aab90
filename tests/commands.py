"""The ``pyrite`` command inside the test's own process: what it prints and its exit code, without a start."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import warnings
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from unittest import mock

from pyrite.cli.main import main


def pyrite(
    *arguments: object,
    stdin: str | None = None,
    timeout: float = 60,
    cwd: object = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """``pyrite ARGUMENTS``, as :func:`subprocess.run` would give it. Signals, limits and timings need a real process.

    ``timeout`` is for the signature's sake: the commands that are run so end by themselves.
    """
    del timeout
    written = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2)]
    given = io.TextIOWrapper(io.BytesIO((stdin or "").encode()), encoding="utf-8")
    handlers = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    show, code = warnings.showwarning, 0
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(sys, "argv", ["pyrite", *map(str, arguments)]))
        stack.enter_context(mock.patch.object(sys, "stdin", given))
        if env is not None:
            stack.enter_context(mock.patch.dict(os.environ, env, clear=True))
        if cwd is not None:
            stack.enter_context(chdir(str(cwd)))
        stack.enter_context(warnings.catch_warnings())
        stack.enter_context(redirect_stdout(written[0]))
        stack.enter_context(redirect_stderr(written[1]))
        warnings.simplefilter("default")
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    for name, handler in handlers.items():
        signal.signal(name, handler)
    warnings.showwarning = show
    texts = []
    for stream in written:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return subprocess.CompletedProcess(list(map(str, arguments)), code, *texts)
