"""Multi-period production and inventory: when to make what, and what to keep in stock, at the least cost.

Small is one product over two or three periods; the others have several products that share the hours of each period.
Whatever is left after the last period is worth nothing, and no demand may wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Domain, Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, scalar, vector
from .drawing import Draft, Drawing, Family, finished
from .prose import Voice, article
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    place: str
    goods: tuple[str, ...]
    domain: Domain
    asides: tuple[str, ...]


_STORIES = (
    _Story("boatyard", ("canoes", "dinghies", "kayaks", "rowing boats"), "integer",
           ("The [slipway|crane] was [renewed|inspected] in {year}",)),
    _Story("brewery", ("hectolitres of lager", "hectolitres of stout", "hectolitres of wheat beer", "hectolitres of cider"),
           "continuous", ("The [old|copper] kettle of {year} is [kept for show|no longer used]",)),
    _Story("bicycle works", ("city bikes", "racing bikes", "cargo bikes", "tandems"), "integer",
           ("A [race|cycling club] [near|from] {town} [ordered {some} jerseys elsewhere|was sponsored with {sum}]",)),
    _Story("cement plant", ("tonnes of cement", "tonnes of mortar", "tonnes of plaster", "tonnes of screed"), "continuous",
           ("The quarry [will last|is leased] for [decades|another {some} years]",)),
    _Story("furniture factory", ("sofas", "armchairs", "beds", "cupboards"), "integer",
           ("[Designer|Foreman] {person} [retires|leaves] in {month}",)),
    _Story("pump maker", ("pumps", "valves", "compressors", "filters"), "integer",
           ("{some} [spare parts|gaskets] [lie|are] in a [separate|different] store",)),
    _Story("salt works", ("tonnes of table salt", "tonnes of road salt", "tonnes of brine", "tonnes of sea salt"), "continuous",
           ("[Rain|Wind] in {year} [delayed|spoiled] the harvest",)),
)  # fmt: skip
_PERIODS = (
    ("month", ("January", "February", "March", "April", "May", "June")),
    ("quarter", ("spring", "summer", "autumn", "winter")),
    ("week", ("week 1", "week 2", "week 3", "week 4", "week 5", "week 6")),
    ("day", ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")),
)


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    goods: tuple[str, ...]
    period: str
    periods: tuple[str, ...]
    opening: tuple[int, ...]
    demand: tuple[tuple[int, ...], ...]
    cost: tuple[tuple[int, ...], ...]
    """cost[p][t] of making one in period t."""
    holding: tuple[int, ...]
    hours: tuple[int, ...]
    """Hours one item takes; all 1 in a small problem, where capacity counts items."""
    capacity: tuple[int, ...]
    store: int | None = None
    closing: int = 0


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    period, names = numbers.pick(_PERIODS)
    count = drawing.one_of(1, numbers.between(2, 3), numbers.between(14, 24))
    length = drawing.one_of(numbers.between(2, 3), numbers.between(3, 4), 12)
    goods = codes("p", count) if drawing.size == "large" else numbers.sample(story.goods, count)
    first = 0 if period == "week" else numbers.between(0, max(0, len(names) - length))
    periods = names[first : first + length] if drawing.size != "large" else tuple(map(str, range(1, length + 1)))
    step = numbers.pick((5, 10))
    demand = tuple(tuple(numbers.between(4, 24) * step for _ in periods) for _ in goods)
    opening = tuple(numbers.between(0, 3) * step for _ in goods)
    base = [numbers.between(20, 90) for _ in goods]
    cost = tuple(tuple(b + numbers.between(-6, 12) for _ in periods) for b in base)
    holding = tuple(numbers.between(1, 5) for _ in goods)
    hours = (1,) if count == 1 else tuple(numbers.between(1, 6) for _ in goods)
    loads = [sum(h * d[t] for h, d in zip(hours, demand, strict=True)) for t in range(length)]
    level = sum(loads) // length
    capacity = tuple(-(-(level * numbers.between(105, 130)) // 100 // step) * step for _ in periods)
    closing = numbers.between(1, 3) * step if drawing.size == "small" and numbers.chance(0.4) else 0
    made = _Instance(story, tuple(goods), period, tuple(periods), opening, demand, cost, holding, hours, capacity,
                     closing=closing)  # fmt: skip
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    t, p = change.below(len(made.periods)), change.below(len(made.goods))
    if drawing.is_a("infeasible"):
        needed = sum(h * max(0, sum(d) - o) for h, d, o in zip(made.hours, made.demand, made.opening, strict=True))
        lowered = made.capacity
        while sum(lowered) >= needed:
            lowered = tuple(max(1, c * change.between(60, 80) // 100) for c in lowered)
        return replace(made, capacity=lowered)
    if drawing.is_a("redundant"):
        return replace(made, store=sum(map(sum, made.demand)) + sum(made.opening) + sum(made.capacity) + made.closing)
    if drawing.is_a("sometimes"):
        if len(made.goods) > 1:
            return replace(made, store=max(10, max(map(max, made.demand)) * change.between(4, 12) // 10))
        short = made.closing
        for asked, room in zip(reversed(made.demand[0][1:]), reversed(made.capacity[1:]), strict=True):
            short = max(0, short + asked - room)
        most = made.opening[0] + made.capacity[0] - made.demand[0][0]
        return replace(made, store=short + (most - short) * change.between(30, 80) // 100)
    kind = change.pick(("demand", "cost", "capacity"))
    if kind == "capacity":
        capacity = tuple(c + change.between(1, 4) * 5 if k == t else c for k, c in enumerate(made.capacity))
        return replace(made, capacity=capacity)
    table = made.demand if kind == "demand" else made.cost
    delta = -5 if kind == "demand" else change.between(3, 9)
    moved = tuple(
        tuple(max(0, v + delta) if (i, k) == (p, t) else v for k, v in enumerate(row)) for i, row in enumerate(table)
    )
    return replace(made, demand=moved) if kind == "demand" else replace(made, cost=moved)


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("store",) if made.store is not None else ()
    return finished(drawing, draft, text, voice.currency.plural, marked)


def _flat(made: _Instance) -> Draft:
    keys = [str(t) for t in range(1, len(made.periods) + 1)]
    rows: dict[str, Written] = {}
    last = len(keys) - 1
    for t, key in enumerate(keys):
        before = f"stock_{keys[t - 1]} + " if t else (f"{made.opening[0]} + " if made.opening[0] else "")
        rows[f"demand_{key}"] = f"{before}make_{key} == {made.demand[0][t]} + stock_{key}"
        rows[f"capacity_{key}"] = f"make_{key} <= {made.capacity[t]}"
    if made.closing:
        rows["closing"] = f"stock_{keys[last]} >= {made.closing}"
    if made.store is not None:
        rows["store"] = f"stock_{keys[0]} <= {made.store}"
    terms = [(made.cost[0][t], f"make_{key}") for t, key in enumerate(keys)]
    terms += [(made.holding[0], f"stock_{key}") for key in keys]
    names = [f"make_{key}" for key in keys] + [f"stock_{key}" for key in keys]
    unit = made.goods[0]
    return Draft(
        "",
        flat(dict.fromkeys(names, made.story.domain), "minimize", linear(terms), rows),
        units=dict.fromkeys(names, unit),
    )


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    goods, periods = [identifier(name) for name in made.goods], list(range(1, len(made.periods) + 1))
    p, t = words.pick((("P", "T"), ("products", "periods"), ("I", "T"), ("goods", "times")))
    make, stock = words.pick((("make", "stock"), ("x", "s"), ("produce", "store"), ("lot", "keep")))
    demand, cost, hold, hours, capacity, opening = words.pick(
        (("demand", "cost", "hold", "hours", "capacity", "opening"), ("d", "c", "h", "a", "b", "s0"),
         ("orders", "unit_cost", "storage_cost", "time_per_unit", "time_limit", "initial_stock"))
    )  # fmt: skip
    parameters = {
        demand: matrix(p, t, goods, periods, made.demand),
        cost: matrix(p, t, goods, periods, made.cost),
        hold: vector(p, goods, made.holding),
        hours: vector(p, goods, made.hours),
        capacity: vector(t, periods, made.capacity),
        opening: vector(p, goods, made.opening),
    }
    rows: dict[str, Written] = {
        "first": (f"i in {p}", f"{opening}[i] + {make}[i,1] == {demand}[i,1] + {stock}[i,1]"),
        "balance": (f"i in {p}, k in {t} if k > 1", f"{stock}[i,k-1] + {make}[i,k] == {demand}[i,k] + {stock}[i,k]"),
        "time": (f"k in {t}", f"sum({hours}[i]*{make}[i,k] for i in {p}) <= {capacity}[k]"),
    }
    if made.store is not None:
        if drawing.size == "large":
            parameters["room"] = scalar(made.store)
        rows["store"] = (
            f"k in {t}", f"sum({stock}[i,k] for i in {p}) <= {'room' if drawing.size == 'large' else made.store}"
        )  # fmt: skip
    variable = Variable(made.story.domain if drawing.size != "large" else "continuous", 0, index=(p, t))
    reference, data = indexed(
        drawing, {p: goods, t: periods}, parameters, {make: variable, stock: variable}, "minimize",
        f"sum({cost}[i,k]*{make}[i,k] + {hold}[i]*{stock}[i,k] for i in {p} for k in {t})", rows,
    )  # fmt: skip
    units = {make: "units", stock: "units"}
    if drawing.size != "large":
        return Draft("", reference, data, units=units)
    money = voice.currency.plural
    meanings = {
        demand: "[how many of a product are asked for in a period|orders for a product that fall due in a period|what customers want of a product in a period|pieces of a product to be delivered in a period]",
        cost: f"[{money} for making one of a product in a period|what one piece costs in {money} when it is made in that period|unit cost of production, {money}, by period|{money} spent on each piece made then]",
        hold: f"[{money} for each one of a product in stock when a period ends, the last period too|storage cost: {money} a piece left over at the end of any period, also the last|{money} charged at every period's end (the last included) for each piece kept]",
        hours: "[machine hours that one of a product takes|hours of work in one piece|hours needed to make one of a product]",
        capacity: "[machine hours of a period|hours available in a period|how many hours can be worked in a period]",
        opening: "[what is in stock of a product before the first period|opening stock|pieces on hand at the start|stock carried in from before]",
    }
    if made.store is not None:
        meanings["room"] = "how many pieces fit in the store at the end of any period"
    sets = {p: "the products", t: f"the {made.period}s in order"}
    return Draft(describe(voice, data, sets, meanings), reference, data, units=units)


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    place, n = made.story.place, len(made.periods)
    what = voice.listing(made.goods) if drawing.size != "large" else f"{voice.digits(len(made.goods))} products"
    span = f"{voice.number(n)} {made.period}s"
    opening = voice.say(
        "{a_place} in {town} [plans|is planning] the [next|coming] {span}",
        "{person} [has to|must] [schedule|plan] {what} for {span}",
        "Demand for {what} [at|from] {a_place} [goes up and down|changes] [over|during] the [next|coming] {span}",
        "{person} runs {a_place} [near|in] {town} and [sells|makes] {what}",
        "The {place} of {town} [makes|turns out] {what}; [the plan|what is wanted] covers {span}",
        a_place=article(place), place=place, town=voice.town, person=voice.person, what=what, span=span,
    )  # fmt: skip
    facts = {"rule": _rules(voice, made)}
    if drawing.size == "large":
        facts["table"] = shape
    elif drawing.size == "medium":
        facts |= _tables(voice, made)
    else:
        facts |= _prose(voice, made)
    if made.store is not None and drawing.size != "large":
        facts["store"] = voice.say(
            "The [store|warehouse] [has room for|holds] [at most|no more than] {n} [{unit}|of them] [at a time|when a {period} ends]"
            if len(made.goods) == 1 else
            "[At the end of a {period}|When a {period} closes], no more than {n} [pieces|items] [of all kinds|in all] can be in store",
            n=voice.digits(made.store), unit=made.goods[0], period=made.period,
        )  # fmt: skip
        if drawing.size == "small":
            facts["store"] = voice.say(
                "After {first} [there is room for|one can keep] [at most|no more than] {n} {unit}",
                "At the end of {first}, the store takes up to {n} {unit}",
                first=made.periods[0], n=voice.digits(made.store), unit=made.goods[0],
            )  # fmt: skip
    question = voice.say(
        "[What|How much] should be [made and stored|made, and kept,] [in each {period}|when], [so that total cost is least|for the lowest total cost]?",
        "[Find|Work out] the [cheapest|least expensive] [plan|schedule] [that meets|meeting] [all demand|every order]",
        "Which plan [keeps|holds] [the bill|costs], production and storage together, [as low as possible|to a minimum]?",
        "The aim is to spend as little as possible on making and keeping",
        period=made.period,
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *made.story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _at(made: _Instance, t: int) -> str:
    return f"{'on' if made.period == 'day' else 'in'} {made.periods[t]}"


def _rules(voice: Voice, made: _Instance) -> str:
    return voice.say(
        "[Orders|Demand] must be met [on time|in the {period} they fall due], [from stock or fresh production|from what is made then or earlier]",
        "[Nothing may be delivered late|No order can wait]; what is not [sold|needed] at once goes into [store|stock]",
        "Stock [may be|can be] carried [over|from one {period} to the next], but [shortages are not allowed|demand cannot be left open]",
        period=made.period,
    )  # fmt: skip


def _prose(voice: Voice, made: _Instance) -> dict[str, str]:
    unit, facts = made.goods[0], {}
    if voice.words.chance(0.5):
        asked = [f"{voice.digits(made.demand[0][t])} {_at(made, t)}" for t, name in enumerate(made.periods)]
        facts["demand"] = voice.say(
            "[Customers want|Orders stand at|Demand for {unit} is] {asked}", "{asked}: [that is what must be delivered|so many {unit} are ordered]",
            unit=unit, asked=voice.listing(asked),
        )  # fmt: skip
        made_of = [
            f"{voice.money(made.cost[0][t])} {_at(made, t)} (at most {voice.digits(made.capacity[t])} there)"
            if voice.spell_up_to < 10 else f"{voice.money(made.cost[0][t])} {_at(made, t)}, where at most {voice.digits(made.capacity[t])} can be made"
            for t, name in enumerate(made.periods)
        ]  # fmt: skip
        facts["cost"] = voice.say(
            "[Making one|Each one made] costs {costs}",
            "The unit cost [is|comes to] {costs}",
            costs=voice.listing(made_of),
        )
    else:
        for t, name in enumerate(made.periods):
            facts[f"period{t}"] = voice.say(
                "{at}, {demand} {unit} [are ordered|must be delivered]; up to {cap} can be made at {cost} each",
                "{name}: demand {demand}, capacity {cap}, {cost} [apiece|per unit]",
                "[For|Orders for] {name} [call for|come to] {demand} {unit}, [and|while] the [shop|plant] can [make|turn out] {cap}, each costing {cost}",
                name=name, at=_at(made, t), demand=voice.digits(made.demand[0][t]), unit=unit, cap=voice.digits(made.capacity[t]),
                cost=voice.money(made.cost[0][t]),
            )  # fmt: skip
    facts["holding"] = voice.say(
        "[Keeping|Storing] one [at the end of a {period}|over the end of a {period}] costs {hold}, [the last {period} included|also after the last {period}]",
        "[Each one|Whatever is] left in store when a {period} ends [costs|is charged at] {hold}, [every {period}|the last one included]",
        period=made.period, hold=voice.money(made.holding[0]) + " apiece",
    )  # fmt: skip
    if made.opening[0]:
        facts["opening"] = voice.say(
            "[At the start|To begin with], {n} {unit} are in stock", "The [store|shelf] holds {n} {unit} already",
            n=voice.number(made.opening[0]), unit=unit,
        )  # fmt: skip
    if made.closing:
        facts["closing"] = voice.say(
            "[When {last} is over|At the very end], at least {n} [must|have to] be left", "A reserve of {n} or more must remain after {last}",
            n=voice.number(made.closing), last=made.periods[-1],
        )  # fmt: skip
    return facts


def _tables(voice: Voice, made: _Instance) -> dict[str, str]:
    rows = []
    for i, good in enumerate(made.goods):
        for t, name in enumerate(made.periods):
            rows.append([f"{good}, {name}", voice.digits(made.demand[i][t]), voice.digits(made.cost[i][t])])
    heads = ["", "demand", f"unit cost ({voice.currency.plural})"]
    lead = voice.say("Demand and [production|unit] cost:", "[What is ordered|Orders], and what one costs to make:")
    caps = voice.listing([f"{voice.digits(made.capacity[t])} {_at(made, t)}" for t, name in enumerate(made.periods)])
    facts = {
        "capacity": voice.say("[Machine|Working] hours [available are|are limited to] {caps}", "There are {caps}: hours, that is", caps=caps)
    }  # fmt: skip
    for i, good in enumerate(made.goods):
        hours = voice.count(made.hours[i], "hour")
        facts[f"good{i}"] = voice.say(
            "[One|A unit] of the {good} takes {hours}; storing it [when a {period} ends (the last one too)|past the end of any {period}, even the last,] costs {hold}; {n} are in stock now",
            "{good}: {hours} each, {hold} a {period} in store, opening stock {n}",
            good=good, hours=hours, hold=voice.money(made.holding[i]), period=made.period, n=voice.number(made.opening[i]),
        )  # fmt: skip
    return {**facts, "table": f"{lead}\n{voice.table(heads, rows)}"}


FAMILY = Family(
    "production-planning",
    "when to make what and what to keep in stock, over several periods, at the least cost",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible", "redundant"),
    },
)
