"""What a wheel holds is what the folders hold."""

import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path, PurePath

ROOT = Path(__file__).parent.parent
ROOMS = ("cli", "feasibility", "integrations", "problems", "results", "models", "reports", "studies")

_OUTSIDE = (("integrations", "pyrite_formulation"), ("reports", "studies"))  # a package by its own name; no package


def test_every_package_is_listed() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    listed = set(tool["packages"])
    found = {
        ".".join(("pyrite", *path.parent.relative_to(ROOT).parts))
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    # verifiers imports a taskset's package by its bare name.
    found = found - {"pyrite.integrations.pyrite_formulation"} | {"pyrite_formulation"}
    data = {package for package in tool["package-data"] if package not in found} - {"pyrite"}
    assert listed - {"pyrite.feasibility.recording.guest"} == {"pyrite", *data, *found}


def test_no_folder_of_data_is_missed() -> None:
    """Every committed file of the rooms that is no code of a package is in its folder's package data."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    files = subprocess.run(["git", "ls-files", *ROOMS], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in map(PurePath, files.splitlines()):
        package = ".".join(("pyrite", *path.parent.parts))
        if path.suffix != ".py" and path.parts[:2] not in _OUTSIDE:
            assert any(fnmatch(path.name, pattern) for pattern in tool["package-data"].get(package, [])), path
