"""Policies from the command line: a file, single settings, or both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..feasibility.errors import PyriteError
from ..feasibility.policy import Policy


def read_policy(path: str | None, settings: Sequence[str]) -> Policy:
    """The default policy, with the settings of a TOML or JSON file and then of ``name=value`` texts put over it.

    A ``run.json`` serves too: its ``policy`` is taken. Raises PyriteError for anything not understood.
    """
    values: dict[str, Any] = {}
    if path is not None:
        values |= _from_file(Path(path))
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise PyriteError(f"--set takes name=value, got {setting!r}")
        values[name.strip()] = text.strip()
    kinds = {item.name: type(item.default) for item in fields(Policy)}
    return Policy.from_dict({name: _typed(name, value, kinds.get(name)) for name, value in values.items()})


def _from_file(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError as error:
        raise PyriteError(f"{path}: there is no such file") from error
    except (OSError, ValueError, RecursionError) as error:
        raise PyriteError(f"{path} is not a readable policy file: {error}") from error
    if not isinstance(document, dict):
        raise PyriteError(f"{path}: a policy is a table of settings")
    inner = document.get("policy", document)
    if not isinstance(inner, dict):
        raise PyriteError(f"{path}: policy is a table of settings")
    return inner


def _typed(name: str, value: Any, kind: type | None) -> Any:
    """The value as the setting's type; texts (from --set) are read, numbers from files are checked."""
    if kind is None:
        return value  # an unknown name: Policy says so and lists the known ones
    try:
        if kind is bool:
            if isinstance(value, bool):
                return value
            return {"true": True, "false": False}[str(value).lower()]
        if kind is str:
            return str(value)
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
        if kind is int:
            if number != int(number):
                raise ValueError
            return int(value) if isinstance(value, str) and value.isdigit() else int(number)
        if number != number:
            raise ValueError
        return number
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        kinds = {bool: "true or false", int: "a whole number", float: "a number"}
        raise PyriteError(f"policy: {name} is {kinds.get(kind, 'a text')}, not {value!r}") from error
