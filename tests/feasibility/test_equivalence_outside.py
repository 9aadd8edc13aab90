"""Pairs that a stranger wrote against the judge: one wrong number under names, and honest texts told another way.

Each false verdict here was the judge's once. Every pair is held both ways round.
"""

from __future__ import annotations

from typing import Any

import pytest

from pyrite import equivalent

Model = dict[str, Any]


def model(sense: str, expression: str, variables: dict[str, Any], *rows: Any, **data: Any) -> Model:
    """``variables`` by name: a kind (``c``, ``i``, ``b``), with (kind, lower, upper), or as the language has it."""
    written: dict[str, Any] = {}
    for name, said in variables.items():
        kind, low, high = said if isinstance(said, tuple) else (said, 0, None)
        if isinstance(said, dict):
            written[name] = said
        elif kind == "b":
            written[name] = {"domain": "binary"}
        else:
            written[name] = {"domain": {"c": "continuous", "i": "integer"}[kind], "lower": low}
            written[name] |= {} if high is None else {"upper": high}
    objective = {"sense": sense, "expression": expression}
    return {
        "variables": written,
        "objective": objective,
        "constraints": {f"r{n}": r for n, r in enumerate(rows)},
    } | data


def over(domain: str, *sets: str, **ends: Any) -> Model:
    return {"index": list(sets), "domain": domain, "lower": 0} | ends


def baked(row: str, kind: Any = "c", goal: str = "4*bread", sense: str = "minimize", name: str = "bread") -> Model:
    return model(sense, goal.replace("bread", name), {name: kind, "milk": ("i", 0, 5)}, row.replace("bread", name))


def ovens(each: int, kind: str, goal: str = "bread", *more: str) -> Model:
    columns = {"ovens": ("i", 0, 10), "trucks": ("i", 0, 8), "bread": kind}
    return model("maximize", goal, columns, f"bread == {each}*ovens", "ovens + trucks <= 12", *more)


def given(first: Any, second: Any, profit: tuple[int, int], hours: tuple[int, int]) -> Model:
    members = [first, second]
    tables = [
        {"index": ["P"], "values": {str(m): v for m, v in zip(members, column, strict=True)}}
        for column in (profit, hours)
    ]
    return model(
        "maximize", "sum(profit[p]*give[p] for p in P)", {"give": over("integer", "P", upper=15)},
        "sum(hours[p]*give[p] for p in P) <= 40", sets={"P": members},
        parameters=dict(zip(("profit", "hours"), tables, strict=True)),
    )  # fmt: skip


def baskets(first: str, second: str, prices: tuple[int, int], hours: tuple[int, int]) -> Model:
    goal, row = (f"{x}*{first} + {y}*{second}" for x, y in (prices, hours))
    return model("maximize", goal, {first: ("i", 0, 15), second: ("i", 0, 15)}, f"{row} <= 40")


def paid(each: int) -> Model:
    columns = {"regular": ("c", 0, 40), "overtime": ("c", 0, 20), "temps": ("i", 0, 4), "pay": "c"}
    rows = "regular + overtime == 45", f"pay == {each}*overtime", "temps + 0.1*regular >= 4"
    return model("minimize", "20*regular + 30*overtime + 25*temps", columns, *rows)


def watered(each: int, row: str = "water[t] == {}*ovens[t]") -> Model:
    columns = {"water": over("continuous", "T"), "ovens": over("integer", "T", upper=5)}
    rows = {"for": "t in T", "expression": row.format(each)}, "sum(ovens[t] for t in T) <= 7"
    return model("maximize", "sum(t*ovens[t] for t in T)", columns, *rows, sets={"T": [1, 2]})


COPIES = model(
    "maximize", "5*bread + 3*cake", dict.fromkeys(("bread", "cake", "Bread", "Cake"), ("i", 0, 15)),
    "4*bread + 2*cake <= 40", "cake <= 9", "Bread == bread", "Cake == cake",
)  # fmt: skip
PLAIN = model(
    "maximize",
    "3*bread + 5*cake",
    {"bread": ("i", 0, 15), "cake": ("i", 0, 15)},
    "2*bread + 4*cake <= 40",
    "bread <= 9",
)

