"""The ladder: every way through it, the evidence it leaves, and the traps that were measured."""

import json
import time
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite import Formulation, Policy, Verdict
from pyrite.feasibility.codes import CODES
from pyrite.feasibility.language.formulation import Data, Objective, Variable
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.scoring.stages import solved
from pyrite.feasibility.verdict import STAGES, SURFACE


def formulation(variables, objective, **constraints):
    """``variables``: name -> (domain, lower, upper); ``objective``: "maximize 3*x", or "feasibility"."""
    sense, _, expression = objective.partition(" ")
    return {
        "variables": {
            name: {"domain": domain, "lower": lower, **({} if upper is None else {"upper": upper})}
            for name, (domain, lower, upper) in variables.items()
        },
        "objective": {"sense": sense, **({"expression": expression} if expression else {})},
        "constraints": constraints,
    }


WHOLE, REAL = ("integer", 0, None), ("continuous", 0, None)
BAKERY = formulation(
    {"bread": WHOLE, "cake": WHOLE}, "maximize 3*bread + 5*cake", oven="2*bread + 4*cake <= 120", contract="bread >= 10"
)
IMPOSSIBLE = formulation({"x": REAL}, "maximize x", low="x >= 5", high="x <= 3")
ENDLESS = formulation({"x": REAL, "y": REAL}, "maximize x + y", gap="x - y <= 3")


def judge(document, reference=None, policy=None):
    text = document if isinstance(document, str) else json.dumps(document)
    if isinstance(reference, dict):
        reference = Reference(Formulation.from_dict(reference))
    verdict = Judge(reference, policy).judge(text, "p", 3)
    assert_well_formed(verdict)
    return verdict


def assert_well_formed(verdict):
    """What holds for every verdict there is."""
    assert list(verdict.stages) == list(STAGES)
    failed = False
    for stage in STAGES:
        result = verdict.stages[stage]
        if failed:
            assert (result.status, result.code) == ("skipped", "earlier-stage")
            continue
        failed = result.status == "fail"
        if result.status != "pass":
            assert result.code in CODES, f"{result.code} is not in the table"
            assert result.message
        if result.status == "fail":
            assert result.findings
            assert result.findings[0].code == result.code
    line = json.dumps(verdict.to_dict(), allow_nan=False)
    again = Verdict.from_dict(json.loads(line))
    assert json.dumps(again.to_dict()) == line, "a verdict reads back as it was written"
    assert (again.surface, again.substance, again.first_failure) == (
        verdict.surface,
        verdict.substance,
        verdict.first_failure,
    )


def statuses(verdict):
    return {stage: (result.status, result.code) for stage, result in verdict.stages.items()}


# Each stage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "stage", "code"),
    [
        ("", "parses", "empty-output"),
        ("I would bake bread.", "parses", "no-json"),
        ('{"variables": {"x": {"domain": "integer"', "parses", "truncated"),
        ("{}", "schema", "missing-section"),
        (json.dumps(BAKERY).replace("5*cake", "5*pie"), "names", "undeclared-name"),
        (json.dumps(BAKERY).replace("<= 120", "< 120"), "names", "strict-inequality"),
        (json.dumps(BAKERY).replace("2*bread", "2/bread"), "builds", "division-by-variable"),
        (json.dumps(IMPOSSIBLE), "feasible", "infeasible"),
        (json.dumps(ENDLESS), "bounded", "unbounded"),
    ],
)
def test_the_first_failure_and_nothing_after_it(text, stage, code):
    verdict = judge(text, BAKERY)
    assert verdict.first_failure == stage
    assert verdict.stages[stage].code == code
    assert verdict.substance is False
    assert verdict.surface is (stage not in SURFACE)
    assert all(verdict.stages[s].status == "pass" for s in STAGES[: STAGES.index(stage)])


