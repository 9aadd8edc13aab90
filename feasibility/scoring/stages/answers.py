"""Short ways to say what a stage found."""

from __future__ import annotations

from typing import Any

from ...verdict import Finding, StageResult


def passed(code: str | None = None, message: str = "", /, **details: Any) -> StageResult:
    """A pass with its evidence."""
    return StageResult("pass", code, message, (), details)


def fail(code: str, message: str, /, **details: Any) -> StageResult:
    """A failure with its evidence."""
    return StageResult.failed(Finding(code, message), **details)


def unknown(code: str, message: str, /, **details: Any) -> StageResult:
    """Neither pass nor fail, and why."""
    return StageResult("unknown", code, message, (), details)


def skipped(code: str, message: str) -> StageResult:
    """Nothing to ask."""
    return StageResult("skipped", code, message)
