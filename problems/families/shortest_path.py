"""Shortest path: the cheapest way through a directed network, as a unit of flow over chosen links."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, finished
from .networks import Network, diamond, layered, place_names, tell_links
from .prose import Voice
from .shape import describe

_TRIPS = (
    ("a courier", "kilometres", "kilometre", "roads"), ("an ambulance", "minutes", "minute", "streets"),
    ("a cyclist", "metres of climbing", "metre of climbing", "tracks"), ("a data packet", "milliseconds", "millisecond", "lines"),
    ("a snow plough", "kilometres", "kilometre", "roads"), ("a hiker", "minutes", "minute", "trails"),
    ("a freight train", "kilometres", "kilometre", "tracks"), ("a ferry passenger", "hours", "hour", "crossings"),
    ("a delivery robot", "seconds", "second", "aisles"),
)  # fmt: skip
_ASIDES = (
    "A [toll|fee] was [abolished|dropped] in {year}",
    "[Another|An older] map of {year} shows {some} [more paths|bridges] that [no longer exist|have gone]",
    "The [scenery|view] is [said to be|] best in {month}",
)


@dataclass(frozen=True, slots=True)
class _Instance:
    network: Network
    trip: tuple[str, str, str, str]
    length: tuple[int, ...]
    legs: int | None = None
    """The most links that may be used."""
    closed: tuple[int, ...] = ()
    """Links that cannot be used."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    trip = numbers.pick(_TRIPS)
    if drawing.size == "small":
        network = diamond(place_names(drawing, 4))
    elif drawing.size == "medium":
        network = layered(drawing, place_names(drawing, numbers.between(5, 6)), numbers.between(2, 4))
    else:
        network = layered(drawing, tuple(codes("n", numbers.between(18, 24))), 30)
    made = _Instance(network, trip, tuple(numbers.between(3, 40) for _ in network.links))
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change, links, last = drawing.change, made.network.links, len(made.network.nodes) - 1
    if drawing.is_a("infeasible"):
        side = [k for k, (a, b) in enumerate(links) if (b == last if change.chance(0.5) else a == 0)]
        ends = {a == 0 for k in side for a, _ in [links[k]]}
        if len(ends) == 1 or drawing.size == "small":
            chosen = [k for k, (_, b) in enumerate(links) if b == last]
            return replace(made, closed=tuple(chosen))
        return replace(made, closed=tuple(side))
    if drawing.is_a("redundant"):
        return replace(made, legs=len(links))
    if drawing.is_a("sometimes"):
        return replace(made, legs=change.between(2, max(2, last - 1)))
    k = change.below(len(links))
    return replace(
        made,
        length=tuple(
            c + change.pick((-1, 1)) * min(c - 1, change.between(2, 25)) if i == k else c
            for i, c in enumerate(made.length)
        ),
    )


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("legs",) if made.legs is not None else ()
    return finished(drawing, draft, text, made.trip[1], marked)