DIFFERENT = {
    "all of the objective": (baked("2*bread + milk >= 8"), baked("3*bread + milk >= 8")),
    "all of it, nearly the same": (baked("2*bread + milk >= 8"), baked("2.2*bread + milk >= 8")),
    "all of it, with ends": (baked("2*bread + milk >= 8", ("c", 0, 10)), baked("3*bread + milk >= 8", ("c", 0, 10))),
    "all of it, under a generic name": (
        baked("2*bread + milk >= 8", name="x1"), baked("3*bread + milk >= 8", name="x1")),
    "all of it, an equation there": (baked("2*bread + milk >= 8"), baked("3*bread + milk == 8")),
    "all of a maximum": (
        baked("2*bread + milk <= 20", goal="5*bread", sense="maximize"),
        baked("3*bread + milk <= 20", goal="5*bread", sense="maximize")),
    "whole loaves through an equation": (ovens(3, "i"), ovens(2, "i")),
    "a total": (ovens(3, "c", "bread", "2*ovens + trucks <= 17"), ovens(2, "c", "bread", "2*ovens + trucks <= 17")),
    "signs": (given("A+", "A-", (3, 5), (2, 4)), given("A+", "A-", (5, 3), (4, 2))),
    "ages": (given("<18", ">18", (3, 5), (2, 4)), given("<18", ">18", (5, 3), (4, 2))),
    "letters of two sizes": (given("S", "s", (3, 5), (2, 4)), given("S", "s", (5, 3), (4, 2))),
    "languages": (given("C", "C++", (3, 5), (2, 4)), given("C", "C++", (5, 3), (4, 2))),
    "copies that take the names": (COPIES, PLAIN),
    "plurals": (baskets("breads", "cakes", (5, 3), (4, 2)), baskets("bread", "cake", (3, 5), (2, 4))),
    "members alone": (given("bread", "cake", (5, 3), (4, 2)), baskets("bread", "cake", (3, 5), (2, 4))),
    "an equation through the cost": (paid(30), paid(35)),
    "one number for each period": (watered(2), watered(3)),
    "one number for each period, a row": (watered(2, "water[t] >= {}*ovens[t]"), watered(3, "water[t] >= {}*ovens[t]")),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENT)
def test_one_wrong_number_under_names_is_never_equivalent(name: str) -> None:
    one, other = DIFFERENT[name]
    assert equivalent(one, other).relation != "equivalent"
    assert equivalent(other, one).relation != "equivalent"


def numbered(base: int, costs: tuple[int, ...], most: int = 35) -> Model:
    periods = [base + n for n in range(len(costs))]
    rows = (
        f"make[{base}] == 20 + stock[{base}]",
        {"for": f"t in T if t > {base}", "expression": "make[t] + stock[t-1] == 20 + stock[t]"},
        {"for": "t in T", "expression": f"make[t] <= {most}"},
    )
    prices = {"c": {"index": ["T"], "values": {str(t): c for t, c in zip(periods, costs, strict=True)}}}
    columns = {name: over("continuous", "T") for name in ("make", "stock")}
    goal = "sum(c[t]*make[t] + stock[t] for t in T)"
    return model("minimize", goal, columns, *rows, sets={"T": periods}, parameters=prices)


def flat(base: int, prices: tuple[int, int] = (3, 5)) -> Model:
    x, y = f"product_{base}", f"product_{base + 1}"
    goal = f"{prices[0]}*{x} + {prices[1]}*{y}"
    return model("maximize", goal, {x: "c", y: "c"}, f"2*{x} + 4*{y} <= 60", f"{x} <= 9")


def matched(base: int, costs: tuple[tuple[int, ...], ...]) -> Model:
    size = len(costs)
    cells = {(i, j): f"assign_{base + i}_{base + j}" for i in range(size) for j in range(size)}
    rows = [" + ".join(cells[i, j] for j in range(size)) + " == 1" for i in range(size)]
    rows += [" + ".join(cells[i, j] for i in range(size)) + " == 1" for j in range(size)]
    goal = " + ".join(f"{costs[i][j]}*{name}" for (i, j), name in cells.items())
    return model("minimize", goal, dict.fromkeys(cells.values(), "b"), *rows)


COSTS = (5, 8, 6)
SQUARE = (4, 9, 7), (3, 6, 8), (5, 2, 11)
OTHER = (4, 9, 7), (3, 6, 9), (5, 2, 11)


@pytest.mark.parametrize("base", [0, 2, 7])
def test_who_counts_from_another_number_says_the_same(base: int) -> None:
    for one, other in (
        (numbered(base, COSTS), numbered(1, COSTS)),
        (flat(base), flat(1)),
        (matched(base, SQUARE), matched(1, SQUARE)),
    ):
        assert equivalent(one, other).relation == "equivalent"
        assert equivalent(other, one).relation == "equivalent"


