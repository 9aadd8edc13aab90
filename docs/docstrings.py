"""Docstrings of Pyrite as the site shows them: doctests as code, roles such as ``:meth:`` as plain code."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|attr|exc):`~?([^`]+)`")


def fenced(text: str) -> str:
    """Every block that begins with ``>>>``, up to an empty line, in a fence."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if not inside and line.lstrip().startswith(">>>"):
            lines.append("```pycon")
            inside = True
        elif inside and not line.strip():
            lines.append("```")
            inside = False
        lines.append(line)
    return "\n".join([*lines, "```"] if inside else lines)


class Docstrings(griffe.Extension):
    """Applied to every object as it is read."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = fenced(_ROLE.sub(r"`\1`", obj.docstring.value))