def test_the_reference_itself_is_right():
    verdict = judge(BAKERY, BAKERY)
    assert verdict.surface is True
    assert verdict.stages["value"].status == "pass"
    assert verdict.optimum == verdict.reference_optimum == 180.0
    assert verdict.proof == "certified"
    assert verdict.stages["bounded"].details["plan"] == {"bread": 60.0, "cake": 0.0}
    assert verdict.stages["sound"].details["reference_value"] == 180.0
    assert verdict.problem_id == "p"
    assert verdict.sample == 3


def test_text_around_the_formulation_is_noted():
    verdict = judge(f"Here you are:\n```json\n{json.dumps(BAKERY)}\n```", BAKERY)
    details = verdict.stages["parses"].details
    assert verdict.surface is True
    assert details["surrounding"] > 10
    assert details["end"] - details["start"] == len(json.dumps(BAKERY))


def test_a_violated_row_is_a_sentence_in_the_problems_units():
    text = json.dumps(BAKERY).replace("<= 120", "<= 1240")
    reference = Reference(Formulation.from_dict(BAKERY), units={"oven": "hours", "objective": "euros"})
    result = judge(text, reference).stages["sound"]
    assert result.message == "its plan breaks the problem: oven uses 1,240 hours, 120 exist (1,120 too many)"
    (row,) = result.details["violated"]
    assert (row["row"], row["constraint"], row["side"]) == ("oven", "oven", "upper")
    assert (row["value"], row["bound"], row["excess"]) == (1240.0, 120.0, 1120.0)
    assert row["text"] == "2*bread + 4*cake <= 120"
    assert result.details["plan"] == {"bread": 620.0, "cake": 0.0}
    assert result.details["reference_plan"] == {"bread": 60.0, "cake": 0.0}


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (
            {"contract": "bread >= 4", "cap": "bread <= 4"},
            "row",
            "contract comes to 4, at least 10 are needed (6 short)",
        ),
        (
            {"contract": "bread >= 10", "even": "2*cake == 1", "cap": "bread <= 10"},
            "integer",
            "cake is 0.5 and must be a whole number",
        ),
        ({"contract": "bread >= 10", "debt": "cake == -1"}, "lower", "cake is -1 and must be at least 0"),
    ],
)
def test_every_kind_of_violation(change, kind, sentence):
    free = {"bread": ("continuous", None, None), "cake": ("continuous", None, None)}
    document = formulation(free, "maximize 3*bread + 5*cake", oven="2*bread + 4*cake <= 120", **change)
    result = judge(document, BAKERY).stages["sound"]
    assert result.code == "unsound"
    found = {row["kind"]: row["sentence"] for row in result.details["violated"]}
    assert found[kind] == sentence


def test_an_equation_is_missed_by_so_much():
    reference = formulation({"x": REAL}, "maximize x", mix="2*x == 10")
    result = judge(formulation({"x": REAL}, "maximize x", mix="2*x == 12"), reference).stages["sound"]
    assert result.details["violated"][0]["sentence"] == "mix comes to 12 and must be exactly 10 (off by 2)"
    assert result.details["violated"][0]["side"] == "equal"


def test_a_missing_constraint_that_does_not_matter_passes_and_one_that_matters_does_not():
    without = {**BAKERY, "constraints": {"oven": BAKERY["constraints"]["oven"]}}
    assert judge(without, BAKERY).stages["value"].status == "pass", "60 breads keep the contract by chance"
    without = {**BAKERY, "constraints": {"contract": "bread >= 10", "oven": "bread + cake <= 100"}}
    assert judge(without, BAKERY).stages["sound"].code == "unsound"


def test_value_says_both_numbers_and_the_gap():
    text = json.dumps(BAKERY).replace("contract", "less").replace("bread >= 10", "bread <= 50")
    result = judge(text, Reference(optimum=Fraction(361, 2))).stages["value"]
    assert result.code == "other-value"
    assert result.message == "its optimum is 175, the right one is 180.5 (off by 5.5)"
    assert result.details["optimum"] == 175.0
    assert result.details["reference_optimum"] == 180.5
    assert result.details["gap"] == -5.5
    assert result.details["relative_gap"] == pytest.approx(-5.5 / 180.5)


