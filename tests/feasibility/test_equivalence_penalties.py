"""Deviations in two halves or as one penalty, amounts or shares, arcs or paths: one decision in other columns.

The oracle knows nothing of maps: it computes what a choice of the named decisions costs at least on either side, by
the definition of the penalty, over points of a lattice.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import pytest
from formulations import model, real

from pyrite.feasibility.equivalence import deciding
from pyrite.feasibility.equivalence.evidence import Comparison
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program

SEEDS = [*range(6), *(pytest.param(n, marks=pytest.mark.slow) for n in range(6, 300))]


def compare(a: Program, b: Program) -> Comparison:
    return deciding.compare(a, b, Policy())


@dataclass(frozen=True)
class Goal:
    """``body`` should be ``aim``; each unit above costs ``over``, each below ``under``."""

    body: tuple[int, ...]
    aim: int
    over: int
    under: int


@dataclass(frozen=True)
class Plan:
    """Named decisions with ends, prices, rows ``body <= limit`` and goals."""

    names: tuple[str, ...]
    ends: tuple[int, ...]
    prices: tuple[int, ...]
    rows: tuple[tuple[tuple[int, ...], int], ...]
    goals: tuple[Goal, ...]

    def worth(self, point: tuple[Fraction, ...]) -> Fraction | None:
        """What the decisions cost at least; None where a row forbids them."""
        if any(_at(body, point) > limit for body, limit in self.rows):
            return None
        total = _at(self.prices, point)
        for goal in self.goals:
            beyond = _at(goal.body, point) - goal.aim
            total += max(goal.over * beyond, -goal.under * beyond)
        return total

    @property
    def in_reach(self) -> bool:
        """Whether every aim can be missed on both sides; otherwise one of the two halves is nothing at all."""
        for goal in self.goals:
            ends = [(min(0, c * end), max(0, c * end)) for c, end in zip(goal.body, self.ends, strict=True)]
            if not sum(low for low, _ in ends) < goal.aim < sum(high for _, high in ends):
                return False
        return True

    def differs(self, other: Plan) -> bool:
        """Whether some choice is allowed by one of the two alone, or they rank choices otherwise.

        Costs that rank a box alike, with penalties that may be higher, are multiples of each other plus a constant.
        """
        points = list(itertools.product(*([Fraction(end * k, 4) for k in range(5)] for end in self.ends)))
        pairs = [(self.worth(point), other.worth(point)) for point in points]
        if any((one is None) != (two is None) for one, two in pairs):
            return True
        known = [(one, two) for one, two in pairs if one is not None and two is not None]
        first = known[0] if known else None
        second = next((pair for pair in known if first is not None and pair[0] != first[0]), None)
        if first is None or second is None:
            return len({two for _, two in known}) > 1
        slope = (second[1] - first[1]) / (second[0] - first[0])
        return slope <= 0 or any(two - first[1] != slope * (one - first[0]) for one, two in known)


def _at(body: tuple[int, ...], point: tuple[Fraction, ...]) -> Fraction:
    return sum((c * x for c, x in zip(body, point, strict=True)), start=Fraction(0))


def _sum(body: tuple[int, ...], names: tuple[str, ...], by: int = 1) -> str:
    return " + ".join(f"{by * c}*{name}" for c, name in zip(body, names, strict=True) if c) or "0"


def drawn(seed: int) -> Plan:
    draw = random.Random(f"goals {seed}")
    count = draw.choice((2, 2, 3))
    names = tuple(draw.sample(["bread", "cake", "jam", "tea"], count))

    def body(least: int) -> tuple[int, ...]:
        while True:
            found = tuple(draw.choice((0, 1, 1, 2, 3, -1)) for _ in range(count))
            if sum(c != 0 for c in found) >= least:
                return found

    goals: list[Goal] = []
    for _ in range(draw.choice((1, 1, 2, 3))):
        over, under = draw.randint(1, 5), draw.randint(1, 5)
        while (wanted := body(2)) in [goal.body for goal in goals]:
            pass
        goals.append(Goal(wanted, draw.randint(5, 30), over, over if draw.random() < 0.4 else under))
    rows = tuple((body(1), draw.randint(10, 40)) for _ in range(draw.choice((0, 1, 2))))
    prices = tuple(draw.choice((0, 0, 1, 2)) for _ in range(count))
    return Plan(names, tuple(draw.choice((8, 12, 20)) for _ in range(count)), prices, rows, tuple(goals))


def spoilt(plan: Plan, seed: int) -> Plan:
    """The plan with one number changed, or two."""
    draw = random.Random(f"spoilt {seed}")
    for _ in range(draw.choice((1, 1, 2))):
        number = draw.randrange(len(plan.goals))
        goal = plan.goals[number]
        by = draw.choice((-1, 1, 2))
        what = draw.choice(("aim", "over", "under", "both", "body", "prices", "rows"))
        if what == "aim":
            goal = replace(goal, aim=goal.aim + by)
        elif what == "both":
            goal = replace(goal, over=2 * goal.over, under=2 * goal.under)
        elif what == "body":
            j = draw.randrange(len(plan.names))
            goal = replace(goal, body=tuple(c + by * (k == j) for k, c in enumerate(goal.body)))
        elif what == "over":
            goal = replace(goal, over=max(1, goal.over + by))
        elif what == "under":
            goal = replace(goal, under=max(1, goal.under + by))
        elif what == "prices":
            plan = replace(plan, prices=(plan.prices[0] + by, *plan.prices[1:]))
        elif plan.rows:
            body, limit = plan.rows[0]
            plan = replace(plan, rows=((body, limit + by), *plan.rows[1:]))
        plan = replace(plan, goals=(*plan.goals[:number], goal, *plan.goals[number + 1 :]))
    return plan


Form = Literal["halves", "penalty", "deviation", "cents"]


def written(plan: Plan, form: Form, order: random.Random) -> Program:
    """The plan as a program, its deviations in this form, columns and rows in any order."""
    variables = {name: real(0, end) for name, end in zip(plan.names, plan.ends, strict=True)}
    cost, rows = [_sum(plan.prices, plan.names)], [f"{_sum(body, plan.names)} <= {limit}" for body, limit in plan.rows]
    for number, goal in enumerate(plan.goals):
        beyond = f"{_sum(goal.body, plan.names)} - {goal.aim}"
        if form == "halves":
            variables |= {f"over{number}": real(), f"under{number}": real()}
            rows.append(f"{beyond} == over{number} - under{number}")
            cost.append(f"{goal.over}*over{number} + {goal.under}*under{number}")
        elif form == "deviation" and goal.over == goal.under:
            variables[f"deviation{number}"] = real()
            rows += [f"deviation{number} >= {beyond}", f"{beyond} >= -deviation{number}"]
            cost.append(f"{goal.over}*deviation{number}")
        else:
            unit, price = (100, "0.01*") if form == "cents" else (1, "")
            variables[f"fee{number}"] = real(order.choice((0, None)))
            rows.append(f"fee{number} >= {unit * goal.over}*({beyond})")
            rows.append(f"fee{number} + {unit * goal.under}*({beyond}) >= 0")
            cost.append(f"{price}fee{number}")
    names = list(variables)
    order.shuffle(names)
    order.shuffle(rows)
    return model({name: variables[name] for name in names}, "min " + " + ".join(cost), *rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_halves_and_penalties_are_one_decision_and_a_wrong_number_is_not(seed: int) -> None:
    plan, order = drawn(seed), random.Random(seed)
    one, other = order.sample(("halves", "penalty", "deviation", "cents"), 2)
    wrong = spoilt(plan, seed)
    reference = written(plan, other, order)
    for first, second in ((written(plan, one, order), reference), (reference, written(plan, one, order))):
        assert compare(first, second).relation in (("equivalent",) if plan.in_reach else ("equivalent", "unknown"))
    if plan.differs(wrong):
        for first, second in ((written(wrong, one, order), reference), (reference, written(wrong, one, order))):
            assert compare(first, second).relation != "equivalent"


def shares(seed: int, wrong: bool, total: int) -> Program:
    """What to put into what: amounts of 1,000, or shares of ``total`` (one; a hundred per cent)."""
    draw = random.Random(f"shares {seed}")
    count = draw.choice((3, 4))
    names = draw.sample(["bonds", "stocks", "gold", "cash", "land"], count)
    gains = draw.sample(range(1, 10), count)
    limits = [draw.choice((100, 200, 300, 400, 600)) for _ in range(3)]
    ratio = draw.choice((1, 2, 3))
    kinds = [draw.choice(("most", "least", "pair")) for _ in range(2)]
    changes: list[list[int]] = [gains, limits]
    if wrong:
        spot = draw.choice(changes)
        spot[draw.randrange(len(spot) - (spot is limits))] += draw.choice((1, 2)) * (100 if spot is limits else 1)
    unit = Fraction(1000, total)
    suffix = "" if unit == 1 else "_share"
    held = [name + suffix for name in names]
    rows = [" + ".join(held) + f" == {total}", f"{held[0]} >= {float(limits[0] / unit)}"]
    for kind, limit, j in zip(kinds, limits[1:], (1, 2), strict=True):
        if kind == "pair":
            rows.append(f"{held[j]} <= {ratio}*{held[0]}")
        else:
            rows.append(f"{held[j]} {'<=' if kind == 'most' else '>='} {float(limit / unit)}")
    gain = " + ".join(f"{float(g * unit / 100)}*{name}" for g, name in zip(gains, held, strict=True))
    return model({name: real() for name in held}, f"max {gain}", *rows)


def told(program: Program, total: int) -> dict[tuple[int, ...], Fraction]:
    """What each choice gains, of those in steps of 100 that the rows allow."""
    found = {}
    for parts in itertools.product(range(0, 1001, 100), repeat=len(program.columns) - 1):
        point = [Fraction(part * total, 1000) for part in (*parts, 1000 - sum(parts))]
        if point[-1] >= 0 and all(
            (row.lower is None or row.lower <= value) and (row.upper is None or value <= row.upper)
            for row in program.rows
            for value in [sum((c * point[j] for j, c in row.linear.items()), start=Fraction(0))]
        ):
            found[parts] = sum((c * point[j] for j, c in program.objective.linear.items()), start=Fraction(0))
    return found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("total", [1, 100])
def test_shares_of_a_total_are_amounts_and_a_wrong_number_is_not(seed: int, total: int) -> None:
    amounts, parts, wrong = shares(seed, False, 1000), shares(seed, False, total), shares(seed, True, total)
    for first, second in ((amounts, parts), (parts, amounts)):
        assert compare(first, second).relation == "equivalent"
    if told(amounts, 1000) != told(wrong, total):
        for first, second in ((amounts, wrong), (wrong, amounts)):
            assert compare(first, second).relation != "equivalent"


def test_all_limits_in_double_are_no_other_unit() -> None:
    """A scale of everything fits all rows and both costs' order; the money says that it is not the same."""

    def plan(names: tuple[str, str], times: int, price: int = 1) -> Program:
        bread, cake = names
        rows = f"{bread} + {cake} <= {40 * times}", f"{bread} <= {20 * times}"
        return model(dict.fromkeys(names, real()), f"max {3 * price}*{bread} + {2 * price}*{cake}", *rows)

    for names in (("bread", "cake"), ("loaves", "tarts"), ("x", "y")):
        for first, second in (
            (plan(names, 2), plan(("bread", "cake"), 1)),
            (plan(("bread", "cake"), 1), plan(names, 2)),
        ):
            assert compare(first, second).relation != "equivalent"
    halves = plan(("half_loaves", "half_tarts"), 2)
    double_priced = plan(("bread", "cake"), 1, price=2)
    assert compare(halves, double_priced).relation == "equivalent"


