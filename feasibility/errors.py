"""What a user sees as one line: errors, a stop, and the one warning."""

from __future__ import annotations


class PyriteWarning(UserWarning):
    """Something that is probably not meant: said once, in one line, and gone on with."""


class PyriteError(Exception):
    """Something a person can act on: what is wrong, where, and what to do.

    The command line prints ``message`` as one line on standard error and leaves with ``exit_code``
    (2: wrong use or bad input, 3: stopped before the end and resumable; 1 is kept for "the answer is no").
    """

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


class StoppedError(PyriteError):
    """Whoever runs it has stopped it (exit code 3): nothing of what was to come should be begun."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=3)
