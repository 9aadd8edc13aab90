"""Facility location: which sites to open, and who is served from where."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .lexicon import TOWNS
from .prose import Voice
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    site: tuple[str, str]
    client: tuple[str, str]
    goods: tuple[str, str]
    openings: tuple[str, ...]
    asides: tuple[str, ...]


_STORIES = (
    _Story(("warehouse", "warehouses"), ("region", "regions"), ("tonne of seed", "tonnes of seed"),
           ("A seed company may [rent|open] warehouses in {sites}; its customers are in {clients}", "Warehouses [could be rented|are on offer] in {sites}, and {clients} want seed"), ("The seed catalogue has {some} pages",)),
    _Story(("bakery", "bakeries"), ("district", "districts"), ("tonne of bread", "tonnes of bread"),
           ("{boss} wants to bring bread to {clients} and could build bakeries in {sites}", "A bread chain plans bakeries; possible [places|sites] are {sites}, the districts are {clients}"), ("The oven maker is [from|based in] {town}",)),
    _Story(("recycling plant", "recycling plants"), ("municipality", "municipalities"), ("tonne of paper", "tonnes of paper"),
           ("Waste paper from {clients} [is to be recycled|must go] in new plants; {sites} have offered land", "Which plants to build? {sites} are possible, and the paper comes from {clients}"), ("Residents [signed|handed in] {some} letters",)),
    _Story(("data centre", "data centres"), ("office", "offices"), ("terabyte", "terabytes"),
           ("Offices in {clients} need [storage|backup]; data centres can be set up in {sites}", "An insurer keeps data for offices in {clients} and may lease data centres in {sites}"), ("The [old|tape] archive was closed in {year}",)),
    _Story(("relief store", "relief stores"), ("village", "villages"), ("tonne of supplies", "tonnes of supplies"),
           ("Relief stores could be [opened|set up] in {sites} to supply {clients}", "An aid agency supplies {clients}; stores may be opened in {sites}"), ("{some} volunteers [arrived|signed up] in {month}",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    sites: tuple[str, ...]
    clients: tuple[str, ...]
    opening: tuple[int, ...]
    cost: tuple[tuple[int, ...], ...]
    capacity: tuple[int, ...]
    demand: tuple[int, ...]
    most: int | None = None


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    a, b = drawing.one_of(
        (2, numbers.between(1, 2)),
        (numbers.between(3, 5), numbers.between(4, 6)),
        (numbers.between(10, 16), numbers.between(30, 50)),
    )
    if drawing.size == "large":
        sites, clients = tuple(codes("f", a)), tuple(codes("c", b))
    else:
        towns = tuple(numbers.sample(TOWNS, a + b))
        sites, clients = towns[:a], towns[a:]
    step = numbers.pick((1, 5, 10))
    demand = tuple(step * numbers.between(2, 12) for _ in clients)
    cost = tuple(tuple(numbers.between(2, 40 if drawing.size == "large" else 15) for _ in clients) for _ in sites)
    total = sum(demand)
    capacity = tuple(step * (-(-total * numbers.between(7, 12) // (10 * step))) for _ in sites)
    if drawing.size == "large":
        capacity = (total,) * a
    low = max(4, total * numbers.between(1, 3))
    opening = tuple(numbers.between(low, low * 2, 5 if low > 20 else 1) for _ in sites)
    return _changed(drawing, _Instance(story, sites, clients, opening, cost, capacity, demand))


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    i, j = change.below(len(made.sites)), change.below(len(made.clients))
    if drawing.is_a("infeasible"):
        shrunk = tuple(max(1, sum(made.demand) * change.between(60, 90) // (100 * len(made.sites))) for _ in made.sites)
        return replace(made, capacity=shrunk)
    if drawing.is_a("redundant"):
        return replace(made, most=len(made.sites))
    if drawing.is_a("sometimes"):
        return replace(made, most=max(1, len(made.sites) - change.between(1, max(1, len(made.sites) - 1))))
    if drawing.is_a("twin"):
        if drawing.size == "large":
            return replace(made, most=change.between(1, 4))
        kind = change.pick(("opening", "demand", "cost"))
        if kind == "opening":
            return replace(
                made,
                opening=tuple(
                    max(1, f * change.pick((6, 13)) // 10) if k == i else f for k, f in enumerate(made.opening)
                ),
            )
        if kind == "demand":
            return replace(
                made, demand=tuple(max(1, d - change.between(1, 6)) if k == j else d for k, d in enumerate(made.demand))
            )
        line = tuple(c + change.between(1, 5) if k == j else c for k, c in enumerate(made.cost[i]))
        return replace(made, cost=(*made.cost[:i], line, *made.cost[i + 1 :]))
    return made


def _capacitated(drawing: Drawing) -> bool:
    return drawing.size != "large" or drawing.is_a("infeasible")


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"
    sites = f"{len(made.sites)} places" if large else voice.listing(made.sites)
    clients = f"{len(made.clients)} {story.client[1]}" if large else voice.listing(made.clients)
    openings = story.openings
    if large:
        openings = (
            "{boss} [may open|has to choose among] {sites} [as|for] {s} to [serve|supply] {clients} [with {g}|]",
            "{sites} are possible for {s}, and {clients} [are waiting for|want] {g}", "{clients} [need|require] {g}; {s} can be opened in {sites}",
        )  # fmt: skip
    opening = voice.say(
        *openings, boss=voice.person, town=voice.town, sites=sites, clients=clients, s=story.site[1], g=story.goods[1]
    )
    facts: dict[str, str] = {}
    many = story.goods[1]
    if large:
        facts["table"] = shape
        facts["rule"] = voice.say(
            "[Every|Each] {c} [is to be|has to be] supplied in full, [and only from {s} that are open|from one or several open {s}]",
            "[Nothing comes from|Nothing can be sent by] a {one} that is not opened; demands [must be|are] met",
            s=story.site[1], c=story.client[0], one=story.site[0],
        )  # fmt: skip
    elif drawing.size == "medium":
        facts |= _tables(voice, made)
    else:
        for i, site in enumerate(made.sites):
            rates = voice.listing(
                [f"{voice.money(c)} to {client}" for c, client in zip(made.cost[i], made.clients, strict=True)]
            )
            cap = voice.count(made.capacity[i], *story.goods)
            fee = voice.money(made.opening[i])
            facts[f"site{i}"] = voice.say(
                "[Opening|Building] in {s} costs {f}; [from there|then] one {one} costs {r}, and {n} at most [can be handled|leave it]",
                "{s}: {f} [to open|once], {r} per {one}, capacity {n}", "For {f} one [gets|may use] the {w} in {s}, good for {n}; [delivery|transport] per {one} is {r}",
                "The {w} in {s} [can serve|handles] up to {n}, charges {r} for each {one} and [costs|needs] {f} [up front|to set up]", s=site, f=fee, r=rates, n=cap, one=story.goods[0], w=story.site[0],
            )  # fmt: skip
        for j, client in enumerate(made.clients):
            facts[f"demand{j}"] = voice.say(
                "{c} [needs|requires] {n}",
                "[Demand|The need] in {c}: {n}",
                "{n} [have to|must] [reach|be handled for] {c}",
                c=client,
                n=voice.count(made.demand[j], *story.goods),
            )
    if made.most is not None:
        facts["most"] = voice.say(
            "[No more than|At most] {n} [may|can] be opened",
            "[There is staff|Permits exist] for {n} {w}[ only|, not more|]",
            n=voice.number(made.most),
            w=story.site[0] if made.most == 1 else story.site[1],
        )
    question = voice.say(
        "[Which|What] {s} should be opened, and [who gets how much from where|how should the deliveries go], at the lowest total cost?", "[Find|Work out] the cheapest [set-up|combination] of {s} and deliveries",
        "[Where|In which places] does it pay to open, if [the sum of|] opening and delivery cost[s|] [is to be as low as possible|should be minimal]?", "[Keep|Make] the [total|overall] cost of opening {s} and moving the {g} as small as possible",
        s=story.site[1], g=many,
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    last = tuple(key for key in ("table", "table2", "table3") if key in facts)
    return voice.compose(opening, facts, question, asides, last=last)


def _tables(voice: Voice, made: _Instance) -> dict[str, str]:
    one, many = made.story.goods
    money = voice.currency.plural
    lead = voice.say(
        "[Opening cost|Fixed cost] ({m}) and capacity ({u}):",
        "[What|This is what] each {s} costs to open ({m}) and [can handle|its capacity] ({u}):",
        m=money,
        u=many,
        s=made.story.site[0],
    )
    rows = [[s, voice.digits(made.opening[i]), voice.digits(made.capacity[i])] for i, s in enumerate(made.sites)]
    second = voice.say(
        "[Delivery|Transport], {m} per {one}:", "One {one} [on the way|delivered] costs ({m}):", m=money, one=one
    )
    lines = [[s, *(voice.digits(c) for c in made.cost[i])] for i, s in enumerate(made.sites)]
    needs = voice.listing(
        [f"{voice.count(d, one, many)} for {c}" for d, c in zip(made.demand, made.clients, strict=True)]
    )
    return {
        "demand": voice.say(
            "[Needed|Required] are {n}", "The [demands|orders] are {n}", "[Deliver|To be delivered]: {n}", n=needs
        ),
        "table": f"{lead}\n{voice.table([made.story.site[0], 'opening', 'capacity'], rows)}",
        "table2": f"{second}\n{voice.table(['from / to', *made.clients], lines)}",
    }


def _flat_reference(made: _Instance) -> Draft:
    sites, clients = [identifier(s) for s in made.sites], [identifier(c) for c in made.clients]
    unit = made.story.goods[1]
    rows: dict[str, Written] = {}
    name = {(i, j): f"{s}_{c}" for i, s in enumerate(sites) for j, c in enumerate(clients)}
    opens = [f"open_{s}" for s in sites]
    for i, s in enumerate(sites):
        rows[f"{s}_capacity"] = (
            f"{linear([(1, name[i, j]) for j in range(len(clients))])} <= {linear([(made.capacity[i], opens[i])])}"
        )
    for j, c in enumerate(clients):
        rows[f"{c}_demand"] = f"{linear([(1, name[i, j]) for i in range(len(sites))])} >= {made.demand[j]}"
    if made.most is not None:
        rows["most"] = f"{linear([(1, o) for o in opens])} <= {made.most}"
    goal = linear([*zip(made.opening, opens, strict=True), *((made.cost[i][j], n) for (i, j), n in name.items())])
    units = {
        **dict.fromkeys(name.values(), unit),
        **dict.fromkeys(opens, "yes or no"),
        **{f"{c}_demand": unit for c in clients},
    }
    return Draft(
        "",
        flat({**dict.fromkeys(opens, "binary"), **dict.fromkeys(name.values(), "continuous")}, "minimize", goal, rows),
        units=units,
    )


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    sites, clients = [identifier(s) for s in made.sites], [identifier(c) for c in made.clients]
    unit = made.story.goods[1]
    rows: dict[str, Written] = {}
    if drawing.size == "small":
        return _flat_reference(made)
    pick = drawing.words.pick
    f, c = pick((("F", "C"), ("sites", "clients"), ("I", "J"), ("places", "customers")))
    fixed, cost, capacity, demand, opened, send = pick(
        (
            ("fixed", "cost", "capacity", "demand", "open", "send"),
            ("f", "c", "u", "d", "y", "x"),
            ("opening_cost", "rate", "size", "need", "built", "flow"),
        )
    )
    if f == "I" or c == "C":
        fixed, cost = "setup", "unit_cost"
    parameters = {
        fixed: vector(f, sites, made.opening),
        cost: matrix(f, c, sites, clients, made.cost),
        demand: vector(c, clients, made.demand),
    }
    meanings = {
        fixed: f"{voice.currency.plural} for opening one of the {made.story.site[1]}",
        cost: f"{voice.currency.plural} for bringing one {made.story.goods[0]} from one of the {made.story.site[1]} to one of the {made.story.client[1]}",
        demand: f"{unit} that one of the {made.story.client[1]} needs",
    }
    rows["serve"] = (f"j in {c}", f"sum({send}[i,j] for i in {f}) >= {demand}[j]")
    if _capacitated(drawing):
        parameters[capacity] = vector(f, sites, made.capacity)
        meanings[capacity] = f"{unit} that one of the {made.story.site[1]} can handle"
        rows["capacity_limit"] = (f"i in {f}", f"sum({send}[i,j] for j in {c}) <= {capacity}[i]*{opened}[i]")
    if drawing.size == "large":
        rows["only_if_open"] = (f"i in {f}, j in {c}", f"{send}[i,j] <= {demand}[j]*{opened}[i]")
    if made.most is not None:
        rows["most"] = f"sum({opened}[i] for i in {f}) <= {made.most}"
    reference, data = indexed(
        drawing, {f: sites, c: clients}, parameters, {opened: Variable("binary", index=(f,)), send: Variable("continuous", 0, index=(f, c))}, "minimize",
        f"sum({fixed}[i]*{opened}[i] for i in {f}) + sum({cost}[i,j]*{send}[i,j] for i in {f} for j in {c})", rows,
    )  # fmt: skip
    shape = (
        describe(voice, data, {f: f"the possible {made.story.site[1]}", c: f"the {made.story.client[1]}"}, meanings)
        if drawing.size == "large"
        else ""
    )
    return Draft(shape, reference, data, units={opened: "yes or no", send: unit, "serve": unit})


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("most",) if drawing.is_a("redundant", "sometimes") else ()
    return finished(drawing, draft, text, voice.currency.plural, marked)


FAMILY = Family(
    "facility-location",
    "which sites to open and who is served from where",
    _draft,
    all_sizes("infeasible", "redundant", "sometimes", "twin"),
)
