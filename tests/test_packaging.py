"""What a wheel holds is what the folders hold."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_package_is_listed() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    rooms = ("cli", "feasibility", "integrations", "problems", "results", "models", "reports", "studies")
    found = {
        ".".join(("pyrite", *path.parent.relative_to(ROOT).parts))
        for room in rooms
        for path in (ROOT / room).rglob("__init__.py")
    }
    # verifiers imports a taskset's package by its bare name.
    found = found - {"pyrite.integrations.pyrite_formulation"} | {"pyrite_formulation"}
    assert listed == {"pyrite", "pyrite.docs.examples", *found}