def arcs(limit: int = 8, toll: int = 1) -> Program:
    variables = {f"flow_{arc}": real() for arc in ("sa", "sb", "ab", "at", "bt")}
    return model(
        variables,
        f"min 2*flow_sa + 4*flow_sb + {toll}*flow_ab + 5*flow_at + 2*flow_bt",
        "flow_sa == flow_ab + flow_at",
        "flow_sb + flow_ab == flow_bt",
        "flow_sa + flow_sb == 10",
        "flow_sa <= 7",
        f"flow_bt <= {limit}",
    )


def test_flows_on_arcs_and_on_paths() -> None:
    """Each path has an arc of its own: its flow is that arc's, which a path's name does not say."""
    paths = model(
        {f"path{number}": real() for number in (1, 2, 3)},
        "min 7*path1 + 6*path2 + 5*path3",
        "path1 + path2 + path3 == 10",
        "path1 + path3 <= 7",
        "path2 + path3 <= 8",
    )
    for first, second in ((arcs(), paths), (paths, arcs())):
        assert compare(first, second).relation == "equivalent"
    for wrong in (arcs(limit=7), arcs(toll=3)):
        for first, second in ((wrong, paths), (paths, wrong)):
            assert compare(first, second).relation != "equivalent"


def stocks(needs: tuple[int, ...], *, final: bool = False) -> Program:
    """What to make and when; what is too early is stored, what is too late is paid for."""
    months = range(len(needs))
    variables = {
        f"{what}{t}": real(0, 7 if what == "make" else None) for what in ("make", "stock", "late") for t in months
    }
    rows = [
        f"make{t} - {need} == stock{t} - late{t}" + (f" - stock{t - 1} + late{t - 1}" if t else "")
        for t, need in enumerate(needs)
    ]
    rows += [f"late{months[-1]} == 0"] if final else []
    return model(variables, "min " + " + ".join(f"make{t} + stock{t} + 3*late{t}" for t in months), *rows)


