"""No tuning: the base model as it is, so that base and tuned runs go through the same recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...feasibility.errors import PyriteError
from .protocol import Method, Restored


class _None(Method):
    name = "none"
    summary = "the base model as it is"
    trains = False
    learning_rate = 0.0

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        if options:
            raise PyriteError(f"method 'none' has no options, got {next(iter(options))!r}")
        return {}

    def prepare(self, model: Any, options: Mapping[str, Any], helper: Any = None) -> Any:
        return model

    def save(self, model: Any, folder: Path, state: Mapping[str, Any] | None = None) -> None:
        """There is nothing to write."""

    def resume(self, model: Any, folder: Path) -> None:
        """There is nothing to read."""

    def restore(self, model: Any, folder: Path, helper: Any = None) -> Restored:
        return Restored(model)


NONE = _None()
