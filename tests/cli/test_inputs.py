"""Named pipes and devices as the input of every command: one line and exit code 2, never a wait without end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyrite.feasibility.disk import open_input, read_bytes
from pyrite.feasibility.errors import PyriteError

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")

COMMANDS = [
    "score BAD outputs.jsonl",
    "score problems.jsonl BAD",
    "score problems.jsonl outputs.jsonl --policy BAD",
    "check BAD",
    "check good.json --problem p --problems BAD",
    "check good.json --policy BAD",
    "equivalent BAD good.json",
    "equivalent good.json BAD",
    "convert BAD out.lp --from json",
    "report BAD",
    "compare BAD BAD",
    "gate BAD --baseline good.json",
    "gate run --baseline BAD",
    "gate run --baseline good.json --rules BAD",
    "problems audit BAD",
    "problems show BAD",
    "problems import nl4opt BAD --out made.jsonl",
    "problems import table BAD --out made.jsonl",
    "tune BAD",
    "answer --model nowhere --problems BAD --out answered",
]
ONE = """
import json, sys
from pyrite.cli.main import main
bad, commands = sys.argv[1], json.loads(sys.argv[2])
for command in commands:
    sys.argv = ["pyrite", *[bad if word == "BAD" else word for word in command.split()]]
    print(f"@@ {command}", file=sys.stderr, flush=True)
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code
    print(f"@= {code}", file=sys.stderr, flush=True)
"""
GOOD = {
    "variables": {"x": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "3*x"},
    "constraints": {"cap": "2*x <= 9"},
}


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_every_command_refuses_what_never_ends(tmp_path: Path, kind: str) -> None:
    (tmp_path / "problems.jsonl").write_text('{"id": "p", "text": "t", "optimum": 12}\n')
    (tmp_path / "outputs.jsonl").write_text(json.dumps({"problem_id": "p", "output": json.dumps(GOOD)}) + "\n")
    (tmp_path / "good.json").write_text(json.dumps(GOOD))
    (tmp_path / "run").mkdir()
    for name in ("problems", "outputs"):
        (tmp_path / "run" / f"{name}.jsonl").write_bytes((tmp_path / f"{name}.jsonl").read_bytes())
    bad = tmp_path / "pipe"
    if kind == "pipe":
        os.mkfifo(bad)
    elif os.path.exists("/dev/zero"):
        bad = Path("/dev/zero")
    else:
        pytest.skip("needs /dev/zero")
    done = subprocess.run(
        [sys.executable, "-c", ONE, str(bad), json.dumps(COMMANDS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    parts = done.stderr.split("@@ ")[1:]
    assert len(parts) == len(COMMANDS), done.stderr[-2_000:]
    for part in parts:
        said, _, code = part.rpartition("@= ")
        assert code.strip() == "2", part
        assert "Traceback" not in said, part
        assert len(said.strip().splitlines()) > 1, part


def test_what_the_shell_hands_over_is_read(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"words")
    os.close(writing)
    assert read_bytes(f"/dev/fd/{reading}") == b"words"
    os.close(reading)
    assert read_bytes(os.devnull) == b""
    (tmp_path / "a").write_bytes(b"0123456789")
    assert read_bytes(tmp_path / "a", 10) == b"0123456789"
    with pytest.raises(PyriteError, match="longer than 9 bytes"):
        read_bytes(tmp_path / "a", 9)
    with pytest.raises(IsADirectoryError):
        open_input(tmp_path)
