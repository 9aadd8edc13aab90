"""Pyomo's model and the compiled program say the same; solvers agree on status and optimum."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest
from formulations import INDEXED as BAKERY
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import documents

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.language.formulation import Data, Formulation
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build, parse_formulation
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.pyomo.model import to_pyomo
from pyrite.feasibility.pyomo.solving import available_solvers, component_name, solve_with
from pyrite.feasibility.rationals import Exact
from pyrite.feasibility.solver.exactness import violations
from pyrite.feasibility.solver.solution import Solution
from pyrite.feasibility.solver.solving import solve
from pyrite.problems.families import FAMILIES, draw


def small(constraints: dict[str, Any], objective: dict[str, str] | None = None) -> Formulation:
    variables = {"x": {"domain": "integer", "lower": 0}, "y": {"domain": "continuous", "lower": 0}}
    goal = objective or {"sense": "feasibility"}
    return Formulation.from_dict({"variables": variables, "objective": goal, "constraints": constraints})


# -- the model ---------------------------------------------------------------------------------------------------------


def test_components_are_indexed_and_named() -> None:
    model = to_pyomo(Formulation.from_dict(BAKERY))
    assert isinstance(model.P, pyo.Set)
    assert list(model.T) == [1, 2, 3]
    assert model.profit["cake"] == 5
    assert model.make["bread", 2].bounds == (0, 50)
    assert model.make["bread", 2].is_integer()
    assert set(model.balance) == {("bread", 2), ("bread", 3), ("cake", 2), ("cake", 3)}
    assert str(model.balance["cake", 3].body) == "stock[cake,3] - (stock[cake,2] + make[cake,3])"


def test_data_of_the_problem() -> None:
    inside = {key: BAKERY[key] for key in ("variables", "objective", "constraints")}
    data = Data.from_dict({key: BAKERY[key] for key in ("sets", "parameters")})
    assert solve_with(to_pyomo(Formulation.from_dict(inside), data), "highs").objective == pytest.approx(600)


def test_names_that_pyomo_cannot_take_keep_the_original_in_doc() -> None:
    names = {"oven (big)": "x <= 3", "name": "x >= 1", "x": "x + y <= 7", "2": "y <= 3", "oven-big-": "y >= 0"}
    model = to_pyomo(small(names))
    rows = {row.doc: row.local_name for row in model.component_objects(pyo.Constraint)}
    assert rows == {"oven (big)": "oven__big_", "name": "name_", "x": "x_", "2": "c_2", "oven-big-": "oven_big_"}
    assert {component_name(row) for row in model.component_data_objects(pyo.Constraint)} == set(rows)


def test_a_relation_of_numbers_is_kept_as_a_row() -> None:
    model = to_pyomo(small({"fine": "0 <= 5", "broken": "3 <= 2", "crossing": "4 <= 2 <= 3", "equal": "1 == 2"}))
    assert len(list(model.component_data_objects(pyo.Constraint))) == 4


def test_errors_name_the_constraint() -> None:
    document = {**BAKERY, "constraints": {"balance": {"for": "p in P, t in T", "expression": "stock[p,t-1] >= 0"}}}
    with pytest.raises(PyriteError, match=r"balance\[bread,1\].*not valid"):
        to_pyomo(Formulation.from_dict(document))


# -- agreement with the compiled program -------------------------------------------------------------------------------


def assert_same_model(program: Program, model: Any, point: list[Fraction]) -> None:
    """Every column, bound, row and the objective, the rows compared by their slacks at the point."""
    variables = {component_name(item): item for item in model.component_data_objects(pyo.Var)}
    assert [column.name for column in program.columns] == list(variables)
    for column, value in zip(program.columns, point, strict=True):
        item = variables[column.name]
        assert (item.lb, item.ub) == (column.lower, column.upper)
        assert item.is_continuous() == (not column.is_integer)
        item.set_value(float(value), skip_validation=True)
    rows = {component_name(row): row for row in model.component_data_objects(pyo.Constraint)}
    assert {row.name for row in program.rows} == set(rows)
    assert len(program.rows) == len(rows)
    for row in program.rows:
        body = row.body.value(point)
        ours = [body - row.lower] if row.lower is not None else []
        ours += [row.upper - body] if row.upper is not None else []
        theirs = rows[row.name]
        value = pyo.value(theirs.body)
        slacks = [value - pyo.value(theirs.lower)] if theirs.lower is not None else []
        slacks += [pyo.value(theirs.upper) - value] if theirs.upper is not None else []
        scale = 1 + sum(abs(float(c * point[j])) for j, c in row.linear.items())
        assert sorted(slacks) == pytest.approx(sorted(map(float, ours)), rel=1e-9, abs=1e-9 * scale)
    objective = next(model.component_data_objects(pyo.Objective))
    expected = float(program.objective.value(point))
    assert pyo.value(objective) == pytest.approx(expected, rel=1e-9, abs=1e-7)
    assert (objective.sense == pyo.maximize) == (program.sense == "maximize")


points = st.lists(st.fractions(-20, 20, max_denominator=8), min_size=20, max_size=20)


@given(documents(), points)
def test_same_columns_rows_and_coefficients(document: dict[str, Any], point: list[Fraction]) -> None:
    formulation = Formulation.from_dict(document)
    program = build(formulation)
    assert_same_model(program, to_pyomo(formulation), point[: len(program.columns)])


def holds(model: Any, program: Program, point: Sequence[Exact]) -> bool:
    """Whether Pyomo's own model, evaluated by Pyomo, has the point as a plan."""
    variables = {component_name(item): item for item in model.component_data_objects(pyo.Var)}
    for column, value in zip(program.columns, point, strict=True):
        variables[column.name].set_value(float(value), skip_validation=True)
    for row in model.component_data_objects(pyo.Constraint):
        body, low, high = pyo.value(row.body), pyo.value(row.lower), pyo.value(row.upper)
        slack = 1e-6 * max(1.0, abs(body))
        if (low is not None and body < low - slack) or (high is not None and body > high + slack):
            return False
    for item in variables.values():
        if (item.lb is not None and item.value < item.lb - 1e-9) or (
            item.ub is not None and item.value > item.ub + 1e-9
        ):
            return False
        if not item.is_continuous() and abs(item.value - round(item.value)) > 1e-9:
            return False
    return True


