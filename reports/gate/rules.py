"""The gate's rules: defaults, a TOML section, flags. Everything is checked before anything is compared."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ...feasibility.errors import PyriteError
from ...feasibility.settings import from_table, read_table
from ...feasibility.verdict import ALL_STAGES, LOOKS

GATED = tuple(dict.fromkeys(("surface", *(stage for stage in ALL_STAGES if stage not in LOOKS), "substance")))
"""Outcomes that rules may be about: both scores, and every stage of substance on whatever ladder."""
Unknowns = Literal["fail", "ignore", "bound"]


def _share(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise PyriteError(f"{where} is a share from 0 to 1, not {value!r}")
    return float(value)


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PyriteError(f"{where} is a whole number from 0, not {value!r}")
    return value


@dataclass(frozen=True, slots=True)
class StageRules:
    """Limits for one outcome; None is no limit.

    ``max_drop``: largest drop of the rate (0.05 is five points); ``min_rate``: smallest rate; ``max_broken``: most
    problems that passed in the baseline and fail now.
    """

    max_drop: float | None = None
    min_rate: float | None = None
    max_broken: int | None = None

    def __post_init__(self) -> None:
        if self.max_drop is not None:
            _share(self.max_drop, "max_drop")
        if self.min_rate is not None:
            _share(self.min_rate, "min_rate")
        if self.max_broken is not None:
            _count(self.max_broken, "max_broken")


DEFAULTS: Mapping[str, StageRules] = {"feasible": StageRules(max_drop=0.0), "substance": StageRules(max_drop=0.0)}
"""Limits that hold unless a file or a flag says otherwise, or switches them off by the outcome's name."""


@dataclass(frozen=True, slots=True)
class GateRules:
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
    stages: Mapping[str, StageRules] = field(default_factory=lambda: dict(DEFAULTS))

    off: tuple[str, ...] = ()
    """Outcomes whose default limits do not hold."""

    def __post_init__(self) -> None:
        for stage in self.off:
            _known_stage(stage, "gate rule off")
        if self.max_surface_only_growth is not None:
            _share(self.max_surface_only_growth, "gate rule max_surface_only_growth")
        if not 0 <= self.significant < 1:
            raise PyriteError(f"gate rule significant is a level from 0 to 1, not {self.significant}")
        if self.unknowns not in ("fail", "ignore", "bound"):
            raise PyriteError(f"gate rule unknowns is fail, ignore or bound, not {self.unknowns!r}")


def read_rules(path: Path) -> GateRules:
    """The rules of a TOML file: a ``[gate]`` table (``pyproject.toml``: ``[tool.pyrite.gate]``).

    The defaults stay for what the file does not name, and are switched off only by name (``off``). Raises PyriteError
    naming the key.
    """
    document = read_table(path, "rules file")
    tool = document.get("tool", {})
    inner = tool.get("pyrite", {}) if isinstance(tool, dict) else {}
    table = document.get("gate") or (inner.get("gate") if isinstance(inner, dict) else None)
    if not isinstance(table, dict):
        raise PyriteError(f"{path} has no [gate] table")
    return from_mapping(table, str(path))


def from_mapping(table: Mapping[str, Any], where: str) -> GateRules:
    """Rules from a parsed table, put over the defaults. Raises PyriteError naming the key that is wrong."""
    named = table.get("stages", {})
    for stage in named if isinstance(named, dict) else ():
        _known_stage(stage, f"{where}: gate.stages")
    given = from_table(GateRules, {**table, "stages": named}, where, "gate")
    return over_defaults(given)


def over_defaults(rules: GateRules) -> GateRules:
    """The default limits of each outcome, unless ``off`` names it, with those of ``rules`` put over them."""
    stages: dict[str, StageRules] = {}
    for stage in {**DEFAULTS, **rules.stages}:
        limits = StageRules() if stage in rules.off else DEFAULTS.get(stage, StageRules())
        changes = {
            name: value for name, value in asdict(rules.stages.get(stage, StageRules())).items() if value is not None
        }
        merged = replace(limits, **changes)
        if merged != StageRules():
            stages[stage] = merged
    return replace(rules, stages=stages)


def with_flags(
    rules: GateRules, *, max_drop: list[str], min_rate: list[str], max_broken: list[str], **others: Any
) -> GateRules:
    """The rules with flags put over them: ``STAGE=NUMBER`` texts, and fields of Rules that are not None."""
    off = others.get("off") or ()
    for stage in off:
        _known_stage(stage, "--off")
    stages = {stage: limits for stage, limits in rules.stages.items() if stage not in off}
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


def _known_stage(stage: str, where: str) -> None:
    if stage not in GATED:
        raise PyriteError(f"{where}: {stage!r} is none of {', '.join(GATED)}{_near(stage, GATED)}")


def _near(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]}?" if close else ""
