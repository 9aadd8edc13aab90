"""Readers of foreign files that had no fuzz target: whatever is in the file, only a PyriteError may come out.

Two kinds of input: any bytes, and a valid file with one to four places replaced, which comes much further.
``make test-all`` runs the long ones.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite import Policy, Problem, score
from pyrite.feasibility.convert import read as read_program
from pyrite.feasibility.errors import PyriteError
from pyrite.models.recipes import parse_recipe, recipe_text
from pyrite.reports.gate.snapshot import FORMAT, read_baseline
from pyrite.results.outputs import Output
from pyrite.results.run import RunFolder

FORMULATION = {
    "variables": {"x": {"domain": "integer", "lower": 0}, "y": {"domain": "continuous", "lower": 0, "upper": 4}},
    "objective": {"sense": "maximize", "expression": "3*x + y"},
    "constraints": {"cap": "2*x + y <= 9"},
}
MOF = {
    "version": {"major": 1, "minor": 7},
    "variables": [{"name": "x"}, {"name": "y"}],
    "objective": {
        "sense": "max",
        "function": {
            "type": "ScalarAffineFunction",
            "terms": [{"coefficient": 2.0, "variable": "x"}],
            "constant": 0.0,
        },
    },
    "constraints": [
        {"function": {"type": "Variable", "name": "x"}, "set": {"type": "Interval", "lower": 0, "upper": 4}},
        {"function": {"type": "Variable", "name": "y"}, "set": {"type": "Integer"}},
        {
            "name": "c",
            "function": {
                "type": "ScalarQuadraticFunction",
                "affine_terms": [{"coefficient": 1, "variable": "y"}],
                "quadratic_terms": [{"coefficient": 2, "variable_1": "x", "variable_2": "x"}],
                "constant": 1,
            },
            "set": {"type": "LessThan", "upper": 9},
        },
    ],
}
BASELINE = {
    "format": FORMAT,
    "policy": Policy().to_dict(),
    "policy_digest": Policy().digest,
    "problem_set_hash": "0",
    "versions": {"pyrite": "0.1.0"},
    "problems": {"p": ["0", "family", "ppppppppp/p"], "q": ["1", None, "pfsssssss/f"]},
}
RECIPE = tomllib.loads(recipe_text("demo"))

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -1, 0, 1e308, float("nan"), float("inf"), "", "p" * 5_000, "\ud800", "pass", "ppp/p"]),
    st.floats(),
    st.text(max_size=20),
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def places(document: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside."""
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    found = []
    for key, value in inside:
        found.append((*here, key))
        if isinstance(value, dict | list):
            found += places(value, (*here, key))
    return found


@st.composite
def damaged(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """The document with one to four of its values replaced, taken out, or put under another name."""
    copy = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 4))):
        every = places(copy)
        if not every:
            return copy
        *way, last = draw(st.sampled_from(every))
        at = copy
        for key in way:
            at = at[key]
        what = draw(st.integers(0, 3))
        if what == 0:
            del at[last]
        elif what == 1 and isinstance(at, dict):
            at[draw(st.text(max_size=8))] = at.pop(last)
        else:
            at[last] = draw(values)
    return copy


def toml(document: Any) -> str:
    """A table as TOML, as far as the values allow; keys are quoted."""
    lines, tables = [], []
    for key, value in document.items():
        name = json.dumps(key)
        if isinstance(value, dict):
            tables.append(f"[{name}]\n{toml_pairs(value)}")
        else:
            lines.append(f"{name} = {toml_value(value)}")
    return "\n".join([*lines, *tables])


def toml_pairs(table: dict[str, Any]) -> str:
    return "\n".join(f"{json.dumps(key)} = {toml_value(value)}" for key, value in table.items())


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return '""' if value is None else json.dumps(value)


def fed(document: Any, junk: bytes, folder: Path, name: str, dump: Callable[[Any], str]) -> Path:
    """A file of the damaged document, or of the junk."""
    path = folder / name
    path.write_bytes(dump(document).encode("utf-8", "surrogatepass") if document is not None else junk)
    return path


def survives(read: Callable[[], object]) -> None:
    """Reading ends well, or in a PyriteError."""
    with suppress(PyriteError):
        read()


def verdict_lines(document: Any, junk: bytes, folder: Path) -> None:
    run = RunFolder(folder)
    fed(document, junk, folder, "verdicts.jsonl", json.dumps)
    survives(lambda: [verdict.to_dict() for verdict in run.read_verdicts()])


def baselines(document: Any, junk: bytes, folder: Path) -> None:
    path = fed(document, junk, folder, "baseline.json", json.dumps)
    survives(lambda: read_baseline(path))


def recipes(document: Any, junk: bytes, folder: Path) -> None:
    path = fed(document, junk, folder, "recipe.toml", toml)
    survives(lambda: parse_recipe(recipe_text(path)).digest)


def mof(document: Any, junk: bytes, folder: Path) -> None:
    text = json.dumps(document) if document is not None else junk.decode("utf-8", "replace")
    survives(lambda: read_program(text, "mof"))


def valid_verdict() -> dict[str, Any]:
    problem = Problem.from_dict({"id": "p", "text": "t", "reference": FORMULATION})
    (verdict,) = score([problem], [Output("p", 0, json.dumps(FORMULATION))], workers=0)
    return verdict.to_dict()


TARGETS = {
    "verdict lines": (verdict_lines, valid_verdict()),
    "baseline": (baselines, BASELINE),
    "recipe": (recipes, RECIPE),
    "MathOptFormat": (mof, MOF),
}


@pytest.mark.parametrize("examples", [200, pytest.param(25_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("target", TARGETS)
def test_only_pyrite_errors_come_out(target: str, examples: int, tmp_path: Path) -> None:
    read, valid = TARGETS[target]
    read(valid, b"", tmp_path)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.one_of(damaged(valid), damaged(valid), st.none(), values), st.binary(max_size=200))
    def attack(document: Any, junk: bytes) -> None:
        if read is recipes and document is not None and not isinstance(document, dict):
            document = {"method": document}
        read(document, junk, tmp_path)

    attack()