def is_refuted(model: Any, program: Program, ours: Solution, said: str) -> bool:
    """Whether our evidence, looked at by Pyomo's own model, denies the status that the other solver said."""
    if ours.point is None or not holds(model, program, ours.point):
        return False
    if ours.status == "unbounded" and ours.ray is not None:
        far = [x + 1000 * d for x, d in zip(ours.point, ours.ray, strict=True)]
        sign = 1 if program.sense == "maximize" else -1
        gain = sign * (program.objective.value(far) - program.objective.value(ours.point))
        return holds(model, program, far) and gain > 0
    return said == "infeasible"


def assert_solvers_agree(document: dict[str, Any], data: Data | None = None) -> str:
    """Our answer against the first of Pyomo's HiGHS and SCIP that agrees: the status, and the optimum to 1e-9.

    Both solvers are wrong now and then (HiGHS gives 1/2 to an integer in no row and calls an unbounded quadratic
    program optimal; SCIP calls the unbounded ``minimize x + y**2`` infeasible), so a disagreement counts as theirs
    only when our point or ray, evaluated by Pyomo in Pyomo's model, denies their word. Returns the status,
    ``undecided`` or ``refuted``.
    """
    formulation, policy = Formulation.from_dict(document), Policy()
    program = build(formulation, data)
    ours = solve(program, policy)
    model = to_pyomo(formulation, data)
    theirs = solve_with(model, "highs")
    if theirs.status != ours.status:
        pytest.importorskip("pyscipopt")
        first, theirs = theirs, solve_with(model, "scip_direct", time_limit=1)
        if theirs.status == "unknown":
            theirs = first
    if "unknown" in (ours.status, theirs.status):
        return "undecided"
    if ours.status != theirs.status and is_refuted(model, program, ours, theirs.status):
        return "refuted"
    assert ours.status == theirs.status, (ours.status, ours.message, theirs, document)
    if ours.status == "optimal":
        assert ours.point is not None
        assert theirs.objective is not None
        assert not violations(program, ours.point, policy)
        assert program.objective.value(ours.point) == ours.objective
        # Vertices agree to 1e-9. The minimum of a parabola is found to the root of the solver's tolerance only.
        tolerance = 1e-6 if program.is_quadratic else 1e-9
        assert float(ours.objective or 0) == pytest.approx(theirs.objective, rel=tolerance, abs=10 * tolerance)
    return ours.status


@given(documents(("lp", "mip", "qp")))
def test_solvers_agree(document: dict[str, Any]) -> None:
    assert_solvers_agree(document)


@pytest.mark.slow
def test_two_thousand_formulations_agree() -> None:
    """At least 2,000 random formulations; every outcome comes up, and few are left undecided."""
    seen: dict[str, int] = {}

    @settings(max_examples=2000, deadline=None, derandomize=True, database=None)
    @given(documents())
    def run(document: dict[str, Any]) -> None:
        status = assert_solvers_agree(document)
        seen[status] = seen.get(status, 0) + 1

    run()
    assert sum(seen.values()) >= 2000
    assert seen.get("undecided", 0) + seen.get("refuted", 0) <= 40, seen
    assert min(seen.get(status, 0) for status in ("optimal", "infeasible", "unbounded")) >= 20, seen


# -- solving -----------------------------------------------------------------------------------------------------------


