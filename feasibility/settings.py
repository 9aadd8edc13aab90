"""A TOML table as a checked dataclass: the one reader for policies, recipes, studies and gate rules.

A dataclass says everything: its fields are the keys, their types what a value may be, its ``__post_init__`` what goes
together. Every complaint names file and key.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from .disk import read_whole
from .errors import PyriteError

T = TypeVar("T")

_KINDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    bool: "true or false",
}


def read_table(path: Path, what: str) -> dict[str, Any]:
    """The table of a TOML file (or a JSON file by its ending). PyriteError names the file and ``what`` it is."""
    try:
        text = read_whole(path)
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise PyriteError(f"{path} is not a readable {what} ({kind}): {error}") from error
    if not isinstance(document, dict):
        raise PyriteError(f"{path}: a {what} is a table of settings")
    return document


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text. PyriteError names ``where`` it stands.

    >>> parse_toml("steps = ", "limits.toml")
    Traceback (most recent call last):
    pyrite.feasibility.errors.PyriteError: limits.toml is no TOML: Invalid value (at end of document)
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PyriteError(f"{where} is no TOML: {error}") from error


def from_table(kind: type[T], table: Mapping[str, Any], where: str, section: str = "") -> T:
    """The table as an instance of the dataclass; missing keys have the fields' defaults.

    ``where`` (a file) and ``section`` (a table in it) are for complaints. Raises PyriteError for an unknown key, for a
    value of the wrong type, and for what the dataclass itself refuses.

    >>> @dataclasses.dataclass
    ... class Limits:
    ...     steps: int = 0
    >>> from_table(Limits, {"step": 3}, "limits.toml")
    Traceback (most recent call last):
    pyrite.feasibility.errors.PyriteError: limits.toml: has no key 'step'; did you mean 'steps'?
    """
    hints = get_type_hints(kind)
    shown = f"[{section}] " if section else ""
    for key in _section(table, where, section or "this"):
        if key not in hints:
            raise PyriteError(f"{where}: {shown}has no key {key!r}; {near(key, hints)}")
    values = {
        key: convert(hints[key], value, where, f"{section}.{key}" if section else key) for key, value in table.items()
    }
    try:
        return kind(**values)
    except PyriteError as error:
        raise PyriteError(f"{where}: {shown}{error.message}", exit_code=error.exit_code) from error


def convert(hint: Any, value: Any, where: str, key: str) -> Any:
    """The value as the hinted type. Raises PyriteError saying what it should be."""
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint):
        return from_table(typing.cast("type[Any]", hint), _section(value, where, key), where, key)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return convert(next(part for part in get_args(hint) if part is not type(None)), value, where, key)
    if origin is Literal:
        if value not in get_args(hint):
            raise PyriteError(f"{where}: {key} is one of {', '.join(map(str, get_args(hint)))}, not {value!r}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise PyriteError(f"{where}: {key} is a list, not {value!r}")
        return tuple(convert(get_args(hint)[0], item, where, key) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        inner = get_args(hint)[1]
        return {
            name: convert(inner, item, where, f"{key}.{name}") for name, item in _section(value, where, key).items()
        }
    return _plain(hint, value, where, key)


def from_text(kind: type, name: str, text: str, where: str) -> Any:
    """A ``name=value`` setting from the command line, read as the dataclass's field; an unknown name stays a text."""
    hint = get_type_hints(kind).get(name)
    if hint is None or hint is str or get_origin(hint) is Literal:
        return text
    try:
        value = tomllib.loads(f"value = {text.lower() if hint is bool else text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise PyriteError(f"{where}: {name} is {_KINDS.get(hint, 'another value')}, not {text!r}") from error
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def near(word: str, known: Iterable[str]) -> str:
    """``did you mean ...?``, or what there is."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"


def _section(value: Any, where: str, key: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PyriteError(f"{where}: {key} is a section ([{key}]), not {value!r}")
    return value


def _plain(hint: Any, value: Any, where: str, key: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 2**1000 else value
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise PyriteError(f"{where}: {key} is {_KINDS.get(hint, hint)}, not {value!r}")
    return value
