"""The gate's rules: defaults, a TOML section, flags. Everything is checked before anything is compared."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ...feasibility.errors import PyriteError

GATED = ("surface", "feasible", "sound", "value", "equivalent", "substance")
"""Outcomes that rules may be about."""
Unknowns = Literal["fail", "ignore", "bound"]


@dataclass(frozen=True, slots=True)
class StageRules:
    """Limits for one outcome; None is no limit.

    ``max_drop``: largest drop of the rate (0.05 is five points); ``min_rate``: smallest rate; ``max_broken``: most
    problems that passed in the baseline and fail now.
    """

    max_drop: float | None = None
    min_rate: float | None = None
    max_broken: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules. Without a file or flags: a significant drop of ``feasible`` or ``substance`` fails.

    ``significant``: level at which a drop or growth beyond its limit fails (exact McNemar, one-sided, Holm over the
    outcomes with a ``max_drop``); below it a warning is given; 0 means that every drop beyond the limit fails.
    ``unknowns``: ``ignore`` compares what is known in both; ``fail`` counts unknown as failed; ``bound`` takes
    the worst case, unknown now as failed and unknown then as passed.
    """

    significant: float = 0.05
    unknowns: Unknowns = "ignore"
    allow_missing: bool = False
    allow_changed: bool = False
    allow_policy: bool = False
    protected: tuple[str, ...] = ()
    max_surface_only_growth: float | None = None
    stages: Mapping[str, StageRules] = field(
        default_factory=lambda: {"feasible": StageRules(max_drop=0.0), "substance": StageRules(max_drop=0.0)}
    )

    def __post_init__(self) -> None:
        if not 0 <= self.significant < 1:
            raise PyriteError(f"gate rule significant is a level from 0 to 1, not {self.significant}")
        if self.unknowns not in ("fail", "ignore", "bound"):
            raise PyriteError(f"gate rule unknowns is fail, ignore or bound, not {self.unknowns!r}")


def read_rules(path: Path) -> Rules:
    """The rules of a TOML file: a ``[gate]`` table (``pyproject.toml``: ``[tool.pyrite.gate]``).

    Stages that the file does not name keep no rule, once it names any. Raises PyriteError naming the key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PyriteError(f"{path}: there is no such file") from error
    except (OSError, ValueError) as error:
        raise PyriteError(f"{path} is not readable TOML: {error}") from error
    table = document.get("gate") or document.get("tool", {}).get("pyrite", {}).get("gate")
    if not isinstance(table, dict):
        raise PyriteError(f"{path} has no [gate] table")
    return from_table(table, str(path))


def from_table(table: Mapping[str, Any], where: str) -> Rules:
    """Rules from a parsed table. Raises PyriteError naming the key that is wrong."""
    kinds = {
        "significant": _share,
        "unknowns": _text,
        "allow_missing": _flag,
        "allow_changed": _flag,
        "allow_policy": _flag,
        "protected": _names,
        "max_surface_only_growth": _share,
    }
    chosen: dict[str, Any] = {}
    for key, value in table.items():
        if key == "stages":
            chosen["stages"] = _stages(value, where)
            continue
        if key not in kinds:
            raise PyriteError(f"{where}: gate has no rule {key!r}{_near(key, (*kinds, 'stages'))}")
        chosen[key] = kinds[key](value, f"{where}: gate.{key}")
    return Rules(**chosen)


def with_flags(
    rules: Rules, *, max_drop: list[str], min_rate: list[str], max_broken: list[str], **others: Any
) -> Rules:
    """The rules with flags put over them: ``STAGE=NUMBER`` texts, and fields of Rules that are not None."""
    stages = dict(rules.stages)
    for name, texts in (("max_drop", max_drop), ("min_rate", min_rate), ("max_broken", max_broken)):
        for text in texts:
            stage, equals, number = text.partition("=")
            flag = f"--{name.replace('_', '-')}"
            if not equals:
                raise PyriteError(f"{flag} takes STAGE=NUMBER, got {text!r}")
            _known_stage(stage, flag)
            try:
                value: Any = int(number) if name == "max_broken" else float(number)
            except ValueError as error:
                raise PyriteError(f"{flag} takes STAGE=NUMBER, got {text!r}") from error
            checked: Any = _count(value, flag) if name == "max_broken" else _share(value, flag)
            stages[stage] = replace(stages.get(stage, StageRules()), **{name: checked})
    given = {key: value for key, value in others.items() if value is not None}
    return replace(rules, stages=stages, **given)


def _stages(value: Any, where: str) -> dict[str, StageRules]:
    if not isinstance(value, dict):
        raise PyriteError(f"{where}: gate.stages is a table with a table a stage")
    found = {}
    for stage, limits in value.items():
        _known_stage(stage, f"{where}: gate.stages")
        if not isinstance(limits, dict):
            raise PyriteError(f"{where}: gate.stages.{stage} is a table of max_drop, min_rate, max_broken")
        kinds: dict[str, Any] = {"max_drop": _share, "min_rate": _share, "max_broken": _count}
        for key in limits:
            if key not in kinds:
                raise PyriteError(f"{where}: gate.stages.{stage} has no rule {key!r}{_near(key, tuple(kinds))}")
        found[stage] = StageRules(
            **{key: kinds[key](limit, f"{where}: gate.stages.{stage}.{key}") for key, limit in limits.items()}
        )
    return found


def _known_stage(stage: str, where: str) -> None:
    if stage not in GATED:
        raise PyriteError(f"{where}: {stage!r} is none of {', '.join(GATED)}{_near(stage, GATED)}")


def _near(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]}?" if close else ""


def _share(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise PyriteError(f"{where} is a share from 0 to 1, not {value!r}")
    return float(value)


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PyriteError(f"{where} is a whole number from 0, not {value!r}")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise PyriteError(f"{where} is true or false, not {value!r}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise PyriteError(f"{where} is a text, not {value!r}")
    return value


def _names(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise PyriteError(f"{where} is a list of problem ids")
    return tuple(value)
