"""Transshipment: minimum-cost flow from sources through hubs to customers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Domain, Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, finished
from .lexicon import TOWNS
from .prose import Voice
from .shape import describe


@dataclass(frozen=True, slots=True)
class _Story:
    source: tuple[str, str]
    hub: tuple[str, str]
    sink: tuple[str, str]
    goods: tuple[str, str]
    domain: Domain
    openings: tuple[str, ...]
    asides: tuple[str, ...]


_STORIES = (
    _Story(("brewery", "breweries"), ("depot", "depots"), ("city", "cities"), ("keg", "kegs"), "integer",
           ("[Beer brewed|Kegs filled] in {sources} [reach|reaches] {sinks} only through depots in {hubs}",
            "{boss} brews in {sources}, keeps depots in {hubs} and sells in {sinks}"), ("The [first|oldest] copper kettle is from {year}",)),
    _Story(("gas field", "gas fields"), ("compressor station", "compressor stations"), ("town", "towns"), ("thousand cubic metres", "thousand cubic metres"),
           "continuous", ("Gas from {sources} [flows|is pumped] through the compressor stations {hubs} to {sinks}",
            "A pipeline operator [takes|draws] gas in {sources}; the stations {hubs} pass it on to {sinks}"), ("[A leak|An outage] was [reported|fixed] in {month}",)),
    _Story(("farm", "farms"), ("packing house", "packing houses"), ("market", "markets"), ("crate of apples", "crates of apples"), "integer",
           ("Apples [grown|picked] in {sources} are packed in {hubs} and sold on markets in {sinks}",
            "The fruit cooperative of {boss}: orchards at {sources}, packing in {hubs}, markets in {sinks}"), ("[Hail|Frost] hit {some} trees in {year}",)),
    _Story(("refinery", "refineries"), ("tank farm", "tank farms"), ("airport", "airports"), ("tonne of kerosene", "tonnes of kerosene"), "continuous",
           ("Kerosene [leaves|is made] in {sources}, [passes|rests in] tank farms in {hubs} and [ends up|is burnt] at the airports of {sinks}",
            "The airports of {sinks} get kerosene from {sources} [via|by way of] tank farms in {hubs}"), ("Runway lights [cost|came to] {sum}",)),
    _Story(("printer", "printers"), ("sorting centre", "sorting centres"), ("bookshop", "bookshops"), ("parcel of books", "parcels of books"), "integer",
           ("Books printed in {sources} are [sorted|split up] in {hubs} before they go to bookshops in {sinks}",
            "Between the printers ({sources}) and the bookshops ({sinks}) stand the sorting centres in {hubs}"), ("The novel has {some} pages",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Instance:
    story: _Story
    sources: tuple[str, ...]
    hubs: tuple[str, ...]
    sinks: tuple[str, ...]
    into: tuple[tuple[int, ...], ...]
    out: tuple[tuple[int, ...], ...]
    supply: tuple[int, ...]
    demand: tuple[int, ...]
    room: dict[int, int]
    """Most that a hub handles."""
    cut: tuple[int, int] | None = None
    """A hub that cannot serve this customer."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    story = numbers.pick(_STORIES)
    a, b, c = drawing.one_of(
        numbers.pick(((1, 2, 1), (2, 1, 2), (1, 2, 1), (2, 1, 1), (1, 2, 2))),
        (numbers.between(2, 3), numbers.between(2, 4), numbers.between(3, 5)),
        (numbers.between(8, 14), numbers.between(6, 10), numbers.between(40, 70)),
    )
    if drawing.size == "large":
        sources, hubs, sinks = tuple(codes("s", a)), tuple(codes("h", b)), tuple(codes("c", c))
    else:
        towns = tuple(numbers.sample(TOWNS, a + b + c))
        sources, hubs, sinks = towns[:a], towns[a : a + b], towns[a + b :]
    into = tuple(tuple(numbers.between(2, 15) for _ in hubs) for _ in sources)
    out = tuple(tuple(numbers.between(1, 18) for _ in sinks) for _ in hubs)
    step = numbers.pick((1, 5, 10))
    demand = tuple(step * numbers.between(2, 15) for _ in sinks)
    total = sum(demand)
    supply = tuple(step * (-(-total * numbers.between(11, 16) // (10 * a * step))) for _ in sources)
    room = {h: step * (-(-total * numbers.between(6, 9) // (10 * step))) for h in range(b)} if b > 1 else {}
    if drawing.size == "large":
        room = {h: step * (-(-total * numbers.between(12, 20) // (10 * b * step))) for h in range(b)}
    elif b > 1 and numbers.chance(0.4):
        room = {0: room[0]}
    return _changed(drawing, _Instance(story, sources, hubs, sinks, into, out, supply, demand, room))


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    h, k = change.below(len(made.hubs)), change.below(len(made.sinks))
    if drawing.is_a("infeasible"):
        lacking = sum(made.supply) - sum(made.demand) + change.between(1, 12)
        return replace(made, demand=tuple(d + (lacking if i == k else 0) for i, d in enumerate(made.demand)))
    if drawing.is_a("redundant"):
        room = {0: sum(made.supply) + change.between(1, 30)}
        return replace(made, room=room if drawing.size != "large" else {**made.room, h: sum(made.supply) + 5})
    if drawing.is_a("sometimes") or (
        drawing.is_a("twin") and (drawing.size == "large" or (change.chance(0.4) and len(made.hubs) > 1))
    ):
        return replace(made, cut=(h, k))
    if drawing.is_a("twin"):
        if change.chance(0.5):
            demand = tuple(max(1, d - change.between(1, 9)) if i == k else d for i, d in enumerate(made.demand))
            return replace(made, demand=demand)
        line = tuple(c + change.between(1, 6) if i == k else c for i, c in enumerate(made.out[h]))
        return replace(made, out=(*made.out[:h], line, *made.out[h + 1 :]))
    return made


def _place_facts(voice: Voice, made: _Instance, in_table: bool) -> dict[str, str]:
    """Supplies, demands, rooms and costs in words."""

    def amount(value: int) -> str:
        return voice.count(value, *made.story.goods)

    facts: dict[str, str] = {}
    for i, town in enumerate(made.sources):
        facts[f"supply{i}"] = voice.say(
            "{t} [can send|has|puts out] [at most|up to] {n}",
            "[Up to|At most] {n} [leave|come out of] {t}",
            "The limit [in|at] {t} is {n}",
            t=town,
            n=amount(made.supply[i]),
        )
    for i, town in enumerate(made.sinks):
        facts[f"demand{i}"] = voice.say(
            "{t} [needs|wants|has asked for] {n}",
            "{n} [must|have to] [get to|end up in] {t}",
            "[Demand|The need] of {t}: {n}",
            t=town,
            n=amount(made.demand[i]),
        )
    for i, most in made.room.items():
        facts[f"room{i}"] = voice.say(
            "{t} can [handle|pass on] no more than {n}",
            "[Through|Via] {t} [at most|no more than] {n} can go",
            "[The|A] limit of {n} holds for what passes {t}",
            t=made.hubs[i],
            n=amount(most),
        )
    facts |= _cost_facts(voice, made, in_table=in_table)
    return facts


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    story, large = made.story, drawing.size == "large"

    if large:
        opening = voice.say(
            "{a} [feed|supply] {b}, which [in turn |]supply {c} with {goods}", "{goods} [go|travel] in two steps: from {a} to {b}, then to {c}",
            "{boss} [runs|looks after] {a}, {b} and {c}; {goods} pass from the first through the second to the third",
            a=f"{len(made.sources)} {story.source[1]}", b=f"{len(made.hubs)} {story.hub[1]}", c=f"{len(made.sinks)} {story.sink[1]}",
            goods=story.goods[1], boss=voice.person,
        )  # fmt: skip
    else:
        opening = voice.say(
            *story.openings,
            boss=voice.person,
            sources=voice.listing(made.sources),
            hubs=voice.listing(made.hubs),
            sinks=voice.listing(made.sinks),
        )
    facts = {
        "hubs": voice.say(
            "[Whatever|All that] enters {hub} leaves it again", "Nothing [stays|is stored|gets lost] [in|at] {hub}", "A direct route is ruled out",
            "[Stock is kept nowhere|No stock is kept on the way]", "What comes into {hub} goes out, [no more and no less|neither more nor less]",
            hub=f"a {story.hub[0]}",
        )
    }  # fmt: skip
    if large:
        facts["table"] = shape
        facts["rule"] = voice.say(
            "[Each|Every] {c} must get its demand; {a} and {b} [have limits|are limited]", "[Demands are met|Every demand is met] in full, [limits of|capacities of] {a} and {b} [hold|are kept]",
            a=story.source[1], b=story.hub[1], c=story.sink[0],
        )  # fmt: skip
    else:
        facts |= _place_facts(voice, made, in_table=drawing.size == "medium")
    if made.cut is not None:
        facts["cut"] = voice.say(
            "There is no [link|connection] from {h} to {c}", "{h} cannot [serve|supply] {c}", "[Works on the line block|A landslide blocks] the way from {h} to {c}",
            h=made.hubs[made.cut[0]], c=made.sinks[made.cut[1]],
        )  # fmt: skip
    question = voice.say(
        "[What|Which] flows [cost the least|are cheapest]?", "[Route|Send] everything at the [lowest|least] [total|overall] cost",
        "How should the {goods} [travel|be routed] so that [carrying them costs least|the transport bill is smallest]?",
        "[Find|Compute] the [minimum-cost|cheapest] [way to satisfy everybody|routing]", goods=story.goods[1],
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *story.asides)
    return voice.compose(
        opening,
        facts,
        question,
        asides,
        last=("table", "table2") if "table2" in facts else (("table",) if "table" in facts else ()),
    )


def _cost_facts(voice: Voice, made: _Instance, *, in_table: bool) -> dict[str, str]:
    one = made.story.goods[0]
    legs = [(made.sources, made.hubs, made.into), (made.hubs, made.sinks, made.out)]
    if in_table:
        facts = {}
        for key, (starts, ends, cost) in zip(("table", "table2"), legs, strict=True):
            lead = voice.say(
                "[Cost|Price] of one {one}, in {m}, {leg}:", "{leg} one {one} costs ({m}):", "[Tariff|Rates] {leg} ({m} per {one}):", one=one, m=voice.currency.plural,
                leg="into the " + made.story.hub[1] if key == "table" else "out of the " + made.story.hub[1],
            )  # fmt: skip
            rows = [[town, *(voice.digits(c) for c in line)] for town, line in zip(starts, cost, strict=True)]
            facts[key] = f"{lead}\n{voice.table(['from / to', *ends], rows)}"
        return facts
    facts = {}
    for starts, ends, cost in legs:
        for start, line in zip(starts, cost, strict=True):
            told = voice.listing([f"{voice.money(c)} to {end}" for c, end in zip(line, ends, strict=True)])
            facts[f"from {start}"] = voice.say(
                "From {s}, one {one} costs {told}", "[Leaving|Starting at] {s}, a {one} [costs|is charged] {told}", "{s} [charges|pays] {told} per {one}",
                "[Rates|Charges] from {s} per {one}: {told}", s=start, one=one, told=told,
            )  # fmt: skip
    return facts


def _flat_reference(made: _Instance) -> Draft:
    sources, hubs, sinks = ([identifier(n) for n in group] for group in (made.sources, made.hubs, made.sinks))
    unit = made.story.goods[1]
    into = {(i, h): f"{s}_{t}" for i, s in enumerate(sources) for h, t in enumerate(hubs)}
    out = {(h, k): f"{t}_{c}" for h, t in enumerate(hubs) for k, c in enumerate(sinks)}
    rows: dict[str, Written] = {
        f"{s}_supply": f"{linear([(1, into[i, h]) for h in range(len(hubs))])} <= {made.supply[i]}"
        for i, s in enumerate(sources)
    }
    for h, hub in enumerate(hubs):
        entering = linear([(1, into[i, h]) for i in range(len(sources))])
        rows[f"{hub}_balance"] = f"{entering} == {linear([(1, out[h, k]) for k in range(len(sinks))])}"
        if h in made.room:
            rows[f"{hub}_room"] = f"{entering} <= {made.room[h]}"
    rows |= {
        f"{c}_demand": f"{linear([(1, out[h, k]) for h in range(len(hubs))])} >= {made.demand[k]}"
        for k, c in enumerate(sinks)
    }
    if made.cut is not None:
        rows["cut"] = f"{out[made.cut]} == 0"
    goal = linear(
        [(made.into[i][h], n) for (i, h), n in into.items()] + [(made.out[h][k], n) for (h, k), n in out.items()]
    )
    variables = dict.fromkeys([*into.values(), *out.values()], made.story.domain)
    return Draft("", flat(variables, "minimize", goal, rows), units=dict.fromkeys([*variables, *rows], unit))


def _reference(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    sources, hubs, sinks = ([identifier(n) for n in group] for group in (made.sources, made.hubs, made.sinks))
    unit = made.story.goods[1]
    if drawing.size == "small":
        return _flat_reference(made)
    pick = drawing.words.pick
    s, t, c = pick((("S", "H", "C"), ("sources", "hubs", "customers"), ("I", "K", "J"), ("origins", "relays", "ends")))
    first, second, supply, demand, room, x, y = pick(
        (("cost_in", "cost_out", "supply", "demand", "room", "inflow", "outflow"), ("c1", "c2", "a", "d", "u", "x", "y"),
         ("first_rate", "second_rate", "available", "required", "capacity", "first_leg", "second_leg"))
    )  # fmt: skip
    rows: dict[str, Written] = {
        "send": (f"i in {s}", f"sum({x}[i,h] for h in {t}) <= {supply}[i]"),
        "pass_on": (f"h in {t}", f"sum({x}[i,h] for i in {s}) == sum({y}[h,k] for k in {c})"),
        "receive": (f"k in {c}", f"sum({y}[h,k] for h in {t}) >= {demand}[k]"),
    }
    parameters = {
        first: matrix(s, t, sources, hubs, made.into), second: matrix(t, c, hubs, sinks, made.out),
        supply: vector(s, sources, made.supply), demand: vector(c, sinks, made.demand),
    }  # fmt: skip
    one = made.story.goods[0]
    meanings = {
        first: f"cost in {voice.currency.plural} of one {one} from one of the {made.story.source[1]} to one of the {made.story.hub[1]}",
        second: f"cost in {voice.currency.plural} of one {one} from one of the {made.story.hub[1]} to one of the {made.story.sink[1]}",
        supply: f"{unit} that can be sent",
        demand: f"{unit} required",
        room: f"{unit} that can pass",
    }
    if len(made.room) == len(hubs):
        parameters[room] = vector(t, hubs, [made.room[h] for h in range(len(hubs))])
        rows["handle"] = (f"h in {t}", f"sum({x}[i,h] for i in {s}) <= {room}[h]")
    else:
        rows |= {f"room_{hubs[h]}": f"sum({x}[i,{hubs[h]}] for i in {s}) <= {most}" for h, most in made.room.items()}
        del meanings[room]
    if made.cut is not None:
        rows["cut"] = f"{y}[{hubs[made.cut[0]]},{sinks[made.cut[1]]}] == 0"
    reference, data = indexed(
        drawing, {s: sources, t: hubs, c: sinks}, parameters,
        {x: Variable(made.story.domain, 0, index=(s, t)), y: Variable(made.story.domain, 0, index=(t, c))}, "minimize",
        f"sum({first}[i,h]*{x}[i,h] for i in {s} for h in {t}) + sum({second}[h,k]*{y}[h,k] for h in {t} for k in {c})", rows,
    )  # fmt: skip
    sets = {s: f"the {made.story.source[1]}", t: f"the {made.story.hub[1]}", c: f"the {made.story.sink[1]}"}
    shape = describe(voice, data, sets, meanings) if drawing.size == "large" else ""
    return Draft(shape, reference, data, units=dict.fromkeys((x, y, "send", "receive", "handle"), unit))


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _reference(drawing, voice, made)
    rooms = tuple(name for name in draft.reference.constraints if "room" in name)
    text = _tell(drawing, voice, made, draft.text)
    marked = {"redundant": rooms, "sometimes": ("cut",)}.get(drawing.variant, ())
    return finished(drawing, draft, text, voice.currency.plural, marked)


FAMILY = Family(
    "transshipment",
    "minimum-cost flow from sources through hubs to customers",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible", "sometimes", "twin"),
    },
)
