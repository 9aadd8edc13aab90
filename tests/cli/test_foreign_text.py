"""Every command over foreign text that tries to speak to the terminal, to the CI system and to the reader."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from commands import pyrite
from scripted_server import Server

from pyrite.cli.main import app

NASTY = "p\n::error::PWNED\r\x1b[35;46m\x9b2J\u202eabc\u2066##[error]x\u2028::warning::y\nFORGED passed"
GOOD = (
    '{"variables": {"x": {"domain": "integer", "lower": 0}}, "objective": {"sense": "maximize", '
    '"expression": "3*x"}, "constraints": {"cap": "2*x <= 9"}}'
)
IN_TOML = json.dumps(NASTY)  # the escapes of JSON are those of TOML

COMMANDS = {
    "score": [
        "problems.jsonl outputs.jsonl --out run",
        "problems.jsonl outputs.jsonl --workers 0 --json",
        "problems.jsonl outputs.jsonl --workers 0 --second-opinion 2",
        "problems.jsonl broken.jsonl --workers 0",
        "problems.jsonl outputs.jsonl --workers 0 --strict --policy table.toml",
    ],
    "check": [
        "answer.txt",
        "answer.txt --json",
        "broken.jsonl",
        "answer.txt --problem nobody --problems problems.jsonl",
        "answer.txt --problem {id} --problems problems.jsonl",
    ],
    "equivalent": [
        "answer.txt answer.txt",
        "answer.txt other.txt",
        "answer.txt other.txt --json",
        "answer.txt model.lp",
    ],
    "convert": ["answer.txt out.lp", "answer.txt -", "answer.txt - --to lp", "model.lp - --to json", "broken.lp -"],
    "report": [
        "run --no-such",
        "run --format markdown --out md",
        "run --format csv --out csv",
        "run --format latex --out latex",
        "run --json",
        "run run2 --allow-mixed --out both",
        "damaged",
    ],
    "export": ["run --out exported --format jsonl", "run --out {nasty}/x --format jsonl --json", "damaged --out x"],
    "compare": [
        "run run",
        "run run2",
        "run run2 --json",
        "run run2 --allow-mixed",
        "run run2 --format csv",
        "run damaged",
    ],
    "view": ["run run2 --allow-mixed", "damaged"],
    "gate": [
        "run --baseline better.json",
        "run --baseline better.json --json",
        "run --baseline better.json --github",
        "run --baseline better.json --rules table.toml --github",
        "run --baseline better.json --off {nasty} --github",
        "damaged --baseline better.json --github",
        "run --baseline broken.jsonl --github",
    ],
    "demo": ["--device {nasty} --out demo"],
    "init": ["{nasty}", "{nasty}"],
    "run": [
        "recipe.toml --out out",
        "table.toml --out out",
        "{nasty} --out out",
        "recipe.toml --set {nasty} --out out",
    ],
    "study": ["table.toml --plan", "study.toml --plan", "study.toml --status --out {nasty}", "{nasty} --plan"],
    "tune": [
        "recipe.toml --check",
        "table.toml --check",
        "recipe.toml --out out",
        "{nasty}",
        "recipe.toml --set {nasty}",
    ],
    "answer": [
        "--model {server} --problems problems.jsonl --out asked",
        "--model {refusing} --problems problems.jsonl --out asked-2",
        "--model {server} --problems problems.jsonl --out asked-3 --batch-in broken.jsonl",
        "--model {server} --problems problems.jsonl --out asked-4 --batch-in batch.jsonl --json",
        "--model {nasty} --problems problems.jsonl --out asked-5",
        "--model http://127.0.0.1:9/v1#{nasty} --problems broken.jsonl --out asked-6",
        "--model checkpoint --problems problems.jsonl --out asked-7",
    ],
    "pairs": ["run --out pairs.jsonl --allow-unsplit", "run --out pairs.jsonl --json", "damaged --out pairs.jsonl"],
    "card": ["checkpoint", "checkpoint run", "{nasty}", "whole"],
    "problems make": ["--family {nasty} --out made.jsonl", "--family knapsack --count 1 --out {nasty}.jsonl"],
    "problems list": ["", "--json"],
    "problems show": ["{id} --problems problems.jsonl", "{id} --problems problems.jsonl --json", "{nasty}"],
    "problems pairs": ["problems.jsonl --out -", "problems.jsonl --kind {nasty} --out -", "broken.jsonl --out x.jsonl"],
    "problems export": ["problems.jsonl --out problems.parquet", "broken.jsonl --strict --out x.parquet"],
    "problems import": [
        "rows.jsonl --out imported.jsonl",
        "rows.jsonl --out imported.jsonl --json",
        "rows.csv --out imported.jsonl",
        "{nasty} --out imported.jsonl",
        "rows.jsonl --out imported.jsonl --map {nasty}",
    ],
    "problems audit": [
        "problems.jsonl",
        "problems.jsonl --all",
        "problems.jsonl --json",
        "problems.jsonl --against twins.jsonl --workers 0",
        "broken.jsonl",
    ],
    "problems grids": ["--case {nasty} --out grids.jsonl", "--physics {nasty} --out grids.jsonl"],
    "problems plans": ["problems.jsonl --out -", "broken.jsonl --out x.jsonl"],
    "models shrink": ["--model {nasty} --layers 1 --out small", "--model checkpoint --layers 1 --out small"],
    "models scratch": ["--families {nasty} --out scratch", "--without {nasty} --out scratch"],
}
"""Every command with what it is given here; ``{nasty}`` is hostile text, ``{id}`` a hostile problem's id."""


