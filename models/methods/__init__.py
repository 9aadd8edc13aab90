"""Tuning methods: ``get_method(name)``, ``method_names()``. Imported only when asked for, so listing names is cheap."""

from __future__ import annotations

import difflib
from importlib import import_module

from ...feasibility.errors import PyriteError
from .protocol import Method

# name -> (module in this folder, attribute). A new method adds its line here.
_HOMES: dict[str, tuple[str, str]] = {
    "none": ("none", "NONE"),
    "full": ("full", "FULL"),
}

__all__ = ["Method", "get_method", "method_names"]


def get_method(name: str) -> Method:
    """The method of that name; everything else is looked up among peft's own. Raises PyriteError with a near miss."""
    if name in _HOMES:
        module, attribute = _HOMES[name]
        found = getattr(import_module(f".{module}", __name__), attribute)
        assert isinstance(found, Method)
        return found
    from .peft_adapter import NOT_COVERED, peft_method, peft_names

    if name in peft_names():
        return peft_method(name)
    if name in NOT_COVERED:
        raise PyriteError(f"peft's {name!r} is not covered: {NOT_COVERED[name]}")
    near = difflib.get_close_matches(name, method_names(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(method_names())}"
    raise PyriteError(f"unknown method {name!r}; {hint}")


def method_names() -> list[str]:
    """Every method's name, Pyrite's own first."""
    from .peft_adapter import peft_names

    return [*_HOMES, *peft_names()]