@pytest.mark.parametrize("base", [0, 2])
def test_a_wrong_number_is_told_though_they_count_from_another_one(base: int) -> None:
    found = equivalent(numbered(base, COSTS, most=30), numbered(1, COSTS))
    assert found.relation == "restriction"
    assert equivalent(numbered(base, (5, 8, 7)), numbered(1, COSTS)).relation == "objective-differs"
    assert equivalent(flat(base, (5, 3)), flat(1)).relation == "objective-differs"
    assert equivalent(matched(base, OTHER), matched(1, SQUARE)).relation == "objective-differs"


def test_a_stock_at_the_end_of_a_period_is_one_at_the_beginning_of_the_next() -> None:
    """One family is numbered alike and the other is not: which stock is which is found, not read off the numbers."""

    def plan(stock: list[str]) -> Model:
        columns = dict.fromkeys((*(f"make_{t}" for t in (1, 2, 3)), *stock), "c")
        rows = f"make_1 == 20 + {stock[0]}", f"make_2 + {stock[0]} == 25 + {stock[1]}", f"make_3 + {stock[1]} == 30"
        goal = f"5*make_1 + 8*make_2 + 6*make_3 + 2*{stock[0]} + 3*{stock[1]}"
        return model("minimize", goal, columns, *rows, "make_1 <= 40")

    assert equivalent(plan(["stock_1", "stock_2"]), plan(["stock_2", "stock_3"])).relation == "equivalent"


def least(kind: Any, amounts: str = "c", first: int = 2) -> Model:
    columns = {"north": amounts, "south": amounts, "least": kind}
    rows = f"least <= {first}*north", "least <= 3*south", "north + south <= 10"
    return model("maximize", "least", columns, *rows)


def peak(kind: str, *more: str) -> Model:
    columns = {"january": "i", "february": "i", "peak": kind}
    return model(
        "minimize", "peak", columns, "january <= peak", "february <= peak", "3*january + 2*february >= 11", *more
    )


def test_waste_of_what_the_objective_chooses_tells_nothing_apart() -> None:
    for one, other in ((least("c"), least(("c", None, None))), (peak("c"), peak("i"))):
        for found in (equivalent(one, other), equivalent(other, one)):
            assert (found.relation, found.code) in (("unknown", "wasteful"), ("equivalent", None))


def test_waste_hides_no_difference() -> None:
    assert equivalent(least("c", first=4), least(("c", None, None))).relation not in ("equivalent", "unknown")
    assert equivalent(least(("c", None, 9)), least(("c", None, None))).relation == "restriction"
    found = equivalent(peak("c"), peak("i", "january <= 3"))
    assert found.relation == "relaxation"
    assert found.witness is not None
    assert equivalent(peak("c"), peak("c", "peak <= 2")).relation not in ("equivalent", "unknown")


def packed(order: list[int], sense: str, limit: str, price: int = 3) -> Model:
    """A knapsack of 15 items under x1 to x15, told by what is taken or by what is left."""
    prices = [price, 10, 6, 13, 9, 5, 12, 8, 4, 11, 7, 3, 10, 6, 13]
    weights = [2, 7, 12, 4, 9, 14, 6, 11, 3, 8, 13, 5, 10, 2, 7]
    goal, row = (" + ".join(f"{c[k]}*x{n + 1}" for n, k in enumerate(order)) for c in (prices, weights))
    return model(sense, goal, {f"x{n + 1}": "b" for n in range(15)}, f"{row} {limit}")


def test_many_generic_names_may_be_in_another_order() -> None:
    order = list(range(15))
    taken, left = packed(order, "maximize", "<= 50"), packed(order, "minimize", ">= 63")
    assert equivalent(taken, left).relation in ("equivalent", "unknown")
    assert equivalent(taken, packed(order[::-1], "maximize", "<= 50")).relation == "equivalent"
    assert equivalent(taken, packed(order, "maximize", "<= 49")).relation == "relaxation"
    assert equivalent(packed(order, "maximize", "<= 50", price=4), taken).relation == "objective-differs"


def shares(names: tuple[str, str], total: int, prices: tuple[int, int], least_: int) -> Model:
    x, y = names
    rows = f"{x} + {y} == {total}", f"3*{x} + 8*{y} >= {least_}"
    return model("minimize", f"{prices[0]}*{x}**2 + {prices[1]}*{y}**2", {x: "c", y: "c"}, *rows)


def test_products_under_other_names_are_not_refuted() -> None:
    amounts = shares(("bonds", "stocks"), 10, (2, 3), 50)
    for names in (("pan", "vino"), ("w_bonds", "w_stocks"), ("x1", "x2"), ("x2", "x1")):
        assert equivalent(amounts, shares(names, 1, (200, 300), 5)).relation in ("equivalent", "unknown")
    turned = model("minimize", "6*x1**2 + 2*x2**2", {"x1": "c", "x2": "c"}, "2*x1 + x2 >= 4")
    straight = model("minimize", "2*x1**2 + 6*x2**2", {"x1": "c", "x2": "c"}, "x1 + 2*x2 >= 4")
    assert equivalent(straight, turned).relation in ("equivalent", "unknown")
    assert equivalent(amounts, shares(("bonds", "stocks"), 10, (2, 3), 60)).relation == "relaxation"


