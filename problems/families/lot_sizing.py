"""Lot sizing: when to produce how much, with setup costs and stock."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Domain, Variable
from .algebra import Written, codes, flat, indexed, linear, matrix, scalar, vector
from .drawing import Draft, Drawing, Family, all_sizes, finished
from .prose import Voice
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    goods: tuple[str, str]
    period: tuple[str, str]
    openings: tuple[str, ...]
    setup: str
    asides: tuple[str, ...]


_STORIES = (
    _Story(("hectolitre of beer", "hectolitres of beer"), ("week", "weeks"), ("A brewery plans its [dark|wheat] beer for the next {n}", "{boss} brews a [seasonal|special] beer and looks {n} ahead"), "cleaning and heating the kettle", ("The [taproom|garden] seats {some}",)),
    _Story(("tonne of glass", "tonnes of glass"), ("month", "months"), ("A glassworks in {town} schedules green glass over {n}", "Green glass is melted in {town}; the plan covers {n}"), "switching the furnace over", ("The furnace is {some} months old",)),
    _Story(("litre of serum", "litres of serum"), ("quarter", "quarters"), ("A laboratory makes a serum and [plans|thinks] {n} ahead", "For {n}, {boss} must [say|decide] when the serum is made"), "sterilising the line", ("{some} mice [escaped|were adopted] in {year}",)),
    _Story(("thousand bricks", "thousand bricks"), ("season", "seasons"), ("A brickyard near {town} plans {n}", "{boss} fires bricks; orders for {n} are known"), "firing up the kiln", ("Clay comes from a pit opened in {year}",)),
    _Story(("kilogram of soap", "kilograms of soap"), ("day", "days"), ("A soap maker has orders for {n}", "Soap is boiled in {town}, and the next {n} are [to be planned|booked]"), "setting up the vat", ("The scent was [invented|bought] in {year}",)),
    _Story(("tonne of paper", "tonnes of paper"), ("month", "months"), ("A paper mill makes [recycled|grey] paper as needed over {n}", "Paper is ordered every month; {boss} plans {n} of papermaking"), "heating the dryer", ("The mill pond holds {some} [ducks|carp]",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    items: tuple[str, ...]
    demand: tuple[tuple[int, ...], ...]
    setup: tuple[tuple[int, ...], ...]
    cost: tuple[tuple[int, ...], ...]
    hold: tuple[int, ...]
    room: int | None = None
    """The most in stock from the first period to the second (one item only)."""
    most: int | None = None
    """The most that can be produced in a period (one item only)."""
    closed: int | None = None
    """A period without production (number in the horizon)."""

    @property
    def periods(self) -> int:
        return len(self.demand[0])


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    periods = drawing.one_of(2, numbers.between(4, 6), numbers.between(12, 16))
    items = drawing.one_of(("it",), ("it",), tuple(codes("g", numbers.between(6, 9))))
    step = numbers.pick((1, 5, 10))
    demand = tuple(tuple(step * numbers.between(2, 12) for _ in range(periods)) for _ in items)
    base = numbers.between(3, 12)
    cost = tuple(tuple(base + numbers.between(0, 3) for _ in range(periods)) for _ in items)
    hold = tuple(numbers.between(1, 3) for _ in items)
    mean = sum(demand[0]) // periods
    setup = tuple(tuple(max(3, mean * numbers.between(5, 30) // 10) for _ in range(periods)) for _ in items)
    made = _Instance(story, items, demand, setup, cost, hold)
    if len(items) == 1 and numbers.chance(0.5):
        made = replace(made, most=max(max(demand[0]), sum(demand[0]) * numbers.between(55, 90) // 100))
    return _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    total = sum(made.demand[0])
    if drawing.is_a("infeasible"):
        if drawing.size == "large":
            return replace(made, closed=1)
        return replace(
            made, most=max(1, total // made.periods - change.between(1, max(1, total // (3 * made.periods))))
        )
    if drawing.is_a("redundant"):
        return replace(made, most=None, room=total + change.between(1, 20))
    if drawing.is_a("sometimes"):
        return replace(made, room=max(1, made.demand[0][1] * change.between(3, 9) // 10))
    if drawing.is_a("twin"):
        t = change.below(made.periods)
        kind = change.pick(("demand", "setup", "hold")) if drawing.size != "large" else "closed"
        if kind == "demand":
            line = tuple(d + change.between(2, 9) if k == t else d for k, d in enumerate(made.demand[0]))
            return replace(made, demand=(line,))
        if kind == "setup":
            line = tuple(
                max(1, s * change.pick((5, 15, 20)) // 10) if k == t else s for k, s in enumerate(made.setup[0])
            )
            return replace(made, setup=(line,))
        return (
            replace(made, hold=(made.hold[0] + change.between(1, 4),))
            if kind == "hold"
            else replace(made, closed=change.between(2, made.periods))
        )
    return made


def _plant_facts(voice: Voice, made: _Instance, in_table: bool) -> dict[str, str]:
    """Orders, costs, stock and capacity of one product."""
    story = made.story
    one, many = story.goods
    word = story.period[0]
    facts: dict[str, str] = {}
    if in_table:
        lead = voice.say(
            "[By {p}|{p} by {p}] (orders in {u}; costs in {m}):",
            "[The plan data|Figures], {u} and {m}:",
            "What is [ordered|due] ({u}) and what it costs ({m}):",
            p=word,
            u=many,
            m=voice.currency.plural,
        )
        rows = [
            [f"{word} {t + 1}", *(voice.digits(line[0][t]) for line in (made.demand, made.setup, made.cost))]
            for t in range(made.periods)
        ]
        facts["table"] = f"{lead}\n{voice.table([word, 'orders', 'setup', f'cost per {one}'], rows)}"
        facts["setup"] = voice.say(
            "The setup ({s}) is paid in every {p} with production",
            "Whenever [something is|{u} are] made, {s} comes first: that is the setup",
            s=story.setup,
            p=word,
            u=many,
        )
    else:
        for t in range(made.periods):
            facts[f"period{t}"] = voice.say(
                "{d} [are|is] due in {p} {t}; there, {s} costs {f} and [each|a] {one} {c}", "In {p} {t} [customers take|one must deliver] {d}; [making|producing] one costs {c}, and {s} {f}",
                "{p} {t}: {d} [ordered|to deliver], {f} for {s} if anything is made, {c} per {one}", "[For|To produce in] {p} {t}, [pay|count] {f} for {s} plus {c} a {one}; {d} must leave the house",
                d=voice.count(made.demand[0][t], one, many), p=word, t=voice.number(t + 1), s=story.setup, f=voice.money(made.setup[0][t]), one=one, c=voice.money(made.cost[0][t]),
            )  # fmt: skip
    facts["hold"] = voice.say(
        "[Keeping|Storing] one {one} [from one {p} to the next|for a {p}] costs {h}",
        "Storage is {h} [a|per] {one} and {p}",
        "What is left at the end of a {p} is kept, at {h} for each {one}",
        one=one,
        p=word,
        h=voice.money(made.hold[0]),
    )
    facts["start"] = voice.say(
        "[The store is empty|There is no stock] at the start",
        "[Nothing is|They have nothing] in stock [now|yet]",
        "One starts with an empty store",
    )
    if made.most is not None:
        facts["most"] = voice.say(
            "[No more than|At most] {n} can be made in a {p}",
            "[Capacity|The limit] is {n} a {p}",
            n=voice.count(made.most, one, many),
            p=word,
        )
    return facts


def _limit_facts(voice: Voice, made: _Instance, large: bool) -> dict[str, str]:
    """A full store, and a period without production."""
    one, many = made.story.goods
    word = made.story.period[0]
    facts: dict[str, str] = {}
    if made.room is not None:
        what = f"of {made.items[0]} " if large else ""
        n = voice.count(made.room, "unit") if large else voice.count(made.room, one, many)
        facts["room"] = voice.say(
            "[No more than|At most] {n} {w}can be [kept|stored] after {p} {one}",
            "After {p} {one} the store [takes|has room for] {n} {w}[at most|and no more]",
            n=n,
            w=what,
            p=word,
            one=voice.number(1),
        )
    if made.closed is not None:
        what = made.items[0] if large else "anything"
        facts["closed"] = voice.say(
            "In {p} {t} {w} cannot be made",
            "[Maintenance|A holiday] rules out making {w} in {p} {t}",
            "{p} {t}: no production of {w}",
            p=word,
            t=voice.number(made.closed),
            w=what,
        )
    return facts


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"
    word, words = story.period
    horizon = voice.count(made.periods, word, words)
    facts: dict[str, str] = {}
    if large:
        opening = voice.say(
            "A plant [makes|schedules] {g} products over {n}",
            "{g} products, {n}: {boss} [plans production|decides what is made when]",
            "[Production of|Lots for] {g} products have to be fixed for {n}",
            g=len(made.items),
            n=horizon,
            boss=voice.person,
        )
        facts["table"] = shape
        facts["rule"] = voice.say(
            "[Every|Each] order is met on time, from stock or from [fresh|current] production; [whoever produces pays the setup|a setup is paid in each {p} in which a product is made]",
            "A product made in a {p} [needs|costs] a setup in that {p}; [what is not sold is kept|leftovers go into stock] at a holding cost per {p}; [all demand is met|nothing may be late]", p=word,
        )  # fmt: skip
    else:
        opening = voice.say(*story.openings, boss=voice.person, town=voice.town, n=horizon)
        facts |= _plant_facts(voice, made, in_table=drawing.size == "medium")
    facts |= _limit_facts(voice, made, large)
    question = voice.say(
        "When should [how much|what] be made to [keep|hold] the total cost [down|at a minimum]?", "[Find|Draw up] the [cheapest|least costly] production plan", "[Which|What] plan [costs the least|has the lowest cost]?",
        "[Minimise|Keep as low as can be] the sum of setup, production and storage cost",
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _small(made: _Instance) -> Draft:
    """Two periods: what is made, what is kept from the first to the second, and whether there is a setup."""
    demand, setup, cost = made.demand[0], made.setup[0], made.cost[0]
    caps = [made.most if made.most is not None else sum(demand[t:]) for t in range(2)]
    rows: dict[str, Written] = {
        "balance1": f"make1 == {demand[0]} + stock1",
        "balance2": f"stock1 + make2 == {demand[1]}",
        "setup1": f"make1 <= {caps[0]}*run1",
        "setup2": f"make2 <= {caps[1]}*run2",
    }
    if made.room is not None:
        rows["room"] = f"stock1 <= {made.room}"
    goal = linear(
        [(setup[0], "run1"), (setup[1], "run2"), (cost[0], "make1"), (cost[1], "make2"), (made.hold[0], "stock1")]
    )
    amounts = ("make1", "make2", "stock1")
    variables: dict[str, Domain | Variable] = dict.fromkeys(amounts, "continuous")
    variables |= {"run1": "binary", "run2": "binary"}
    many = made.story.goods[1]
    return Draft(
        "",
        flat(variables, "minimize", goal, rows),
        units={**dict.fromkeys(amounts, many), "run1": "yes or no", "run2": "yes or no"},
    )


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    if drawing.size == "small":
        return _small(made)
    periods = range(1, made.periods + 1)
    pick = drawing.words.pick
    if drawing.size == "medium":
        return _medium(drawing, made)
    g, t = pick((("G", "T"), ("products", "periods"), ("I", "T"), ("goods", "slots")))
    demand, setup, cost, hold = pick(
        (("demand", "setup", "cost", "hold"), ("d", "f", "c", "h"), ("orders", "fixed", "unit_cost", "storage"))
    )
    rows: dict[str, Written] = {
        "cover": (f"i in {g}, t in {t}", f"sum(part[i,s,t] for s in {t} if s <= t) == 1"),
        "need_setup": (f"i in {g}, s in {t}, t in {t} if s <= t", "part[i,s,t] <= run[i,s]"),
    }
    if made.closed is not None:
        rows["closed"] = f"run[{made.items[0]},{made.closed}] == 0"
    if made.room is not None:
        later = f"sum({demand}[{made.items[0]},t]*part[{made.items[0]},1,t] for t in {t} if t > 1)"
        rows["room"] = f"{later} <= {made.room}"
    goal = (
        f"sum({setup}[i,s]*run[i,s] for i in {g} for s in {t}) + "
        f"sum({demand}[i,t]*({cost}[i,s] + (t-s)*{hold}[i])*part[i,s,t] for i in {g} for s in {t} for t in {t} if s <= t)"
    )
    parameters = {
        demand: matrix(g, t, made.items, periods, made.demand), setup: matrix(g, t, made.items, periods, made.setup),
        cost: matrix(g, t, made.items, periods, made.cost), hold: vector(g, made.items, made.hold),
    }  # fmt: skip
    reference, data = indexed(
        drawing, {g: made.items, t: list(periods)}, parameters,
        {"run": Variable("binary", index=(g, t)), "part": Variable("continuous", 0, index=(g, t, t))}, "minimize", goal, rows,
    )  # fmt: skip
    word, money = made.story.period[0], voice.currency.plural
    meanings = {
        demand: f"[units of a product due in a {word}|demand|what customers take in that {word} (units)]", setup: f"[{money} for the setup of a product in a {word}|setup cost in {money}|what it takes ({money}) to start a lot]",
        cost: f"[{money} for making one unit of a product in a {word}|production cost of one unit, {money}|unit cost ({money}) when made in that {word}]", hold: f"[{money} for keeping one unit of a product for a {word}|storage of one unit for one {word}, in {money}|holding cost ({money} a unit and {word})]",
    }  # fmt: skip
    shape = describe(voice, data, {g: "the products", t: f"the {made.story.period[1]}"}, meanings)
    return Draft(shape, reference, data, units={"run": "yes or no", "part": "share of the order"})


def _medium(drawing: Drawing, made: _Instance) -> Draft:
    periods = range(1, made.periods + 1)
    pick = drawing.words.pick
    t = pick(("T", "periods", made.story.period[1]))
    demand, setup, cost, hold, make, stock, run = pick(
        (("demand", "setup", "cost", "hold", "make", "stock", "run"), ("d", "f", "c", "h", "x", "s", "y"), ("orders", "fixed", "price", "keep", "lot", "store", "on"))
    )  # fmt: skip
    limit = made.most if made.most is not None else sum(made.demand[0])
    many = made.story.goods[1]
    rows: dict[str, Written] = {
        "first": f"{make}[1] == {demand}[1] + {stock}[1]",
        "balance": (f"t in {t} if t > 1", f"{stock}[t-1] + {make}[t] == {demand}[t] + {stock}[t]"),
        "setup_needed": (f"t in {t}", f"{make}[t] <= {limit}*{run}[t]"),
    }
    if made.room is not None:
        rows["room"] = f"{stock}[1] <= {made.room}"
    reference, data = indexed(
        drawing, {t: list(periods)},
        {demand: vector(t, periods, made.demand[0]), setup: vector(t, periods, made.setup[0]), cost: vector(t, periods, made.cost[0]), hold: scalar(made.hold[0])},
        {make: Variable("continuous", 0, index=(t,)), stock: Variable("continuous", 0, index=(t,)), run: Variable("binary", index=(t,))},
        "minimize", f"sum({setup}[t]*{run}[t] + {cost}[t]*{make}[t] + {hold}*{stock}[t] for t in {t})", rows,
    )  # fmt: skip
    return Draft("", reference, data, units={make: many, stock: many, run: "yes or no"})


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("room",) if drawing.is_a("redundant", "sometimes") else ()
    return finished(drawing, draft, text, voice.currency.plural, marked)


FAMILY = Family(
    "lot-sizing",
    "when to produce how much, with setups and stock",
    _draft,
    all_sizes("infeasible", "redundant", "sometimes", "twin"),
)