def write_lines(path: Path, records: list[Any]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scored run whose ids, names, families and answers try to speak, and files of every kind that do."""
    folder = tmp_path_factory.mktemp("hostile")
    answer = json.loads(GOOD)
    answer["constraints"] = {"::error::c": "x <= 3", "\u202ed": "x >= 5", NASTY[:40]: "x <= 9"}
    reference = json.loads(GOOD)
    reference["constraints"] = {NASTY: "2*x <= 9"}
    more = {"split": "train", "source": NASTY, "units": {NASTY: NASTY}, NASTY: NASTY}
    problems: list[dict[str, Any]] = [
        {"id": f"{NASTY}{n}", "text": NASTY, "family": NASTY, "optimum": 12, **more} for n in range(2)
    ]
    problems[1]["reference"] = reference
    outputs: list[dict[str, Any]] = [
        {"problem_id": f"{NASTY}0", "output": json.dumps(answer), NASTY: NASTY},
        {"problem_id": f"{NASTY}0", "sample": 1, "output": GOOD},
        {"problem_id": f"{NASTY}1", "output": f"{NASTY} {GOOD.replace('3*x', '3*' + 'y')}"},
        {"problem_id": f"{NASTY}1", "sample": 1, "output": json.dumps(answer)},
    ]
    write_lines(folder / "problems.jsonl", problems)
    write_lines(folder / "twins.jsonl", [{**problem, "optimum": 13} for problem in problems])
    write_lines(folder / "outputs.jsonl", outputs)
    wrong = [{"id": NASTY, "text": 5}, {"problem_id": NASTY, "output": NASTY, "sample": NASTY}, {NASTY: NASTY}, NASTY]
    write_lines(folder / "broken.jsonl", wrong)
    results = [{"custom_id": NASTY, "error": {"message": NASTY}}, {"custom_id": f"{NASTY}|0", "response": NASTY}]
    write_lines(folder / "batch.jsonl", results)
    row = {"en_question": NASTY, "en_answer": NASTY, "question": NASTY, "answer": NASTY, "id": NASTY, NASTY: NASTY}
    write_lines(folder / "rows.jsonl", [row, {**row, "en_answer": "12"}, [NASTY]])
    quoted = NASTY.replace('"', '""')
    (folder / "rows.csv").write_text(f'en_question,en_answer,"{quoted}"\n"{quoted}","{quoted}","{quoted}"\n')
    (folder / "answer.txt").write_text(json.dumps(answer))
    (folder / "other.txt").write_text(json.dumps({**answer, "constraints": {NASTY: "x <= 4", "\x1b[31m": "x >= 1"}}))
    (folder / "model.lp").write_text("\\ ::error::x\nmax\n obj: 3 x\nst\n ::error::c: x <= 3\n c#[error: x >= 1\nend\n")
    (folder / "broken.lp").write_text(f"max\n obj: 3 x\nst\n {NASTY}\nend\n")
    (folder / "table.toml").write_text(f"[{IN_TOML}]\n{IN_TOML} = {IN_TOML}\n")
    recipe = f"[model]\nsource = {IN_TOML}\n[data]\nfile = {IN_TOML}\n"
    (folder / "recipe.toml").write_text(recipe)
    (folder / "study.toml").write_text(
        f'name = "x"\n[axes]\nmethod = [{{label = {IN_TOML}, name = "lora"}}, "none"]\n' + recipe
    )
    for name, change in (("checkpoint", {}), ("whole", {"base": {"source": NASTY, "weights": NASTY}})):
        (folder / name).mkdir()
        record = {"recipe_digest": NASTY, "method": {"name": NASTY}, NASTY: NASTY, "base": NASTY, **change}
        (folder / name / "pyrite.json").write_text(json.dumps(record))
        (folder / name / "config.json").write_text(json.dumps({"model_type": NASTY, "architectures": [NASTY]}))
    done = pyrite("score", folder / "problems.jsonl", folder / "outputs.jsonl", "--out", folder / "run", "--workers", 1)
    assert done.returncode == 0, done.stderr
    swapped = [{**output, "sample": 1 - output.get("sample", 0)} for output in outputs]
    write_lines(folder / "swapped.jsonl", swapped)
    done = pyrite(
        "score", folder / "problems.jsonl", folder / "swapped.jsonl", "--out", folder / "run2", "--workers", 0
    )
    assert done.returncode == 0, done.stderr
    (folder / "damaged").mkdir()
    for name in ("run.json", "problems.jsonl", "outputs.jsonl", "verdicts.jsonl"):
        (folder / "damaged" / name).write_text((folder / "run" / name).read_text().replace('"pass"', IN_TOML))
    done = pyrite("gate", folder / "run", "--write-baseline", folder / "baseline.json")
    assert done.returncode == 0, done.stderr
    document = json.loads((folder / "baseline.json").read_text())
    for record in document["problems"].values():
        record[2:] = ["p" * len(text.partition("/")[0]) + "/p" for text in record[2:]]
    (folder / "better.json").write_text(json.dumps(document))
    return folder


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    """Endpoints that answer, and refuse, with hostile text."""
    said = json.dumps({"choices": [{"message": {"content": NASTY}, "finish_reason": NASTY}], NASTY: NASTY})
    refused = json.dumps({"error": {"message": NASTY, "code": 401}})
    found = {"server": Server([said] * 20), "refusing": Server([refused] * 20)}
    yield {name: server.address + NASTY for name, server in found.items()}
    for server in found.values():
        server.stop()


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command below this one, as one types it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path)
        return
    for name, below in inner.items():
        yield from leaves(below, (*path, name))


def test_the_scan_knows_every_command() -> None:
    assert sorted(leaves(typer.main.get_command(app))) == sorted(COMMANDS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_foreign_speaks_to_the_terminal(
    hostile: Path, servers: dict[str, str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typer, "echo", partial(typer.echo, color=True))  # as on a terminal, which shows styles
    words = {"{id}": f"{NASTY}1", "{nasty}": NASTY, **{f"{{{name}}}": address for name, address in servers.items()}}
    for given in COMMANDS[command]:
        arguments = [*command.split(), *given.split()]
        for word, text in words.items():
            arguments = [argument.replace(word, text) for argument in arguments]
        ending = threading.Timer(2.0, os.kill, (os.getpid(), signal.SIGINT))
        if command == "view" and "damaged" not in given:
            ending.start()  # it serves until then
        done = pyrite(*arguments, cwd=hostile)
        shown = done.stdout + done.stderr
        assert done.returncode in (0, 1, 2, 3), (given, shown)
        assert "Traceback" not in shown, given
        for sign in ("\x1b[35;46m", "\r", "\x9b", "\u202e", "\u2066", "\u2028"):
            assert sign not in shown, (sign, given, shown)
        shown = re.sub("\x1b\\[(0|1|2|3[0-9])m", "", shown)  # what a command itself sets
        assert "\x1b" not in shown, (given, shown)
        ours = ("::stop-commands::", "::pyrite-", "::error file=", "::warning file=")
        for line in shown.split("\n"):
            assert not line.lstrip().startswith("::") or line.startswith(ours), (given, line)
            assert not line.startswith("FORGED"), (given, line)
            assert "##[" not in line, (given, line)