def test_numbers_that_floats_cannot_hold_are_written_exactly_too():
    document = formulation({"x": REAL}, "maximize x", third="3*x <= 1")
    verdict = judge(document, Reference(optimum=Fraction(1, 3)))
    assert verdict.stages["bounded"].details["optimum_exact"] == "1/3"
    assert verdict.stages["bounded"].details["plan_exact"] == {"x": "1/3"}
    assert verdict.substance is True


def test_a_negated_objective_gets_a_hint():
    document = formulation({"x": REAL}, "minimize -3*x", cap="x <= 4")
    result = judge(document, Reference(optimum=12)).stages["value"]
    assert result.code == "other-value"
    assert "negated" in result.findings[0].hint


@pytest.mark.parametrize(
    ("offset", "status"), [(0, "pass"), (Fraction(9, 10**6), "pass"), (Fraction(11, 10**6), "fail")]
)
def test_the_value_tolerance_is_relative_and_exact(offset, status):
    document = formulation({"x": REAL}, "maximize x", cap="x <= 10")
    assert judge(document, Reference(optimum=10 + offset)).stages["value"].status == status


def test_a_plan_without_objective_is_not_an_optimum():
    document = formulation(
        {"bread": WHOLE, "cake": WHOLE}, "feasibility", oven="2*bread + 4*cake <= 120", c="bread >= 10"
    )
    verdict = judge(document, BAKERY)
    assert verdict.stages["bounded"].status == "pass"
    assert verdict.stages["value"].code == "no-objective"


def test_other_names_are_carried_by_the_correspondence_of_stage_9():
    text = json.dumps(BAKERY).replace("bread", "x1").replace("cake", "x2")
    verdict = judge(text, BAKERY)
    assert [verdict.stages[stage].status for stage in ("sound", "value", "equivalent")] == ["pass"] * 3


def test_without_correspondence_soundness_is_unknown_and_the_value_still_tried():
    variables = {"x1": WHOLE, "x2": WHOLE, "x3": WHOLE}
    rows = {"a": "2*x1 + 9*x2 + x3 <= 120", "b": "x1 + x2 >= 4", "c": "x3 <= 12"}
    verdict = judge(formulation(variables, "maximize 3*x1 + 7*x2 + 2*x3", **rows), BAKERY)
    assert (verdict.stages["sound"].status, verdict.stages["sound"].code) == ("unknown", "no-correspondence")
    assert "x1, x2 and x3" in verdict.stages["sound"].message
    assert verdict.stages["value"].status == "fail"


def test_auxiliary_variables_do_not_hinder_soundness():
    variables = {"total": REAL, "cake": WHOLE, "bread": WHOLE}
    rows = {"oven": "2*bread + 4*cake <= 120", "contract": "bread >= 10", "define": "total == 3*bread + 5*cake"}
    verdict = judge(formulation(variables, "maximize total", **rows), BAKERY)
    assert verdict.stages["sound"].status == "pass"
    assert verdict.stages["sound"].details["plan"] == {"bread": 60.0, "cake": 0.0}


# What the reference allows --------------------------------------------------------------------------------------------


def test_what_decides_substance():
    assert judge(BAKERY).strongest == "bounded"
    assert judge(BAKERY).substance is True
    assert judge(BAKERY, Reference(optimum=180)).strongest == "value"
    assert judge(BAKERY, Reference(optimum=181)).substance is False
    assert judge(BAKERY, Reference(status="infeasible")).strongest == "value"
    assert judge(BAKERY, BAKERY).strongest == "equivalent"


def test_a_status_alone_says_no_more_than_bounded():
    """That a problem has an optimum is not a number to compare with."""
    verdict = judge(BAKERY, Reference(status="optimal"))
    assert verdict.stages["value"].status == "skipped"
    assert verdict.strongest == "bounded"
    assert verdict.substance is True


