"""The hash in a cell's name: of everything that decides its result, the same in every later version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_LATER = {"grids": [], "physics": "ac", "outages": "none", "report_to": "none"}
"""Keys that recipes have got since studies were first run, with their defaults."""


def _as_before(value: Any) -> Any:
    """Without the later keys where they say nothing, so that finished cells keep their names."""
    if isinstance(value, Mapping):
        kept = {key: item for key, item in value.items() if key not in _LATER or _LATER[key] != _plain(item)}
        return {key: _as_before(item) for key, item in kept.items()}
    return [_as_before(item) for item in value] if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def digest_of(decides: Mapping[str, Any]) -> str:
    """Ten hexadecimal digits."""
    return hashlib.sha256(json.dumps(_as_before(decides), sort_keys=True).encode()).hexdigest()[:10]
