"""MathOptFormat: the standard's own examples, the form of what is written, and what is refused by name.

The structural check here is our own reading of the standard. Written files were also validated against the published
schemas (docs/convert.md says how to repeat that).
"""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import programs

from pyrite.feasibility.convert import Unsupported, convert, read, write
from pyrite.feasibility.convert.common import Notes
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.programs.program import Program

DATA = Path(os.environ.get("PYRITE_DATA", Path(__file__).resolve().parents[2] / ".." / "shared" / "data"))
EXAMPLES = DATA / "mathoptformat"


def mof(constraints: list[Any] | None = None, objective: Any = None, names: tuple[str, ...] = ("x", "y")) -> str:
    document = {
        "version": {"major": 1, "minor": 2},
        "variables": [{"name": name} for name in names],
        "objective": objective or {"sense": "feasibility"},
        "constraints": constraints or [],
    }
    return json.dumps(document)


def affine(constant: float = 0, **coefficients: float) -> dict[str, Any]:
    terms = [{"coefficient": value, "variable": name} for name, value in coefficients.items()]
    return {"type": "ScalarAffineFunction", "terms": terms, "constant": constant}


# -- the standard's examples -------------------------------------------------------------------------------------------


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the standard's examples are not here")
@pytest.mark.parametrize(
    ("name", "feature", "count"),
    [
        ("biobjective", "`VectorAffineFunction` (objective with several outputs)", 1),
        ("complete", "`Semicontinuous` (scalar set)", 42),
        ("cpsat", "`AllDifferent` (vector set)", 10),
        ("nlp", "`ScalarNonlinearFunction` (objective with `sin`, `^`)", 1),
    ],
)
def test_examples_that_are_refused(name: str, feature: str, count: int) -> None:
    text = (EXAMPLES / f"{name}.mof.json").read_text()
    with pytest.raises(Unsupported, match="MathOptFormat feature `") as caught:
        read(text, "mof")
    assert caught.value.features[0] == feature
    assert len(caught.value.features) == count
    assert "\n" not in caught.value.message


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the standard's examples are not here")
@pytest.mark.parametrize(
    ("name", "expression", "rows"),
    [
        ("milp", "x", {"x + y >= 1": "x + y >= 1"}),
        ("quadratic", "x**2 + x*y + y**2", {}),
        ("vector", None, {"c1[1]": "x + 2*y >= -5", "c1[2]": "3*x + 4*y >= -6"}),
    ],
)
def test_examples_that_are_converted(name: str, expression: str | None, rows: dict[str, str]) -> None:
    text = (EXAMPLES / f"{name}.mof.json").read_text()
    document = json.loads(convert(text, "mof", "json").text)
    assert document["objective"].get("expression") == expression
    assert document["constraints"] == rows
    program = read(text, "mof")
    for target in ("lp", "mps", "mof"):
        assert read(write(program, target), target) == program


# -- what is written ---------------------------------------------------------------------------------------------------

_FUNCTIONS: dict[str, dict[str, type]] = {
    "Variable": {"name": str},
    "ScalarAffineFunction": {"terms": list, "constant": (int, float)},
    "ScalarQuadraticFunction": {"affine_terms": list, "quadratic_terms": list, "constant": (int, float)},
}
_SETS = {
    "LessThan": {"upper"},
    "GreaterThan": {"lower"},
    "EqualTo": {"value"},
    "Interval": {"lower", "upper"},
    "ZeroOne": set(),
    "Integer": set(),
}