@pytest.mark.parametrize("by_formulation", [False, True])
@pytest.mark.parametrize(
    ("truth", "document", "stage", "code", "substance"),
    [
        (IMPOSSIBLE, IMPOSSIBLE, None, None, True),
        (IMPOSSIBLE, formulation({"x": REAL}, "maximize x", high="x <= 3"), "later", None, False),
        (IMPOSSIBLE, formulation({"x": REAL}, "maximize x", low="x >= 5"), "bounded", "unbounded", False),
        (ENDLESS, ENDLESS, None, None, True),
        (
            ENDLESS,
            formulation({"x": REAL, "y": REAL}, "maximize x + y", gap="x + y <= 3"),
            "value",
            "should-be-unbounded",
            False,
        ),
        (ENDLESS, formulation({"x": REAL, "y": REAL}, "maximize x", gap="x <= -1"), "feasible", "infeasible", False),
    ],
)
def test_problems_that_are_infeasible_or_unbounded(truth, document, stage, code, substance, by_formulation):
    status = "infeasible" if truth is IMPOSSIBLE else "unbounded"
    reference = Reference(Formulation.from_dict(truth)) if by_formulation else Reference(status=status)
    verdict = judge(document, reference)
    if stage == "later":
        # the reference's rows are broken by any plan; without them the status decides
        stage, code = ("sound", "unsound") if by_formulation else ("value", "should-be-infeasible")
    assert verdict.first_failure == stage
    if stage:
        assert verdict.stages[stage].code == code
    assert verdict.substance is substance


def test_both_unbounded_is_checked_along_the_ray():
    """The reference lets x - y grow to 3 only; an output without that row is unbounded in a forbidden direction."""
    document = formulation({"x": REAL, "y": REAL}, "maximize x + y", cap="y <= 1")
    result = judge(document, ENDLESS).stages["sound"]
    assert result.code == "unsound"
    assert result.details["violated"][0]["row"] == "gap"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (
            Reference(Formulation.from_dict(json.loads(json.dumps(BAKERY).replace("5*cake", "5*pie")))),
            "reference-broken",
        ),
        (
            Reference(Formulation.from_dict(json.loads(json.dumps(BAKERY).replace("integer", "whole")))),
            "reference-broken",
        ),
        (Reference(Formulation.from_dict(BAKERY), optimum=181), "reference-contradiction"),
        (Reference(Formulation.from_dict(BAKERY), status="infeasible"), "reference-contradiction"),
        (Reference(optimum=3, status="unbounded"), "reference-contradiction"),
    ],
)
def test_a_broken_reference_is_unknown_and_never_the_outputs_fault(reference, code):
    verdict = judge(BAKERY, reference)
    assert verdict.stages["value"].status == "unknown"
    assert verdict.stages["value"].code == code
    assert verdict.substance is None
    assert judge("prose", reference).substance is False
    for document, stage in ((IMPOSSIBLE, "feasible"), (ENDLESS, "bounded")):
        verdict = judge(document, reference)
        assert (verdict.stages[stage].status, verdict.stages[stage].code) == ("unknown", code)
        assert verdict.first_failure is None
        assert verdict.substance is None


def test_an_unsolved_reference_still_has_rows():
    """Whether a plan obeys needs no optimum; the value does."""
    names = [f"x{j}" for j in range(40)]
    rows = {f"split{i}": f"{left} == {half}" for i, (left, half) in enumerate(market_split(names))}
    document = formulation(dict.fromkeys(names, ("integer", 0, 1)), "maximize x0", **rows)
    wrong = formulation(dict.fromkeys(names, ("integer", 0, 1)), "maximize x0", one="x0 + x1 <= 1")
    verdict = judge(wrong, document, Policy(time_limit=0.5))
    assert verdict.stages["sound"].code == "unsound"
    wrong = {**wrong, "constraints": {"no": "x0 >= 2"}}
    assert judge(wrong, document, Policy(time_limit=0.5)).stages["feasible"].code == "reference-unsolved"