def test_statuses_are_told_apart() -> None:
    unbounded = small({"odd": "2*x - 2*y == 1"}, {"sense": "maximize", "expression": "x + y"})
    assert solve_with(to_pyomo(unbounded), "highs").status == "unbounded"  # HiGHS says infeasible or unbounded
    assert solve_with(to_pyomo(small({"a": "x + y <= 1", "b": "x >= 2"})), "highs").status == "infeasible"
    answer = solve_with(to_pyomo(small({"a": "3 <= 2"})), "highs")
    assert (answer.status, answer.message) == ("infeasible", "a has no variables and does not hold")
    answer = solve_with(to_pyomo(small({"a": "x + y <= 1"}, {"sense": "maximize", "expression": "3*x + y"})), "highs")
    assert (answer.status, answer.objective, answer.values["x"]) == ("optimal", pytest.approx(3), pytest.approx(1))


def test_the_default_gap_of_highs_is_closed() -> None:
    """Values so large that an answer within HiGHS's default gap of 1e-4 need not be the best one."""
    weights = [(i * 37) % 23 + 10 for i in range(14)]
    values = [weight * 100_000 + (i * 13) % 11 for i, weight in enumerate(weights)]
    best = {0: 0}
    for weight, value in zip(weights, values, strict=True):
        taken = {used + weight: total + value for used, total in best.items() if used + weight <= 101}
        best = {used: max(best.get(used, -1), taken.get(used, -1)) for used in {*best, *taken}}
    names = [f"x{i}" for i in range(14)]
    document = {
        "variables": {name: {"domain": "binary"} for name in names},
        "objective": {
            "sense": "maximize",
            "expression": " + ".join(f"{v}*{n}" for v, n in zip(values, names, strict=True)),
        },
        "constraints": {"cap": " + ".join(f"{w}*{n}" for w, n in zip(weights, names, strict=True)) + " <= 101"},
    }
    model = to_pyomo(Formulation.from_dict(document))
    for solver in ("highs", "appsi_highs", *(["scip_direct"] if find_spec("pyscipopt") else [])):
        assert solve_with(model, solver).objective == pytest.approx(max(best.values()), rel=1e-9), solver


def test_nonlinear_formulations_go_to_scip() -> None:
    pytest.importorskip("pyscipopt")
    objective = {"sense": "minimize", "expression": "x**2*y - 3*x + 1/(1 + x)"}
    formulation = small({"a": "x*y <= 4", "b": "x <= 3", "c": "y <= 3"}, objective)
    answer = solve_with(to_pyomo(formulation), "scip_direct")
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(-8.75)


def test_an_unknown_solver_is_refused_with_the_known_ones() -> None:
    assert "highs" in available_solvers()
    with pytest.raises(PyriteError, match=r"'gurobix' is not on this machine; Pyomo finds: .*highs"):
        solve_with(to_pyomo(small({"a": "x <= 3"})), "gurobix")


def test_a_solver_that_cannot_take_the_model_says_so() -> None:
    with pytest.raises(PyriteError, match="appsi_highs does not take this model"):
        solve_with(to_pyomo(small({"a": "x*y <= 3"})), "appsi_highs")


def test_an_unused_variable_gets_a_value() -> None:
    answer = solve_with(to_pyomo(small({"a": "x >= 2"}, {"sense": "minimize", "expression": "x"})), "highs")
    assert answer.values == {"x": pytest.approx(2), "y": 0}
    assert math.isclose(answer.objective or 0, 2)


# -- every formulation in the test suite -------------------------------------------------------------------------------


def case_formulations() -> list[Any]:
    """The formulations of ``tests/cases`` that build, with the data of their problem; linear and convex ones."""
    found = []
    for path in sorted((Path(__file__).parents[1] / "cases").glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        data = Data.from_dict((case.get("problem") or {}).get("data") or {})
        try:
            formulation = parse_formulation(json.dumps(case["formulation"]))
            program = build(formulation, data)
        except (KeyError, PyriteError):
            continue  # the case is about not building
        if not program.is_nonlinear:
            found.append(pytest.param(formulation, data, id=path.stem))
    return found


@pytest.mark.parametrize(("formulation", "data"), case_formulations())
def test_cases_agree(formulation: Formulation, data: Data) -> None:
    program = build(formulation, data)
    point = [Fraction((7 * j) % 11 - 3, 1 + j % 3) for j in range(len(program.columns))]
    assert_same_model(program, to_pyomo(formulation, data), point)
    assert_solvers_agree(formulation.to_dict(), data)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_families_agree(family: str) -> None:
    """A problem of each generated family: the same model, row by row, and the same optimum."""
    problem = draw(family, seed=1)
    assert problem.reference is not None
    program = build(problem.reference, problem.data)
    model = to_pyomo(problem.reference, problem.data)
    point = [Fraction((7 * j) % 11 - 3, 1 + j % 3) for j in range(len(program.columns))]
    assert_same_model(program, model, point)
    assert_solvers_agree(problem.reference.to_dict(), problem.data)