def check_structure(document: Any) -> None:
    """What the standard demands of the part that is written: keys, types, known and unique names."""
    assert set(document) == {"version", "variables", "objective", "constraints"}
    assert document["version"] == {"major": 1, "minor": 2}
    names = [item["name"] for item in document["variables"]]
    assert len(names) == len(set(names))

    def function(item: Any) -> None:
        keys = _FUNCTIONS[item["type"]]
        assert set(item) == {"type", *keys}
        assert all(isinstance(item[key], kind) for key, kind in keys.items())
        assert item["type"] != "Variable" or item["name"] in names
        for term in [*item.get("terms", []), *item.get("affine_terms", [])]:
            assert set(term) == {"coefficient", "variable"}
            assert term["variable"] in names
        for term in item.get("quadratic_terms", []):
            assert set(term) == {"coefficient", "variable_1", "variable_2"}
            assert {term["variable_1"], term["variable_2"]} <= set(names)

    objective = document["objective"]
    assert objective["sense"] in ("min", "max", "feasibility")
    assert ("function" in objective) == (objective["sense"] != "feasibility")
    if "function" in objective:
        function(objective["function"])
    for item in document["constraints"]:
        assert set(item) <= {"name", "function", "set"}
        function(item["function"])
        assert set(item["set"]) - {"type"} == _SETS[item["set"]["type"]]
        assert item["set"]["type"] not in ("ZeroOne", "Integer") or item["function"]["type"] == "Variable"
    keyed = [
        json.dumps(item, sort_keys=True) for item in document["constraints"] if item["function"]["type"] == "Variable"
    ]
    assert len(keyed) == len(set(keyed))


@given(programs())
def test_written_files_have_the_form_of_the_standard(program: Program) -> None:
    check_structure(json.loads(write(program, "mof")))


def test_quadratic_terms_are_halved_on_the_diagonal_only() -> None:
    document = {
        "variables": {"x": {"domain": "continuous", "lower": None}, "y": {"domain": "continuous", "lower": None}},
        "objective": {"sense": "minimize", "expression": "3*x**2 + 5*x*y"},
        "constraints": {},
    }
    function = json.loads(convert(json.dumps(document), "json", "mof").text)["objective"]["function"]
    coefficients = {(t["variable_1"], t["variable_2"]): t["coefficient"] for t in function["quadratic_terms"]}
    assert coefficients == {("x", "x"): 6, ("x", "y"): 5}


# -- what is read ------------------------------------------------------------------------------------------------------


def test_mirrored_and_repeated_terms_add_up() -> None:
    terms = [("x", "y", 2), ("y", "x", 3), ("x", "x", 4)]
    function = {
        "type": "ScalarQuadraticFunction",
        "affine_terms": [{"coefficient": 1, "variable": "x"}, {"coefficient": 0.5, "variable": "x"}],
        "quadratic_terms": [{"coefficient": c, "variable_1": a, "variable_2": b} for a, b, c in terms],
        "constant": 7,
    }
    program = read(mof(objective={"sense": "max", "function": function}), "mof")
    assert program.objective.linear == {0: Fraction(3, 2)}
    assert program.objective.quadratic == {(0, 1): 5, (0, 0): 2}
    assert (program.objective.constant, program.sense) == (7, "maximize")


def test_constants_of_rows_move_to_the_sides() -> None:
    constraint = {"name": "r", "function": affine(3, x=2), "set": {"type": "Interval", "lower": 1, "upper": 9.5}}
    row = read(mof([constraint]), "mof").rows[0]
    assert (row.body.linear, row.lower, row.upper, row.body.constant) == ({0: 2}, -2, Fraction(13, 2), 0)


def test_bounds_of_variables_are_intersected() -> None:
    function = {"type": "Variable", "name": "x"}
    sets: list[dict[str, Any]] = [
        {"type": "Integer"},
        {"type": "GreaterThan", "lower": -1.5},
        {"type": "Interval", "lower": -7, "upper": 4},
        {"type": "LessThan", "upper": 9},
    ]
    notes = Notes()
    text = mof([{"name": "b", "function": function, "set": item} for item in sets])
    column = read(text, "mof", notes=notes).columns[0]
    assert (column.domain, column.lower, column.upper) == ("integer", Fraction(-3, 2), 4)
    assert notes.lines == ["names of constraints that are bounds of one variable are not carried"]