def fees(needs: tuple[int, ...]) -> Program:
    """The same, each month's stock or delay as what it costs."""
    variables = {
        f"{what}{t}": real(0, 7 if what == "make" else None) for what in ("make", "fee") for t in range(len(needs))
    }
    rows = []
    for t in range(len(needs)):
        beyond = " + ".join(f"make{u}" for u in range(t + 1)) + f" - {sum(needs[: t + 1])}"
        rows += [f"fee{t} >= {beyond}", f"fee{t} >= -3*({beyond})"]
    return model(variables, "min " + " + ".join(f"make{t} + fee{t}" for t in range(len(needs))), *rows)


@pytest.mark.parametrize("needs", [(5, 8), (5, 8, 4), (5, 8, 4, 6)])
def test_stock_and_delay_are_a_fee(needs: tuple[int, ...]) -> None:
    for first, second in ((stocks(needs), fees(needs)), (fees(needs), stocks(needs))):
        assert compare(first, second).relation == "equivalent"
    wrong = fees((needs[0], needs[1] + 1, *needs[2:]))
    assert compare(wrong, stocks(needs)).relation not in ("equivalent", "unknown")


def served(needs: tuple[int, ...]) -> Program:
    """Which month's production serves which month (Krarup and Bilde 1977), with a set-up a month."""
    months, setups, prices = range(len(needs)), (10, 12, 9), (2, 3, 2)
    pairs = [(t, u) for t in months for u in months if t <= u]
    variables = {f"make{t}": real() for t in months} | {f"for_{t}_{u}": real() for t, u in pairs}
    variables |= {f"setup{t}": {"domain": "binary"} for t in months}
    rows = [" + ".join(f"for_{t}_{u}" for t in range(u + 1)) + f" == {need}" for u, need in enumerate(needs)]
    rows += [f"for_{t}_{u} <= {needs[u]}*setup{t}" for t, u in pairs]
    rows += [f"make{t} == " + " + ".join(f"for_{t}_{u}" for u in months if t <= u) for t in months]
    cost = [f"{setups[t]}*setup{t}" for t in months] + [f"{prices[t] + u - t}*for_{t}_{u}" for t, u in pairs]
    return model(variables, "min " + " + ".join(cost), *rows)


