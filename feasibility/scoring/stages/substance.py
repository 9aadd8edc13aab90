"""The questions about a model, in order: the same for formulations and for programs that declare one."""

from __future__ import annotations

from typing import Any

from .compared import Equivalent, Sound, Value
from .protocol import Stage
from .solved import Bounded, Builds, Feasible

SUBSTANCE: tuple[Stage[Any], ...] = (Builds(), Feasible(), Bounded(), Sound(), Value(), Equivalent())
