"""The relation of two formulations: rewrites, errors, correspondences, evidence."""

from __future__ import annotations

import copy
import json
import random
import time
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

import pytest

from benchmarks.equivalence_kinds import ERRORS, REWRITES
from pyrite import Formulation
from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.evidence import Comparison
from pyrite.feasibility.equivalence.given_map import read_affine
from pyrite.feasibility.equivalence.rendering import to_json
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row

BAKERY: dict[str, Any] = {
    "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
    "constraints": {"oven": "2*bread + 4*cake <= 120", "contract": "bread >= 10", "cap": "bread <= 50"},
}
MIX: dict[str, Any] = {
    "variables": {
        "hours": {"domain": "continuous", "lower": 0, "upper": 40},
        "tons": {"domain": "continuous", "lower": 2},
    },
    "objective": {"sense": "minimize", "expression": "7*hours + 3*tons"},
    "constraints": {"need": "5*hours + 2*tons >= 60", "mix": "hours - tons <= 4"},
}


def program(document: dict[str, Any], **changes: Any) -> Program:
    """A built formulation, with constraints or variables replaced or (None) removed."""
    document = copy.deepcopy(document)
    for path, value in changes.items():
        section, _, name = path.partition("__")
        if value is None:
            document[section].pop(name)
        elif name:
            document[section][name] = value
        else:
            document[section] = value
    return build(Formulation.from_dict(document))


def related(a: Program, b: Program, **options: Any) -> Comparison:
    """The comparison, its evidence checked and its JSON writable."""
    found = compare(a, b, **options)
    report = check(a, b, found)
    assert report.holds, report.problems
    json.dumps(to_json(a, b, found))
    return found


@pytest.mark.parametrize(
    ("changes", "relation"),
    [
        ({}, "equivalent"),
        ({"constraints__oven": "4*bread + 8*cake <= 240"}, "equivalent"),
        ({"constraints__oven": "-bread - 2*cake >= -60"}, "equivalent"),
        ({"constraints__oven": "bread + 2*cake <= 60.5"}, "equivalent"),  # no whole plan lies between
        ({"constraints__more": "bread + cake <= 100"}, "equivalent"),
        ({"variables__bread": {"domain": "integer", "lower": None}}, "equivalent"),  # implied by the contract
        ({"objective": {"sense": "minimize", "expression": "-6*bread - 10*cake + 7"}}, "equivalent"),
        ({"constraints__oven": None}, "relaxation"),
        ({"constraints__oven": "2*bread + 4*cake <= 124"}, "relaxation"),
        ({"variables__cake": {"domain": "continuous", "lower": 0}}, "relaxation"),
        ({"variables__cake": {"domain": "integer", "lower": None}}, "relaxation"),
        ({"constraints__oven": "2*bread + 4*cake <= 100"}, "restriction"),
        ({"constraints__even": "bread == 12"}, "restriction"),
        ({"constraints__oven": "4*bread + 2*cake <= 120"}, "incomparable"),
        ({"objective": {"sense": "maximize", "expression": "3*bread + 4*cake"}}, "objective-differs"),
        ({"objective": {"sense": "minimize", "expression": "3*bread + 5*cake"}}, "objective-differs"),
        ({"objective": {"sense": "feasibility"}}, "objective-differs"),
    ],
)
def test_relations(changes: dict[str, Any], relation: str) -> None:
    assert related(program(BAKERY, **changes), program(BAKERY)).relation == relation


def test_relation_is_mirrored() -> None:
    loose, tight = program(BAKERY, constraints__oven=None), program(BAKERY)
    assert related(loose, tight).relation == "relaxation"
    assert related(tight, loose).relation == "restriction"


def test_witness_is_said_in_words() -> None:
    a, b = program(BAKERY, constraints__oven=None), program(BAKERY)
    document = to_json(a, b, related(a, b), {"oven": "hours"})
    assert "oven uses" in document["sentence"]
    assert "hours" in document["sentence"]
    assert document["witness"]["admits"]["broken"]["row"] == "oven"


@pytest.mark.parametrize("document", [BAKERY, MIX], ids=["integer", "continuous"])
@pytest.mark.parametrize("kind", REWRITES)
def test_rewrites_are_equivalent(document: dict[str, Any], kind: str) -> None:
    reference = program(document)
    for number in range(8):
        changed = REWRITES[kind](reference, random.Random(number))
        if changed is not None:
            assert related(changed, reference).relation == "equivalent"
            assert related(reference, changed).relation == "equivalent"


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_come_with_evidence(kind: str) -> None:
    """Never unknown; equivalent only with certificates for every row (the changed row may be redundant)."""
    for document in (BAKERY, MIX):
        reference = program(document)
        for number in range(8):
            changed = ERRORS[kind](reference, random.Random(number))
            if changed is not None:
                found = related(changed, reference)
                assert found.relation != "unknown"
                assert found.proof == "certified"