def _flat(made: _Instance) -> Draft:
    network = made.network
    short = [identifier(node).removeprefix("the_") for node in network.nodes]
    names = [f"{short[a]}_{short[b]}" for a, b in network.links]
    rows: dict[str, Written] = {}
    for node, key in enumerate(short[:-1]):
        signs = [((node == a) - (node == b), name) for name, (a, b) in zip(names, network.links, strict=True)]
        rows[key] = f"{linear(sorted(signs, key=lambda term: -term[0]))} == {1 if node == 0 else 0}"
    if made.legs is not None:
        rows["legs"] = f"{linear([(1, name) for name in names])} <= {made.legs}"
    for k in made.closed:
        rows[f"closed_{names[k]}"] = f"{names[k]} == 0"
    goal = linear(list(zip(made.length, names, strict=True)))
    return Draft("", flat(dict.fromkeys(names, "binary"), "minimize", goal, rows))


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words, network = drawing.words, made.network
    nodes = [identifier(node).removeprefix("the_") for node in network.nodes]
    arcs = (
        codes("a", len(network.links))
        if drawing.size == "large"
        else [f"{nodes[a]}_{nodes[b]}" for a, b in network.links]
    )
    n, a = words.pick((("N", "A"), ("nodes", "arcs"), ("points", "links"), ("V", "E")))
    ends, length, use = words.pick((("ends", "length", "use"), ("incidence", "cost", "x"), ("out_in", "d", "take")))
    balance = [1, *[0] * (len(nodes) - 2), -1]
    parameters = {
        ends: matrix(n, a, nodes, arcs, network.incidence()),
        length: vector(a, arcs, made.length),
        "balance": vector(n, nodes, balance),
    }
    rows: dict[str, Written] = {"flow": (f"i in {n}", f"sum({ends}[i,k]*{use}[k] for k in {a}) == balance[i]")}
    if made.closed:
        parameters["closed"] = vector(a, arcs, [int(k in made.closed) for k in range(len(arcs))])
        rows["closed_links"] = (f"k in {a}", f"{use}[k] <= 1 - closed[k]")
    if made.legs is not None:
        rows["legs"] = f"sum({use}[k] for k in {a}) <= {made.legs}"
    reference, data = indexed(
        drawing, {n: nodes, a: arcs}, parameters, {use: Variable("binary", index=(a,))}, "minimize",
        f"sum({length}[k]*{use}[k] for k in {a})", rows,
    )  # fmt: skip
    shape = ""
    if drawing.size == "large":
        meanings = {
            ends: "[1 when a link leaves a point, -1 when it arrives there, 0 when it does neither|which links begin (1) and end (-1) at a point, 0 for the rest|1 where a link starts, -1 where it ends, 0 elsewhere|+1 for links out of a point, -1 for links into it, otherwise 0]",
            length: f"[{made.trip[1]} on a link|how many {made.trip[1]} a link takes|{made.trip[1]} it costs to use a link|the {made.trip[1]} of each link]",
            "balance": "[1 at the start, -1 at the destination, 0 elsewhere|0 except 1 where the trip starts and -1 where it ends|links out less links in that the trip uses at a point]",
        }
        if made.closed:
            meanings["closed"] = "1 when a link is closed"
        shape = describe(voice, data, {n: "the points", a: "the one-way links"}, meanings)
    return Draft(shape, reference, data)


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    who, unit, _, links = made.trip
    start, end = made.network.nodes[0], made.network.nodes[-1]
    opening = voice.say(
        "{who} [has to|must] get from {start} to {end}", "{person} [plans|works out] the way of {who} from {start} to {end}",
        "[Which way|What route] should {who} take? [The trip|It] [starts|begins] at {start} and [ends|finishes] at {end}",
        "From {start}, {who} is [bound for|on the way to] {end}, [over|along] {links} that [all lead|go] one way",
        "[Between|Linking] {start} and {end} there are [several|a number of] {links} that {who} can [take|use]",
        who=who, start=start, end=end, person=voice.person, links=links,
    )  # fmt: skip
    facts = {
        "way": voice.say(
            "[All|The] {links} [can be used|are open] in the [stated|given] direction only",
            "[None of|No turning on] the {links} [goes|works] both ways".replace("No turning on", "None of"),
            "[One-way traffic|One direction] is the rule [here|everywhere]", links=links,
        )
    }  # fmt: skip
    if drawing.size == "large":
        facts["table"] = shape
        facts["ends"] = voice.say("The trip [goes|leads] from {start} to {end}", start=start, end=end)
    else:
        lead = voice.say(
            "[The|These] {links} [exist|are there], with their {unit}:", "[What each takes|The figures], in {unit}:",
            "In {unit}, the {links} [measure|come to]:", "{unit} for each of the {links}:", unit=unit, links=links,
        )  # fmt: skip
        facts |= tell_links(
            voice, made.network, unit, [voice.digits(c) for c in made.length], drawing.size == "medium", lead
        )
        if made.closed:
            names = [
                f"{made.network.nodes[a]} to {made.network.nodes[b]}"
                for a, b in (made.network.links[k] for k in made.closed)
            ]
            facts["closed"] = voice.say(
                "[At the moment|Since {month}], {names} [is|remains] closed" if len(names) == 1 else "{names} are all closed [at the moment|since {month}]",
                names=voice.listing(names), month=voice.pick("March", "May", "October"),
            )  # fmt: skip
    if made.legs is not None:
        facts["legs"] = voice.say(
            "[At most|No more than] {n} of the {links} [may be|can be] [used|taken]", "The [trip|way] [consists|is made up] of {n} {links} at most",
            n=voice.number(made.legs), links=links,
        )  # fmt: skip
    question = voice.say(
        "[What|Which] is the way with the [fewest|smallest number of] {unit}?", "[Find|Choose] the {links} so that the {unit} in all are as few as possible",
        "How [can|does] {who} keep the total of {unit} [lowest|at a minimum]?", "[Minimize|Keep down] the {unit} [of the whole trip|from start to end]",
        unit=unit, links=links, who=who,
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


FAMILY = Family(
    "shortest-path",
    "the cheapest way through a network",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible", "redundant"),
    },
)