def test_the_problems_data_are_there_without_restating():
    data = Data.from_dict(
        {"sets": {"P": ["bread", "cake"]}, "parameters": {"gain": {"index": ["P"], "values": {"bread": 3, "cake": 5}}}}
    )
    document = {
        "variables": {"make": {"index": ["P"], "domain": "continuous", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "sum(gain[p]*make[p] for p in P)"},
        "constraints": {"cap": {"for": "p in P", "expression": "make[p] <= 2"}},
    }
    assert judge(document, Reference(optimum=16, data=data)).substance is True
    assert judge(document, Reference(optimum=16)).first_failure == "names"


# Evidence -------------------------------------------------------------------------------------------------------------


def test_a_conflict_in_the_formulations_own_names():
    result = judge(IMPOSSIBLE).stages["feasible"]
    assert result.message == "no plan is possible: low and high cannot hold together"
    assert [row["row"] for row in result.details["conflict"]["rows"]] == ["low", "high"]
    assert result.details["conflict"]["proved"] is True
    assert result.details["proof"] == "certified"


def test_integrality_takes_part_in_a_conflict():
    document = formulation({"x": ("integer", 0, 5)}, "maximize x", odd="2*x == 1")
    conflict = judge(document).stages["feasible"].details["conflict"]
    assert conflict["integers"] == ["x"]
    assert "x whole" in conflict["sentence"]


def test_a_ray_in_the_variables_names():
    result = judge(ENDLESS).stages["bounded"]
    assert result.details["ray"]["y"] > 0
    assert "rises without end while" in result.message


def test_long_plans_are_cut_and_say_so():
    document = {
        "sets": {"I": list(range(500))},
        "variables": {"x": {"index": ["I"], "domain": "continuous", "lower": 0, "upper": 1}},
        "objective": {"sense": "maximize", "expression": "sum(x[i] for i in I)"},
        "constraints": {},
    }
    details = judge(document).stages["bounded"].details
    assert len(details["plan"]) == 200
    assert details["plan_omitted"] == 300


def test_a_formulation_object_keeps_numbers_that_json_cannot_write():
    item = Formulation({"x": Variable("continuous", 0, Fraction(1, 3))}, Objective("maximize", "x"), {})
    verdict = Judge(Reference(optimum=Fraction(1, 3))).judge_formulation(item)
    assert verdict.stages["bounded"].details["optimum_exact"] == "1/3"


def test_a_formulation_object_is_judged_like_its_text():
    judge_ = Judge(Reference(optimum=180))
    one, other = judge_.judge_formulation(Formulation.from_dict(BAKERY)), judge_.judge(json.dumps(BAKERY))
    assert statuses(one) == statuses(other)


# Traps of the solver (measured) ---------------------------------------------------------------------------------------


def knapsack(n=24):
    """Weights and values close together: a relative gap of 1e-4 is reached long before the optimum is proved."""
    weights = [1000 + 37 * i % 101 for i in range(n)]
    values = [weight + i % 3 for i, weight in enumerate(weights)]
    names = [f"x{i}" for i in range(n)]
    document = formulation(
        dict.fromkeys(names, ("binary", None, None)),
        "maximize " + " + ".join(f"{v}*{x}" for v, x in zip(values, names, strict=True)),
        cap=" + ".join(f"{w}*{x}" for w, x in zip(weights, names, strict=True)) + f" <= {sum(weights) // 2}",
    )
    for item in document["variables"].values():
        del item["lower"]
    best = {0: 0}  # the oracle: dynamic programming over weights
    for weight, value in zip(weights, values, strict=True):
        for load, gain in list(best.items()):
            if load + weight <= sum(weights) // 2:
                best[load + weight] = max(best.get(load + weight, -1), gain + value)
    return document, max(best.values())


def test_trap_a_knapsack_is_solved_to_the_end():
    document, optimum = knapsack()
    verdict = judge(document, Reference(optimum=optimum))
    assert verdict.stages["value"].status == "pass"
    assert verdict.optimum == optimum


def test_trap_tiny_coefficients_are_not_dropped():
    verdict = judge(formulation({"x": REAL}, "minimize x", c="1e-10*x >= 1"))
    assert verdict.stages["feasible"].status == "pass"
    assert verdict.optimum == 1e10


def test_trap_an_unbounded_integer_program_is_unbounded():
    verdict = judge(formulation({"x": WHOLE, "y": WHOLE}, "maximize x + y", c="2*x - 2*y <= 1"))
    assert verdict.stages["feasible"].status == "pass"
    assert verdict.stages["bounded"].code == "unbounded"


def test_trap_an_empty_model_has_an_optimum():
    verdict = judge(formulation({"x": REAL}, "minimize x"))
    assert verdict.substance is True
    assert verdict.optimum == 0


def test_trap_a_nonconvex_objective_is_unknown_not_wrong():
    verdict = judge(formulation({"x": ("continuous", 0, 1), "y": ("continuous", 0, 1)}, "maximize x*y"))
    assert (verdict.stages["builds"].status, verdict.stages["builds"].code) == ("unknown", "nonconvex")
    assert verdict.substance is None


def test_trap_products_in_rows_are_unknown_not_wrong():
    verdict = judge(formulation({"x": REAL, "y": REAL}, "minimize x + y", c="x*y >= 4"))
    assert (verdict.stages["builds"].status, verdict.stages["builds"].code) == ("unknown", "nonlinear")
    assert verdict.substance is None


def test_trap_an_equation_without_whole_solution_is_infeasible():
    assert judge(formulation({"x": WHOLE}, "minimize x", c="2*x == 1")).stages["feasible"].code == "infeasible"


def market_split(names):
    """Five equations in binaries: each row is (left side, half of its sum)."""
    random = Random(1998)
    for _ in range(5):
        row = [random.randrange(100) for _ in names]
        yield " + ".join(f"{w}*{x}" for w, x in zip(row, names, strict=True)), sum(row) // 2


def test_trap_a_solve_that_outlives_its_limit_is_unknown():
    """A market split (Cornuéjols and Dawande 1998): forty binaries in five equations take hours by branch and bound."""
    names = [f"x{j}" for j in range(40)]
    document = formulation(dict.fromkeys(names, ("integer", 0, 1)), "feasibility")
    for i, (left, half) in enumerate(market_split(names)):
        document["constraints"][f"split{i}"] = f"{left} == {half}"
    started = time.monotonic()
    verdict = judge(document, policy=Policy(time_limit=1.0))
    assert time.monotonic() - started < 4
    assert (verdict.stages["feasible"].status, verdict.stages["feasible"].code) == ("unknown", "time-limit")
    assert verdict.substance is None


# Hostile and broken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "stage", "code"),
    [
        ("[" * 1_000_000, "parses", None),
        ('{"a":' * 200_000, "parses", None),
        ("{" * 1_000_000 + "}" * 1_000_000, "parses", None),
        ("x" * 50_000_000, "parses", "output-too-long"),
        ('{"variables": ' + "9" * 100_000 + "}", "parses", "number-too-long"),
    ],
)
def test_hostile_texts_fail_fast(text, stage, code):
    started = time.process_time()
    verdict = judge(text)
    assert time.process_time() - started < 5
    assert verdict.first_failure == stage
    if code:
        assert verdict.stages[stage].code == code
    assert len(json.dumps(verdict.to_dict())) < 20_000


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"variables": {"x": {"index": ["S", "S", "S"], "domain": "continuous", "lower": 0}}}, "too-many-columns"),
        (
            {"constraints": {"c": {"for": "i in S, j in S, k in S", "expression": "i*y + j*y + k*y <= 1"}}},
            "too-many-rows",
        ),
        ({"constraints": {"c": "sum(i*j*k*y for i in S for j in S for k in S) <= 1"}}, "too-many-terms"),
    ],
)
def test_a_thousand_million_index_combinations_are_refused_at_once(part, code):
    document = {
        "sets": {"S": list(range(1000))},
        "variables": {"y": {"domain": "continuous", "lower": 0}},
        "objective": {"sense": "minimize", "expression": "0"},
        "constraints": {},
    }
    for name, value in part.items():
        document[name] = {**document[name], **value}
    started = time.monotonic()
    verdict = judge(document)
    assert time.monotonic() - started < 5
    assert (verdict.first_failure, verdict.stages["builds"].code) == ("builds", code)