def test_rewrites_compose() -> None:
    """Renamed, reordered, rescaled and with slacks, all at once."""
    reference = program(MIX)
    for seed in range(10):
        changed = reference
        for kind in ("slack variables", "row scaling and direction", "reordering", "renaming"):
            changed = REWRITES[kind](changed, random.Random(seed)) or changed
        assert related(changed, reference).relation in ("equivalent", "unknown")


def test_wrong_coefficient_is_no_unit() -> None:
    """One entry that is off by 60 is an error; a whole column by 60 is minutes for hours."""
    one = program(MIX, constraints__need="300*hours + 2*tons >= 60")
    assert related(one, program(MIX)).relation != "equivalent"
    minutes = {
        "variables": {
            "hours": {"domain": "continuous", "lower": 0, "upper": 2400},
            "tons": {"domain": "continuous", "lower": 2},
        },
        "objective": {"sense": "minimize", "expression": "7/60*hours + 3*tons"},
        "constraints": {"need": "5/60*hours + 2*tons >= 60", "mix": "hours/60 - tons <= 4"},
    }
    found = related(program(minutes), program(MIX))
    assert found.relation == "equivalent"
    assert found.correspondence is not None
    assert "units" in found.correspondence.source


def test_split_free_variable() -> None:
    free = {
        "variables": {"stock": {"domain": "continuous", "lower": None}, "buy": {"domain": "continuous", "lower": 0}},
        "objective": {"sense": "minimize", "expression": "2*stock + 3*buy"},
        "constraints": {"balance": "stock + buy >= 4", "floor": "stock >= -6"},
    }
    split: dict[str, Any] = {
        "variables": {
            "stock_plus": {"domain": "continuous", "lower": 0},
            "stock_minus": {"domain": "continuous", "lower": 0},
            "buy": {"domain": "continuous", "lower": 0},
        },
        "objective": {"sense": "minimize", "expression": "2*stock_plus - 2*stock_minus + 3*buy"},
        "constraints": {
            "balance": "stock_plus - stock_minus + buy >= 4",
            "floor": "stock_plus - stock_minus >= -6",
        },
    }
    assert related(program(split), program(free)).relation == "equivalent"
    split["constraints"].pop("floor")
    assert related(program(split), program(free)).relation == "relaxation"


def test_totals_and_objective_variables() -> None:
    with_total = copy.deepcopy(BAKERY)
    with_total["variables"]["total"] = {"domain": "continuous", "lower": None}
    with_total["constraints"]["define"] = "total == 2*bread + 4*cake"
    with_total["constraints"]["oven"] = "total <= 120"
    assert related(program(with_total), program(BAKERY)).relation == "equivalent"
    assert related(program(BAKERY), program(with_total)).relation == "equivalent"
    with_total["constraints"]["oven"] = "total <= 130"
    assert related(program(with_total), program(BAKERY)).relation == "relaxation"
    assert related(program(BAKERY), program(with_total)).relation == "restriction"


def test_binaries_are_zero_one_integers() -> None:
    a = program(
        {**BAKERY, "variables": {"bread": {"domain": "binary"}, "cake": {"domain": "binary"}}, "constraints": {}}
    )
    integer = {"domain": "integer", "lower": 0, "upper": 1}
    b = program({**BAKERY, "variables": {"bread": integer, "cake": integer}, "constraints": {}})
    assert related(a, b).relation == "equivalent"


