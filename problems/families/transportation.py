"""Transportation: from several origins to several destinations at the lowest cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Domain, Variable
from ...feasibility.rationals import Exact
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .lexicon import TOWNS
from .prose import Voice
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    origin: tuple[str, str]
    goal: tuple[str, str]
    goods: tuple[str, str]
    """One unit and many: ``("tonne of sand", "tonnes of sand")``."""
    domain: Domain
    openings: tuple[str, ...]
    asides: tuple[str, ...]


_STORIES = (
    _Story(("quarry", "quarries"), ("building site", "building sites"), ("tonne of gravel", "tonnes of gravel"), "continuous",
           ("{person} [supplies|delivers] gravel from the quarries [at|in] {origins} to [building sites|sites] in {goals}",
            "Gravel [leaves|comes from] {origins} and [is wanted|is needed] in {goals}"),
           ("The [lorries|trucks] [are|were] painted [yellow|red] in {year}",)),
    _Story(("mill", "mills"), ("shop", "shops"), ("sack of flour", "sacks of flour"), "integer",
           ("[Two families|A cooperative] [own|owns] mills in {origins}; the shops they supply are in {goals}",
            "Flour is milled in {origins} and sold in {goals}"), ("The mill wheel [dates from|was built in] {year}",)),
    _Story(("warehouse", "warehouses"), ("store", "stores"), ("pallet", "pallets"), "integer",
           ("A furniture chain [keeps|has] warehouses in {origins} and [opens|runs] stores in {goals}",
            "Pallets [stand|wait] in warehouses [at|in] {origins}; the stores in {goals} [have ordered|are asking for] them"),
           ("The [catalogue|brochure] has {some} pages",)),
    _Story(("dairy", "dairies"), ("supermarket", "supermarkets"), ("thousand litres of milk", "thousand litres of milk"), "continuous",
           ("Every morning milk [goes|is driven] from dairies in {origins} to supermarkets in {goals}",
            "{person} plans tomorrow's milk runs: dairies in {origins}, supermarkets in {goals}"),
           ("[A calf|A cow] named {person} won a prize in {month}",)),
    _Story(("clinic store", "clinic stores"), ("hospital", "hospitals"), ("crate of vaccine", "crates of vaccine"), "integer",
           ("Vaccine is [kept|stored] in {origins}; hospitals in {goals} need it [by Friday|soon]",
            "The health ministry [ships|sends] vaccine from {origins} to hospitals in {goals}"),
           ("[Some|About] {some} [nurses|volunteers] [have been|were] trained",)),
    _Story(("port", "ports"), ("depot", "depots"), ("container", "containers"), "integer",
           ("Empty containers have [piled up|collected] in {origins}, while {goals} [run short|are short of them]",
            "A shipping line [repositions|must move] empty containers from {origins} to {goals}"),
           ("The [crane|tug] in {town} [is|was] out of [order|service] [in|until] {month}",)),
    _Story(("power station", "power stations"), ("district", "districts"), ("megawatt hour", "megawatt hours"), "continuous",
           ("Power stations in {origins} [serve|feed] the districts of {goals}",
            "[For the coming hour|Tonight], electricity from {origins} has to [reach|cover] {goals}"),
           ("A [new meter|smart meter] costs {sum}",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    origins: tuple[str, ...]
    goals: tuple[str, ...]
    cost: tuple[tuple[Exact, ...], ...]
    supply: tuple[int, ...]
    demand: tuple[int, ...]
    route: tuple[int, int, int] | None = None
    """Origin, destination and the most that this route carries."""
    closed: bool = False
    """The route is not usable at all."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    rows, columns = drawing.one_of(
        numbers.pick(((2, 2), (2, 2), (2, 2), (2, 2), (2, 3), (3, 2), (1, 3))),
        (numbers.between(3, 5), numbers.between(4, 6)),
        (numbers.between(12, 24), numbers.between(30, 50)),
    )
    if drawing.size == "large":
        origins, goals = tuple(codes("o", rows)), tuple(codes("d", columns))
    else:
        towns = numbers.sample(TOWNS, rows + columns)
        origins, goals = tuple(towns[:rows]), tuple(towns[rows:])
    step = numbers.pick((1, 5, 10))
    half = numbers.chance(0.3)
    cost = tuple(tuple(numbers.tenths(10, 120, 5) if half else numbers.between(2, 30) for _ in goals) for _ in origins)
    demand = tuple(step * numbers.between(3, 20) for _ in goals)
    shares = [numbers.between(2, 6) for _ in origins]
    spare = numbers.pick((100, 110, 125, 140))
    supply = [-(-sum(demand) * spare * share // (100 * sum(shares) * step)) * step for share in shares]
    return _changed(drawing, _Instance(story, origins, goals, cost, tuple(supply), demand))


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    i, j = change.below(len(made.origins)), change.below(len(made.goals))
    reach = min(made.supply[i], made.demand[j])
    if drawing.is_a("infeasible"):
        lacking = sum(made.supply) - sum(made.demand) + change.between(1, 10)
        return replace(made, demand=_plus(made.demand, j, lacking))
    if drawing.is_a("redundant"):
        return replace(made, route=(i, j, reach + change.between(1, 20)))
    if drawing.is_a("sometimes"):
        return replace(made, route=(i, j, max(1, reach * change.between(3, 9) // 10)))
    if drawing.is_a("twin"):
        kind = "closed" if drawing.size == "large" else change.pick(("cost", "demand", "closed"))
        if kind == "cost":
            line = tuple(c + change.between(1, 6) if k == j else c for k, c in enumerate(made.cost[i]))
            return replace(made, cost=(*made.cost[:i], line, *made.cost[i + 1 :]))
        if kind == "demand":
            return replace(made, demand=_plus(made.demand, j, -change.between(1, max(1, made.demand[j] // 2))))
        return replace(made, route=(i, j, 0), closed=True)
    return made


def _plus(values: tuple[int, ...], at: int, amount: int) -> tuple[int, ...]:
    return (*values[:at], values[at] + amount, *values[at + 1 :])


def _amount(voice: Voice, made: _Instance, amount: int) -> str:
    return voice.count(amount, *made.story.goods)


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"
    origins = f"{len(made.origins)} {story.origin[1]}" if large else voice.listing(made.origins)
    goals = f"{len(made.goals)} {story.goal[1]}" if large else voice.listing(made.goals)
    if large:
        opening = voice.say(
            "{origins} [supply|serve] {goals} with {goods}", "{goods} [travel|are moved] from {origins} to {goals}",
            "{person} [dispatches|plans the transport of] {goods} [between|for] {origins} and {goals}",
            "[There are|We have] {origins} and {goals}; what moves between them is {goods}",
            origins=origins, goals=goals, goods=story.goods[1], person=voice.person,
        )  # fmt: skip
    else:
        opening = voice.say(*story.openings, person=voice.person, origins=origins, goals=goals)
    facts: dict[str, str] = {}
    if large:
        facts["rule"] = voice.say(
            "No {o} can [send out|ship] more than it has, and every {g} must [receive|get] [all it asks for|what it ordered]",
            "Each {g} [is to be served|has to be served] in full; each {o} [is limited by its stock|has a limited stock]",
            "[Supplies|Stocks] are upper limits, demands [must be met|are to be met]; [any|every] {o} may serve any {g}",
            o=story.origin[0], g=story.goal[0],
        )  # fmt: skip
        facts["table"] = shape
    else:
        facts |= _supply_facts(voice, made) | _demand_facts(voice, made)
        facts |= _cost_facts(voice, made, in_table=drawing.size == "medium")
    if made.route is not None:
        i, j, most = made.route
        facts["route"] = (
            voice.say(
                "[The road|The connection] from {o} to {g} is closed", "[Nothing|Not one unit] can [go|travel] from {o} to {g}",
                "{o} cannot [serve|deliver to] {g}", o=made.origins[i], g=made.goals[j],
            )
            if made.closed
            else voice.say(
                "[At most|No more than] {n} can [go|travel] from {o} to {g}", "The [bridge|road] between {o} and {g} [carries|takes] {n} at most",
                "From {o} to {g} [there is room for|one can send] {n} [and no more|at most]", n=_amount(voice, made, most),
                o=made.origins[i], g=made.goals[j],
            )
        )  # fmt: skip
    question = voice.say(
        "[What|Which] [shipping plan|plan] [costs least|is cheapest]?", "[Find|Draw up] the [cheapest|least costly] [deliveries|way to do this]",
        "How much should [each|every] {o} send to [each|every] {g} [to keep the cost of transport low|at the lowest total cost]?",
        "[Minimise|Keep down] the [total|whole] [freight|transport] [cost|bill]", "[Who should supply whom|What should go where], so that [the bill is as small as possible|least is spent]?",
        o=story.origin[0], g=story.goal[0],
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _supply_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    each = [(town, _amount(voice, made, supply)) for town, supply in zip(made.origins, made.supply, strict=True)]
    if voice.words.chance(0.5):
        told = voice.listing([f"{amount} in {town}" for town, amount in each])
        return {
            "supply": voice.say(
                "[There are|Available are] {told}",
                "[Ready to leave|In stock]: {told}",
                "The stocks [amount to|are] {told}",
                told=told,
            )
        }
    return {
        f"supply{k}": voice.say(
            "{town} [has|holds|can send] [up to|at most] {amount}", "[At|In] {town}, {amount} [are|stand] ready",
            "No more than {amount} can leave {town}", town=town, amount=amount,
        )
        for k, (town, amount) in enumerate(each)
    }  # fmt: skip


def _demand_facts(voice: Voice, made: _Instance) -> dict[str, str]:
    each = [(town, _amount(voice, made, demand)) for town, demand in zip(made.goals, made.demand, strict=True)]
    if voice.words.chance(0.5):
        told = voice.listing([f"{amount} for {town}" for town, amount in each])
        return {
            "demand": voice.say(
                "[Orders|Orders on the books]: {told}", "[Required|Needed|Wanted] are {told}", "[They|The customers] must get what they ordered: {told}",
                told=told,
            )
        }  # fmt: skip
    return {
        f"demand{k}": voice.say(
            "{town} [needs|must get|has ordered] {amount}", "[Demand|The demand] in {town} is {amount}", "{amount} must [reach|arrive in] {town}",
            town=town, amount=amount,
        )
        for k, (town, amount) in enumerate(each)
    }  # fmt: skip


def _cost_facts(voice: Voice, made: _Instance, *, in_table: bool) -> dict[str, str]:
    one = made.story.goods[0]
    if in_table:
        lead = voice.say(
            "[Cost|Freight] per {one}, in {money}:", "[Moving|Hauling] one {one} costs ({money}):", "[The tariff|Rates] ({money} per {one}):",
            one=one, money=voice.currency.plural,
        )  # fmt: skip
        rows = [[town, *(voice.digits(c) for c in line)] for town, line in zip(made.origins, made.cost, strict=True)]
        return {"table": f"{lead}\n{voice.table(['from / to', *made.goals], rows)}"}
    facts = {}
    by_goal = voice.words.chance(0.4)
    for k, town in enumerate(made.goals if by_goal else made.origins):
        ends = made.origins if by_goal else made.goals
        costs = [line[k] for line in made.cost] if by_goal else list(made.cost[k])
        told = voice.listing(
            [f"{voice.money(c)} {'from' if by_goal else 'to'} {end}" for c, end in zip(costs, ends, strict=True)]
        )
        facts[f"cost{k}"] = voice.say(
            "[Bringing|Getting] one {one} {way} {town} costs {told}", "[Freight|Carriage] {way} {town}, [for each|per] {one}: {told}",
            "[One pays|They charge] {told} for one {one} {way} {town}", "{way} {town} the [rate|price] per {one} is {told}",
            one=one, way="to" if by_goal else "from", town=town, told=told,
        )  # fmt: skip
    return facts


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    origins, goals = [identifier(o) for o in made.origins], [identifier(g) for g in made.goals]
    unit = made.story.goods[1]
    if drawing.size == "small":
        name = {(i, j): f"{o}_{g}" for i, o in enumerate(origins) for j, g in enumerate(goals)}
        rows: dict[str, Written] = {
            f"{o}_supply": f"{linear([(1, name[i, j]) for j in range(len(goals))])} <= {made.supply[i]}"
            for i, o in enumerate(origins)
        }
        rows |= {
            f"{g}_demand": f"{linear([(1, name[i, j]) for i in range(len(origins))])} >= {made.demand[j]}"
            for j, g in enumerate(goals)
        }
        if made.route is not None:
            i, j, most = made.route
            rows["route"] = f"{name[i, j]} {'==' if made.closed else '<='} {most}"
        goal = linear([(made.cost[i][j], text) for (i, j), text in name.items()])
        variables = dict.fromkeys(name.values(), made.story.domain)
        return Draft("", flat(variables, "minimize", goal, rows), units=dict.fromkeys([*variables, *rows], unit))
    pick = drawing.words.pick
    o, d = pick(
        (
            ("O", "D"),
            ("origins", "destinations"),
            ("I", "J"),
            (made.story.origin[1].replace(" ", "_"), made.story.goal[1].replace(" ", "_")),
        )
    )
    cost, supply, demand, ship = pick(
        (("cost", "supply", "demand", "ship"), ("c", "stock", "need", "x"), ("rate", "available", "orders", "flow"))
    )
    rows = {
        "from_origin": (f"i in {o}", f"sum({ship}[i,j] for j in {d}) <= {supply}[i]"),
        "to_destination": (f"j in {d}", f"sum({ship}[i,j] for i in {o}) >= {demand}[j]"),
    }
    if made.route is not None:
        i, j, most = made.route
        rows["route"] = f"{ship}[{origins[i]},{goals[j]}] {'==' if made.closed else '<='} {most}"
    reference, data = indexed(
        drawing, {o: origins, d: goals},
        {cost: matrix(o, d, origins, goals, made.cost), supply: vector(o, origins, made.supply), demand: vector(d, goals, made.demand)},
        {ship: Variable(made.story.domain, 0, index=(o, d))}, "minimize", f"sum({cost}[i,j]*{ship}[i,j] for i in {o} for j in {d})", rows,
    )  # fmt: skip
    meanings = {
        cost: f"cost in {voice.currency.plural} of one {made.story.goods[0]} on the way from one of the {made.story.origin[1]} to one of the {made.story.goal[1]}",
        supply: f"{unit} that can leave",
        demand: f"{unit} that must arrive",
    }
    sets = {o: f"the {made.story.origin[1]}", d: f"the {made.story.goal[1]}"}
    shape = describe(voice, data, sets, meanings) if drawing.size == "large" else ""
    return Draft(shape, reference, data, units={ship: unit, "from_origin": unit, "to_destination": unit})


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("route",) if drawing.is_a("redundant", "sometimes") else ()
    return finished(drawing, draft, text, voice.currency.plural, marked)


FAMILY = Family(
    "transportation",
    "from several origins to several destinations at the lowest cost",
    _draft,
    all_sizes("infeasible", "redundant", "sometimes", "twin"),
)