def test_a_defect_of_ours_is_unknown_and_says_so(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(solved.Feasible, "ask", broken)
    verdict = judge(BAKERY, BAKERY)
    result = verdict.stages["feasible"]
    assert (result.status, result.code) == ("unknown", "internal-error")
    assert "ZeroDivisionError: oops" in result.message
    assert verdict.stages["value"].code == "earlier-unknown"
    assert verdict.substance is None


def test_a_point_that_exact_arithmetic_denies_is_not_feasible(monkeypatch):
    from pyrite.feasibility.solver import solving
    from pyrite.feasibility.solver.solution import Solution

    lie = Solution("optimal", "certified", objective=200, point=(70, 0), exact_point=True)
    monkeypatch.setattr(solving, "solve", lambda *_, **__: lie)
    verdict = judge(BAKERY)
    assert (verdict.stages["feasible"].status, verdict.stages["feasible"].code) == ("unknown", "point-denied")
    assert verdict.stages["bounded"].status == "unknown"
    assert verdict.substance is None


# Properties -----------------------------------------------------------------------------------------------------------

numbers = st.integers(-5, 5)


@st.composite
def random_formulations(draw):
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True))
    variables = {
        name: (
            draw(st.sampled_from(["continuous", "integer"])),
            draw(st.none() | st.integers(-3, 0)),
            draw(st.none() | st.integers(1, 6)),
        )
        for name in names
    }

    def linear():
        return " + ".join(f"{draw(numbers)}*{name}" for name in names)

    rows = {
        f"r{i}": f"{linear()} {draw(st.sampled_from(['<=', '>=', '==']))} {draw(numbers)}"
        for i in range(draw(st.integers(0, 3)))
    }
    return formulation(variables, f"{draw(st.sampled_from(['maximize', 'minimize']))} {linear()}", **rows)