def test_indexed_against_written_out() -> None:
    indexed = {
        "sets": {"P": ["bread", "cake"]},
        "parameters": {
            "profit": {"index": ["P"], "values": {"bread": 3, "cake": 5}},
            "need": {"index": ["P"], "values": {"bread": 2, "cake": 4}},
        },
        "variables": {"make": {"index": ["P"], "domain": "integer", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "sum(profit[p]*make[p] for p in P)"},
        "constraints": {"oven": "sum(need[p]*make[p] for p in P) <= 120", "contract": "make['bread'] >= 10"},
    }
    flat = program(BAKERY, constraints__cap=None)
    assert related(program(indexed), flat).relation == "equivalent"


def test_both_infeasible_or_one() -> None:
    empty = program(BAKERY, constraints__contract="bread >= 100")
    other = program(BAKERY, constraints__cap="cake >= 31")
    assert related(empty, other).relation == "equivalent"
    assert related(empty, program(BAKERY)).relation == "restriction"
    assert related(program(BAKERY), empty).relation == "relaxation"
    strangers = program(
        {
            "variables": {"z": {"domain": "continuous", "lower": 0}},
            "objective": {"sense": "minimize", "expression": "z"},
            "constraints": {"no": "z <= -1"},
        }
    )
    assert related(strangers, empty).relation == "equivalent"


def test_unbounded_directions() -> None:
    wide = program(MIX, variables__tons={"domain": "continuous", "lower": None}, constraints__mix=None)
    assert related(wide, program(MIX)).relation == "relaxation"
    assert related(wide, wide).relation == "equivalent"


def test_equalities_decide_the_objective() -> None:
    """On wine + oil = 10 the objectives wine and -oil rank alike."""
    base = {
        "variables": {"wine": {"domain": "continuous", "lower": 0}, "oil": {"domain": "continuous", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "wine"},
        "constraints": {"all": "wine + oil == 10"},
    }
    assert (
        related(program(base, objective={"sense": "minimize", "expression": "2*oil"}), program(base)).relation
        == "equivalent"
    )
    found = related(program(base, objective={"sense": "maximize", "expression": "oil"}), program(base))
    assert found.relation == "objective-differs"


def test_quadratic_objectives() -> None:
    base = {**MIX, "objective": {"sense": "minimize", "expression": "hours**2 + hours*tons + 2*tons**2 + 3*tons"}}
    twice = {
        **MIX,
        "objective": {"sense": "minimize", "expression": "2*hours**2 + 2*hours*tons + 4*tons**2 + 6*tons + 1"},
    }
    other = {**MIX, "objective": {"sense": "minimize", "expression": "hours**2 + 2*tons**2 + 3*tons"}}
    assert related(program(twice), program(base)).relation == "equivalent"
    assert related(program(other), program(base)).relation == "objective-differs"


def test_nonlinear_rows_are_unknown() -> None:
    x = Column("x", "continuous", 0, 5, "x")
    curved = Program([x], [Row("disc", Quadratic({}, {(0, 0): 1}), None, 4, "disc")], "maximize", Quadratic({0: 1}))
    found = related(curved, curved)
    assert (found.relation, found.code) == ("unknown", "nonlinear")


def test_different_problems() -> None:
    transport = program(
        {
            "variables": {f"ship{i}": {"domain": "continuous", "lower": 0} for i in range(12)},
            "objective": {"sense": "minimize", "expression": " + ".join(f"{i + 1}*ship{i}" for i in range(12))},
            "constraints": {"all": " + ".join(f"ship{i}" for i in range(12)) + " >= 40"},
        }
    )
    found = related(transport, program(BAKERY))
    assert (found.relation, found.proof) == ("incomparable", "certified")
    assert found.difference is not None


def test_symmetric_model_with_many_automorphisms() -> None:
    """Assignment of twelve to twelve with equal costs, renamed and shuffled: any of its automorphisms will do."""
    count = 12
    columns = [Column(f"x{i}_{j}", "binary", 0, 1, "x") for i in range(count) for j in range(count)]
    rows = [
        Row(f"row{i}", Quadratic({i * count + j: 1 for j in range(count)}), 1, 1, f"row{i}") for i in range(count)
    ] + [
        Row(f"column{j}", Quadratic({i * count + j: 1 for i in range(count)}), 1, 1, f"column{j}") for j in range(count)
    ]
    model = Program(columns, rows, "minimize", Quadratic(dict.fromkeys(range(count * count), 1)))
    chance = random.Random(5)
    changed = REWRITES["reordering"](model, chance)
    assert changed is not None
    changed = REWRITES["renaming"](changed, chance)
    assert changed is not None
    assert related(changed, model).relation == "equivalent"


def test_budget_keeps_partial_evidence() -> None:
    a, b = program(BAKERY, constraints__oven="bread + 2*cake <= 60.5"), program(BAKERY)
    found = related(a, b, deadline=time.monotonic() - 1)
    assert (found.relation, found.code) == ("unknown", "time-limit")
    assert found.a_in_b is not None
    assert found.a_in_b.certificates


def test_user_map() -> None:
    a = program(
        {
            "variables": {
                "p": {"domain": "continuous", "lower": 0, "upper": 2400},
                "q": {"domain": "continuous", "lower": 2},
            },
            "objective": {"sense": "minimize", "expression": "7/60*p + 3*q"},
            "constraints": {"one": "p/12 + 2*q >= 60", "two": "p/60 - q <= 4"},
        }
    )
    b = program(MIX)
    mapping = {"hours": read_affine("p/60", a, "map"), "tons": read_affine("q", a, "map")}
    found = related(a, b, mapping=mapping)
    assert found.relation == "equivalent"
    assert found.correspondence is not None
    assert found.correspondence.source == "map"
    with pytest.raises(PyriteError, match="wages"):
        compare(a, b, mapping={"wages": mapping["hours"]})
    with pytest.raises(PyriteError, match="no variable 'r'"):
        read_affine("2*r", a, "map")
    with pytest.raises(PyriteError, match="numbers times variables"):
        read_affine("p*q", a, "map")


# The checker ----------------------------------------------------------------------------------------------------


def perturbed(value: Any, chance: random.Random) -> Any:
    """The evidence with one exact number somewhere inside changed."""
    places: list[tuple[Any, ...]] = []

    def walk(item: Any, path: tuple[Any, ...]) -> None:
        if isinstance(item, int | Fraction) and not isinstance(item, bool) and "number" not in path:
            places.append(path)
        elif is_dataclass(item):
            for field in fields(item):
                walk(getattr(item, field.name), (*path, field.name))
        elif isinstance(item, dict):
            for key, inner in item.items():
                walk(inner, (*path, ("key", key)))
        elif isinstance(item, tuple):
            for number, inner in enumerate(item):
                walk(inner, (*path, ("at", number)))

    walk(value, ())
    path = chance.choice(places)

    def change(item: Any, rest: tuple[Any, ...]) -> Any:
        if not rest:
            return item + chance.choice([1, -1, Fraction(1, 7)])
        step, *more = rest
        if isinstance(step, tuple) and step[0] == "key":
            return {**item, step[1]: change(item[step[1]], tuple(more))}
        if isinstance(step, tuple):
            return (*item[: step[1]], change(item[step[1]], tuple(more)), *item[step[1] + 1 :])
        return replace(item, **{step: change(getattr(item, step), tuple(more))})

    return change(value, path)


def test_checker_refuses_changed_certificates() -> None:
    """A changed multiplier no longer combines to the claim (constants of maps and factors included)."""
    a, b = program(MIX, constraints__need="10*hours + 4*tons >= 120"), program(MIX)
    found = replace(related(a, b), seconds=0.0)
    assert found.relation == "equivalent"
    refused = 0
    for seed in range(60):
        chance = random.Random(seed)
        side = chance.choice(["a_in_b", "b_in_a"])
        containment = getattr(found, side)
        number = chance.randrange(len(containment.certificates))
        certificate = containment.certificates[number]
        if not certificate.rows and not certificate.columns:
            continue
        bad = perturbed(certificate, chance)
        certificates = (*containment.certificates[:number], bad, *containment.certificates[number + 1 :])
        report = check(a, b, replace(found, **{side: replace(containment, certificates=certificates)}))
        assert not report.holds
        refused += 1
    assert refused > 40


def test_checker_refuses_missing_certificates_and_other_relations() -> None:
    a, b = program(BAKERY), program(BAKERY)
    found = related(a, b)
    assert found.a_in_b is not None
    short = replace(found, a_in_b=replace(found.a_in_b, certificates=found.a_in_b.certificates[1:]))
    assert not check(a, b, short).holds
    for relation in ("relaxation", "restriction", "incomparable", "objective-differs"):
        assert not check(a, b, replace(found, relation=relation)).holds


def test_checker_refuses_wrong_witnesses() -> None:
    a, b = program(BAKERY, constraints__oven=None), program(BAKERY)
    found = related(a, b)
    assert found.a_in_b is not None
    assert found.a_in_b.witness is not None
    for plan in ((10, 5), (5, 40), (10, Fraction(80, 3))):
        bad = replace(found.a_in_b.witness, plan=plan)
        assert not check(a, b, replace(found, a_in_b=replace(found.a_in_b, witness=bad))).holds


def test_default_time_is_the_policys() -> None:
    found = compare(program(BAKERY), program(BAKERY), Policy(equivalence_seconds=0.0))
    assert found.relation in ("equivalent", "unknown")


def test_many_cuts_are_proved_one_after_the_other() -> None:
    """More rows than are proved from scratch, some columns without bounds: an open end is no number."""
    names = [f"flow_{i}" for i in range(40)]
    base = {
        "variables": {name: {"domain": "continuous", "lower": 0} for name in names},
        "objective": {"sense": "maximize", "expression": " + ".join(names)},
        "constraints": {f"pair_{i}": f"{names[i]} + {names[(i + 1) % 40]} <= {7 + i % 3}" for i in range(40)},
    }
    cuts = {f"cut_{i}": f"{names[i]} + {names[(i + 1) % 40]} + {names[(i + 2) % 40]} <= 18" for i in range(40)}
    ours = program({**base, "constraints": {**base["constraints"], **cuts}})
    found = related(ours, program(base))
    assert (found.relation, found.proof) == ("equivalent", "certified")
    cuts["cut_33"] = cuts["cut_33"].replace("18", "8")
    assert (
        related(program({**base, "constraints": {**base["constraints"], **cuts}}), program(base)).relation
        == "restriction"
    )
