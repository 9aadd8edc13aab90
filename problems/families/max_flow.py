"""Maximum flow: as much as possible through a network with limited links.

Small writes each link as a variable of its own; the others use a table of capacities between all pairs, zero where
there is no link, so that a flow may be declared for every pair.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix
from .drawing import Draft, Drawing, Family, finished
from .networks import Network, diamond, layered, place_names, tell_links
from .prose import Voice
from .shape import describe

_GOODS = (
    ("cubic metres of water", "an hour", "pipes", "the water company"), ("barrels of oil", "a day", "pipelines", "the refinery"),
    ("megabits", "a second", "cables", "the network operator"), ("tonnes of grain", "a day", "rail lines", "the cooperative"),
    ("cars", "a minute", "roads", "the traffic office"), ("containers", "a shift", "conveyors", "the port"),
    ("cubic metres of gas", "a minute", "mains", "the gas works"), ("trucks", "an hour", "roads", "the relief agency"),
    ("passengers", "a minute", "corridors", "the airport"),
)  # fmt: skip
_ASIDES = (
    "A [second|parallel] link was [planned|drawn up] in {year} and [never built|given up]",
    "The [control room|map room] [has|employs] {some} [screens|people]",
    "[Maintenance|Upkeep] came to {sum} [last year|in {year}]",
)


@dataclass(frozen=True, slots=True)
class _Instance:
    network: Network
    goods: tuple[str, str, str, str]
    capacity: tuple[int, ...]
    unlimited: tuple[int, ...] = ()
    """Links without a limit."""
    station: tuple[int, int] | None = None
    """A node and the most that may pass it."""
    wanted: int | None = None
    """What must arrive at the end."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    goods = numbers.pick(_GOODS)
    if drawing.size == "small":
        network = diamond(place_names(drawing, 4))
    elif drawing.size == "medium":
        network = layered(drawing, place_names(drawing, numbers.between(5, 6)), numbers.between(3, 5))
    else:
        network = layered(drawing, tuple(codes("n", numbers.between(20, 30))), 40)
    step = numbers.pick((1, 5, 10))
    capacity = tuple(numbers.between(3, 25) * step for _ in network.links)
    made = _Instance(network, goods, capacity)
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    inner = change.between(1, len(made.network.nodes) - 2)
    into = sum(c for (_, b), c in zip(made.network.links, made.capacity, strict=True) if b == inner)
    if drawing.is_a("unbounded"):
        links = made.network.links
        way = ((0, 1), (1, 3)) if change.chance(0.5) else ((0, 2), (2, 3))
        return replace(made, unlimited=tuple(links.index(link) for link in way))
    if drawing.is_a("infeasible"):
        out = sum(c for (a, _), c in zip(made.network.links, made.capacity, strict=True) if a == 0)
        return replace(made, wanted=out + change.between(1, 9) * 5)
    if drawing.is_a("redundant"):
        return replace(made, station=(inner, into + change.between(0, 6) * 5))
    if drawing.is_a("sometimes"):
        return replace(made, station=(inner, max(1, into * change.between(40, 95) // 100)))
    k = change.below(len(made.capacity))
    factor = change.pick((-1, 1))
    moved = tuple(
        max(1, c + factor * max(1, c * change.between(20, 60) // 100)) if i == k else c
        for i, c in enumerate(made.capacity)
    )
    return replace(made, capacity=moved)


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("station",) if made.station else ()
    return finished(drawing, draft, text, made.goods[0], marked)


def _flat(made: _Instance) -> Draft:
    network = made.network
    short = [identifier(node).removeprefix("the_") for node in network.nodes]
    names = [f"{short[a]}_{short[b]}" for a, b in network.links]
    rows: dict[str, Written] = {}
    for inner in (1, 2):
        enter = linear([(1, name) for name, (_, b) in zip(names, network.links, strict=True) if b == inner])
        leave = linear([(1, name) for name, (a, _) in zip(names, network.links, strict=True) if a == inner])
        rows[short[inner]] = f"{enter} == {leave}"
        if made.station and made.station[0] == inner:
            rows["station"] = f"{enter} <= {made.station[1]}"
    out = linear([(1, name) for name, (a, _) in zip(names, network.links, strict=True) if a == 0])
    if made.wanted is not None:
        rows["arrive"] = (
            f"{linear([(1, n) for n, (_, b) in zip(names, network.links, strict=True) if b == 3])} >= {made.wanted}"
        )
    variables = {
        name: Variable("continuous", 0, None if k in made.unlimited else made.capacity[k])
        for k, name in enumerate(names)
    }
    return Draft("", flat(variables, "maximize", out, rows), units=dict.fromkeys(names, made.goods[0]))


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words, network = drawing.words, made.network
    nodes = [identifier(node).removeprefix("the_") for node in network.nodes]
    n = words.pick(("N", "nodes", "V", "points"))
    capacity, flow = words.pick((("capacity", "flow"), ("cap", "x"), ("u", "f"), ("limit", "send")))
    table = [[0] * len(nodes) for _ in nodes]
    for (a, b), c in zip(network.links, made.capacity, strict=True):
        table[a][b] = c
    start, end = nodes[0], nodes[-1]
    rows: dict[str, Written] = {
        "links": (f"i in {n}, j in {n}", f"{flow}[i,j] <= {capacity}[i,j]"),
        "keep": (
            f"k in {n} if k != '{start}' and k != '{end}'", f"sum({flow}[i,k] for i in {n}) == sum({flow}[k,j] for j in {n})"
        ),
    }  # fmt: skip
    if made.station:
        rows["station"] = f"sum({flow}[i,{nodes[made.station[0]]}] for i in {n}) <= {made.station[1]}"
    if made.wanted is not None:
        rows["arrive"] = f"sum({flow}[i,{end}] for i in {n}) - sum({flow}[{end},j] for j in {n}) >= {made.wanted}"
    reference, data = indexed(
        drawing, {n: nodes}, {capacity: matrix(n, n, nodes, nodes, table)},
        {flow: Variable("continuous", 0, index=(n, n))}, "maximize",
        f"sum({flow}[{start},j] for j in {n}) - sum({flow}[i,{start}] for i in {n})", rows,
    )  # fmt: skip
    shape = ""
    if drawing.size == "large":
        meaning = f"[the most {made.goods[0]} {made.goods[1]} from one point straight to another, 0 where there is no link|{made.goods[0]} that fit through the link from the first point to the second {made.goods[1]} (0: no link)|capacity of each link in {made.goods[0]} {made.goods[1]}, zero for pairs that are not linked|how many {made.goods[0]} {made.goods[1]} can go directly from one point to the other; 0 means not at all]"
        shape = describe(voice, data, {n: "the points of the network"}, {capacity: meaning})
    return Draft(shape, reference, data, units={flow: made.goods[0]})


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    goods, per, links, who = made.goods
    start, end = made.network.nodes[0], made.network.nodes[-1]
    opening = voice.say(
        "{who} [sends|moves] {goods} from {start} to {end} [over|through] a network of {links}",
        "[How good|What use] is our network of {links} between {start} and {end}?",
        "{person} [studies|looks into] how {goods} get from {start} to {end}",
        "All {goods} [start|begin] at {start} and [end|are wanted] at {end}; {links} [connect|run between] the points [on the way|in between]",
        "[In|Around] {town}, {who} [runs|owns] {links} that lead from {start} to {end}",
        goods=goods, who=who, links=links, start=start, end=end, person=voice.person, town=voice.town,
    )  # fmt: skip
    facts = {
        "keep": voice.say(
            "[Nothing is stored or lost|There is no storage] on the way: what [enters|comes into] a point [leaves|goes out of] it again",
            "[At every point in between|Between the ends], inflow and outflow [are equal|balance]",
            "[No|None of the] points in between can [hold anything back|keep or add anything]",
        ),
        "way": voice.say(
            "Every one of the {links} works in the given direction only", "[The|These] {links} are one-way", links=links
        ),
    }
    if drawing.size == "large":
        facts["table"] = shape
    else:
        values = [
            voice.pick("unlimited", "unlimited") if k in made.unlimited else voice.digits(c)
            for k, c in enumerate(made.capacity)
        ]
        lead = voice.say(
            "[The capacities|The limits] ({goods} {per}):", "[These|The] {links} exist, with the most {goods} {per} on each:",
            "[What each can carry|What gets through each], in {goods} {per}:", goods=goods, per=per, links=links,
        )  # fmt: skip
        facts |= tell_links(voice, made.network, "capacity", values, drawing.size == "medium", lead)
        if made.unlimited:
            facts["unlimited"] = voice.say(
                "Unlimited [means|is to say]: [no limit is worth mentioning|as much as one likes]",
                "Where it says unlimited, any amount [passes|fits]",
            )
    if made.station:
        facts["station"] = voice.say(
            "[At most|No more than] {n} {goods} {per} [may|can] [pass|go through] {node}", "{node} [handles|copes with] {n} {goods} {per} and no more",
            n=voice.digits(made.station[1]), goods=goods, per=per, node=made.network.nodes[made.station[0]],
        )  # fmt: skip
    if made.wanted is not None:
        facts["wanted"] = voice.say(
            "[A contract guarantees|It is promised] that at least {n} {goods} {per} [reach|arrive at] {end}",
            "{end} must get {n} {goods} {per} or more", n=voice.digits(made.wanted), goods=goods, per=per, end=end,
        )  # fmt: skip
    question = voice.say(
        "[What is the largest|How large is the greatest] [amount|flow] from {start} to {end}?",
        "[Find|Determine] how to [get|bring] as [much|many] as possible from {start} to {end}".replace("[much|many]", "much"),
        "How [should the {links} be used|much goes over each link] so that [the total at|the flow into] {end} is [largest|greatest]?",
        "[We|They] want the [maximum|highest possible] throughput {per} between {start} and {end}",
        start=start, end=end, links=links, per=per,
    )  # fmt: skip
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


FAMILY = Family(
    "max-flow",
    "as much as possible through a network with limited links",
    _draft,
    {
        "small": ("plain", "infeasible", "unbounded", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible", "redundant"),
    },
)