def lots(needs: tuple[int, ...], least: int = 0) -> Program:
    """The same with stocks."""
    months, setups, prices = range(len(needs)), (10, 12, 9), (2, 3, 2)
    variables = {f"{what}{t}": real() for what in ("make", "stock") for t in months}
    variables |= {f"setup{t}": {"domain": "binary"} for t in months}
    rows = [f"make{t} + {f'stock{t - 1}' if t else '0'} == {need} + stock{t}" for t, need in enumerate(needs)]
    rows += [f"make{t} <= {sum(needs[t:])}*setup{t}" for t in months] + [f"stock{months[-1]} == 0", f"make0 >= {least}"]
    cost = " + ".join(f"{prices[t]}*make{t} + {setups[t]}*setup{t} + stock{t}" for t in months)
    return model(variables, f"min {cost}", *rows)


def test_which_lot_serves_which_month_is_no_decision_more() -> None:
    """Names settle one side; what the other moves at no cost beside them tells nothing apart. A real limit does."""
    needs = (4, 6, 3)
    for first, second in ((served(needs), lots(needs)), (lots(needs), served(needs))):
        assert compare(first, second).relation == "unknown"
    for first, second in ((served(needs), lots(needs, least=5)), (lots(needs, least=5), served(needs))):
        assert compare(first, second).relation not in ("equivalent", "unknown")
