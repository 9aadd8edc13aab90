"""The policy: every tolerance and limit that a verdict depends on, recorded with each run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from .errors import PyriteError
from .repairs import digest as repairs_digest
from .settings import from_table, from_text, read_table


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Tolerances and limits, all of them. Two runs under different policies are never compared silently.

    >>> Policy().value_tolerance
    1e-06
    >>> Policy(value_tolerance=1e-4).digest == Policy().digest
    False
    """

    value_tolerance: float = _setting(1e-6, "value: |z - z*| <= this * max(1, |z*|)")
    row_tolerance: float = _setting(1e-6, "rows and bounds: violation <= this * max(1, |right-hand side|)")
    integer_tolerance: float = _setting(1e-5, "distance from a whole number before rounding, fixing and re-solving")
    balance_tolerance: float = _setting(1e-3, "power grids: balances and limits may be missed by this per unit of base")
    plan_gap: float = _setting(1e-3, "plans: how much worse than the optimum a plan may be, relative to max(1, |z*|)")
    mip_gap: float = _setting(0.0, "relative gap at which a mixed-integer search may stop")
    threads: int = _setting(1, "solver threads")
    seed: int = _setting(0, "solver random seed")
    time_limit: float = _setting(10.0, "seconds an output may take, enforced by killing the worker")
    memory_limit: int = _setting(2 * 1024**3, "bytes of address space that an output may add to its worker")
    extraction: str = _setting(
        "last-object", "which JSON of the text counts: last-object (the last formulation), or whole (and nothing else)"
    )
    readings: str = _setting("any", "any: a problem's accepted readings all count; or first: only the first one does")
    repair: str = _setting("off", "form: also judge what an output would be if it were only spelled right; or off")
    max_output_chars: int = _setting(1_000_000, "characters of an output that are read")
    max_nesting: int = _setting(64, "JSON nesting depth, and nesting depth of an expression (at most 150)")
    max_expression_chars: int = _setting(100_000, "characters of one expression")
    max_terms: int = _setting(2_000_000, "terms after all sums and families are written out")
    max_rows: int = _setting(200_000, "rows after families are written out")
    max_columns: int = _setting(200_000, "columns after indices are written out")
    max_digits: int = _setting(40, "digits of a number, and size of its decimal exponent")
    max_magnitude: float = _setting(1e15, "largest absolute coefficient, bound or side that reaches the solver")
    equivalence_seconds: float = _setting(5.0, "seconds for stage 9 within the output's limit")
    nonlinear: bool = _setting(False, "solve nonlinear formulations with the `exact` extra instead of saying unknown")

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if not value >= 0:
                raise PyriteError(f"{item.name} must not be negative, got {value}")
        if self.max_nesting > 150:
            raise PyriteError(f"max_nesting is at most 150, because Python recurses, got {self.max_nesting}")
        if self.readings not in ("any", "first"):
            raise PyriteError(f"readings is any or first, got {self.readings!r}")
        if self.repair not in ("off", "form"):
            raise PyriteError(f"repair is off or form, got {self.repair!r}")
        if self.extraction not in ("last-object", "whole"):
            raise PyriteError(f"extraction is last-object or whole, got {self.extraction!r}")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, in declaration order."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str = "policy") -> Self:
        """Read back what :meth:`to_dict` wrote. Unknown names are an error: a policy must be fully understood."""
        if not isinstance(values, Mapping):
            raise PyriteError(f"{where}: a policy is a table of settings, not {values!r:.100}")
        unknown = sorted(str(name) for name in set(values) - {item.name for item in fields(cls)})
        if unknown:
            names = ", ".join(sorted(item.name for item in fields(cls)))
            raise PyriteError(f"{where}: unknown setting {unknown[0]!r}; known are {names}")
        return from_table(cls, values, where)

    def with_lengths_of_own(self) -> Self:
        """The same policy for a text that Pyrite wrote itself: its length follows the model, not an answer's limits."""
        return replace(self, max_output_chars=10**9, max_expression_chars=10**9)

    @property
    def digest(self) -> str:
        """A short hash of all settings: the policy's identity. With ``repair`` it includes the list of repairs."""
        settings = self.to_dict()
        if settings["readings"] == "any":
            settings.pop("readings")  # as it was before there was a choice
        if settings.pop("repair") != "off":
            settings["repairs"] = repairs_digest()
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @classmethod
    def meanings(cls) -> dict[str, str]:
        """A sentence for each setting, for documents and ``--help``."""
        return {item.name: item.metadata["meaning"] for item in fields(cls)}


def read_policy(path: str | None, settings: Sequence[str] = ()) -> Policy:
    """The default policy, with the settings of a TOML or JSON file and then of ``name=value`` texts put over it.

    A ``run.json`` serves too: its ``policy`` is taken. Raises PyriteError for anything not understood.
    """
    values: dict[str, Any] = {}
    where = "policy"
    if path is not None:
        document = read_table(Path(path), "policy file")
        inner = document.get("policy", document)
        if not isinstance(inner, dict):
            raise PyriteError(f"{path}: policy is a table of settings")
        values |= inner
        where = path
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if not equals:
            raise PyriteError(f"--set takes name=value, got {setting!r}")
        values[name] = from_text(Policy, name, text, "policy")
    return Policy.from_dict(values, where)
