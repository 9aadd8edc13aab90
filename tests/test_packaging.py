"""What a wheel holds is what the folders hold."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_package_is_listed() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    rooms = ("cli", "feasibility", "problems", "results", "models", "reports")
    found = {
        ".".join(("pyrite", *path.parent.relative_to(ROOT).parts))
        for room in rooms
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert listed == {"pyrite", *found}


def test_no_import_runs_upwards() -> None:
    """feasibility <- problems <- models, reports <- cli."""
    allowed = {
        "feasibility": {"feasibility"},
        "problems": {"feasibility", "problems"},
        "models": {"feasibility", "problems", "models"},
        "results": {"feasibility", "problems", "results"},
        "reports": {"feasibility", "problems", "results", "reports"},
    }
    wrong = []
    for room, floors in allowed.items():
        for path in (ROOT / room).rglob("*.py"):
            depth = len(path.relative_to(ROOT).parts) - 1
            for line in path.read_text().splitlines():
                words = line.split()
                if len(words) > 2 and words[0] == "from" and words[1].startswith("."):
                    dots = len(words[1]) - len(words[1].lstrip("."))
                    target = words[1].lstrip(".").split(".")[0] or words[3]
                    if dots == depth + 1 and target not in floors and target != "__version__":
                        wrong.append(f"{path.relative_to(ROOT)}: {line.strip()}")
    assert not wrong
