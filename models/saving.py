"""Weights on their way to the disk: what the libraries say when it is full, in words that a person can act on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..feasibility.disk import cannot_write
from ..feasibility.errors import PyriteError


def disk_is_full(error: BaseException) -> bool:
    """Whether this is what a library says of a full disk: safetensors in words, torch by a place in its archive."""
    text = str(error).lower()
    words = ("no space left", "file too large", "disk quota", "inline_container")
    return any(word in text for word in words) or ("disk" in text and "space" in text)


@contextmanager
def saving(path: Path) -> Iterator[None]:
    """A library writes here. Raises PyriteError when it cannot, with exit code 3 when the disk is full."""
    try:
        yield
    except PyriteError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from error
    except Exception as error:
        if not disk_is_full(error):
            raise
        raise cannot_write(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) from error
