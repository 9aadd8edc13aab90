"""Plug-in points: what Pyrite and other installed packages offer under a group of entry points.

Pyrite's own methods, objectives, importers, readers and families stand in its ``pyproject.toml`` under the same groups
(``pyrite.methods`` ...) as those of an outside package, and are found in the same way. A clone is read from its
``pyproject.toml``, so that a new line there counts without installing again. What is not covered: versions of the
plug-in's side; an object that does not have the shape of its group is refused when it is asked for.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Generic, TypeVar

from .errors import PyriteError

T = TypeVar("T")

_OWN = "pyrite"


class Registry(Generic[T]):
    """The objects of one group by name, each loaded when it is first asked for.

    ``what`` is the word for messages. ``shape`` is a runtime-checkable Protocol or class that every object has.
    """

    def __init__(self, group: str, what: str, shape: type[T]) -> None:
        self.group, self.what, self._shape = group, what, shape
        self._loaded: dict[str, T] = {}

    @cached_property
    def _points(self) -> dict[str, metadata.EntryPoint]:
        found = {point.name: point for point in _own_points(self.group)}
        for point in metadata.entry_points(group=self.group):
            package = point.dist.name if point.dist is not None else "?"
            if package == _OWN:
                continue
            if point.name in found:
                raise PyriteError(
                    f"the package {package} offers a {self.what} {point.name!r}, and there is one of that name; "
                    "uninstall one of the two"
                )
            found[point.name] = point
        return found

    def names(self) -> list[str]:
        """Every name: Pyrite's own in the order of its ``pyproject.toml``, then those of other packages."""
        return list(self._points)

    def __contains__(self, name: object) -> bool:
        return name in self._points

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def get(self, name: str) -> T:
        """The object of that name. Raises PyriteError with a near miss, or with what is wrong with a plug-in."""
        if name in self._loaded:
            return self._loaded[name]
        point = self._points.get(name)
        if point is None:
            near = difflib.get_close_matches(name, self._points, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(self._points)}"
            raise PyriteError(f"unknown {self.what} {name!r}; {hint}")
        package = point.dist.name if point.dist is not None else _OWN
        try:
            found: Any = point.load()
        except Exception as error:
            if package == _OWN:
                raise  # a defect, or a missing extra with its own message
            raise PyriteError(
                f"the {self.what} {name!r} of the package {package} cannot be loaded: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(found, self._shape):
            lacking = [item for item in _members(self._shape) if not hasattr(found, item)]
            raise PyriteError(
                f"the {self.what} {name!r} of the package {package} ({point.value}) is none: "
                f"it lacks {', '.join(lacking) or 'the right type'}"
            )
        self._loaded[name] = found
        return found


def _members(shape: type) -> list[str]:
    names = {name for kind in shape.__mro__ for name in (*vars(kind), *vars(kind).get("__annotations__", {}))}
    return sorted(name for name in names if not name.startswith("_"))


def _own_points(group: str) -> list[metadata.EntryPoint]:
    project = Path(__file__).parents[1] / "pyproject.toml"
    if project.is_file():
        document = tomllib.loads(project.read_text(encoding="utf-8"))
        if document.get("project", {}).get("name") == _OWN:
            named = document["project"].get("entry-points", {}).get(group, {})
            return [metadata.EntryPoint(name, value, group) for name, value in named.items()]
    try:
        return list(metadata.distribution(_OWN).entry_points.select(group=group))
    except metadata.PackageNotFoundError:
        return []
