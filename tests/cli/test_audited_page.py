"""What docs/auditing.md shows is what the commands print on the files of tests/audited/."""

from __future__ import annotations

from pathlib import Path

from commands import pyrite

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "tests" / "audited"


def test_the_table_and_the_linter_print_what_the_page_shows(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "auditing.md").read_text(encoding="utf-8")
    scored = pyrite("score", "problems.jsonl", "outputs.jsonl", "--out", tmp_path / "run", "--workers", 0, cwd=FILES)
    assert scored.returncode == 0, scored.stderr
    assert f"$ pyrite score problems.jsonl outputs.jsonl --out run\n{scored.stdout.rstrip()}\n" in page
    command = ("check", "answer.txt", "--problem", "bakery", "--problems", "problems.jsonl")
    checked = pyrite(*command, cwd=FILES)
    assert checked.returncode == 1, checked.stderr
    assert f"$ pyrite {' '.join(command)}\n{checked.stdout.rstrip()}\n" in page
