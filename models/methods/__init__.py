"""Tuning methods: ``get_method(name)``, ``method_names()``. Loaded only when asked for, so listing names is cheap."""

from __future__ import annotations

import difflib

from ...feasibility.errors import PyriteError
from ...feasibility.plugins import Registry
from .protocol import Method, Prefill, Restored

METHODS: Registry[Method] = Registry("pyrite.methods", "method", Method)  # type: ignore[type-abstract]
"""Pyrite's own and those of other packages; everything else is looked up among peft's."""

__all__ = ["METHODS", "Method", "Prefill", "Restored", "get_method", "method_names"]


def get_method(name: str) -> Method:
    """The method of that name; everything else is looked up among peft's own. Raises PyriteError with a near miss."""
    if name in METHODS:
        return METHODS.get(name)
    from .peft_adapter import NOT_COVERED, peft_method, peft_names

    if name in peft_names():
        return peft_method(name)
    if name in NOT_COVERED:
        raise PyriteError(f"peft's {name!r} is not covered: {NOT_COVERED[name]}")
    near = difflib.get_close_matches(name, method_names(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(method_names())}"
    raise PyriteError(f"unknown method {name!r}; {hint}")


def method_names() -> list[str]:
    """Every method's name, peft's last."""
    from .peft_adapter import peft_names

    return [*METHODS, *peft_names()]