@given(random_formulations(), st.randoms())
def test_every_formulation_is_right_for_itself(document, random):
    """Whatever it is (optimal, infeasible, unbounded): judged against itself, with its parts reordered, it passes."""
    shuffled = dict(document)
    for part in ("variables", "constraints"):
        keys = list(document[part])
        random.shuffle(keys)
        shuffled[part] = {key: document[part][key] for key in keys}
    verdict = judge(shuffled, document)
    assert {verdict.stages[stage].status for stage in STAGES[:8]} == {"pass"}


@given(random_formulations(), random_formulations())
def test_soundness_says_what_the_rows_say(document, truth):
    """An independent evaluation of the reference at the plan (floats, straight from the text) agrees with stage 7."""
    verdict = judge(document, truth)
    result = verdict.stages["sound"]
    if result.status not in ("pass", "fail") or verdict.stages["bounded"].details.get("optimum") is None:
        return
    plan = dict(result.details["plan"])
    for name, exact in result.details.get("plan_exact", {}).items():
        plan[name] = Fraction(exact)
    assert set(plan) == set(truth["variables"])
    holds = all(eval(row, {}, plan) for row in truth["constraints"].values() if "==" not in row)
    for row in truth["constraints"].values():
        if "==" in row:
            left, right = row.split("==")
            holds = holds and abs(Fraction(eval(left, {}, plan)) - int(right)) <= Fraction(1, 10**6) * max(
                1, abs(int(right))
            )
    for name, item in truth["variables"].items():
        holds = holds and (item["lower"] is None or plan[name] >= item["lower"])
        holds = holds and (item.get("upper") is None or plan[name] <= item["upper"])
        holds = holds and (item["domain"] == "continuous" or abs(plan[name] - round(plan[name])) <= 1e-5)
    assert holds == (result.status == "pass")
