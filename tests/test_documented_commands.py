"""Commands in documents: all of them are commands of this version, and those of the README do what it says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from commands import pyrite

from pyrite.cli.main import app

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("reports/studies/**/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of every ``pyrite ...`` line of a page's blocks, comments taken off."""
    for _, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.match(r"(?:\$ )?pyrite (.*)", line)
            if found is not None and "..." not in found[1]:
                # Some pages say what a command does behind a wide gap instead of a comment.
                yield shlex.split(re.split(r"\s{3,}|\s#", found[1])[0])


def leaf(arguments: list[str]) -> tuple[Any, list[str]]:
    """The command that these arguments reach, and what is left for it."""
    command: Any = typer.main.get_command(app)
    rest = list(arguments)
    while hasattr(command, "commands"):
        assert rest, arguments
        assert rest[0] in command.commands, f"there is no command {' '.join(arguments)}"
        command = command.commands[rest.pop(0)]
    return command, rest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_of_documents_are_commands(page: Path) -> None:
    for arguments in commands(page):
        command, rest = leaf(arguments)
        command.make_context(command.name, rest, resilient_parsing=False)


MODELS = {"tune my-recipe.toml", "answer", "run"}
"""Commands of the README that need a model: how they begin."""
LONG = {"demo --quick", "problems make"}
"""Commands that take more than some seconds."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README's commands find what they name."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "docs").mkdir()
    shutil.copytree(ROOT / "docs" / "examples", folder / "docs" / "examples")
    for name in ("problems.jsonl", "outputs.jsonl", "answer.txt"):
        shutil.copy(ROOT / "tests" / "audited" / name, folder / name)
    for name in ("runs/base", "runs/tuned"):
        shutil.copytree(ROOT / "docs" / "examples" / "run", folder / name)
    (folder / "eval").mkdir()
    bakery = json.loads((ROOT / "docs" / "examples" / "bakery.jsonl").read_text(encoding="utf-8").splitlines()[0])
    (folder / "reference.json").write_text(json.dumps(bakery["reference"]), encoding="utf-8")
    wider = json.loads(json.dumps(bakery["reference"]))
    wider["constraints"].popitem()
    (folder / "mine.json").write_text(json.dumps(wider), encoding="utf-8")
    return folder


def sampled(place: Path) -> None:
    """``runs/sampled``: what was scored here before, as training problems."""
    shutil.copytree(place / "run", place / "runs" / "sampled")
    path = place / "runs" / "sampled" / "problems.jsonl"
    lines = [{**json.loads(line), "split": "train"} for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def of_readme(long: bool) -> list[list[str]]:
    """Its commands that can be run here, in its order."""
    found = []
    for arguments in commands(ROOT / "README.md"):
        said = " ".join(arguments)
        if not said.startswith(tuple(MODELS)) and said.startswith(tuple(LONG)) == long:
            found.append([word for word in arguments if word != "--open"])
    return found


def test_commands_of_the_readme_do_what_it_says(place: Path) -> None:
    shown = ""
    for arguments in of_readme(long=False):
        if arguments[0] == "pairs":
            sampled(place)
        if arguments[:2] == ["gate", "new-run"]:
            shutil.copytree(place / "run", place / "new-run")
        done = pyrite(*arguments, cwd=place)
        no = arguments[0] in ("check", "equivalent")  # the answer there is no
        assert done.returncode == (1 if no else 0), (arguments, done.stdout, done.stderr)
        shown += done.stdout
        if arguments[:2] == ["gate", "run"]:
            assert (place / "eval" / "baseline.json").is_file()
    lines = {line.strip() for line in shown.splitlines()}
    for kind, block in BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        if not kind and re.match(r"(?:surface  |NO  sound|ok  bounded)", block):
            missing = [line for line in block.splitlines() if line.strip() and line.strip() not in lines]
            assert not missing, "the README shows what is not printed"


@pytest.mark.slow
def test_long_commands_of_the_readme_run(place: Path) -> None:
    for arguments in of_readme(long=True):
        done = pyrite(*arguments, cwd=place)
        assert done.returncode == 0, (arguments, done.stderr)
