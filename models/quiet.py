"""Keeps the libraries' progress bars and warnings off standard error while Pyrite says the same in its own words."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ..feasibility.errors import PyriteWarning


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Within: no bars, and only errors from the libraries. ``PYRITE_DEBUG=1`` turns it off."""
    if os.environ.get("PYRITE_DEBUG"):
        yield
        return
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    from transformers.utils import logging as transformers_logging

    level = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    hub_bars = not are_progress_bars_disabled()
    named = [logging.getLogger(name) for name in ("peft", "trl", "accelerate", "huggingface_hub", "gguf")]
    levels = [logger.level for logger in named]
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    disable_progress_bars()
    for logger in named:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("always", category=PyriteWarning)  # a reward that teaches nothing
            yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()
        if hub_bars:
            enable_progress_bars()
        for logger, before in zip(named, levels, strict=True):
            logger.setLevel(before)


@contextmanager
def quiet_descriptors() -> Iterator[None]:
    """Within: whatever any library in any language writes to standard output or error is dropped.

    ``PYRITE_DEBUG=1`` turns it off.
    """
    if os.environ.get("PYRITE_DEBUG"):
        yield
        return
    kept = [(number, os.dup(number)) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number, _ in kept:
            os.dup2(nowhere, number)
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number, copy in kept:
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)