@pytest.mark.parametrize(
    ("kind", "sides"),
    [("Nonnegatives", (-5, None)), ("Nonpositives", (None, -5)), ("Zeros", (-5, -5)), ("HyperRectangle", (-4, -3))],
)
def test_vector_sets_that_are_rows(kind: str, sides: tuple[int | None, int | None]) -> None:
    term = {"output_index": 1, "scalar_term": {"coefficient": 2, "variable": "y"}}
    function = {"type": "VectorAffineFunction", "terms": [term], "constants": [5]}
    target = {"type": kind, "dimension": 1} if kind != "HyperRectangle" else {"type": kind, "lower": [1], "upper": [2]}
    row = read(mof([{"name": "v", "function": function, "set": target}]), "mof").rows[0]
    assert (row.name, row.body.linear, (row.lower, row.upper)) == ("v[1]", {1: 2}, sides)


def test_every_unknown_feature_is_named() -> None:
    sos = {
        "function": {"type": "VectorOfVariables", "variables": ["x", "y"]},
        "set": {"type": "SOS1", "weights": [1, 2]},
    }
    semi = {"function": {"type": "Variable", "name": "x"}, "set": {"type": "Semicontinuous", "lower": 1, "upper": 2}}
    whole = {"function": affine(x=2), "set": {"type": "Integer"}}
    with pytest.raises(Unsupported) as caught:
        read(mof([sos, semi, whole, sos]), "mof")
    expected = ["`SOS1` (vector set)", "`Semicontinuous` (scalar set)", "`Integer` (of a ScalarAffineFunction)"]
    assert caught.value.features == expected
    assert caught.value.message.startswith("MathOptFormat feature `SOS1` (vector set) has no counterpart")


def vector(output: int) -> dict[str, Any]:
    term = {"output_index": output, "scalar_term": {"coefficient": 2, "variable": "y"}}
    return {"type": "VectorAffineFunction", "terms": [term], "constants": [5]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not MathOptFormat"),
        ("[1]", "no `version`"),
        ('{"version": {"major": 2, "minor": 0}}', "version 2 is not read"),
        ('{"version": {"major": 1, "minor": 0}}', "'variables' is missing"),
        (mof([{"function": affine(q=1), "set": {"type": "LessThan", "upper": 1}}]), "'q' is missing"),
        (mof([{"function": affine(x=1), "set": {"type": "LessThan"}}]), "'upper' is missing"),
        (mof([{"function": affine(x=1), "set": {"type": "LessThan", "upper": "1"}}]), "not a number"),
        (mof(names=("x", "x")), "not a unique string"),
        (mof([{"function": vector(0), "set": {"type": "Zeros", "dimension": 1}}]), "output_index 0 of 1 outputs"),
        (
            mof([{"function": vector(1), "set": {"type": "HyperRectangle", "lower": [], "upper": []}}]),
            "not MathOptFormat",
        ),
    ],
)
def test_broken_files_are_one_line(text: str, message: str) -> None:
    with pytest.raises(PyriteError, match=message) as caught:
        read(text, "mof")
    assert "\n" not in caught.value.message


@pytest.mark.skipif("PYRITE_MOF_SCHEMA" not in os.environ, reason="PYRITE_MOF_SCHEMA names no schema of the standard")
@given(programs())
def test_written_files_are_valid_by_the_published_schema(program: Program) -> None:
    import jsonschema

    schema = json.loads(Path(os.environ["PYRITE_MOF_SCHEMA"]).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(write(program, "mof")))


_DAMAGE = st.sampled_from([None, -1, 1.5, "q", [], {}, {"type": "SOS1"}, [{}], {"type": 3}])


@given(programs(), st.data())
def test_damaged_documents_never_crash(program: Program, data: st.DataObject) -> None:
    """Any value anywhere may be replaced: refused in one line, or read as something."""
    document = json.loads(write(program, "mof"))
    here: Any = document
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(here[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
            break
        here = here[key]
    here[key] = data.draw(_DAMAGE)
    try:
        read(json.dumps(document), "mof")
    except PyriteError as error:
        refused = error
    else:
        return
    assert "\n" not in refused.message