def test_price_tiers_as_segments_and_as_an_epigraph_are_not_refuted() -> None:
    segments = model(
        "minimize", "5*seg1 + 7*seg2 + 9*seg3 - 8*sold", dict.fromkeys(("sold", "seg1", "seg2", "seg3"), "c"),
        "seg1 <= 10", "seg2 <= 15", "seg3 <= 30", "sold == seg1 + seg2 + seg3",
    )  # fmt: skip
    lines = "cost >= 5*sold", "cost >= 7*sold - 20", "cost >= 9*sold - 70", "sold <= 55"
    epigraph = model("minimize", "cost - 8*sold", {"sold": "c", "cost": "c"}, *lines)
    assert equivalent(segments, epigraph).relation in ("equivalent", "unknown")
    assert equivalent(epigraph, segments).relation in ("equivalent", "unknown")


def test_a_given_first_stock_moves_the_numbers_of_the_others() -> None:
    columns = [f"make_{t}" for t in (1, 2, 3)]
    prices = "7*make_1 + 7*make_2 + 8*make_3 + 3*{} + 3*{} + 2*{}"

    def plan(stocks: tuple[int, int, int], first: str, *more: str, need: int = 38) -> Model:
        x, y, z = (f"stock_{t}" for t in stocks)
        rows = f"make_1 + {first} == {x} + 23", f"make_2 + {x} == {y} + {need}", f"make_3 + {y} == {z} + 33"
        ends = "make_1 <= 65", "make_2 <= 30"
        named = dict.fromkeys((*columns, x, y, z, *((first,) if more else ())), "c")
        return model("minimize", prices.format(x, y, z), named, *rows, *ends, *more)

    after, before = plan((1, 2, 3), "9"), plan((2, 3, 4), "stock_1", "stock_1 == 9")
    assert equivalent(after, before).relation == "equivalent"
    assert equivalent(before, after).relation == "equivalent"
    for wrong in (plan((2, 3, 4), "stock_1", "stock_1 == 8"), plan((2, 3, 4), "stock_1", "stock_1 == 9", need=37)):
        assert equivalent(after, wrong).relation != "equivalent"
        assert equivalent(wrong, after).relation != "equivalent"


def priced(names: tuple[str, ...], prices: tuple[int, ...], row: str, **more: Any) -> Model:
    """Items of at most 6 each, and what stands in ``more``, under one row."""
    goal = " + ".join(f"{price}*{name}" for name, price in zip((*names, *more), prices, strict=True))
    return model("maximize", goal, {**dict.fromkeys(names, ("c", 0, 6)), **more}, row)


def test_what_both_call_alike_is_the_same_beside_what_they_call_otherwise() -> None:
    """Prices of two items exchanged, beside an item of another number, another name, or families that are moved."""
    items = "product_101", "product_102", "product_205"
    total = "product_101 + product_102 + {} <= 10"
    moved = "{0} + {1} + {2} <= 10*oven_1 + 7*oven_2"
    made, later = ("make_0", "make_1", "make_2"), ("make_1", "make_2", "make_3")
    pairs = [
        (priced(items, (5, 3, 4), total.format("product_205")),
         priced((*items[:2], "product_206"), (3, 5, 4), total.format("product_206"))),
        (priced(("chairs", "tables"), (5, 3, -4), "chairs + tables <= 10 + 3*y", y="b"),
         priced(("chair", "table"), (3, 5, -4), "chair + table <= 10 + 3*z", z="b")),
        (priced(("chairs", "tables"), (5, 3, -4), "chairs + tables <= 10 + 3*overtime", overtime="b"),
         priced(("chair", "table"), (3, 5, -4), "chair + table <= 10 + 3*night_shift", night_shift="b")),
        (priced(made, (5, 3, 4, -2, -3), moved.format(*made), oven_1="b", oven_2="b"),
         priced(later, (3, 5, 4, -2, -3), moved.format(*later), oven_1="b", oven_2="b")),
    ]  # fmt: skip
    for one, other in pairs:
        assert equivalent(one, other).relation != "equivalent"
        assert equivalent(other, one).relation != "equivalent"
    honest = priced(later, (5, 3, 4, -2, -3), moved.format(*later), oven_1="b", oven_2="b")
    assert equivalent(pairs[3][0], honest).relation == "equivalent"
