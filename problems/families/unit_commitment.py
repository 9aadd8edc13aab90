"""Unit commitment: which power plants to switch on, and how much each delivers, at the least cost.

Small is a single hour with two or three plants: on or off, and an output between a minimum and a maximum. Medium and
large have several hours and a cost of starting; large stays at a few hundred columns, because each plant and hour is a
yes-or-no decision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...feasibility.language.formulation import Parameter, Variable
from .algebra import Written, codes, flat, identifier, indexed, linear, matrix, scalar, vector
from .drawing import Draft, Drawing, Family, finished
from .prose import Voice, capitalized
from .shape import describe

_PLANTS = ("Alder", "Brock", "Corin", "Delta", "Ebro", "Fjord", "Garda", "Holm", "Isar", "Jura")
_KINDS = ("gas turbine", "diesel set", "biomass plant", "coal block", "steam plant", "boiler", "chiller", "compressor")
_GRIDS = (
    "an island grid",
    "a city",
    "a steelworks",
    "a hospital campus",
    "a mining town",
    "a district heating network",
    "a port",
    "a ski resort",
)
_ASIDES = (
    "A [wind farm|dam] is [planned|promised] for [next year|some day], [but not yet there|which does not help now]",
    "The [control room|operator] [logged|noted] {some} [alarms|calls] in {month}",
    "[Insurance|The network fee], {sum} a year, [is due either way|does not depend on this]",
)


@dataclass(frozen=True, slots=True)
class _Instance:
    grid: str
    kind: str
    plants: tuple[str, ...]
    hours: int
    low: tuple[int, ...]
    high: tuple[int, ...]
    fixed: tuple[int, ...]
    """Cost of an hour in operation."""
    unit: tuple[int, ...]
    """Cost of a megawatt hour."""
    start: tuple[int, ...]
    running: tuple[int, ...]
    """1 when the plant runs before the first hour."""
    demand: tuple[int, ...]
    most: int | None = None
    """The most plants that may run at once."""
    reserve: int = 0


def _instance(drawing: Drawing) -> _Instance:
    numbers = drawing.numbers
    count = drawing.one_of(numbers.between(2, 3), 3, numbers.between(6, 8))
    hours = drawing.one_of(1, numbers.between(3, 4), numbers.pick((12, 18)))
    plants = tuple(codes("u", count)) if drawing.size == "large" else tuple(numbers.sample(_PLANTS, count))
    low = tuple(numbers.between(1, 6) * 10 for _ in plants)
    high = tuple(floor + numbers.between(3, 12) * 10 for floor in low)
    fixed = tuple(numbers.between(5, 60) * 20 for _ in plants)
    unit = tuple(numbers.between(12, 60) for _ in plants)
    start = tuple(numbers.between(5, 40) * 50 for _ in plants)
    running = tuple(int(numbers.chance(0.4)) for _ in plants)
    top = sum(high)
    demand = tuple(max(max(low), top * numbers.between(35, 80) // 1000 * 10) for _ in range(hours))
    kind = numbers.pick(_KINDS[:5])
    made = _Instance(numbers.pick(_GRIDS), kind, plants, hours, low, high, fixed, unit, start, running, demand)
    return made if drawing.is_a("plain") else _changed(drawing, made)


def _changed(drawing: Drawing, made: _Instance) -> _Instance:
    change = drawing.change
    t, g = change.below(made.hours), change.below(len(made.plants))
    if drawing.is_a("infeasible"):
        peak = sum(made.high) + change.between(1, 6) * 10
        return replace(made, demand=tuple(peak if k == t else d for k, d in enumerate(made.demand)))
    if drawing.is_a("redundant"):
        return replace(made, most=len(made.plants))
    if drawing.is_a("sometimes"):
        return replace(made, most=max(1, len(made.plants) - 1))
    if change.chance(0.5):
        moved = tuple(d + change.between(1, 4) * 5 if k == t else d for k, d in enumerate(made.demand))
        return replace(made, demand=moved)
    return replace(made, unit=tuple(c + change.between(2, 15) if k == g else c for k, c in enumerate(made.unit)))


def _draft(drawing: Drawing) -> Draft:
    made = _instance(drawing)
    voice = Voice.of(drawing)
    draft = _flat(made) if drawing.size == "small" else _indexed(drawing, voice, made)
    text = _tell(drawing, voice, made, draft.text)
    marked = ("most",) if made.most is not None else ()
    return finished(drawing, draft, text, voice.currency.plural, marked)


def _flat(made: _Instance) -> Draft:
    names = [identifier(plant) for plant in made.plants]
    rows: dict[str, Written] = {"demand": f"{linear([(1, name) for name in names])} == {made.demand[0]}"}
    for g, name in enumerate(names):
        rows[f"{name}_low"] = f"{name} >= {made.low[g]}*{name}_on"
        rows[f"{name}_high"] = f"{name} <= {made.high[g]}*{name}_on"
    if made.most is not None:
        rows["most"] = f"{linear([(1, f'{name}_on') for name in names])} <= {made.most}"
    terms = [(made.fixed[g], f"{name}_on") for g, name in enumerate(names)]
    terms += [(made.unit[g], name) for g, name in enumerate(names)]
    variables = {name: Variable("continuous", 0) for name in names} | {
        f"{name}_on": Variable("binary") for name in names
    }
    return Draft("", flat(variables, "minimize", linear(terms), rows), units=dict.fromkeys(names, "megawatts"))


def _highest(drawing: Drawing, made: _Instance, plants: str, hours: str) -> Parameter:
    """What each plant can deliver, which varies with the hour: cooling water, maintenance."""
    numbers = drawing.numbers
    table = [
        [h - (numbers.between(0, 2) * 10 if h - floor > 40 else 0) for _ in range(made.hours)]
        for h, floor in zip(made.high, made.low, strict=True)
    ]
    return matrix(plants, hours, [identifier(plant) for plant in made.plants], list(range(1, made.hours + 1)), table)


def _indexed(drawing: Drawing, voice: Voice, made: _Instance) -> Draft:
    words = drawing.words
    plants, hours = [identifier(plant) for plant in made.plants], list(range(1, made.hours + 1))
    g, t = words.pick((("G", "T"), ("plants", "hours"), ("units", "periods"), ("U", "H")))
    low, high, fixed, unit, start, running, demand, on, begin, power = words.pick(
        (("low", "high", "fixed", "unit_cost", "start_cost", "running", "demand", "on", "begin", "power"),
         ("pmin", "pmax", "a", "b", "s", "u0", "d", "u", "v", "p"),
         ("least", "most", "hour_cost", "energy_cost", "startup", "initial", "load", "active", "switched", "output"))
    )  # fmt: skip
    parameters = {
        low: vector(g, plants, made.low),
        fixed: vector(g, plants, made.fixed),
        unit: vector(g, plants, made.unit),
        start: vector(g, plants, made.start),
        running: vector(g, plants, made.running),
        demand: vector(t, hours, made.demand),
    }
    varies = drawing.size == "large"
    parameters[high] = _highest(drawing, made, g, t) if varies else vector(g, plants, made.high)
    top = f"{high}[i,k]" if varies else f"{high}[i]"
    rows: dict[str, Written] = {
        "meet": (f"k in {t}", f"sum({power}[i,k] for i in {g}) == {demand}[k]"),
        "floor": (f"i in {g}, k in {t}", f"{power}[i,k] >= {low}[i]*{on}[i,k]"),
        "ceiling": (f"i in {g}, k in {t}", f"{power}[i,k] <= {top}*{on}[i,k]"),
        "first": (f"i in {g}", f"{begin}[i,1] >= {on}[i,1] - {running}[i]"),
        "next": (f"i in {g}, k in {t} if k > 1", f"{begin}[i,k] >= {on}[i,k] - {on}[i,k-1]"),
    }
    if made.most is not None:
        limit = str(made.most)
        if drawing.size == "large":
            parameters["together"] = scalar(made.most)
            limit = "together"
        rows["most"] = (f"k in {t}", f"sum({on}[i,k] for i in {g}) <= {limit}")
    variables = {
        on: Variable("binary", index=(g, t)),
        begin: Variable("binary", index=(g, t)),
        power: Variable("continuous", 0, index=(g, t)),
    }
    reference, data = indexed(
        drawing, {g: plants, t: hours}, parameters, variables, "minimize",
        f"sum({fixed}[i]*{on}[i,k] + {start}[i]*{begin}[i,k] + {unit}[i]*{power}[i,k] for i in {g} for k in {t})", rows,
    )  # fmt: skip
    units = {power: "megawatts"}
    if drawing.size != "large":
        return Draft("", reference, data, units=units)
    money = voice.currency.plural
    meanings = {
        low: "[the least megawatts that a plant delivers while it runs|minimum output of a running plant, megawatts|megawatts below which a plant that is on cannot go]",
        high: "[the most megawatts that a plant can deliver in an hour|maximum output by hour, megawatts|megawatts a plant can give at most, hour by hour]",
        fixed: f"[{money} for every hour in which a plant runs|hourly cost of being on, {money}|what an hour of operation costs before any output ({money})]",
        unit: f"[{money} for a megawatt hour from a plant|cost of a megawatt for an hour, {money}|{money} for each megawatt delivered]",
        start: f"[{money} for starting a plant|cost of a start, {money}|{money} each time a plant is switched on]",
        running: "[1 when a plant runs before the first hour|whether a plant is on at the outset (1) or off (0)|state before hour 1: 1 on, 0 off]",
        demand: "[megawatts needed in an hour|load of an hour in megawatts|demand by hour, megawatts]",
    }
    if "together" in parameters:
        meanings["together"] = "the most plants that may run in the same hour"
    return Draft(
        describe(voice, data, {g: "the plants", t: "the hours in order"}, meanings), reference, data, units=units
    )


def _tell(drawing: Drawing, voice: Voice, made: _Instance, shape: str) -> str:
    count, kind = voice.number(len(made.plants)), f"{made.kind}s"
    named = voice.listing(made.plants)
    opening = voice.say(
        "{grid} is supplied by {count} {kind}", "{person} [decides|has to decide] which {kind} of {grid} [run|are switched on]",
        "Which plants should [run|be on]? {capital} [has|relies on] {count} {kind}",
        "[The lights|Everything] at {grid} [depend|hangs] on {count} {kind}".replace("[The lights|Everything]", "Supply").replace("[depend|hangs]", "depends"),
        "{count} {kind} [feed|serve] {grid} near {town}",
        grid=made.grid, capital=capitalized(made.grid), count=count, kind=kind, person=voice.person, town=voice.town,
    )  # fmt: skip
    facts = {
        "rule": voice.say(
            "A plant that is off delivers nothing; one that [runs|is on] delivers [at least its minimum|no less than its minimum]",
            "Each plant is either off or [within|between] its limits",
            "A plant can rest; if it works, it [keeps to|stays inside] its range of output",
            "[Running|Operating] plants have a least and a greatest output, idle ones give zero",
            "[Off means zero|Off is off]; on means an output [from minimum to maximum|between the two limits]",
        ),
        "meet": voice.say(
            "Demand [must be|is] met exactly",
            "[What is produced|Total output] equals what is [asked for|used], [neither more nor less|hour for hour]",
            "There is no storage: output and [load|demand] are the same",
            "Supply and demand [must|have to] be equal [at all times|in every hour]",
            "[No more and no less than|Exactly] the demand is to be delivered",
        ),
    }
    if drawing.size == "large":
        facts["table"] = shape
        facts["start"] = voice.say(
            "[Starting|To start] a plant costs extra; staying on does not",
            "Only a plant that was off in the hour before has to be started",
        )
    else:
        facts["names"] = voice.say("[They are|Their names are] {named}", "{named}: those are the plants", named=named)
        facts |= _plants(drawing, voice, made)
    if made.most is not None:
        facts["most"] = voice.say(
            "[No more than|At most] {n} may run at [the same time|once]", "[The crew|Staff] [can run|suffices for] {n} at a time",
            n=voice.count(made.most, "plant"),
        )  # fmt: skip
    question = voice.say(
        "[Which|What] [schedule|operation] costs least?".replace(
            "[Which|What] [schedule|operation]", "Which operation"
        ),
        "[Meet|Cover] the demand at the [lowest|least] cost",
        "[Find|Work out] who runs and who delivers what, as cheaply as possible",
        "How much [does|must] it cost at least, and which plants run?".replace("[does|must] it cost", "does it cost"),
    )
    asides = voice.distractors(voice.words.below(3), *_ASIDES)
    return voice.compose(opening, facts, question, asides, last=("table",) if "table" in facts else ())


def _plants(drawing: Drawing, voice: Voice, made: _Instance) -> dict[str, str]:
    facts = {}
    if drawing.size == "small":
        facts["demand"] = voice.say(
            "[In the coming hour|For the next hour], {n} [are needed|must be delivered]", "Demand [stands at|is] {n} for one hour", n=voice.count(made.demand[0], "megawatt")
        )  # fmt: skip
        for g, name in enumerate(made.plants):
            facts[f"plant{g}"] = voice.say(
                "{name} [delivers|gives] {low} to {high} megawatts, at {fixed} for the hour plus {unit} a megawatt", "{name}: minimum {low} MW, maximum {high} MW, {fixed} when on, {unit} for each MW",
                "Running {name} costs {fixed} and another {unit} a megawatt; its output lies between {low} and {high} megawatts",
                name=name, low=voice.digits(made.low[g]), high=voice.digits(made.high[g]), fixed=voice.money(made.fixed[g]), unit=voice.money(made.unit[g]),
            )  # fmt: skip
        return facts
    loads = voice.listing([voice.digits(d) for d in made.demand])
    facts["demand"] = voice.say(
        "[Hour by hour|From hour to hour], {loads} megawatts are needed", "[The load is|Demand comes to] {loads} megawatts in hours 1 to {n}", loads=loads, n=made.hours,
    )  # fmt: skip
    facts["start"] = voice.say(
        "A plant that was off in the hour before must be started, which costs extra",
        "Starts [cost|are charged] each time a plant [goes from off to on|is switched on]",
    )
    running = [name for name, on in zip(made.plants, made.running, strict=True) if on]
    facts["running"] = voice.say(
        "[At the outset|Before hour 1] {names} {verb} running, [the others are|everything else is] off" if running else "[At the outset|Before hour 1] all are off",
        names=voice.listing(running), verb="is" if len(running) == 1 else "are",
    ).replace(", the others are off", "" if len(running) == len(made.plants) else ", the others are off")  # fmt: skip
    heads = [
        "plant",
        "min MW",
        "max MW",
        f"per hour on ({voice.currency.symbol})",
        f"per MWh ({voice.currency.symbol})",
        f"per start ({voice.currency.symbol})",
    ]
    rows = [
        [name, *(voice.digits(column[g]) for column in (made.low, made.high, made.fixed, made.unit, made.start))]
        for g, name in enumerate(made.plants)
    ]
    lead = voice.say(
        "[Limits and costs|The figures]:", "[What they can do|Their limits] and what they cost:", "Data of the plants:"
    )
    return {**facts, "table": f"{lead}\n{voice.table(heads, rows)}"}


FAMILY = Family(
    "unit-commitment",
    "which power plants to switch on, and how much each delivers, at the least cost",
    _draft,
    {
        "small": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "medium": ("plain", "infeasible", "redundant", "sometimes", "twin"),
        "large": ("plain", "infeasible"),
    },
)
