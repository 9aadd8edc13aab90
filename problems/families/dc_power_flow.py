"""DC optimal power flow: which generators deliver how much when lines limit what flows where.

The linear ("DC") approximation: the flow on a line is its susceptance times the difference of the voltage angles at its
ends. Angles may be negative; the reference bus has angle 0 and, in a small problem, no variable of its own. Small is a
triangle with a generator at two corners and demand at the third.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Variable
from .algebra import Written, codes, flat, indexed, linear, matrix, vector
from .drawing import Draft, Drawing, Family, finished
from .lexicon import TOWNS
from .prose import Voice
from .shape import describe

_GRIDS = (
    "regional grid",
    "railway supply",
    "island network",
    "mine supply",
    "campus grid",
    "valley network",
    "border region",
    "offshore platform group",
)
_ASIDES = (
    "[Losses|Voltages] are [neglected|left out] [here|in this study]",
    "A [storm|fault] in {year} [cut off|darkened] {some} [homes|villages]",
    "The [mast|cable] near {town} was [painted|replaced] in {month} {year}",
)


@dataclass(frozen=True, slots=True)
class _Instance:
    grid: str
    buses: tuple[str, ...]
    lines: tuple[tuple[int, int], ...]
    susceptance: tuple[int, ...]
    """Megawatts per unit of angle (radian)."""
    limit: tuple[int, ...]
    sites: tuple[int, ...]
    """Bus of each generator."""
    most: tuple[int, ...]
    cost: tuple[int, ...]
    demand: tuple[int, ...]
    watched: int | None = None
    """The line whose limit a redundant or sometimes variant is about."""


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    count = drawing.one_of(3, numbers.between(4, 5), numbers.between(20, 28))
    buses = tuple(codes("b", count)) if drawing.size == "large" else tuple(numbers.sample(TOWNS, count))
    lines = [(numbers.between(max(0, k - 3), k - 1), k) for k in range(1, count)]
    wanted = drawing.one_of(3, count + 1, count + 16)
    for _ in range(400):
        if len(lines) >= wanted:
            break
        a, b = sorted(numbers.sample(range(count), 2))
        if (a, b) not in lines:
            lines.append((a, b))
    lines.sort()
    susceptance = tuple(numbers.pick((50, 100, 200, 250, 400, 500)) for _ in lines)
    makers = drawing.one_of(2, numbers.between(2, 3), numbers.between(8, 10))
    sites = tuple(sorted(numbers.sample(range(count), makers)))
    demand = tuple(0 if drawing.size == "small" and k in sites else numbers.between(2, 12) * 10 for k in range(count))
    total = sum(demand)
    most = tuple(total * numbers.between(90, 160) // (makers * 1000) * 10 + 10 * numbers.between(1, 4) for _ in sites)
    cost = tuple(numbers.distinct(8, 70, makers))
    spread = total // drawing.one_of(1, 2, 4)
    limit = tuple(max(20, spread * numbers.between(40, 100) // 1000 * 10) for _ in lines)
    made = _Instance(numbers.pick(_GRIDS), buses, tuple(lines), susceptance, limit, sites, most, cost, demand)
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    k = change.below(len(made.lines))
    if drawing.is_a("infeasible"):
        short = sum(made.demand) - change.between(1, 3) * 10
        most = list(made.most)
        while sum(most) > short:
            most[most.index(max(most))] -= 10
        return replace(made, most=tuple(most))
    if drawing.is_a("redundant"):
        wide = sum(made.most) + sum(made.demand) + change.between(1, 9) * 10
        return replace(made, limit=tuple(wide if i == k else v for i, v in enumerate(made.limit)), watched=k)
    if drawing.is_a("sometimes"):
        return replace(made, watched=k)
    if change.chance(0.5):
        return replace(
            made, limit=tuple(max(10, v - change.between(1, 5) * 5) if i == k else v for i, v in enumerate(made.limit))
        )
    g = change.below(len(made.sites))
    return replace(made, cost=tuple(c + change.between(2, 20) if i == g else c for i, c in enumerate(made.cost)))


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = () if made.watched is None else (_line(made, made.watched),)
    return finished(drawing, draft, text, voice.currency.plural, marked)


def _line(made: _Instance, k: int) -> str:
    a, b = made.lines[k]
    return f"{made.buses[a]}_{made.buses[b]}".lower()


def _flat(made: _Instance) -> Draft:
    keys = [bus.lower() for bus in made.buses]
    angle = {k: f"angle_{key}" for k, key in enumerate(keys) if k != 0}
    power = {site: f"power_{keys[site]}" for site in made.sites}
    rows: dict[str, Written] = {}
    for k, key in enumerate(keys):
        terms = [(1, power[k])] if k in power else []
        for (a, b), s in zip(made.lines, made.susceptance, strict=True):
            # What leaves bus k on this line: s * (angle_k - angle_other); the reference bus contributes nothing.
            for end, other in ((a, b), (b, a)):
                if end == k:
                    terms += [(-s, angle[end])] if end in angle else []
                    terms += [(s, angle[other])] if other in angle else []
        merged: dict[str, int] = {}
        for value, name in terms:
            merged[name] = merged.get(name, 0) + value
        rows[key] = f"{linear([(value, name) for name, value in merged.items()])} == {made.demand[k]}"
    for k, ((a, b), s, limit) in enumerate(zip(made.lines, made.susceptance, made.limit, strict=True)):
        flow = linear([(s if end == a else -s, angle[end]) for end in (a, b) if end in angle])
        rows[_line(made, k)] = f"-{limit} <= {flow} <= {limit}"
    variables = {name: Variable("continuous", 0, most) for name, most in zip(power.values(), made.most, strict=True)}
    variables |= {name: Variable("continuous") for name in angle.values()}
    goal = linear(list(zip(made.cost, power.values(), strict=True)))
    units = dict.fromkeys(power.values(), "megawatts") | dict.fromkeys(angle.values(), "radians")
    return Draft("", flat(variables, "minimize", goal, rows), units=units)


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    buses, lines, makers = [bus.lower() for bus in made.buses], codes("l", len(made.lines)), codes("g", len(made.sites))
    n, l, g = words.pick((("N", "L", "G"), ("buses", "lines", "generators"), ("nodes", "branches", "makers")))  # noqa: E741
    ends, strength, limit, at, most, cost, demand, power, angle = words.pick(
        (("ends", "strength", "limit", "at", "most", "cost", "demand", "power", "angle"),
         ("incidence", "b", "cap", "site", "pmax", "price", "load", "p", "theta"))
    )  # fmt: skip
    incidence = [[(k == a) - (k == b) for k in range(len(buses))] for a, b in made.lines]
    parameters = {
        ends: matrix(l, n, lines, buses, incidence),
        strength: vector(l, lines, made.susceptance),
        limit: vector(l, lines, made.limit),
        at: matrix(g, n, makers, buses, [[int(site == k) for k in range(len(buses))] for site in made.sites]),
        most: vector(g, makers, made.most),
        cost: vector(g, makers, made.cost),
        demand: vector(n, buses, made.demand),
    }
    flow = f"{strength}[k]*sum({ends}[k,j]*{angle}[j] for j in {n})"
    rows: dict[str, Written] = {
        "balance": (
            f"i in {n}",
            f"sum({at}[m,i]*{power}[m] for m in {g}) - sum({ends}[k,i]*{flow} for k in {l}) == {demand}[i]",
        ),
        "lines": (f"k in {l}", f"-{limit}[k] <= {flow} <= {limit}[k]"),
        "capacity": (f"m in {g}", f"{power}[m] <= {most}[m]"),
        "reference": f"{angle}[{buses[0]}] == 0",
    }
    variables = {power: Variable("continuous", 0, index=(g,)), angle: Variable("continuous", index=(n,))}
    reference, data = indexed(
        drawing, {n: buses, l: lines, g: makers}, parameters, variables, "minimize",
        f"sum({cost}[m]*{power}[m] for m in {g})", rows,
    )  # fmt: skip
    units = {power: "megawatts", angle: "radians"}
    if drawing.size != "large":
        return Draft("", reference, data, units=units)
    meanings = {
        ends: "[1 for the bus where a line starts, -1 for the bus where it ends, 0 otherwise|the two ends of a line: 1 and -1, all other buses 0|incidence of lines and buses (from: 1, to: -1)|which bus a line leaves (1) and enters (-1)]",
        strength: "[megawatts on a line for each radian between the angles at its ends|susceptance of a line, megawatts a radian|how many megawatts flow for a radian of angle difference|line susceptances in MW/rad]",
        limit: "[the most megawatts on a line, either way|capacity of a line in both directions, megawatts|thermal limit of a line (MW), whichever way it flows]",
        at: "[1 when a generator stands at a bus, 0 otherwise|where the generators are: 1 at their bus|location of each generator among the buses (1 or 0)]",
        most: "[the most megawatts of a generator|capacity of a generator, megawatts|what a generator can deliver at most (MW)]",
        cost: f"[{voice.currency.plural} for a megawatt from a generator|cost of a megawatt, {voice.currency.plural}|what each megawatt costs there ({voice.currency.plural})]",
        demand: "[megawatts used at a bus|load of a bus in megawatts|demand at each bus (MW)]",
    }
    sets = {n: "the buses", l: "the lines", g: "the generators"}
    return Draft(describe(voice, data, sets, meanings), reference, data, units=units)


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    count = voice.number(len(made.buses))
    opening = voice.say(
        "A {grid} [has|consists of] {count} buses", "{person} [runs|operates] a {grid} [near|around] {town}, {count} buses in all",
        "[Which|What] generators should [run|deliver]? The {grid} [links|joins] {count} buses".replace("[Which|What] generators", "Which generators"),
        "[Power|Electricity] [is|has to be] [shared out|dispatched] in a {grid} with {count} buses".replace("[is|has to be]", "is"),
        "In a {grid}, lines between {count} buses limit what can [flow|be sent] where",
        grid=made.grid, count=count, person=voice.person, town=voice.town,
    )  # fmt: skip
    first = made.buses[0]
    facts = {
        "law": voice.say(
            "[We use|Use] the DC approximation: the flow on a line is its susceptance times the difference of the voltage angles at its ends",
            "The flow on each line [equals|is] susceptance times angle difference (DC power flow)",
            "[Flows|Power flows] follow the angles: susceptance by the [gap|difference] between the two ends gives the megawatts on a line",
            "[To first order|Linearized], a line's megawatts are [proportional to|a multiple of] the angle difference, and the factor is its susceptance",
            "[With|In] the linear DC model, a line carries its susceptance (megawatts a radian) times the angle at one end minus that at the other",
        ),
        "reference": voice.say("[The angle at|At] {first} [is|the angle is] [0|zero]; [others may be negative|angles elsewhere can have either sign]".replace("[The angle at|At] {first} [is|the angle is]", "The angle at {first} is"), "{first} is the reference, with angle 0; other angles are free", first=first),
        "balance": voice.say(
            "At every bus, what is generated minus what leaves on the lines [equals|is] the demand there", "[Nothing is lost|There are no losses]: every bus [balances|is in balance]", "Whatever a bus [makes or receives|gets] it [uses or passes on|consumes or sends on]",
            "[Each bus|A bus] takes in as much as it [gives out|hands on], local demand [included|counted]",
        ),
    }  # fmt: skip
    if drawing.size == "large":
        facts["table"] = shape
    else:
        facts |= _figures(drawing, voice, made)
    question = voice.say(
        "[Which|What] dispatch [is cheapest|costs least]?".replace("[Which|What]", "Which"),
        "[Find|Determine] the cheapest [generation|dispatch] that serves all demand",
        "How much should each generator deliver so that the [total|] cost is [lowest|smallest]?",
        "[Serve|Meet] all demand at [minimum|the least] cost",
    )
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _figures(drawing: Drawing, voice: Voice, made: _Instance) -> dict[str, str]:
    facts = {}
    for g, site in enumerate(made.sites):
        facts[f"maker{g}"] = voice.say(
            "[The|A] generator at {bus} [delivers|gives] up to {most} at {cost} a megawatt", "At {bus}, up to {most} [can be generated|are available], for {cost} each",
            "{bus} generates {most} at most and [charges|costs] {cost} a megawatt",
            bus=made.buses[site], most=voice.count(made.most[g], "megawatt"), cost=voice.money(made.cost[g]),
        )  # fmt: skip
    needs = [f"{voice.digits(d)} at {bus}" for d, bus in zip(made.demand, made.buses, strict=True) if d]
    facts["demand"] = voice.say(
        "Demand [in megawatts|] is {needs}",
        "{needs}: [this is|that makes] the demand in megawatts",
        "[Needed|Used], in megawatts: {needs}",
        needs=voice.listing(needs),
    )
    ends = [f"{made.buses[a]} - {made.buses[b]}" for a, b in made.lines]
    if drawing.size == "medium" or voice.words.chance(0.3):
        heads = ["line", "susceptance (MW/rad)", "limit (MW)"]
        rows = [[end, str(s), voice.digits(v)] for end, s, v in zip(ends, made.susceptance, made.limit, strict=True)]
        lead = voice.say(
            "The lines:", "[Lines|Line data], with limits in both directions:", "[What lies|Lines] between the buses:"
        )
        return {**facts, "table": f"{lead}\n{voice.table(heads, rows)}"}
    for k, (end, s, v) in enumerate(zip(ends, made.susceptance, made.limit, strict=True)):
        facts[f"line{k}"] = voice.say(
            "[The line|Line] {end} has susceptance {s} MW per radian and carries at most {v} MW either way", "{end}: susceptance {s}, limit {v} megawatts in both directions",
            "Between {a} and {b} lies a line of susceptance {s}, good for {v} megawatts [whichever way|either way]",
            end=end, s=s, v=voice.digits(v), a=end.split(" - ")[0], b=end.split(" - ")[1],
        )  # fmt: skip
    return facts


FAMILY = Family(
    "dc-power-flow",
    "which generators deliver how much when lines limit what flows where",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "twin"),
        "large": ("plain", "infeasible"),
    },
)
