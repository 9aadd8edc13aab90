"""Live pages on the documentation site: the report of the stored answers of a real tuned model, and the bakery's.

They are written anew at every build by what writes them for users, so the site shows what this version makes.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from pyrite.cli.main import app

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"
BUILT = ROOT / ".cache" / "site-reports"


def _run(*arguments: str | Path) -> None:
    app([str(argument) for argument in arguments], standalone_mode=False)


def on_files(files: Files, config: Any) -> Files:
    """Write the reports and put them in."""
    shutil.rmtree(BUILT, ignore_errors=True)
    BUILT.mkdir(parents=True)
    _run("demo", "--quick", "--out", BUILT / "quick")
    line = {"problem_id": "bakery", "output": (EXAMPLES / "bakery-answer.txt").read_text(encoding="utf-8")}
    outputs = BUILT / "answer.jsonl"
    outputs.write_text(json.dumps(line) + "\n", encoding="utf-8")
    _run("score", EXAMPLES / "bakery.jsonl", outputs, "--out", BUILT / "answer")
    _run("report", BUILT / "answer")
    reports = {"example": BUILT / "quick" / "report", "bakery": BUILT / "answer" / "report"}
    for name, report in reports.items():
        for path in sorted(report.rglob("*")):
            if path.is_file():
                place = f"{name}/{path.relative_to(report).as_posix()}"
                files.append(File.generated(config, place, abs_src_path=str(path)))
    return files
