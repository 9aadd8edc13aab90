"""No method and no objective without a run that proves it: one that anybody can start from a committed file.

What such a run has found is told in ``reports/studies``; a method that none of them names yet is listed here, and
leaves the list when its result is there.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
UNPROVED = {"full", "loreft", "direft", "softcot"}
"""Methods without a published result. Nothing is added to this list."""


def points(group: str) -> set[str]:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return set(document["project"]["entry-points"][group])


def files(*patterns: str) -> list[dict[str, Any]]:
    paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    assert paths
    return [tomllib.loads(path.read_text(encoding="utf-8")) for path in paths]


def named(section: str) -> set[str]:
    """The names that recipes and the axes of studies put into a section."""
    found = set()
    for document in files("models/recipes/*.toml", "studies/recipes/*.toml"):
        own = document.get(section, {})
        found |= {own["name"]} if "name" in own else set()
        for axis in (document.get("axes", {}).get(section, []), document.get("axes", {}).get(f"{section}.name", [])):
            found |= {item if isinstance(item, str) else item["name"] for item in axis}
    return found


def test_every_method_has_a_run_that_can_be_started() -> None:
    assert points("pyrite.methods") - named("method") == set()


def test_every_objective_has_a_run_that_can_be_started() -> None:
    # The plain one is what a recipe without [objective] says.
    assert points("pyrite.objectives") - named("objective") - {"supervised"} == set()


def test_methods_without_a_result_are_known() -> None:
    told = "".join(path.read_text(encoding="utf-8").lower() for path in ROOT.glob("reports/studies/*/README.md"))
    silent = {name for name in points("pyrite.methods") - {"none"} if name not in told}
    assert silent <= UNPROVED
