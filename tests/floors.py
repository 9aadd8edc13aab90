"""Do the lowest versions that ``pyproject.toml`` claims really work? Installs them afresh and runs tests.

    python tests/floors.py                      the base install
    python tests/floors.py --extra parquet      with an extra
    python tests/floors.py --python python3.13  another interpreter, newest versions with --newest

Exit code 0 when the tests pass. Nothing of the repository's own environment is used or changed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = (
    "tests/feasibility/test_ladder.py",
    "tests/feasibility/test_highs.py",
    "tests/feasibility/test_exactness.py",
    "tests/feasibility/test_pyomo_model.py",
    "tests/feasibility/test_schema.py",
    "tests/feasibility/test_convert_round_trip.py",
    "tests/results/test_run.py",
    "tests/cli/test_check.py",
    "tests/cli/test_gate.py",
    "tests/cli/test_score.py",
    "tests/reports/test_tables.py",
)
"""What touches every library of the base install, in about a minute."""


def requirements(extras: list[str], lowest: bool) -> list[str]:
    """``name==floor`` for each requirement of the project and of these extras (``name>=floor`` when not ``lowest``)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    claimed = [*project["dependencies"]]
    for extra in extras:
        claimed += project["optional-dependencies"][extra]
    return [re.sub(r">=([^,]+).*", r"==\1", item) if lowest else item for item in claimed]


def main() -> int:
    """Install, say what was installed, test."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--extra", action="append", default=[])
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--newest", action="store_true", help="the newest versions instead of the lowest")
    parser.add_argument("tests", nargs="*", default=list(TESTS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        subprocess.run([options.python, "-m", "venv", str(folder / "env")], check=True)
        python = str(folder / "env" / "bin" / "python")
        wanted = requirements(options.extra, not options.newest)
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        kept = {**os.environ, "PIP_CONSTRAINT": os.devnull}
        subprocess.run([*install, *wanted, "pytest>=8", "hypothesis>=6.120"], check=True, env=kept)
        # The repository root is the package: a link gives it its name.
        (folder / "pyrite").symlink_to(ROOT, target_is_directory=True)
        environment = {**kept, "PYTHONPATH": place, "PYTHONDONTWRITEBYTECODE": "1"}
        versions = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True, env=kept)
        shown = [line for line in versions.stdout.splitlines() if line.split()[0] in _names(wanted)]
        subprocess.run([python, "--version"], check=True)
        sys.stdout.write("\n".join(shown) + "\n")
        sys.stdout.flush()
        test = [python, "-m", "pytest", "-m", "not slow and not browser", *options.tests]
        return subprocess.run(test, cwd=folder / "pyrite", env=environment, check=False).returncode


def _names(wanted: list[str]) -> set[str]:
    found = {re.split(r"[=<>!~\[ ]", item)[0] for item in wanted}
    return found | {name.lower() for name in found} | {name.capitalize() for name in found}


if __name__ == "__main__":
    sys.exit(main())
